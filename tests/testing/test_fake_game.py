"""``django_playlyfe.testing`` as a site's own tests use it."""

from __future__ import annotations

import unittest

import pytest
import responses
from django.test import TestCase

from django_playlyfe import conf, instants, services, signals
from django_playlyfe.backends import games
from django_playlyfe.exceptions import (
    ActionLimitReached,
    ActionNotFound,
    ConfigurationError,
    Conflict,
    InvalidRequest,
    NotFound,
    NotSent,
    PlayerNotFound,
    ResponseLost,
    ServerError,
)
from django_playlyfe.models import Delivery
from django_playlyfe.testing import (
    FakeBackend,
    FakeEmbeddedBackend,
    FakeGame,
    assert_not_played,
    assert_played,
    drain,
    freeze_token,
    override_playlyfe,
)
from django_playlyfe.testing.games import FakePlayer
from django_playlyfe.types import Streak

pytestmark = pytest.mark.django_db

ACTIONS = {
    "post_comment": {"points": 10},
    "finish_book": lambda variables: {"points": variables["pages"] // 10, "badges": {"Bookworm": 1}, "level": "Reader"},
}


@pytest.fixture(params=[FakeBackend, FakeEmbeddedBackend])
def fake(request):
    """The game in memory, on a server and embedded."""
    with override_playlyfe(ACTIONS, backend=request.param) as game:
        yield game


@pytest.fixture
def remote():
    with override_playlyfe(ACTIONS, backend=FakeBackend) as game:
        yield game


@pytest.fixture
def embedded():
    with override_playlyfe(ACTIONS, backend=FakeEmbeddedBackend) as game:
        yield game


def play(user, action="post_comment", variables=None, **options):
    return services.play(user, action, variables, wait=True, **options)


def test_a_play_pays_and_the_profile_remembers_it(fake, make_user):
    user = make_user()
    assert [line.amount for line in play(user).earned] == [10]
    play(user, "finish_book", {"pages": 320})
    player = services.profile(user)
    assert player.points("points") == 42
    assert [badge.name for badge in player.badges] == ["Bookworm"]
    assert player.score("level").state.name == "Reader"


def test_what_a_play_earned_is_shown_once(fake, make_user):
    user = make_user()
    play(user)
    assert [line.earned[0].amount for line in services.feedback(user)] == [10]
    assert list(services.feedback(user)) == []


def test_a_key_pays_once(fake, make_user):
    user = make_user()
    play(user, idempotency_key="comment:1")
    assert play(user, idempotency_key="comment:1").replayed
    assert services.profile(user).points("points") == 10


def test_a_used_key_with_other_content_is_a_conflict(fake, make_user):
    user = make_user()
    play(user, "finish_book", {"pages": 100}, idempotency_key="book:1")
    with pytest.raises(Conflict):
        play(user, "finish_book", {"pages": 200}, idempotency_key="book:1")


def test_a_refusal_is_an_answer(fake, make_user):
    fake.refuse("post_comment", times=1)
    user = make_user()
    refused = play(user)
    assert refused.status == "refused"
    assert isinstance(refused.error, ActionLimitReached)
    assert play(user).status == "applied"


def test_an_unknown_action_raises(fake, make_user):
    with pytest.raises(ActionNotFound):
        play(make_user(), "dance")


def test_boards_rank_the_players_and_know_the_reader(fake, make_user):
    first, second, third = make_user(), make_user(), make_user()
    for user, times in ((first, 1), (second, 3), (third, 1)):
        play(user, count=times)
    drain()
    page = services.leaderboard("points", first)
    assert [(row.rank, row.score) for row in page.rows] == [(1, 30), (2, 10), (2, 10)]
    assert page.me.is_me
    assert services.leaderboard("points", second, around=True, radius=0).rows[0].user == second
    assert [board.id for board in services.leaderboards()] == ["points"]
    with pytest.raises(NotFound):
        services.leaderboard("coins")
    with pytest.raises(PlayerNotFound):
        services.leaderboard("points", make_user(), around=True)


def test_everything_a_page_reads_is_there(fake, make_user):
    user = make_user()
    play(user, "finish_book", {"pages": 10})
    assert [(action.id, action.count) for action in services.actions(user)] == [("finish_book", 1), ("post_comment", 0)]
    assert {metric.id: metric.type for metric in services.definitions()} == {
        "points": "point", "badges": "set", "level": "state"
    }  # fmt: skip
    assert services.activity(user)[0].variables == {"pages": 10}
    assert services.export(user)["player"]["profile"]["scores"]["points"] == 1
    assert services.status()["ok"]
    assert services.profile(user, detailed=True).points("points") == 1
    assert list(services.notifications(user)) == []


def test_a_deleted_user_is_forgotten(fake, make_user):
    user = make_user()
    play(user)
    user.delete()
    drain()
    assert not fake.players
    assert not fake.plays


def test_a_renamed_user_is_renamed_in_the_game(fake, make_user):
    user = make_user()
    drain()
    user.username = "margaret"
    user.save()
    drain()
    assert [player.alias for player in fake.players.values()] == ["margaret"]


def test_without_actions_every_action_exists_and_earns_nothing(make_user):
    with override_playlyfe(backend=FakeEmbeddedBackend):
        assert play(make_user(), "anything").earned == ()


def test_a_play_for_a_server_waits_for_the_drain(remote, make_user):
    user = make_user()
    assert services.play(user, "post_comment").status == "pending"
    assert not remote.plays
    assert_played(user, "post_comment")
    assert drain() == {"delivered": 2}
    assert remote.plays[0].action == "post_comment"


def test_a_server_that_is_down_is_owed_and_paid_later(remote, make_user):
    remote.fail(NotSent(reason="refused"), times=None)
    user = make_user()
    assert play(user).status == "pending"
    remote.recover()
    Delivery.objects.update(not_before="2020-01-01T00:00:00Z")
    assert drain() == {"delivered": 2}


def test_a_play_whose_answer_was_lost_is_repeated_and_counted_once(remote, make_user):
    user = make_user()
    drain()
    remote.fail(ResponseLost(reason="read_timeout"), call="play", is_applied=True)
    assert play(user).status == "pending"
    Delivery.objects.update(not_before="2020-01-01T00:00:00Z")
    drain()
    assert services.profile(user).points("points") == 10


def test_a_failing_read_fails_like_a_real_one(fake, make_user):
    user = make_user()
    drain()
    fake.fail(ServerError("The server failed", status=503), call="profile")
    with pytest.raises(ServerError):
        services.profile(user)
    fake.fail(ServerError("The server failed", status=503), call="status")
    assert not services.status()["ok"]


def test_a_play_is_taken_back(embedded, make_user):
    user = make_user()
    play(user)
    play(user, "finish_book", {"pages": 300}, idempotency_key="book:1")
    undone = services.undo(user, "finish_book", idempotency_key="book:1")
    assert {line.name: line.amount for line in undone.earned}["Points"] == -30
    assert services.profile(user).points("points") == 10
    assert services.undo(user, "finish_book", idempotency_key="book:1").status == "refused"


def test_receivers_hear_of_a_play(fake, make_user, django_capture_on_commit_callbacks):
    heard = []
    receive = lambda **arguments: heard.append((arguments["user"], arguments["result"].earned))  # noqa: E731
    signals.action_played.connect(receive)
    user = make_user()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            play(user)
    finally:
        signals.action_played.disconnect(receive)
    assert [(who, line[0].amount) for who, line in heard] == [(user, 10)]


def test_the_fake_is_like_the_sites_own_backend(settings):
    with override_playlyfe():
        assert games["default"].transactional
    settings.PLAYLYFE = {"default": {"BACKEND": "django_playlyfe.backends.http.HttpBackend"}}
    with override_playlyfe():
        assert not games["default"].transactional


def test_everything_else_that_the_settings_say_stays():
    before = conf.game_settings().browser_actions
    with override_playlyfe():
        assert conf.game_settings().browser_actions == before
        assert isinstance(games["default"], FakeEmbeddedBackend)
    assert not isinstance(games["default"], FakeBackend)


def test_another_game_than_the_default_one_can_be_faked(make_user):
    with override_playlyfe(ACTIONS, game="quiz", backend=FakeEmbeddedBackend) as quiz:
        play(make_user(), game="quiz")
        assert len(quiz.plays) == 1


def test_a_game_that_is_none_is_a_wrong_setting(settings):
    settings.PLAYLYFE = {"default": {"BACKEND": "django_playlyfe.testing.FakeBackend", "OPTIONS": {"GAME": "quest"}}}
    with pytest.raises(ConfigurationError, match="should be a FakeGame"):
        games["default"]


@override_playlyfe(ACTIONS, backend=FakeEmbeddedBackend, kwarg_name="fake")
def _played_in_a_game_of_its_own(user, fake):
    play(user)
    return len(fake.plays)


def test_a_function_is_decorated(make_user):
    assert [_played_in_a_game_of_its_own(make_user()) for _ in range(2)] == [1, 1]


@override_playlyfe(ACTIONS, backend=FakeEmbeddedBackend, attr_name="fake")
class TestACaseIsDecorated(TestCase):
    def test_each_test_has_a_game_of_its_own(self):
        assert isinstance(self.fake, FakeGame)
        assert self.fake.plays == []
        self.fake.plays.append("left behind")

    test_also_the_second_one = test_each_test_has_a_game_of_its_own


# --- assertions -------------------------------------------------------------------------------------------------------


def test_what_was_played_is_asserted(fake, make_user):
    user = make_user()
    assert_not_played(user)
    play(user, "finish_book", {"pages": 10})
    assert_played(user, "finish_book")
    assert_played(user, "finish_book", {"pages": 10}, times=1)
    assert_not_played(user, "post_comment")


def test_an_assertion_that_fails_lists_what_was_played(fake, make_user):
    user = make_user()
    play(user, "finish_book", {"pages": 10})
    with pytest.raises(AssertionError, match=r"post_comment\(\) was played 0 times.*Played: finish_book\(pages=10\)"):
        assert_played(user, "post_comment")
    with pytest.raises(AssertionError, match="not 2 times"):
        assert_played(user, "finish_book", times=2)
    with pytest.raises(AssertionError, match="finish_book was played"):
        assert_not_played(user, "finish_book")


def test_plays_of_the_engine_are_asserted_too(game, make_user):
    user = make_user()
    assert_not_played(user)
    play(user, "finish_book", {"pages": 100})
    assert_played(user, "finish_book", {"pages": 100}, times=1)


def test_who_is_no_player_has_played_nothing(fake, make_user, settings):
    settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "CREATE_PLAYERS": False}}
    user = make_user()
    assert_not_played(user)


