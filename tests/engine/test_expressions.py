"""Score and rank as columns of a site's own querysets."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.boards import histograms
from django_playlyfe.engine.expressions import rank, score
from django_playlyfe.engine.models import Histogram
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import AccessDenied, ConfigurationError, InvalidRequest, NotFound
from django_playlyfe.models import PlayerLink

from .boards.games import SUNDAY, ledger_design
from .conftest import board, design

pytestmark = pytest.mark.django_db
REALM = Realm("small")
AMOUNTS = [5, 9, 5, 1, 9, 5, -3, 0]


@pytest.fixture(params=["competition", "dense", "first"])
def ties(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def links(db: None, make_user: Any, ties: str, settings: Any) -> Any:
    """Eight linked users who moved, two of them disabled, and one who is on no board."""
    from django_playlyfe.engine.versions.activation import activate

    settings.PLAYLYFE = {
        "default": {"BACKEND": "django_playlyfe.backends.engine.EngineBackend", "CREATE_PLAYERS": False}
    }
    document = ledger_design()
    for entry in document["leaderboards"]:
        entry["ties"] = ties
    activate(REALM, document)
    with time_machine.travel(SUNDAY, tick=False):
        for number, amount in enumerate([*AMOUNTS, None]):
            user = make_user()
            link = PlayerLink.objects.create(user=user, player_id=f"p{number}", state="linked")
            services.create_player(REALM, link.player_id)
            if amount is not None:
                scopes = [{"id": "art", "entity_id": link.player_id}]
                services.play(REALM, link.player_id, "move", {"amount": amount}, scopes=scopes)
        for disabled in ("p2", "p4"):
            services.update_player(REALM, disabled, enabled=False)
        yield PlayerLink.objects.filter(player_id__startswith="p")


WHERE: list[dict[str, str]] = [{}, {"cycle": "weekly"}, {"cycle": "alltime", "scope": "art"}]


def expected(board_id: str, cycle: str = "alltime", scope: str = "") -> dict[str, tuple[int, int]]:
    page = selectors.leaderboard(REALM, board_id, cycle=cycle, scope_id=scope or None, limit=-1)
    return {row["player"]["id"]: (int(row["score"]), row["rank"]) for row in page["data"]}


@pytest.mark.parametrize("where", WHERE, ids=["alltime", "weekly", "scope"])
@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
def test_every_row_has_its_score_and_its_rank_among_all(
    links: Any, where: dict[str, str], is_large: bool, monkeypatch: pytest.MonkeyPatch, count_queries: Any
) -> None:
    board_id = "genre" if "scope" in where else "top"
    places = expected(board_id, **where)
    assert len(places) == 6
    if is_large and connection.vendor in ("postgresql", "sqlite"):
        _make_large(monkeypatch, board_id, where)
        services.play(REALM, "p0", "move", {"amount": 3}, scopes=[{"id": "art", "entity_id": "p0"}])
        places = expected(board_id, **where)
    columns = {
        "points": score(board_id, of="player_id", **where),  # type: ignore[arg-type] # all of them are text
        "place": rank(board_id, of="player_id", **where),  # type: ignore[arg-type]
    }
    with count_queries() as counted:
        found = {link.player_id: (link.points, link.place) for link in links.annotate(**columns)}
    assert len(counted) == 1
    assert {who: place for who, place in found.items() if place != (None, None)} == places
    assert set(found) - set(places) == {"p2", "p4", "p8"}
    three = links.annotate(**columns).filter(player_id__in=["p0", "p3", "p8"]).order_by("place")
    assert {link.player_id: link.place for link in three if link.place} == {who: places[who][1] for who in ("p0", "p3")}


def _make_large(monkeypatch: pytest.MonkeyPatch, board_id: str, where: dict[str, str]) -> None:
    from django_playlyfe.engine.boards import sheet_sql

    monkeypatch.setattr(histograms, "LARGE", 3)
    monkeypatch.setattr(histograms, "BUCKETS", 3)
    monkeypatch.setattr(histograms, "LEASE", -1.0)
    if connection.vendor == "postgresql":
        monkeypatch.setattr(sheet_sql, "open_transactions", lambda: (1, 1))
    for _ in range(3):
        expected(board_id, **where)
    monkeypatch.setattr(histograms, "LEASE", 3600.0)
    histograms.forget()
    assert Histogram.objects.get().is_counted


def test_users_are_annotated_by_their_link(links: Any) -> None:
    users = get_user_model().objects.annotate(place=rank("top", of="playlyfe_links__player_id", realm=REALM))
    best = users.filter(place=1).get()
    assert best.playlyfe_links.get().player_id == "p1"


def test_a_board_must_be_there_open_and_rankable(links: Any) -> None:
    with pytest.raises(NotFound):
        score("nowhere", of="player_id")
    with pytest.raises(InvalidRequest):
        score("top", of="player_id", cycle="hourly")
    services.play(REALM, "p0", "move", {"amount": 1}, scopes=[{"id": "art", "entity_id": "p1"}])
    with pytest.raises(InvalidRequest, match="sums"):
        rank("genre", of="player_id", scope="art")


def test_a_board_with_a_condition_is_no_column(activated: Any) -> None:
    rich = {"type": "metric", "context": {"id": "xp", "type": "point", "operator": "ge", "value": "100"}}
    activated(leaderboards=design(leaderboards=[board("rich", "xp", requires=rich)])["leaderboards"])
    with pytest.raises(AccessDenied):
        rank("rich", of="player_id")


def test_without_a_game_it_says_what_to_do(db: None) -> None:
    with pytest.raises(ConfigurationError, match="playlyfe_engine_load"):
        rank("top", of="player_id")
