"""What a test says about plays, on any backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_playlyfe import services
from django_playlyfe.backends import games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.models import Delivery, PlayerLink
from django_playlyfe.testing.backends import FakeBackend

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_COUNTED = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.DELIVERED, Delivery.State.UNCERTAIN)
_MOST = 1000


def assert_played(
    user: AbstractBaseUser | str,
    action: str,
    variables: Mapping[str, Any] | None = None,
    *,
    times: int | None = None,
    game: str = DEFAULT_GAME,
) -> None:
    """Fail unless the user has played the action: applied by the game, or owed to it.

    Args:
        user: a user or a player id.
        action: id of the action.
        variables: what the play was given, or a part of it; None = anything.
        times: how often exactly; None = at least once.

    Raises:
        AssertionError: its text lists what was played instead.
    """
    played = _played(user, game)
    found = sum(_matches(one, action, variables) for one in played)
    if found == times or (times is None and found):
        return
    wanted = "at least once" if times is None else f"{times} times"
    raise AssertionError(f"{_show((action, variables or {}))} was played {found} times, not {wanted}. {_list(played)}")


def assert_not_played(user: AbstractBaseUser | str, action: str | None = None, *, game: str = DEFAULT_GAME) -> None:
    """Fail if the user has played the action, or anything at all without one. Raises AssertionError."""
    played = _played(user, game)
    if any(action in (one[0], None) for one in played):
        raise AssertionError(f"{action or 'Something'} was played. {_list(played)}")


def _played(user: AbstractBaseUser | str, game: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Action and variables of each play, oldest first."""
    player_id = user if isinstance(user, str) else _player_id(user, game)
    if player_id is None:
        return []
    backend = games[game]
    if not backend.transactional:
        rows = Delivery.objects.filter(game=game, subject=player_id, kind=Delivery.Kind.PLAY, state__in=_COUNTED)
        return [(row.action, row.payload.get("variables", {})) for row in rows.order_by("pk")]
    if isinstance(backend, FakeBackend):
        return [(one.action, one.variables) for one in backend.game.plays if one.player_id == player_id]
    events = services.activity(player_id, limit=_MOST, game=game)
    return [(event.action.id, event.variables) for event in reversed(events) if event.type == "action" and event.action]


def _player_id(user: Any, game: str) -> str | None:
    link = PlayerLink.objects.filter(game=game, user=user).first()
    return link.player_id if link is not None else None


def _matches(played: tuple[str, Mapping[str, Any]], action: str, variables: Mapping[str, Any] | None) -> bool:
    given = played[1]
    return played[0] == action and all(
        name in given and given[name] == value for name, value in (variables or {}).items()
    )


def _show(played: tuple[str, Mapping[str, Any]]) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in played[1].items())
    return f"{played[0]}({arguments})"


def _list(played: list[tuple[str, Mapping[str, Any]]]) -> str:
    return f"Played: {'; '.join(map(_show, played)) or 'nothing'}."