# --- the token --------------------------------------------------------------------------------------------------------


def test_a_frozen_token_is_sent_and_none_is_asked_for(settings):
    settings.PLAYLYFE = {
        "default": {
            "BACKEND": "django_playlyfe.backends.http.HttpBackend",
            "CLIENT_ID": "site",
            "CLIENT_SECRET": "a-secret-of-many-characters-000000000000",
            "OPTIONS": {
                "AUTH_URL": "https://playlyfe.example/auth/token",
                "API_URL": "https://api.playlyfe.example/v2",
            },
        }
    }
    with responses.RequestsMock() as server, freeze_token("frozen-canary"):
        answered = server.get("https://api.playlyfe.example/v2/admin/players/ada", json={"id": "ada", "alias": "Ada"})
        assert services.profile("ada").alias == "Ada"
        assert answered.calls[0].request.headers["Authorization"] == "Bearer frozen-canary"
    games["default"].close()


def test_a_game_without_a_token_has_none_to_freeze():
    with pytest.raises(ConfigurationError, match="not behind HTTP"), freeze_token():
        pytest.fail("there is nothing to freeze")


class TestPlainUnittest(unittest.TestCase):
    def test_the_override_needs_no_django_test_case(self):
        with override_playlyfe(backend=FakeBackend) as game:
            assert games["default"].game is game


