"""A player who satisfies an achievement rule that nobody has given yet gets it at the next event (``engine.md`` §9.1,
§10.1), whatever has left him so: plays look only at rules whose number they reach, and must not miss one by it."""
