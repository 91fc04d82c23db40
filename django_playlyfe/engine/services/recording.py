"""Writing down what the rules have said to a call that is no play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_playlyfe import instants
from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.boards.contributions import RecordedCredit
from django_playlyfe.engine.calls import inputs
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.database.canonical import sha256
from django_playlyfe.engine.design import plans
from django_playlyfe.engine.ledger import log
from django_playlyfe.engine.ledger.log import Recorded
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.models import Call, DesignVersion, Player
from django_playlyfe.engine.realm import Realm, lock_player, version_in_force
from django_playlyfe.engine.rules.plan import Plan
from django_playlyfe.engine.rules.state import Outcome, PlayerState
from django_playlyfe.wire import make_error


@dataclass(frozen=True)
class Edit:
    """What an idempotency key of an edit stands for: the key, and what was asked under it.

    Of the content the hash is kept, not the content: it is compared as it was asked, whatever design is in force then.
    """

    key: str | None
    asked: str = ""

    @classmethod
    def under(cls, idempotency_key: str | None, content: object) -> Edit:
        """The edit of a key. Raises InvalidRequest: the key is malformed, or the content is no JSON."""
        if idempotency_key is None:
            return cls(None)
        try:
            return cls(inputs.read_key(idempotency_key), sha256(content))
        except (TypeError, ValueError):
            raise make_error("validation_exception", "What is asked under a key has to be JSON") from None

    @property
    def inputs(self) -> dict[str, str]:
        """Its part of the call's inputs."""
        return {} if self.key is None else {"asked": self.asked}


@dataclass
class Scene:
    """A locked player and all that a call about him is judged on."""

    realm: Realm
    player: Player
    version: DesignVersion
    plan: Plan
    projections: Projections
    at: datetime

    @classmethod
    def enter(cls, realm: Realm, player_id: str) -> Scene:
        """Lock the player. Raises PlayerNotFound, InvalidRequest, ConfigurationError."""
        player = lock_player(realm, player_id)
        version = version_in_force(player.game, realm)
        now = inputs.in_milliseconds(instants.now())
        return cls(realm, player, version, plans.plan_of(version), Projections.load(player), now)

    @property
    def state(self) -> PlayerState:
        """What the rules may see of the player."""
        return self.projections.state(self.plan)

    def earlier(self, kind: Call.Kind, edit: Edit) -> Recorded | None:
        """What was recorded under this key before, if anything was. Two at once cannot both miss it: they wait for the
        player's lock.

        Raises:
            Conflict: the key was used for something else (``idempotency_key_reused``).
        """
        if edit.key is None:
            return None
        calls = Call.objects.using(transactions.write_alias())
        earlier = calls.filter(player=self.player, kind=kind, action="", idempotency_key=edit.key).first()
        if earlier is None:
            return None
        if earlier.inputs.get("asked") != edit.asked:
            raise make_error("idempotency_key_reused", f"The key '{edit.key}' was used for another edit of this player")
        return log.recorded(self.realm, earlier, self.player, replayed=True)

    def record(
        self,
        kind: Call.Kind,
        outcome: Outcome,
        given: Mapping[str, Any],
        *,
        action: str = "",
        idempotency_key: str | None = None,
        credited: list[RecordedCredit] | None = None,
    ) -> Recorded:
        """Store what came of a call: the row of the log, scores, boards, the feed. ``credited``: to boards, where that
        is not what the call itself has changed."""
        player, version = self.player, self.version
        call = log.new_call(
            player,
            version,
            kind=kind,
            at=self.at,
            zone=self.plan.timezone,
            action=action,
            idempotency_key=idempotency_key,
            inputs=dict(given),
            dice=dict(outcome.rolls),
            events=log.stored_events(outcome.events),
            writes=self.projections.apply(outcome.writes, self.at),
        )
        if credited is None:
            crediting.credit(player, self.plan, call)
        else:
            call.credits = credited
            crediting.credit_recorded(self.plan, call)
        call.save(force_insert=True, using=transactions.write_alias())
        self.projections.save()
        log.save_feed_entries([call])
        # A revert judges no achievements and an award gives them unasked, so the next call looks at every rule.
        judged_by = None if kind in (Call.Kind.REVERT, Call.Kind.AWARD) else version
        if player.judged_version_id != (judged_by and judged_by.pk):
            player.judged_version = judged_by
            player.save(update_fields=["judged_version"])
        recorded = log.recorded(self.realm, call, player)
        log.announce(recorded)
        return recorded
