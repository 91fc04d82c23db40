"""Undo: takes a play out of history together with what it caused (``engine-internals.md`` §1, ``engine.md`` §17.13).

The state afterwards is what judging the player's history without that play gives. Only this player's later calls are
judged again, each with its own design version, instant, inputs and dice: plays, custom rules, edited scores, and
reverts on what their events say then, awards on what is owed then, fixes and resets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from django.db.models import Q, QuerySet

from django_playlyfe import instants
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.boards.contributions import RecordedCredit
from django_playlyfe.engine.calls import changes, inputs, judging
from django_playlyfe.engine.calls.judging import PastPlay, PastPlays
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.history.owed import look_back
from django_playlyfe.engine.history.rejudging import Rejudging
from django_playlyfe.engine.ledger import guards, log
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, FeedEntry, Player
from django_playlyfe.engine.realm import Realm, lock_player, version_in_force
from django_playlyfe.engine.rules.once import moved
from django_playlyfe.engine.rules.state import Refused
from django_playlyfe.engine.services import reverting
from django_playlyfe.wire import make_error

_JUDGED_AGAIN = (
    Call.Kind.PLAY,
    Call.Kind.RULE,
    Call.Kind.SCORE,
    Call.Kind.REVERT,
    Call.Kind.FIX,
    Call.Kind.AWARD,
    Call.Kind.RESET,
)
_OUTCOME_FIELDS = ["status", "events", "writes", "dice", "credits", "guards", "inputs"]
"""What may be another thing: of ``inputs`` only what an award found to be owed."""


def undo(
    realm: Realm, player_id: str, action: str, idempotency_key: str, *, admin: str = "", reason: str = ""
) -> Recorded:
    """Undo the play with this key. The key may be used anew afterwards.

    A later play whose requirement or limit then fails stays in the log as void; one that was void and now fits counts.

    Args:
        admin: who does it, "" for the site itself.
        reason: why. Both are kept with what was asked, in no event.

    Returns:
        The row that the undo adds to the log: one local ``score`` event with the net changes of stored scores, and a
        ``level`` event per level that changed.

    Raises:
        NotFound: the player has no such play (``event_not_found``), or it was undone before.
        PlayerNotFound, InvalidRequest, ConfigurationError: as for a play.
    """
    request = inputs.read_play(action, None, 1, (), idempotency_key, None)
    named = Q(action=request.action, idempotency_key=idempotency_key)
    return _undo(realm, player_id, named, f"play of '{action}' with the key '{idempotency_key}'", admin, reason)


def undo_call(realm: Realm, player_id: str, call_id: int, *, admin: str = "", reason: str = "") -> Recorded:
    """As :func:`undo`, of the play with this row of the log: one without a key can be undone by it too."""
    named = Q(pk=call_id) & ~Q(status=Call.Status.UNDONE)
    return _undo(realm, player_id, named, f"play with the number {call_id}", admin, reason)


def _undo(realm: Realm, player_id: str, named: Q, what: str, admin: str, reason: str) -> Recorded:
    given = {**({"admin": admin} if admin else {}), **inputs.read_reason(reason)}
    with transactions.atomic():
        player = lock_player(realm, player_id)
        version = version_in_force(player.game, realm)
        plan = plans.plan_of(version)
        target = _find_play(player, named, what)
        key = {"idempotency_key": target.idempotency_key} if target.idempotency_key is not None else {}
        projections = Projections.load(player)
        before = projections.state(plan)
        changed = _rewrite_history(player, target, projections) if target.status == Call.Status.APPLIED else None
        _mark_undone(target)
        if changed is not None:
            _correct_boards(player, target, changed)
        call = log.new_call(
            player,
            version,
            kind=Call.Kind.UNDO,
            action=target.action,
            at=inputs.in_milliseconds(instants.now()),
            zone=plan.timezone,
            inputs={"undone": target.pk, **key, **given},
            events=log.stored_events(changes.difference(plan, before, projections.state(plan))),
        )
        call.save(force_insert=True, using=transactions.write_alias())
        recorded = log.recorded(realm, call, player)
        log.announce(recorded)
        return recorded


def _find_play(player: Player, named: Q, what: str) -> Call:
    target = _calls(player).filter(named, kind=Call.Kind.PLAY).first()
    if target is None:
        raise make_error("event_not_found", f"The player '{player.player_id}' has no {what} that could be taken back")
    return target


def _later(player: Player, target: Call) -> QuerySet[Call]:
    return _calls(player).filter(pk__gt=target.pk).order_by("pk")


def _mark_undone(target: Call) -> None:
    """What was recorded of the play stays readable; the key moves to the undo's own row."""
    target.status = Call.Status.UNDONE
    target.idempotency_key = None
    target.save(update_fields=["status", "idempotency_key"])


