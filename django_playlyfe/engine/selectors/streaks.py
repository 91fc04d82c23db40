"""A player's streak as it stands now (``engine.md`` §17.4)."""

from __future__ import annotations

from django_playlyfe import instants
from django_playlyfe.engine.design.plans import plan_of
from django_playlyfe.engine.ledger.log import local_date
from django_playlyfe.engine.ledger.projections import Projections
from django_playlyfe.engine.realm import Realm, find_player, version_in_force
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.rules import streaks
from django_playlyfe.types import Streak
from django_playlyfe.wire import make_error


def streak(realm: Realm, player_id: str, action: str = "", unit: str = "day") -> Streak:
    """How many days, weeks or months in a row had a play of the action; "" = of any. Three queries.

    Raises:
        ActionNotFound: the design has no such action.
        PlayerNotFound, InvalidRequest (no such unit), ConfigurationError.
    """
    if unit not in streaks.UNITS:
        raise invalid("/unit", f"should be one of {', '.join(streaks.UNITS)}", code="ENUM_MISMATCH", found=unit)
    player = find_player(realm, player_id)
    plan = plan_of(version_in_force(player.game, realm))
    if action and action not in plan.actions:
        raise make_error("action_not_found", f"The action '{action}' does not exist")
    counts = Projections.of(player).counts
    wanted = [counts[action]] if action in counts else [] if action else counts.values()
    days = streaks.together(counted.days for counted in wanted)
    today = local_date(player, plan.timezone, instants.now())
    found = streaks.standing(days, unit, today)
    return Streak(action=action, unit=unit, **found._asdict())
