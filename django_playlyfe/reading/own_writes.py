"""Players see what they have just done: the answer of a play changes what is stored about the player
(``reliability.md`` §4, "Read your writes")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_playlyfe.reading import pictures, questions, snapshots
from django_playlyfe.reading.bodies import read_body, write_body
from django_playlyfe.reading.shelf import Entry
from django_playlyfe.types import Change, Event, Item, MetricRef, Player, Score, State

if TYPE_CHECKING:
    from django_playlyfe.backends.base import GameBackend


def after_play(backend: GameBackend, player_id: str, events: Iterable[Event]) -> None:
    """A play of the player was applied: bring stored profiles up to date, and have the rest read anew."""
    shelf = backend.shelf
    if shelf is None:
        return
    changes = [change for event in events if _is_of(event, player_id) for change in event.changes]
    is_whole = all(change.metric.type != "state" for change in changes)  # bounds of a new level are not in the answer
    instant = shelf.touch(player_id)
    asked = [questions.profile(backend, player_id, detailed=detailed) for detailed in (False, True)]
    for question, found in shelf.look_at(asked).items():
        if found.entry is not None:
            body = _patched(found.entry.body, changes)
            patched = instant if is_whole else found.entry.patched
            shelf.put(question, replace(found.entry, body=body, patched=patched))
    if changes:
        snapshots.change(backend.alias, player_id, lambda body: _patched(body, changes))


def after_edit(backend: GameBackend, player_id: str, player: Player | None) -> None:
    """The player was edited by hand: what was read before is outdated, and the profile is what the game answered.

    Args:
        player: the answer; None if nobody could read it, so that the profile is read anew.
    """
    shelf = backend.shelf
    if shelf is None:
        return
    answered_at = shelf.touch(player_id)
    if player is not None:
        question, entry = questions.profile(backend, player_id, detailed=False), Entry(write_body(player), answered_at)
        shelf.put(question, entry)
        snapshots.keep(backend.alias, question, entry)


def after_other_write(backend: GameBackend, player_id: str) -> None:
    """Something else about the player was written: what was read before is outdated, a failure to read too."""
    if backend.shelf is not None:
        backend.shelf.touch(player_id)


def after_deletion(backend: GameBackend, player_id: str, using: str) -> None:
    """The player is forgotten: nothing stays stored here."""
    if backend.shelf is None:
        return
    for detailed in (False, True):
        backend.shelf.drop(questions.profile(backend, player_id, detailed=detailed))
    backend.shelf.drop(questions.actions(backend, player_id))
    pictures.forget(backend, player_id)
    backend.shelf.touch(player_id)
    snapshots.forget(backend.alias, player_id, using)


def patch(player: Player, changes: Iterable[Change]) -> Player:
    """A profile after some changes; scores that it did not have come last."""
    scores: dict[str, Score] = {score.metric.id: score for score in player.scores}
    for change in changes:
        known = scores.get(change.metric.id) or Score(change.metric)
        scores[change.metric.id] = _after(known, change)
    return replace(player, scores=tuple(scores.values()))


def _is_of(event: Event, player_id: str) -> bool:
    return event.actor is None or event.actor.id == player_id


def _patched(body: Any, changes: list[Change]) -> Any:
    return write_body(patch(read_body(Player, body), changes))


def _after(score: Score, change: Change) -> Score:
    metric: MetricRef = score.metric
    if metric.type == "set":
        held: Mapping[str, Item] = {item.name: item for item in score.items}
        now = {item.name: replace(held.get(item.name, Item(item.name)), count=item.new or 0) for item in change.items}
        return replace(score, items=tuple({**held, **now}.values()))
    if metric.type == "state":
        same = score.state is not None and score.state.name == change.new
        state = State(str(change.new)) if change.new else None
        return score if same else replace(score, state=state, meta=None)
    return replace(score, value=change.new) if isinstance(change.new, int) else score
