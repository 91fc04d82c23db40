"""Players see what they have just done, also where the game is somewhere else and its answers are kept."""

from __future__ import annotations

import json

import pytest

from django_playlyfe import services
from django_playlyfe.delivery import drain
from django_playlyfe.models import PlayerLink, Snapshot
from django_playlyfe.reading.own_writes import patch
from django_playlyfe.types import (
    Change,
    Item,
    ItemChange,
    LevelMeta,
    MetricRef,
    Player,
    Ref,
    Score,
    State,
)
from tests.client.servers import Reply

XP = MetricRef("xp", "Experience", "point")
BADGES = MetricRef("badges", "Badges", "set")
RANK = MetricRef("rank", "Rank", "state")
FORTY = {
    "id": "ada",
    "alias": "Ada",
    "enabled": True,
    "scores": [{"metric": {"id": "xp", "name": "Experience", "type": "point"}, "value": "40"}],
    "teams": [],
}


@pytest.mark.django_db
class TestAPlay:
    def test_its_answer_is_in_the_next_page_without_another_call(self, site, remote, a_page):
        remote.replies.append(Reply(200, FORTY))
        with a_page():
            assert services.profile("ada").points("xp") == 40
        services.play("ada", "finish_book", {"pages": 320}, wait=True)
        before = len(remote.requests)
        with a_page():
            player = services.profile("ada")
        assert (player.points("xp"), player.source, player.is_stale) == (72, "cache", False)
        assert len(remote.requests) == before
        stored = Snapshot.objects.get()
        assert json.loads(stored.body)["scores"][0]["value"] == 72
        assert stored.source == "play"

    def test_what_was_read_of_actions_before_is_read_anew(self, site, remote, a_page):
        remote.replies.append(Reply(200, []))
        with a_page():
            services.actions("ada")
        services.play("ada", "finish_book", {"pages": 320}, wait=True)
        remote.replies.append(Reply(200, [{"id": "finish_book", "name": "Finish a book", "count": "1"}]))
        with a_page():
            (action,) = services.actions("ada")
        assert action.id == "finish_book"


@pytest.mark.django_db
class TestAnEdit:
    FIVE = [{"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "5"}]

    def test_its_answer_is_in_the_next_page_without_another_call(self, site, remote, a_page):
        remote.replies.append(Reply(200, {**FORTY, "scores": []}))
        with a_page():
            assert services.profile("ada").points("xp") == 0
        remote.answers["/v2/admin/players/ada/scores"] = FORTY
        services.adjust_scores("ada", self.FIVE, wait=True)
        before = len(remote.requests)
        with a_page():
            player = services.profile("ada")
        assert (player.points("xp"), player.source, player.is_stale) == (40, "cache", False)
        assert len(remote.requests) == before
        assert json.loads(Snapshot.objects.get().body)["scores"][0]["value"] == 40

    def test_what_was_read_of_actions_before_is_read_anew(self, site, remote, a_page):
        remote.replies.append(Reply(200, []))
        with a_page():
            services.actions("ada")
        services.adjust_scores("ada", self.FIVE, wait=True)
        remote.replies.append(Reply(200, [{"id": "finish_book", "name": "Finish a book", "count": "1"}]))
        with a_page():
            (action,) = services.actions("ada")
        assert action.id == "finish_book"

    def test_an_answer_that_nobody_could_read_is_asked_for_by_the_next_page(self, site, remote, a_page):
        remote.replies.append(Reply(200, {**FORTY, "scores": []}))
        with a_page():
            services.profile("ada")
        remote.answers["/v2/admin/players/ada/scores"] = []
        services.adjust_scores("ada", self.FIVE, wait=True)
        remote.replies.append(Reply(200, FORTY))
        with a_page():
            assert services.profile("ada").points("xp") == 40


@pytest.mark.django_db
def test_a_forgotten_player_leaves_nothing_stored(site, remote, a_page, make_user):
    user = make_user()
    drain()
    PlayerLink.objects.update(state="linked")
    link = PlayerLink.objects.get()
    with a_page():
        services.profile(user)
    Snapshot.objects.create(
        kind="leaderboard", ident="x", body=json.dumps({"rows": [{"player_id": link.player_id}]}), at=link.created_at
    )
    services.forget_player(user)
    assert not Snapshot.objects.exists()


class TestPatching:
    def test_points_items_and_states_follow(self):
        meta = LevelMeta(0, 99, "Scholar", Ref("xp"))
        before = Player(
            id="ada",
            scores=(
                Score(XP, value=40),
                Score(BADGES, items=(Item("Page turner", "Reads", 1), Item("Owl", "Late", 0))),
                Score(RANK, state=State("Novice"), meta=meta),
            ),
        )
        after = patch(
            before,
            [
                Change(XP, 40, 72),
                Change(BADGES, items=(ItemChange("Owl", None, 1), ItemChange("New", None, 2))),
                Change(RANK, "Novice", "Scholar"),
                Change(MetricRef("coins", "Coins", "point"), None, 3),
            ],
        )
        assert after.points("xp") == 72
        assert after.points("coins") == 3
        assert [(item.name, item.description, item.count) for item in after.badges] == [
            ("Page turner", "Reads", 1),
            ("Owl", "Late", 1),
            ("New", "", 2),
        ]
        assert after.score("rank") == Score(RANK, state=State("Scholar"))
        assert after.levels == (), "the bounds of the new level are not known, so no bar shows those of the old one"
