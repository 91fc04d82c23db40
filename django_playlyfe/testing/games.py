"""A game in memory: who its players are, what they did, what came of it, and what is to go wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django_playlyfe import instants, wire
from django_playlyfe.exceptions import ActionLimitReached, InvalidRequest, PlayerNotFound
from django_playlyfe.testing.by_hand import Edit, adjusting, reverting
from django_playlyfe.types import Event, Streak

Rewards = Mapping[str, Any]
"""Metric id -> what is given: a number of points, the name of a state (a level), or item -> count (badges)."""

_STREAK_UNITS = ("day", "week", "month")


@dataclass
class FakePlayer:
    """A player and the scores: metric id -> points, the name of a state, or item -> count.

    ``timezone`` is whose days the streaks count, "" = the game's.
    """

    id: str
    alias: str = ""
    email: str | None = None
    enabled: bool = True
    created: datetime = field(default_factory=instants.now)
    scores: dict[str, Any] = field(default_factory=dict)
    timezone: str = ""


@dataclass(frozen=True)
class Played:
    """A play that the game has applied; ``number`` grows with each of them."""

    number: int
    player_id: str
    action: str
    variables: Mapping[str, Any]
    count: int
    idempotency_key: str | None
    events: tuple[Event, ...]
    at: datetime


@dataclass
class _Failure:
    """Something that is to go wrong: ``times`` None = for ever."""

    error: Exception
    call: str
    action: str | None
    times: int | None
    is_applied: bool

    def concerns(self, call: str, action: str | None) -> bool:
        return self.times != 0 and self.call in (call, "*") and self.action in (action, None)


class FakeGame:
    """Metrics, actions and boards as a test needs them.

    Args:
        actions: action id -> rewards, or a function of the variables that gives them. None: every action exists and
            earns nothing.
        boards: leaderboard id -> metric id. None: one for each metric that some action gives points of.

    Attributes:
        players: by player id.
        plays: what was applied, oldest first; what was undone is gone.
        edits: what was no play: adjusted scores, events taken back, resets.
    """

    def __init__(
        self,
        actions: Mapping[str, Rewards | Callable[[Mapping[str, Any]], Rewards]] | None = None,
        boards: Mapping[str, str] | None = None,
    ) -> None:
        self.actions = None if actions is None else dict(actions)
        self.players: dict[str, FakePlayer] = {}
        self.plays: list[Played] = []
        self.edits: list[Edit] = []
        self._failures: list[_Failure] = []
        self._numbers = itertools.count(1)
        self._boards = boards
        self._streaks: dict[tuple[str | None, str, str], Streak] = {}

    # what a test says -------------------------------------------------------------------------------------------------

    def fail(
        self,
        error: Exception,
        *,
        call: str = "*",
        action: str | None = None,
        times: int | None = 1,
        is_applied: bool = False,
    ) -> None:
        """Raise an error instead of answering.

        Args:
            error: as a real game would, such as ``NotSent(reason="refused")``, ``ServerError("…", status=503)``.
            call: name of the backend's method, ``"play"``, ``"profile"``, …; ``"*"`` = any.
            action: only plays of this action.
            times: how often; None = until :meth:`recover`.
            is_applied: do what was asked, and lose the answer: ``fail(ResponseLost("…"), is_applied=True)``.
        """
        self._failures.append(_Failure(error, call, action, times, is_applied))

    def refuse(self, action: str, error: Exception | None = None, *, times: int | None = None) -> None:
        """Refuse an action, for ever unless ``times`` is given; by default because its limit is reached."""
        self.fail(error or ActionLimitReached("The limit is reached", status=429), action=action, times=times)

    def set_streak(
        self,
        length: int,
        action: str = "",
        *,
        unit: str = "day",
        longest: int = 0,
        is_kept: bool = True,
        player_id: str | None = None,
    ) -> None:
        """Say how long a streak is from now on. Plays do not change it, and without this it is 0.

        Args:
            length: how many days, weeks or months in a row.
            action: id of the action that counts; "" = the streak of any play.
            unit: "day", "week" or "month".
            longest: the most there ever were; at least ``length`` all the same.
            is_kept: whether this day, week or month has its play.
            player_id: whose; None = everybody's who has none of their own.

        Raises:
            ActionNotFound, InvalidRequest: there is no such action or unit.
        """
        self._check_streak(action, unit)
        self._streaks[player_id, action, unit] = Streak(
            length=length, longest=max(length, longest), is_kept=is_kept, unit=unit, action=action
        )

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        self._failures.clear()

    # what the backend asks --------------------------------------------------------------------------------------------

    def failing(self, call: str, action: str | None = None) -> Exception | None:
        """Fail now if that was asked for, or give the error to raise once the call is applied."""
        failure = next((failure for failure in self._failures if failure.concerns(call, action)), None)
        if failure is None:
            return None
        if failure.times is not None:
            failure.times -= 1
        if failure.is_applied:
            return failure.error
        raise failure.error

    def player(self, player_id: str) -> FakePlayer:
        """A player. Raises PlayerNotFound."""
        if player_id not in self.players:
            raise PlayerNotFound(f"The player {player_id!r} does not exist", status=404)
        return self.players[player_id]

    def streak(self, player_id: str, action: str, unit: str) -> Streak:
        """What the test has said of a streak. Raises PlayerNotFound, ActionNotFound, InvalidRequest."""
        self._check_streak(action, unit)
        player = self.player(player_id)
        none = Streak(length=0, longest=0, is_kept=False, unit=unit, action=action)
        everybodys = self._streaks.get((None, action, unit), none)
        return self._streaks.get((player.id, action, unit), everybodys)

    def _check_streak(self, action: str, unit: str) -> None:
        if unit not in _STREAK_UNITS:
            raise InvalidRequest(f"The unit {unit!r} should be one of {', '.join(_STREAK_UNITS)}", status=400)
        if action:
            self._check_action(action)

    def set_timezone(self, player_id: str, zone: str) -> None:
        """Remember a player's time zone. Raises PlayerNotFound, InvalidRequest."""
        player = self.player(player_id)
        try:
            player.timezone = ZoneInfo(zone).key if zone else ""
        except (ValueError, KeyError, OSError):  # no such file, a folder, a path that leaves the database
            raise InvalidRequest(f"{zone!r} should be an IANA time zone name", status=400) from None

    def _check_action(self, action: str) -> None:
        if self.actions is not None and action not in self.actions:
            raise wire.make_error("action_not_found", f"The action {action!r} does not exist")

    def play(
        self,
        player_id: str,
        action: str,
        variables: Mapping[str, Any],
        count: int,
        key: str | None,
        at: datetime | None,
    ) -> tuple[Played, bool]:
        """Apply a play, once per key; the second value says whether it had been before.

        Raises:
            PlayerNotFound, ActionNotFound, Conflict: no such player or action; the key was used for something else.
        """
        player = self.player(player_id)
        self._check_action(action)
        earlier = self.find(player_id, action, key)
        if earlier is not None:
            if (earlier.variables, earlier.count) != (variables, count):
                raise wire.make_error("idempotency_key_reused")
            return earlier, True
        moment = at or instants.now()
        changes = [self._give(player, metric, reward, count) for metric, reward in self._rewards(action, variables)]
        event = self._event("action", player, action, variables, count, changes, moment)
        played = Played(next(self._numbers), player_id, action, dict(variables), count, key, (event,), moment)
        self.plays.append(played)
        return played, False

    def undo(self, player_id: str, action: str, key: str) -> tuple[Event, ...]:
        """Take a play back. Raises NotFound(event_not_found)."""
        played = self.find(player_id, action, key)
        if played is None:
            raise wire.make_error("event_not_found")
        player = self.player(player_id)
        before = dict(player.scores)
        self.plays.remove(played)
        player.scores = {}
        for earlier in self._history(player_id):
            if isinstance(earlier, Edit):
                earlier.apply(player.scores)
                continue
            for metric, reward in self._rewards(earlier.action, earlier.variables):
                self._give(player, metric, reward, earlier.count)
        metrics = before.keys() | player.scores.keys()
        changes = [_change(metric, before.get(metric), player.scores.get(metric)) for metric in sorted(metrics)]
        return (self._event("undo", player, action, played.variables, played.count, changes, instants.now()),)

    def adjust(self, player_id: str, rewards: Sequence[Mapping[str, Any]], key: str | None = None) -> None:
        """Change scores by rewards, once per key. Raises PlayerNotFound, InvalidRequest, Conflict."""
        player, asked = self.player(player_id), ["adjust", [dict(reward) for reward in rewards]]
        if not self._is_repeated(player_id, key, asked):
            self._edit(player, adjusting(rewards, self.metrics), key=key, asked=asked)

    def revert(self, player_id: str, event_ids: Sequence[str], key: str | None = None) -> None:
        """Take the changes of events back, each once. Raises PlayerNotFound, NotFound(event_not_found), Conflict."""
        player, asked = self.player(player_id), ["revert", list(event_ids)]
        if self._is_repeated(player_id, key, asked):
            return
        mine = self._history(player_id)
        known = {event.id: event for entry in mine for event in entry.events}
        if not known.keys() >= set(event_ids):
            raise wire.make_error("event_not_found")
        done = {event for entry in mine if isinstance(entry, Edit) for event in entry.reverted}
        left = [event for event in event_ids if event not in done]
        if left:
            taken = reverting(known[event] for event in left)
            self._edit(player, taken, reverted=frozenset(left), key=key, asked=asked)

    def reset(self, player_id: str, key: str | None = None) -> None:
        """Take all scores away, once per key. Raises PlayerNotFound, Conflict."""
        player = self.player(player_id)
        if not self._is_repeated(player_id, key, ["reset"]):
            self._edit(player, lambda scores: scores.clear(), is_silent=True, key=key, asked=["reset"])

    def _is_repeated(self, player_id: str, key: str | None, asked: Any) -> bool:
        """Whether an edit was made with this key before. Raises Conflict if it was another one."""
        mine = [edit for edit in self.edits if key is not None and edit.player_id == player_id]
        earlier = next((edit for edit in mine if edit.idempotency_key == key), None)
        if earlier is not None and earlier.asked != asked:
            raise wire.make_error("idempotency_key_reused")
        return earlier is not None

    def _edit(
        self,
        player: FakePlayer,
        apply: Callable[[dict[str, Any]], None],
        *,
        is_silent: bool = False,
        reverted: frozenset[str] = frozenset(),
        key: str | None = None,
        asked: Any = None,
    ) -> None:
        before = dict(player.scores)
        apply(player.scores)
        metrics = sorted(before.keys() | player.scores.keys())
        changes = [_change(metric, before.get(metric), player.scores.get(metric)) for metric in metrics]
        events = () if is_silent else (self._event("score", player, "", {}, 1, changes, instants.now()),)
        self.edits.append(Edit(next(self._numbers), player.id, apply, events, reverted, key, asked))

    def _history(self, player_id: str | None) -> list[Played | Edit]:
        """What happened to a player, or to all, oldest first."""
        entries: list[Played | Edit] = [*self.plays, *self.edits]
        return sorted(
            (entry for entry in entries if player_id in (entry.player_id, None)), key=lambda entry: entry.number
        )

    def find(self, player_id: str, action: str, key: str | None) -> Played | None:
        """The applied play of a key."""
        if key is None:
            return None
        wanted = (player_id, action, key)
        return next((p for p in self.plays if (p.player_id, p.action, p.idempotency_key) == wanted), None)

    def events(self, player_id: str | None) -> list[Event]:
        """What happened, newest first, to a player or to all."""
        return [event for entry in reversed(self._history(player_id)) for event in entry.events]

    @property
    def metrics(self) -> dict[str, str]:
        """Metric id -> type, of what actions with fixed rewards give and of what players have."""
        given = [rewards for rewards in (self.actions or {}).values() if not callable(rewards)]
        held = [player.scores for player in self.players.values()]
        return {metric: _type(value) for scores in (*given, *held) for metric, value in scores.items()}

    @property
    def boards(self) -> dict[str, str]:
        """Leaderboard id -> metric id."""
        if self._boards is not None:
            return dict(self._boards)
        return {metric: metric for metric, kind in sorted(self.metrics.items()) if kind == "point"}

    def ranking(self, board: str) -> list[tuple[int, int, FakePlayer]]:
        """Rank, score and player, best first; equal scores share a rank. Raises NotFound."""
        if board not in self.boards:
            raise wire.make_error("leaderboard_not_found", f"The leaderboard {board!r} does not exist")
        metric = self.boards[board]
        listed = [player for player in self.players.values() if metric in player.scores]
        listed.sort(key=lambda player: (-player.scores[metric], player.id))
        scores: Sequence[int] = [player.scores[metric] for player in listed]
        return [(scores.index(player.scores[metric]) + 1, player.scores[metric], player) for player in listed]

    def _rewards(self, action: str, variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
        rewards = (self.actions or {}).get(action, {})
        return list((rewards(variables) if callable(rewards) else rewards).items())

    def _give(self, player: FakePlayer, metric: str, reward: Any, count: int) -> dict[str, Any]:
        old = player.scores.get(metric)
        kind = _type(reward)
        if kind == "point":
            new: Any = (old or 0) + reward * count
        elif kind == "set":
            new = {**(old or {}), **{item: (old or {}).get(item, 0) + n * count for item, n in reward.items()}}
        else:
            new = reward
        player.scores[metric] = new
        return _change(metric, old, new)

    def _event(
        self,
        kind: str,
        player: FakePlayer,
        action: str,
        variables: Mapping[str, Any],
        count: int,
        changes: list[dict[str, Any]],
        moment: datetime,
    ) -> Event:
        """An event in the shape of the wire, since that is what a delivery stores."""
        played = {"id": action, "name": action.replace("_", " ").capitalize(), "vars": dict(variables)}
        return wire.read_event(
            {
                "event": kind,
                "id": f"fake-{next(self._numbers)}",
                "timestamp": wire.write_instant(moment),
                "actor": {"id": player.id, "alias": player.alias},
                **({"action": played, "count": count} if action else {}),
                "changes": [change for change in changes if change["delta"]],
            }
        )


def _type(value: Any) -> str:
    if isinstance(value, Mapping):
        return "set"
    return "state" if isinstance(value, str) else "point"


def _change(metric: str, old: Any, new: Any) -> dict[str, Any]:
    """One altered score in the shape of the wire."""
    kind = _type(old if new is None else new)
    if kind == "set":
        old, new = old or {}, new or {}
        items = {item: (old.get(item), new.get(item)) for item in {**old, **new}}
        delta: dict[str, Any] = {i: {"old": a, "new": b} for i, (a, b) in items.items() if (a or 0) != (b or 0)}
    elif kind == "state":
        delta = {"old": old, "new": new} if old != new else {}
    else:
        delta = {"old": str(old or 0), "new": str(new or 0)} if (old or 0) != (new or 0) else {}
    return {"metric": {"id": metric, "name": metric.replace("_", " ").capitalize(), "type": kind}, "delta": delta}
