"""The vocabulary of the Playlyfe v2 wire, shared by both sides: one error table, JSON to dataclass.

Normative: ``http-api.md`` §4, §6, §9, §11 (shapes) and §13 "Reading" (what other servers may send instead).
Readers accept both; a shape that cannot be read at all is :class:`~django_playlyfe.exceptions.BadResponse`.
"""

from django_playlyfe.wire.errors import (
    ERRORS,
    ErrorRow,
    error_class,
    make_error,
)
from django_playlyfe.wire.reading import (
    as_listing,
    read_action,
    read_event,
    read_events,
    read_feed,
    read_leaderboard_info,
    read_leaderboard_rows,
    read_metric_definition,
    read_metric_ref,
    read_player,
    read_player_ref,
    read_ref,
    read_score,
    read_streak,
)
from django_playlyfe.wire.values import (
    read_instant,
    read_number,
    write_instant,
    wrong_shape,
)

__all__ = [
    "ERRORS",
    "ErrorRow",
    "as_listing",
    "error_class",
    "make_error",
    "read_action",
    "read_event",
    "read_events",
    "read_feed",
    "read_instant",
    "read_leaderboard_info",
    "read_leaderboard_rows",
    "read_metric_definition",
    "read_metric_ref",
    "read_number",
    "read_player",
    "read_player_ref",
    "read_ref",
    "read_score",
    "read_streak",
    "write_instant",
    "wrong_shape",
]