@dataclass(frozen=True)
class _Rewritten:
    """A later play with another outcome, and what it had credited to boards."""

    call: Call
    credited: list[RecordedCredit]


def _rewrite_history(player: Player, target: Call, projections: Projections) -> list[_Rewritten]:
    """Go back to the state before a play, then judge the later plays again, in the order of the log. Returns those of
    them whose outcome is another one now."""
    later = list(_later(player, target).filter(kind__in=_JUDGED_AGAIN).exclude(status=Call.Status.UNDONE))
    reverts = [call for call in later if call.kind == Call.Kind.REVERT]
    known = (reverting.calls_named(player, reverts) if reverts else {}) | {call.seed: call for call in [target, *later]}
    if any(call.guards or plans.plan_of(call.version).pays_once for call in [target, *later]):
        guards.load_all([projections])
    paid_before = dict(projections.guards)
    applied = [call for call in [target, *later] if call.status == Call.Status.APPLIED]
    for call in reversed(applied):
        projections.restore(call.writes)
    if any(call.kind == Call.Kind.RESET for call in applied):
        past = _as_counted_before(target, player, projections)
    else:
        _uncount(applied, projections)
        _take_days_out(applied, player, projections)
        past = _limits_before(target, later, player, projections)
    judged = Rejudging(projections, player.game.secret, past)
    judged.told = {seed: call.events for seed, call in known.items() if call.status == Call.Status.APPLIED}
    judged.told[target.seed], target.status = [], Call.Status.UNDONE
    credited = {call.pk: call.credits for call in later}
    changed = []
    for position, call in enumerate(later):
        if call.kind == Call.Kind.AWARD:
            owed, _ = look_back(player, plans.plan_of(call.version), chain(_before(player, target), later[:position]))
            given, call.inputs = call.inputs, {"rules": owed}
            changed += [call] if _judge_again(call, judged) or given != call.inputs else []
        elif _judge_again(call, judged):
            changed.append(call)
    crediting.note([(player, plans.plan_of(call.version), call) for call in changed if call not in reverts])
    for call in reverts:
        call.credits = reverting.credited_again(plans.plan_of(call.version), call, known)
    changed += [call for call in reverts if call not in changed and call.credits != credited[call.pk]]

    FeedEntry.objects.using(transactions.write_alias()).filter(call__in=[target, *changed]).delete()
    if changed:
        Call.objects.using(transactions.write_alias()).bulk_update(changed, _OUTCOME_FIELDS, batch_size=100)
    log.save_feed_entries(changed)
    projections.save()
    guards.rewrite(player, paid_before, projections.guards)
    # The next play looks at every rule: which version judged this state last is no longer one answer.
    player.judged_version = None
    player.save(update_fields=["judged_version"])
    return [_Rewritten(call, credited[call.pk]) for call in changed]


def _correct_boards(player: Player, target: Call, changed: Sequence[_Rewritten]) -> None:
    """The rows of boards that the play, and what it caused, had credited. Nothing is read if there are none."""
    before = [(target, target.credits), *((rewritten.call, rewritten.credited) for rewritten in changed)]
    crediting.uncredit(
        player,
        [(plans.plan_of(call.version), call.at, credited) for call, credited in before],
        [rewritten.call for rewritten in changed],
    )


