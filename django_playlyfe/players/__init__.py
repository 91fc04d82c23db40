"""Which user is which player: ids and aliases (``defaults``), links (``links``), and what a game is told about a user
(``about``). A site uses the functions named here; ``links`` and ``about`` are for services, delivery and backends.
"""

from __future__ import annotations

from django_playlyfe.players.defaults import is_player, player_alias, player_id

__all__ = ["is_player", "player_alias", "player_id"]
