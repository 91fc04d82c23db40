"""Finding and locking players, also where a database cannot lock one table of a join."""

from __future__ import annotations

from typing import Any

import pytest

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.realm import Realm
from django_playlyfe.exceptions import ConfigurationError, PlayerNotFound
from tests.costs import queries_of_a_play

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("named", [True, False])
def test_without_locks_on_joined_rows_a_play_costs_one_query_more(
    small: Realm, count_queries: Any, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    realm = small if named else Realm.only()
    services.create_player(small, "ada")
    services.play(realm, "ada", "read")
    monkeypatch.setattr(transactions, "can_lock_joined", lambda: False)
    with count_queries() as counted:
        services.play(realm, "ada", "read")
    assert len(counted) == queries_of_a_play(6, together=3, locks_apart=True), counted
    assert selectors.profile(realm, "ada")["scores"][0]["value"] == "20"
    with pytest.raises(PlayerNotFound):
        services.play(realm, "bob", "read")


def test_only_the_players_row_is_locked(small: Realm, count_queries: Any) -> None:
    services.create_player(small, "ada")
    if not transactions.write_connection().features.has_select_for_update:
        pytest.skip("this database has no row locks")
    if not transactions.can_lock_joined():
        with count_queries() as counted:
            services.play(small, "ada", "read")
        assert [" JOIN " in query for query in counted if query.endswith("FOR UPDATE")] == [False]
        return
    with count_queries() as counted:
        services.play(small, "ada", "read")
    assert counted[0].endswith('FOR NO KEY UPDATE OF "django_playlyfe_engine_player"')
    assert not any("FOR NO KEY UPDATE" in query for query in counted[1:])


def test_a_realm_names_itself() -> None:
    assert str(Realm("small")) == "small (production)"
    assert str(Realm.only("staging")) == "the only game (staging)"
    assert Realm(None) == Realm.only()  # type: ignore[arg-type] # an OPTIONS["GAME"] that is None


def test_two_games_without_a_name_are_told_apart_without_locks_on_joins_too(
    small: Realm, quest: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.create_player(small, "ada")
    monkeypatch.setattr(transactions, "can_lock_joined", lambda: False)
    with pytest.raises(ConfigurationError, match="several games"):
        services.play(Realm.only(), "ada", "read")