def _uncount(calls: Sequence[Call], projections: Projections) -> None:
    """Take calls, in the order of the log, out of counts and of what once-only rules and best attempts have paid."""
    for call in reversed(calls):
        for guard, thing, before, _ in call.guards:
            if before is None:
                projections.guards.pop((guard, thing), None)
            else:
                projections.guards[guard, thing] = before
        if call.kind == Call.Kind.PLAY:
            stored = projections.counts.pop(call.action)
            if stored.count > call.inputs["count"]:
                projections.counts[call.action] = replace(stored, count=stored.count - call.inputs["count"])


def _take_days_out(calls: Sequence[Call], player: Player, projections: Projections) -> None:
    """Take the days of calls, in the order of the log, out of those on which their actions were played. Another play
    may have been on the same day, so the earlier ones tell; nothing is read where there are none."""
    actions = {call.action for call in calls if call.kind == Call.Kind.PLAY} & projections.counts.keys()
    if not actions:
        return
    for action, days in log.days_played(player, actions, before=calls[0].pk).items():
        projections.counts[action] = replace(projections.counts[action], days=days)


def _as_counted_before(target: Call, player: Player, projections: Projections) -> dict[str, PastPlays]:
    """Counts, limits and what was paid once as they were before ``target``, which a reset has wiped out since."""
    past: dict[str, PastPlays] = {}
    projections.clear_counts()
    plays = log.applied_plays(player, None, before=target.pk)
    for call in plays.select_related("version").defer("version__document", "events", "writes", "dice"):
        plan, weight = plans.plan_of(call.version), call.inputs["count"]
        memory = past.setdefault(call.action, PastPlays())
        memory.add(plan, call.action, PastPlay(call.at, weight), backdated=call.backdated)
        projections.add_play(call.action, weight, call.local_date, memory.usage)
    earlier = _before(player, target).filter(status=Call.Status.APPLIED)
    for kind, closed in earlier.values_list("kind", "guards"):
        if kind == Call.Kind.RESET:
            projections.guards.clear()
        projections.guards.update(moved(closed))
    return past


def _before(player: Player, target: Call) -> QuerySet[Call]:
    return _calls(player).filter(pk__lt=target.pk).order_by("pk")


def _limits_before(
    target: Call, later: Sequence[Call], player: Player, projections: Projections
) -> dict[str, PastPlays]:
    """What rate limits remembered when ``target`` was played; also put into the projections. By action."""
    plays = [call for call in [target, *later] if call.kind == Call.Kind.PLAY]
    past = {call.action: PastPlays() for call in plays}
    limited = {call.action for call in plays if judging.rate_of(plans.plan_of(call.version), call.action)}
    if not limited:
        return past
    earlier = log.applied_plays(player, limited, before=target.pk)
    for call in earlier.select_related("version").defer("version__document", "events", "writes", "dice"):
        play = PastPlay(call.at, call.inputs["count"])
        past[call.action].add(plans.plan_of(call.version), call.action, play, backdated=call.backdated)
    for action in limited & projections.counts.keys():
        projections.counts[action] = replace(projections.counts[action], usage=past[action].usage)
    return past


def _judge_again(call: Call, judged: Rejudging) -> bool:
    """Replace the outcome of a call by what the rules say now. Returns whether anything of it is new."""
    before = [getattr(call, field) for field in _OUTCOME_FIELDS]
    try:
        again = judged.judge(plans.plan_of(call.version), call)
    except Refused:
        call.status, call.events, call.writes, call.guards = Call.Status.VOID, [], [], []
    else:
        if again is not None:
            call.status = Call.Status.APPLIED
            call.events, call.writes = log.stored_events(again.outcome.events), again.writes
            call.guards = [list(guard) for guard in again.outcome.guards]
            call.dice = {**call.dice, **again.outcome.rolls}
    return before != [getattr(call, field) for field in _OUTCOME_FIELDS]


def _calls(player: Player) -> QuerySet[Call]:
    """The player's part of the log with its design versions; their documents stay where they are, plans are cached."""
    calls = Call.objects.using(transactions.write_alias()).filter(player=player)
    return calls.select_related("version").defer("version__document")
