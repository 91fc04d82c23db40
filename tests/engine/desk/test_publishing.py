"""Differences in words, and publication through what stands in its way."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command

from django_playlyfe.engine import selectors, services
from django_playlyfe.engine.admin.desk import publishing, words
from django_playlyfe.engine.admin.desk.differences import grouped
from django_playlyfe.engine.design.diff import diff
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.models import Call, DesignVersion, Game, Player, Score
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing
from tests.engine.desk.conftest import Designer
from tests.engine.desk.pages import form

pytestmark = pytest.mark.django_db
REALM = Realm("library_quest")


@pytest.fixture
def publisher(quest: Realm, person: Callable[..., Designer]) -> Designer:
    return person("view_game", "change_game", "publish_design")


def send(publisher: Designer, environment: str, **fields: str) -> Any:
    page = publisher.get("publish", environment)
    return publisher.post("publish", environment, data={**form(page, "desk-publish"), **fields}, follow=True)


def in_force(environment: str = "production") -> DesignVersion | None:
    version: DesignVersion | None = getattr(Game.objects.get(), environment)
    return version


def without_item(item: str) -> None:
    badges = editing.component(REALM, "latest", "metrics", "badges")
    left = [entry for entry in badges["constraints"]["items"] if entry["id"] != item]
    editing.update(REALM, "metrics", "badges", {"constraints": {**badges["constraints"], "items": left}})


# --- differences ------------------------------------------------------------------------------------------------------


def test_differences_are_told_by_component_in_words(designer: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    editing.update(REALM, "actions", "host_meeting", {"requires": {}})
    editing.delete(REALM, "leaderboards", "club_cup")
    editing.create(REALM, "metrics", {"id": "stars", "name": "Stars", "type": "point"})
    page = designer.get("differences")
    groups = {group.title: group for group in page.context["groups"]}
    assert groups["Metric stars"].kind == "added"
    assert groups["Leaderboard club_cup"].whole == "by xp: by month"
    assert groups["Metric stars"].whole == "0 or more"
    renamed = groups["Metric coins"].lines[0]
    assert (renamed.where, renamed.before, renamed.after) == ("name", "Coins", "Gold")
    opened = groups["Action host_meeting"].lines[0]
    assert opened.before == "member of a team book_club or rank is scholar"
    assert opened.after == "always"


def test_a_game_that_is_new_there_is_told_line_by_line(designer: Designer) -> None:
    design = Game.objects.get().document
    groups = {group.title: group for group in grouped(diff(None, normalise(design)))}
    ((game,), (start,)) = groups["Game"].lines, groups["New players"].lines
    assert "title: Library Quest\n" in game.after
    assert "{" not in game.after
    assert start.after.startswith("scores: ")
    assert "{" not in start.after


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"operator": "ge", "value": "7"}, "days in a row is at least 7"),
        (
            {"action": "read", "unit": "month", "operator": "lt", "value": "2"},
            "months in a row with read is less than 2",
        ),
    ],
)
def test_a_streak_is_told_in_words(context: dict[str, str], said: str) -> None:
    assert words.condition({"type": "streak", "context": context}) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ("0", "Infinity", "0 or more"),
        ("-Infinity", "9", "9 or less"),
        ("-Infinity", "Infinity", "any number"),
        ("-5", "5", "from -5 to 5"),
    ],
)
def test_limits_of_a_metric_are_told_in_words(low: str, high: str, said: str) -> None:
    limited = {"type": "point", "constraints": {"min": low, "max": high}}
    assert words.summary("metrics", limited) == said


def test_the_design_is_compared_with_any_version(publisher: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    send(publisher, "staging")
    assert b"Nothing differs." in publisher.get("differences", **{"with": "staging"}).content
    assert b"Metric coins" in publisher.get("differences", **{"with": "production"}).content
    assert b"Metric coins" in publisher.get("differences", **{"with": "1"}).content
    for nothing in ("7", "x", "99999999999"):
        assert publisher.get("differences", **{"with": nothing}).status_code == 404


def test_there_is_nothing_to_compare_with_before_the_first_publication(designer: Designer) -> None:
    Game.objects.update(production=None)
    assert b"Nothing is in force there yet." in designer.get("differences").content


# --- publication ------------------------------------------------------------------------------------------------------


def test_a_design_is_published_where_it_was_said_and_noted(publisher: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    page = send(publisher, "staging")
    assert b"Version 2 is in force in staging." in page.content
    assert in_force("staging") == DesignVersion.objects.get(number=2)
    assert in_force() == DesignVersion.objects.get(number=1)
    assert "published version 2 in staging" in LogEntry.objects.get().get_change_message()


def test_a_design_with_errors_cannot_be_published(publisher: Designer) -> None:
    page = publisher.get("publish", "production")
    editing.delete(REALM, "metrics", "xp")
    broken = publisher.get("publish", "production")
    assert b"It can be published once they are mended." in broken.content
    assert b'id="desk-publish"' not in broken.content
    refused = publisher.post("publish", "production", data={"seen": broken.context["seen"]})
    assert refused.status_code == 409
    assert in_force() == DesignVersion.objects.get()
    assert publisher.post("publish", "production", data=form(page, "desk-publish")).status_code == 409


def test_what_somebody_else_changed_meanwhile_is_not_published_unseen(publisher: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    data = form(publisher.get("publish", "production"), "desk-publish")
    editing.update(REALM, "metrics", "coins", {"name": "Lead"})
    refused = publisher.post("publish", "production", data=data)
    assert refused.status_code == 409
    assert b"Somebody has changed the working design meanwhile." in refused.content
    assert b"Lead" in refused.content
    assert DesignVersion.objects.count() == 1


def test_problems_noted_by_an_activation_are_no_change(publisher: Designer) -> None:
    editing.update(REALM, "metrics", "coins", {"name": "Gold"})
    data = form(publisher.get("publish", "production"), "desk-publish")
    document = deepcopy(Game.objects.get().document)
    document["metrics"][0]["_errors"] = []
    Game.objects.update(document=document)
    assert publisher.post("publish", "production", data=data).status_code == 302


def test_a_conflict_with_players_is_shown_with_its_choices_and_mended_as_chosen(publisher: Designer) -> None:
    services.create_player(REALM, "ines")
    services.adjust_scores(
        REALM, "ines", [{"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"bookmark": "2"}}]
    )
    without_item("bookmark")
    editing.update(REALM, "actions", "buy_bookmark", {"rules": []})
    page = publisher.get("publish", "production")
    assert "The item “bookmark” of “Badges” goes, and players hold it." in page.content.decode()
    assert "1 player is affected." in page.content.decode()
    name = "fix-production.METRIC_SET_ITEM_REMOVED.badges.bookmark"
    undecided = send(publisher, "production")
    assert (undecided.status_code, in_force()) == (422, DesignVersion.objects.get(number=1))
    assert b"Choose what is to become of them." in undecided.content
    done = send(publisher, "production", **{name: "move:bookworm"})
    assert b"Version 2 is in force in production. 1 score was mended." in done.content
    held = next(
        score["value"] for score in selectors.profile(REALM, "ines")["scores"] if score["metric"]["id"] == "badges"
    )
    assert [(item["name"], item["count"]) for item in held] == [("Bookworm", "1")]
    noted = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert [name in noted[0] or "badges.bookmark" in noted[0], "published version 2" in noted[1]] == [True, True]


def test_a_conflict_of_a_crowd_is_for_the_command(
    publisher: Designer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for player in ("ines", "rui"):
        services.create_player(REALM, player)
        services.adjust_scores(
            REALM, player, [{"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"bookmark": "2"}}]
        )
    without_item("bookmark")
    editing.update(REALM, "actions", "buy_bookmark", {"rules": []})
    monkeypatch.setattr(publishing, "MENDED", 1)
    issue = "production.METRIC_SET_ITEM_REMOVED.badges.bookmark"
    text = publisher.get("publish", "production").content.decode()
    assert f'name="fix-{issue}"' not in text
    arguments = text.partition("manage.py playlyfe_engine_load FILE ")[2].partition("<")[0].split()
    assert arguments[-1] == issue
    refused = send(publisher, "production", **{f"fix-{issue}": "METRIC_SET_ITEM_DESTROY"})
    assert refused.status_code == 422
    assert not Call.objects.filter(kind=Call.Kind.FIX).exists()
    file = tmp_path / "design.json"
    file.write_bytes(publisher.get("export").content)
    call_command("playlyfe_engine_load", str(file), *arguments, verbosity=0)
    version = in_force()
    assert version is not None
    assert version.number == 2
    assert not Score.objects.filter(metric="badges", item="bookmark", value__gt=0).exists()


def test_a_choice_that_was_not_offered_is_none(publisher: Designer) -> None:
    services.create_player(REALM, "ines")
    services.adjust_scores(
        REALM, "ines", [{"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"bookmark": "2"}}]
    )
    without_item("bookmark")
    editing.update(REALM, "actions", "buy_bookmark", {"rules": []})
    name = "fix-production.METRIC_SET_ITEM_REMOVED.badges.bookmark"
    for nonsense in ("move:bookmark", "METRIC_DESTROY", "move:"):
        assert send(publisher, "production", **{name: nonsense}).status_code == 422
    assert not Call.objects.filter(kind=Call.Kind.FIX).exists()


def test_who_may_change_a_design_may_not_publish_it_by_that(designer: Designer) -> None:
    page = designer.get("publish", "production")
    assert (page.status_code, b'type="submit" class="default"' in page.content) == (200, False)
    assert designer.post("publish", "production", data={"seen": page.context["seen"]}).status_code == 403
    assert designer.get("publish", "moon").status_code == 404


def first_book() -> None:
    """A rule that all who have finished a book met before it was there."""
    rule = {
        "id": "first", "name": "First", "type": "achievement",
        "achievement": {"metric": {"id": "badges"}, "items": [{"key": "bookmark", "value": "1"}]},
        "requires": {"type": "action", "context": {"id": "finish_book", "operator": "ge", "value": "1"}},
    }  # fmt: skip
    editing.create(REALM, "rules", rule)


def test_what_players_are_owed_is_given_with_the_publication_if_that_is_asked_for(publisher: Designer) -> None:
    for player in ("ines", "rui"):
        services.create_player(REALM, player)
        services.play(REALM, player, "finish_book", {"pages": 10})
    first_book()
    held = Score.objects.filter(metric="badges", item="bookmark", value=1)
    assert b"2 players were given something." in send(publisher, "production", award="on").content
    assert held.count() == 2


def test_a_page_does_not_look_at_the_history_of_a_crowd(publisher: Designer, monkeypatch: Any) -> None:
    services.create_player(REALM, "ines")
    services.play(REALM, "ines", "finish_book", {"pages": 10})
    monkeypatch.setattr(publishing, "AWARDED", 0)
    first_book()
    assert b'name="award"' not in publisher.get("publish", "production").content
    send(publisher, "production", award="on")
    assert not Score.objects.filter(metric="badges", item="bookmark").exists()


def test_what_players_are_owed_is_previewed_and_not_given(publisher: Designer, monkeypatch: Any) -> None:
    for player in ("ines", "rui", "ana"):
        services.create_player(REALM, player)
        services.play(REALM, player, "finish_book", {"pages": 10})
    first_book()
    calls = Call.objects.count()
    text = publisher.get("publish", "production", owed="1").content.decode()
    assert f"3 of {Player.objects.count()} players would get something." in text
    assert "badges bookmark" in text
    monkeypatch.setattr(publishing, "PREVIEWED", 2)
    assert "Only the first players were looked at." in publisher.get("publish", "production", owed="1").content.decode()
    assert Call.objects.count() == calls


def test_the_cost_does_not_depend_on_players(publisher: Designer, count_queries: Any) -> None:
    editing.update(REALM, "metrics", "coins", {"constraints": {"max": "3", "default": "0"}})
    costs = []
    for players in (1, 12):
        for number in range(players):
            services.create_player(REALM, f"p{players}-{number}")
        for page, arguments in (("publish", ("production",)), ("differences", ())):
            with count_queries() as counted:
                assert publisher.get(page, *arguments).status_code == 200
            costs.append(len(counted))
    assert costs[:2] == costs[2:]
    assert max(costs) <= 12