def adding(metric, kind, value, verb="add"):
    return [{"metric": {"id": metric, "type": kind}, "verb": verb, "value": value}]


def adjust(user, *reward):
    """The profile after an edit."""
    return services.adjust_scores(user, adding(*reward), wait=True).player


def test_scores_are_adjusted_and_told_in_the_activity(fake, make_user):
    user = make_user()
    play(user)
    assert adjust(user, "points", "point", "5").points("points") == 15
    assert adjust(user, "points", "point", "100", "remove").points("points") == 0
    adjust(user, "badges", "set", {"Patron": "2"})
    adjust(user, "level", "state", "Writer", "set")
    assert services.profile(user).badges[0].count == 2
    assert [event.type for event in services.activity(user)][-2:] == ["score", "action"]


def test_an_edit_is_owed_to_a_game_on_a_server_until_it_is_drained(remote, make_user):
    user = make_user()
    play(user)
    remote.fail(NotSent(reason="refused"), call="adjust_scores")
    result = services.adjust_scores(user, adding("points", "point", "5"))
    assert (result.status, result.player) == ("pending", None)
    drain()
    assert services.profile(user).points("points") == 10
    Delivery.objects.update(not_before=instants.now())
    drain()
    assert services.profile(user).points("points") == 15


@pytest.mark.parametrize(
    ("call", "edit"),
    [
        ("adjust_scores", lambda user: services.adjust_scores(user, adding("points", "point", "5"))),
        ("revert_events", lambda user: services.revert(user, [services.activity(user)[0].id])),
        ("reset_player", services.reset_player),
    ],
)
def test_an_edit_whose_answer_is_lost_is_done_once(remote, make_user, call, edit):
    user = make_user()
    play(user)
    remote.fail(ResponseLost("lost", outcome="UNKNOWN"), is_applied=True, call=call)
    edit(user)
    drain()
    assert (Delivery.objects.latest("pk").state, len(remote.edits)) == ("pending", 1)
    Delivery.objects.update(not_before=instants.now())
    drain()
    assert (Delivery.objects.latest("pk").state, len(remote.edits)) == ("delivered", 1)


