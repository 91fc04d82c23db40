"""``check``: does any stored projection differ from the log? (``engine-internals.md`` §1)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django_playlyfe.engine.boards import histograms
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.history import projected, tombstones
from django_playlyfe.engine.history.comparing import Difference, differences
from django_playlyfe.engine.history.players import BATCH, batches
from django_playlyfe.engine.models import Player
from django_playlyfe.engine.realm import Realm, find_game


@dataclass(frozen=True)
class Checked:
    """What came of one player.

    Attributes:
        player_id: whose; "" for what belongs to nobody: what erased players have left on leaderboards, histograms.
        differences: none if everything stored is what the log says. After a repair: what was different before it.
    """

    player_id: str
    differences: tuple[Difference, ...] = ()


def check(
    realm: Realm, *, player_id: str | None = None, after: str | None = None, batch_size: int = BATCH
) -> Iterator[Checked]:
    """Compare what is stored with the log. Nothing is written; players may go on playing meanwhile.

    Args:
        realm: the game and environment.
        player_id: this player only.
        after: only players created after this one, to go on where an earlier check ended.
        batch_size: players in memory at a time.

    Returns:
        One after the other every player, in the order of creation, and last what belongs to nobody.

    Raises:
        PlayerNotFound, InvalidRequest, ConfigurationError: as every selector.
    """
    for batch in batches(realm, player_id=player_id, after=after, size=batch_size):
        for player, found in compared(batch).items():
            # What differs may have been written between two reads: it counts if it does so while nobody can play.
            yield Checked(player.player_id, compared_at_rest(player) if found else ())
    if player_id is None:
        yield Checked("", (*tombstones.differences(realm), *of_histograms(realm)))


def of_histograms(realm: Realm) -> Iterator[Difference]:
    """Where the histograms of large boards are not what a plain count says."""
    for text in histograms.differences(find_game(realm).pk, realm.environment):
        yield Difference("histogram", text)


def compared(players: Sequence[Player]) -> dict[Player, tuple[Difference, ...]]:
    """The differences of each of these players, as far as they can be seen without locks."""
    expected, stored = projected.from_log(players), projected.from_tables(players)
    return {player: tuple(differences(stored[player.pk], expected[player.pk])) for player in players}


def compared_at_rest(player: Player) -> tuple[Difference, ...]:
    """The differences of a player, with the row locked; none of one who was erased meanwhile."""
    with transactions.atomic():
        locked = transactions.locked(Player.objects.filter(pk=player.pk)).first()
        return compared([locked])[locked] if locked is not None else ()
