"""The engine as a Playlyfe server: ``/auth/token``, ``/v2/…``, ``/v1/…`` (``http-api.md``).

Mount it with ``path("game/", include("django_playlyfe.engine.server.urls"))``; clients written for Playlyfe then work
against it unchanged. A request goes through ``kit.edge`` (every answer), ``dispatch`` (the order of the checks), a view
of ``routes`` and from there to the engine's services and selectors, which answer in the shapes of the wire.
"""