def test_a_key_of_an_edit_stands_for_what_was_asked():
    game = FakeGame()
    game.players["ada"] = FakePlayer("ada")
    game.adjust("ada", adding("points", "point", "5"), "k")
    game.adjust("ada", adding("points", "point", "5"), "k")
    with pytest.raises(Conflict):
        game.reset("ada", "k")
    assert game.players["ada"].scores == {"points": 5}


def test_a_wrong_adjustment_is_refused(fake, make_user):
    user = make_user()
    play(user)
    for wrong in (adding("points", "set", {"Patron": "1"}), adding("points", "point", "5", "double")):
        with pytest.raises(InvalidRequest):
            services.adjust_scores(user, wrong, wait=True)
    assert services.profile(user).points("points") == 10


def test_events_are_taken_back_once(fake, make_user):
    user = make_user()
    play(user, "finish_book", {"pages": 320})
    play(user)
    event = next(event for event in services.activity(user) if event.action.id == "finish_book")
    assert services.revert(user, [event.id], wait=True).player.points("points") == 10
    assert services.revert(user, [event.id], wait=True).player.points("points") == 10
    assert services.profile(user).badges[0].count == 0
    with pytest.raises(NotFound):
        services.revert(user, ["never"], wait=True)


def test_an_undo_leaves_adjustments_and_resets_where_they_were(embedded, make_user):
    user = make_user()
    play(user, idempotency_key="one")
    services.adjust_scores(user, adding("points", "point", "5"))
    services.undo(user, "post_comment", idempotency_key="one")
    assert services.profile(user).points("points") == 5
    play(user, idempotency_key="two")
    assert services.reset_player(user).player.points("points") == 0
    play(user, idempotency_key="three")
    services.undo(user, "post_comment", idempotency_key="two")
    assert services.profile(user).points("points") == 10


def test_a_standing_has_a_percentile(fake, make_user):
    users = [make_user() for _ in range(3)]
    for user, times in zip(users, (1, 2, 2), strict=True):
        for number in range(times):
            play(user, idempotency_key=f"c{number}")
    found = services.standing(users[1], "points")
    assert (found.rank, found.score, found.total, found.percentile) == (1, 20, 3, 50.0)
    assert services.standing(users[0], "points").percentile == 0.0


def test_a_streak_is_what_the_test_says(fake, make_user):
    ada, grace = make_user(), make_user()
    play(ada)
    play(grace)
    assert "streaks" in services.abilities()
    none = services.streak(ada, "post_comment")
    assert (none.length, none.longest, none.is_kept, none.action) == (0, 0, False, "post_comment")
    fake.set_streak(3, "post_comment", longest=9, is_kept=False)
    fake.set_streak(2, unit="week", player_id=str(grace.pk))
    assert services.streak(ada, "post_comment") == Streak(length=3, longest=9, is_kept=False, action="post_comment")
    assert services.streak(grace, unit="week") == Streak(length=2, longest=2, is_kept=True, unit="week")
    assert services.streak(ada, unit="week").length == 0
    assert services.streak(ada).length == 0


def test_a_streak_of_what_there_is_not_is_an_error(fake, make_user):
    user = make_user()
    play(user)
    for ask in (
        lambda *args, **unit: services.streak(user, *args, **unit),
        lambda *a, **u: fake.set_streak(1, *a, **u),
    ):
        with pytest.raises(ActionNotFound):
            ask("fly")
        with pytest.raises(InvalidRequest):
            ask(unit="fortnight")
    with pytest.raises(PlayerNotFound):
        services.streak("nobody")
    fake.fail(NotSent(reason="refused"), call="streak_of")
    with pytest.raises(NotSent):
        services.streak(user, "post_comment", unit="month")


def test_the_game_is_told_whose_days_count(fake, make_user):
    user = make_user()
    play(user)
    backend, player_id = games["default"], str(user.pk)
    assert fake.players[player_id].timezone == ""
    backend.set_timezone(player_id, "Europe/Lisbon")
    assert fake.players[player_id].timezone == "Europe/Lisbon"
    with pytest.raises(InvalidRequest):
        backend.set_timezone(player_id, "Europe/Nowhere")
    fake.fail(ResponseLost("lost"), call="set_timezone", is_applied=True)
    with pytest.raises(ResponseLost):
        backend.set_timezone(player_id, "")
    assert fake.players[player_id].timezone == ""
