"""Test projects: the default settings with one thing changed. The tests marked ``contract`` run in each of them.

``uuid_user`` and ``email_user`` also have a user model that is not registered in the admin. ``remote_only`` has no
engine: what a test needs a game for is skipped there, ``tests/contract/test_smoke.py`` runs.
"""
