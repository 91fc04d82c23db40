"""What each route does. A view reads its parameters and returns what is left to do (``call.Logic``)."""
