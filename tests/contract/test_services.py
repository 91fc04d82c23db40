"""What every backend owes a site: the same calls, the same answers. Runs in each test project."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import pytest
from django.db import transaction

from django_playlyfe import services
from django_playlyfe.exceptions import (
    ActionLimitReached,
    ActionNotFound,
    Conflict,
    InvalidRequest,
    NotFound,
    PlayerNotFound,
)
from django_playlyfe.types import Earned

pytestmark = [pytest.mark.django_db, pytest.mark.contract, pytest.mark.usefixtures("game", "noon")]


NEEDS_UNDO = pytest.mark.undo
"""Marks what only backends with the capability owe."""


@pytest.fixture
def settle():
    """``settle()``: what is owed to the game has been delivered. The embedded engine is never owed anything."""
    return lambda: None


@pytest.fixture
def user(make_user, settle):
    user = make_user()
    settle()
    return user


def finish(user, pages=100, **options):
    return services.play(user, "finish_book", {"pages": pages}, wait=True, **options)


def earned(result):
    return {line.name: line.amount for line in result.earned}


def test_a_new_user_is_a_player_with_the_bootstrap_scores(user):
    player = services.profile(user)
    assert player.points("xp") == 0
    assert [level.state.name for level in player.levels] == ["Visitor"]
    assert player.source == "live"


def test_a_play_pays_and_the_profile_shows_it(user):
    result = finish(user, 320)
    assert result.status == "applied"
    assert earned(result)["Experience"] == 32
    assert services.profile(user).points("xp") == 32


def test_a_play_answers_with_its_events_in_order(user):
    for _ in range(4):
        finish(user)
    result = services.play(user, "finish_book", {"pages": 600, "genre": "history"}, wait=True)
    assert [event.type for event in result.events] == ["action", "level", "achievement"]
    assert [event.is_global for event in result.events] == [False, True, True]
    assert result.events[0].variables == {"pages": 600, "genre": "history"}
    assert {(line.kind, line.name, line.amount) for line in result.earned if line.metric.id != "coins"} == {
        ("points", "Experience", 85),
        ("level", "Reader", 1),
        ("item", "Bookworm", 1),
    }


def test_progress_to_the_next_level_is_known(user):
    finish(user, 320)
    (level,) = services.profile(user).levels
    assert (level.state.name, level.next, level.missing, level.percent) == ("Visitor", "Reader", 18, 64)


def test_a_limit_is_an_answer_and_changes_nothing(user):
    for _ in range(5):
        finish(user)
    result = finish(user)
    assert result.status == "refused"
    assert isinstance(result.error, ActionLimitReached)
    assert "only be triggered 5 times every day" in str(result.error)
    assert services.profile(user).points("xp") == 50


def test_strict_raises_a_refusal(user):
    for _ in range(5):
        finish(user)
    with pytest.raises(ActionLimitReached):
        finish(user, strict=True)


def test_a_refusal_leaves_the_transaction_of_the_caller_usable(user, make_user, settle):
    with transaction.atomic():
        for _ in range(6):
            finish(user)
        other = make_user()
    settle()
    assert services.profile(other).points("xp") == 0


def test_an_unknown_action_raises(user):
    with pytest.raises(ActionNotFound, match="read_minds"):
        services.play(user, "read_minds", wait=True)


@pytest.mark.parametrize("variables", [{}, {"pages": "many"}, {"pages": None}, {"pages": 1.5}])
def test_a_wrong_variable_raises_and_names_it(user, variables):
    with pytest.raises(InvalidRequest) as caught:
        services.play(user, "finish_book", variables, wait=True)
    assert "/variables/pages" in str(caught.value.data)
    assert services.profile(user).points("xp") == 0


def test_the_same_key_pays_once(user):
    first = finish(user, idempotency_key="book:1")
    again = finish(user, idempotency_key="book:1")
    assert not first.replayed
    assert again.replayed
    assert [event.id for event in again.events] == [event.id for event in first.events]
    assert services.profile(user).points("xp") == 10


def test_a_used_key_refuses_other_content(user):
    finish(user, 100, idempotency_key="book:1")
    with pytest.raises(Conflict):
        finish(user, 200, idempotency_key="book:1")


def test_two_players_may_use_one_key(make_user):
    assert not finish(make_user(), idempotency_key="k").replayed
    assert not finish(make_user(), idempotency_key="k").replayed


def test_actions_list_what_the_player_can_see(user):
    finish(user)
    listed = {action.id: action for action in services.actions(user)}
    assert "buy_bookmark" not in listed, "ten coins by default, twenty needed"
    assert listed["finish_book"].count == 1
    assert [variable.name for variable in listed["finish_book"].variables] == ["pages", "genre"]
    assert "Night owl" not in str(listed["finish_book"].rewards), "hidden items stay a surprise"


def test_a_board_ranks_and_marks_the_viewer(make_user):
    ada, grace, linus = make_user(), make_user(), make_user()
    finish(ada, 300)
    finish(grace, 500)
    finish(linus, 300)
    board = services.leaderboard("top_readers", ada)
    assert [(row.rank, row.score) for row in board.rows] == [(1, 50), (2, 30), (2, 30)]
    assert {row.user: row.is_me for row in board.rows} == {grace: False, ada: True, linus: False}
    assert board.total == 3
    assert board.me is not None
    assert board.me.rank == 2


def test_the_viewers_row_is_known_beyond_the_page(make_user):
    readers = [make_user() for _ in range(4)]
    for number, reader in enumerate(readers, start=1):
        finish(reader, number * 100)
    board = services.leaderboard("top_readers", readers[0], limit=2)
    assert [row.rank for row in board.rows] == [1, 2]
    assert board.me is not None
    assert (board.me.rank, board.me.score) == (4, 10)


def test_a_cycle_shows_who_changed_in_it_and_a_past_one_stays_readable(user, make_user):
    other = make_user()
    finish(user, 300)
    finish(other, 100)
    now = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
    for cycle in ("daily", "weekly", "monthly", "yearly"):
        board = services.leaderboard("top_readers", other, cycle=cycle, limit=1)
        assert [(row.rank, row.score, row.user) for row in board.rows] == [(1, 30, user)]
        assert (board.total, board.me.rank, board.me.score, board.cycle, board.when) == (2, 2, 10, cycle, None)
    past = services.leaderboard("top_readers", other, cycle="daily", when=now - timedelta(days=1))
    assert (past.rows, past.total, past.me, past.when) == ((), 0, None, now - timedelta(days=1))
    today = services.leaderboard("top_readers", other, cycle="daily", when=now, around=True, radius=0)
    assert [(row.rank, row.score, row.is_me) for row in today.rows] == [(2, 10, True)]


def test_a_custom_board_shows_what_plays_credited_to_a_scope(user, make_user):
    other = make_user()
    mine = services.ensure_player(user).player_id
    for who, pages in ((user, 300), (other, 100), (other, 50)):
        finish(who, pages, scopes=[{"id": "history", "entity_id": mine}])
    finish(other, 70, scopes=[{"id": "history", "entity_id": services.ensure_player(other).player_id}])
    for cycle in ("alltime", "weekly"):
        board = services.leaderboard("by_genre", other, cycle=cycle, scope="history")
        assert [(row.rank, row.score, row.user) for row in board.rows] == [(1, 45, user), (2, 7, other)]
        assert (board.scope, board.me.score) == ("history", 7)
    assert services.leaderboard("by_genre", other, scope="poetry").rows == ()
    with pytest.raises(InvalidRequest):
        services.leaderboard("by_genre", other)


@NEEDS_UNDO
def test_undo_takes_the_credit_of_boards_back(user):
    mine = services.ensure_player(user).player_id
    finish(user, 100, scopes=[{"id": "history", "entity_id": mine}])
    finish(user, 300, idempotency_key="book:1", scopes=[{"id": "history", "entity_id": mine}])
    services.undo(user, "finish_book", idempotency_key="book:1")
    assert services.leaderboard("top_readers", user, cycle="daily").me.score == 10
    assert services.leaderboard("by_genre", user, scope="history").me.score == 10


def test_boards_can_be_listed(user):
    assert "top_readers" in {board.id for board in services.leaderboards(user)}


def test_an_unknown_board_is_not_found(user):
    with pytest.raises(NotFound):
        services.leaderboard("nowhere", user)


def test_activity_tells_the_newest_first(user):
    finish(user, 100)
    finish(user, 500)
    shown = [(event.type, event.variables.get("pages")) for event in services.activity(user)]
    assert shown == [("level", None), ("action", 500), ("action", 100)]


def test_the_games_feed_names_who_did_it(user):
    finish(user, 600)
    (event,) = services.activity()
    assert event.type == "level"
    assert event.actor is not None
    assert event.actor.id == services.ensure_player(user).player_id


def test_definitions_name_every_metric(user):
    listed = {metric.id: metric for metric in services.definitions(user)}
    assert list(listed) == ["badges", "coins", "impact", "rank", "xp"]
    assert listed["badges"].members["Bookworm"] == "Finished five books"


def test_feedback_shows_each_result_exactly_once(user):
    finish(user, 320)
    (shown,) = services.feedback(user)
    assert shown.status == "applied"
    assert shown.action.id == "finish_book"
    assert Earned("points", shown.earned[0].metric, "Experience", 32) in shown.earned
    assert list(services.feedback(user)) == []


def test_feedback_says_why_nothing_was_earned(user):
    for _ in range(5):
        finish(user)
    list(services.feedback(user))
    finish(user)
    (shown,) = services.feedback(user)
    assert shown.status == "refused"
    assert isinstance(shown.error, ActionLimitReached)
    assert list(services.feedback(user)) == []


@NEEDS_UNDO
def test_undo_takes_a_play_and_what_it_caused_back(user):
    finish(user, 100)
    finish(user, 600, idempotency_key="book:2")
    result = services.undo(user, "finish_book", idempotency_key="book:2")
    assert result.status == "applied"
    assert earned(result)["Experience"] == -60
    player = services.profile(user)
    assert player.points("xp") == 10
    assert [level.state.name for level in player.levels] == ["Visitor"]
    assert [event.variables.get("pages") for event in services.activity(user)] == [100]


@NEEDS_UNDO
def test_an_undone_key_pays_anew(user):
    finish(user, idempotency_key="like:1")
    services.undo(user, "finish_book", idempotency_key="like:1")
    assert not finish(user, idempotency_key="like:1").replayed
    assert services.profile(user).points("xp") == 10


@NEEDS_UNDO
def test_undoing_what_never_was_is_an_answer(user):
    result = services.undo(user, "finish_book", idempotency_key="never")
    assert result.status == "refused"
    assert isinstance(result.error, NotFound)


@NEEDS_UNDO
def test_undo_makes_room_under_the_limit(user):
    for number in range(5):
        finish(user, idempotency_key=f"book:{number}")
    services.undo(user, "finish_book", idempotency_key="book:3")
    assert finish(user).status == "applied"


COINS = {"id": "coins", "type": "point"}


def test_scores_are_adjusted_and_levels_follow(user):
    finish(user, 100)
    rewards = [
        {"metric": {"id": "xp", "type": "point"}, "verb": "set", "value": "60"},
        {"metric": {"id": "badges", "type": "set"}, "verb": "set", "value": {"bookmark": "1"}},
    ]
    result = services.adjust_scores(user, rewards, by="librarian", reason="lost in the post", wait=True)
    assert (result.status, bool(result)) == ("applied", True)
    player = result.player
    assert player.points("xp") == 60
    assert player == services.profile(user)
    assert [level.state.name for level in player.levels] == ["Reader"]
    assert [badge.name for badge in player.badges] == ["Bookmark"]


@pytest.mark.parametrize(
    "reward",
    [
        {"metric": {"id": "gold", "type": "point"}, "verb": "add", "value": "1"},
        {"metric": COINS, "verb": "double", "value": "1"},
        {"metric": {"id": "impact", "type": "compound"}, "verb": "set", "value": "1"},
    ],
)
def test_a_wrong_adjustment_changes_nothing(user, reward):
    finish(user, 100)
    before = services.profile(user)
    with pytest.raises(InvalidRequest):
        services.adjust_scores(user, [{"metric": COINS, "verb": "add", "value": "5"}, reward], wait=True)
    assert services.profile(user) == before


def test_events_are_taken_back_once(user):
    event = finish(user, 320).events[0].id
    assert services.revert(user, [event], by="librarian", wait=True).player.points("xp") == 0
    assert services.revert(user, [event], wait=True).player.points("xp") == 0
    with pytest.raises(NotFound):
        services.revert(user, ["0f4d2bd2-6a3b-11ee-8d4f-0a8f9c1b2d3e"], wait=True)


def test_a_player_begins_anew(user):
    for _ in range(5):
        finish(user, 100)
    anew = services.reset_player(user, by="librarian", reason="asked for it", wait=True)
    assert anew.player.points("xp") == 0
    assert finish(user, 100).status == "applied"  # the limit begins anew too


def five_coins(user, **options):
    return services.adjust_scores(user, [{"metric": COINS, "verb": "add", "value": "5"}], **options)


def test_an_edit_shares_the_fate_of_the_callers_transaction(user, settle, rolled_back):
    three = [{"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "3"}]
    with rolled_back():
        services.adjust_scores(user, three)
    settle()
    assert services.profile(user).points("xp") == 0
    with transaction.atomic():
        assert services.adjust_scores(user, three).status in ("applied", "pending")
    settle()
    assert services.profile(user).points("xp") == 3


def test_plays_and_edits_of_a_player_happen_in_their_order(user, settle):
    finish(user, 300)
    services.reset_player(user)
    services.play(user, "finish_book", {"pages": 200})
    five_coins(user)
    settle()
    player = services.profile(user)
    assert (player.points("xp"), services.pending(user)) == (20, 0)


def test_an_edit_that_is_owed_is_told_by_its_result(user, settle):
    result = five_coins(user)
    assert (result.player is None) == (result.status == "pending")
    assert services.pending(user) == (result.status == "pending")
    settle()
    assert services.pending(user) == 0


def test_a_reason_has_at_most_five_hundred_characters(user):
    with pytest.raises(InvalidRequest):
        five_coins(user, reason="x" * 501)


def test_only_a_player_can_be_adjusted(make_user, settings):
    with pytest.raises(PlayerNotFound):
        services.reset_player("nobody-at-all", wait=True)
    with pytest.raises(PlayerNotFound):
        five_coins("nobody-at-all", wait=True)
    settings.PLAYLYFE = {"default": {**settings.PLAYLYFE["default"], "CREATE_PLAYERS": False}}
    with pytest.raises(PlayerNotFound):
        five_coins(make_user())


def test_a_standing_tells_rank_score_and_how_many(user, make_user):
    others = [make_user() for _ in range(2)]
    for reader, pages in ((user, 300), (others[0], 300), (others[1], 100)):
        finish(reader, pages)
    found = services.standing(user, "top_readers")
    assert (found.board, found.rank, found.score, found.total) == ("top_readers", 1, 30, 3)
    assert found.percentile in (50.0, None)  # the wire does not tell it


def test_who_is_not_on_a_board_has_no_standing(user):
    with pytest.raises(NotFound):
        services.standing(user, "nothing")
    with pytest.raises(PlayerNotFound):
        services.standing("nobody-at-all", "top_readers")


def test_a_deleted_user_is_forgotten(user, settle):
    player_id = services.ensure_player(user).player_id
    finish(user)
    user.delete()
    settle()
    with pytest.raises(PlayerNotFound):
        services.profile(player_id)


def test_export_holds_what_is_known(user):
    finish(user, 320)
    assert "320" in str(services.export(user))


def test_everything_rolls_back_together(user, make_user, rolled_back):
    with rolled_back():
        finish(user)
        make_user()
    assert services.profile(user).points("xp") == 0


def test_the_game_says_that_it_is_usable():
    assert services.status()["ok"] is True


# --- hiding, lists of users -------------------------------------------------------------------------------------------


def test_who_hides_has_a_place_and_no_name(user, make_user):
    finish(user, 600)
    other = make_user()
    services.hide_player(user)
    (row,) = [row for row in services.leaderboard("top_readers", other).rows if row.score == 60]
    assert (row.rank, row.alias, row.player_id, row.user) == (1, "", "", None)
    (own,) = [row for row in services.leaderboard("top_readers", user).rows if row.is_me]
    assert (own.user, own.alias) == (user, services.profile(user).alias)
    assert services.is_hidden(user)
    assert services.is_hidden(user, viewer=other)
    assert not services.is_hidden(user, viewer=user)
    services.hide_player(user, hidden=False)
    assert services.leaderboard("top_readers", other).rows[0].user == user


def test_who_hides_is_nobody_in_the_feed_of_the_game(user):
    finish(user, 600)
    services.hide_player(user)
    told = services.activity(None, limit=5)
    assert [(event.actor.id, event.actor.alias) for event in told] == [("", "")] * len(told)
    assert told.items


def test_only_a_player_hides(make_user, settings):
    settings.PLAYLYFE = {"default": {**settings.PLAYLYFE.get("default", {}), "CREATE_PLAYERS": False}}
    user = make_user()
    assert not services.is_player(user)
    assert not services.is_hidden(user)
    with pytest.raises(PlayerNotFound):
        services.hide_player(user)


def test_a_list_of_users_is_read_beforehand(user, make_user):
    finish(user, 600)
    services.prefetch([user, make_user()], activity=5, actions=True, notifications=True, progress=True, rarity=True)
    assert services.profile(user, detailed=True).points("xp") == 60
    assert services.notifications(user).items == ()


def test_marking_notifications_that_are_not_there_is_nothing(user):
    services.mark_notifications_read(user, [str(uuid.uuid4())])
    assert not any(event.is_unread for event in services.notifications(user))


def test_a_streak_is_told_as_far_as_it_goes(user):
    assert "streaks" in services.abilities()
    none = services.streak(user, "finish_book")
    assert (none.length, none.longest, none.is_kept) == (0, 0, False)
    finish(user, at=datetime(2024, 3, 4, 12, tzinfo=timezone.utc))
    yesterdays = services.streak(user, "finish_book")
    assert (yesterdays.length, yesterdays.is_kept, yesterdays.unit, yesterdays.action) == (
        1,
        False,
        "day",
        "finish_book",
    )
    finish(user)
    assert services.streak(user, "finish_book").length == 2
    of_any = services.streak(user, unit="month")
    assert (of_any.length, of_any.longest, of_any.is_kept, of_any.unit, of_any.action) == (1, 1, True, "month", "")


def test_a_streak_of_what_there_is_not_is_an_error(user):
    with pytest.raises(ActionNotFound):
        services.streak(user, "fly")
    with pytest.raises(InvalidRequest):
        services.streak(user, unit="fortnight")


def test_an_edited_score_notifies_until_it_is_read(user):
    adjust(user, 7)
    (told,) = services.notifications(user)
    assert (told.type, told.is_unread, [line.amount for line in told.earned]) == ("score", True, [7])
    services.mark_notifications_read(user, [told.id])
    (told,) = services.notifications(user)
    assert not told.is_unread


def adjust(user, points):
    """Somebody at the game gives points."""
    from django_playlyfe.engine import services as engine
    from django_playlyfe.engine.realm import Realm

    reward = {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": str(points)}
    engine.adjust_scores(Realm("library_quest"), services.profile(user).id, [reward])


def test_what_has_no_picture_of_its_own_has_a_stock_picture(user):
    of_game = services.picture("game", user=user, size="icon")
    of_badge = services.picture("metric", "badges", item="Bookworm", user=user, size="icon")
    assert of_game.content_type == of_badge.content_type == "image/png"
    first, second = of_game.read(), of_badge.read()
    assert first.startswith(b"\x89PNG")
    assert second.startswith(b"\x89PNG")
    assert first != second
    assert {"Content-Length": str(len(first)), "X-Content-Type-Options": "nosniff"}.items() <= of_game.headers().items()


def test_a_player_has_no_picture_before_there_is_one(user):
    with pytest.raises(NotFound) as caught:
        services.picture("player", user)
    assert caught.value.code == "image_not_found"
    with pytest.raises(NotFound):
        services.picture("metric", "nothing", user=user)
    with pytest.raises(InvalidRequest):
        services.picture("game", user=user, size="huge")
