"""Test projects: the default settings with one thing changed. The tests marked ``contract`` run in each of them."""
