"""What calls credit to leaderboards, and the rows that come of it (``engine.md`` §11)."""
