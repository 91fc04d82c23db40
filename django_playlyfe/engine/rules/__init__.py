"""The rules: (design, player, call, instant, dice) -> outcome. Standard library only (``engine-internals.md`` §2)."""
