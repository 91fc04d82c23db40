"""What the nameless calls of erased players have left on leaderboards of others (``interface.md`` §3.8)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from django_playlyfe.engine.boards import crediting
from django_playlyfe.engine.boards.crediting import Rows
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.history import comparing
from django_playlyfe.engine.history.comparing import Difference
from django_playlyfe.engine.history.projected import READ_AT_ONCE, without_erased
from django_playlyfe.engine.models import BoardRow, Call
from django_playlyfe.engine.realm import Realm, find_game


def differences(realm: Realm) -> Iterator[Difference]:
    """Where the rows without a player are not what the calls without one say. Erased players may share a row."""
    return comparing.differing_rows(stored(realm), expected(realm))


def rewrite(realm: Realm) -> tuple[Difference, ...]:
    """Store what the log says, if that is another thing; returns what was different."""
    with transactions.atomic():
        right = expected(realm)
        found = tuple(comparing.differing_rows(stored(realm), right))
        if found:
            _rows(realm).delete()
            crediting.store(find_game(realm).pk, realm.environment, right)
        return found


def stored(realm: Realm) -> Rows:
    """The rows without a player, summed up: two erased players leave two of the same key."""
    found: Rows = {}
    for row in _rows(realm).iterator(chunk_size=READ_AT_ONCE):
        crediting.add_standing(found, crediting.key_of(row), crediting.standing_of(row))
    return found


def expected(realm: Realm) -> Rows:
    """What the calls without a player have credited to players who are still there."""
    rows: Rows = {}
    calls = Call.objects.using(transactions.write_alias()).filter(
        player__isnull=True, game=find_game(realm), environment=realm.environment, status=Call.Status.APPLIED
    )
    calls = calls.exclude(kind=Call.Kind.ACTIVATION).select_related("version")
    calls = calls.defer("version__document", "dice", "events", "writes", "inputs").order_by("pk")
    known: set[int] = set()
    for call in calls.iterator(chunk_size=READ_AT_ONCE):
        if call.credits:
            crediting.add_recorded(rows, call)
        if len(rows) > READ_AT_ONCE + len(known):  # own rows of the erased: nobody is ranked by them any more
            rows = without_erased(rows, known)
            known = {key.entity for key in rows}
    return without_erased(rows, ())


def _rows(realm: Realm) -> QuerySet[BoardRow]:
    rows = BoardRow.objects.using(transactions.write_alias())
    return rows.filter(player__isnull=True, game=find_game(realm), environment=realm.environment)
