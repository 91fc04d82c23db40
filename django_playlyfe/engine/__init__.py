"""The embedded engine: the rules of a Playlyfe game on the Django ORM, in process (``docs/design/engine.md``)."""
