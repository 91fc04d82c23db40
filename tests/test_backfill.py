"""``playlyfe_backfill``: what users did before there was a game becomes plays, once, at the time it happened."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone

import pytest
from django.core.management import CommandError, call_command

from django_playlyfe import services
from django_playlyfe.management.commands import playlyfe_backfill
from django_playlyfe.management.row_plays import RowPlays, WrongFields
from django_playlyfe.models import Delivery, PlayerLink
from testproject.library.models import Book
from tests.site_clock import own_datetime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]

NOON = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)
BOOKS = {
    "--action": "finish_book",
    "--time-field": "finished_at",
    "--vars": "pages=pages,genre=genre",
    "--key": "book:{pk}",
}


def run(*arguments, model="library.Book", **changed):
    """Exit code and all that was said."""
    options = BOOKS | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    given = [word for pair in options.items() if pair[1] is not None for word in pair]
    out = io.StringIO()
    try:
        call_command("playlyfe_backfill", model, *given, *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def add_book(user):
    """``add_book(days_ago)`` saves a book of the user, without a play."""

    def add(days_ago=1, *, owner=user, pages=100, genre="history"):
        finished_at = own_datetime(NOON - timedelta(days=days_ago))
        return Book.objects.create(owner=owner, title="t", pages=pages, genre=genre, finished_at=finished_at)

    return add


def xp(user):
    return services.profile(user).points("xp")


def test_each_row_is_a_play_at_its_own_time_with_its_own_values(user, add_book):
    add_book(3, pages=320)
    add_book(1, pages=100, genre="poetry")
    assert run() == (0, "2 played.\n")
    played = [event for event in services.activity(user) if event.variables]
    assert {(event.timestamp.date().day, event.variables["pages"], event.variables["genre"]) for event in played} == {
        (2, 320, "history"),
        (4, 100, "poetry"),
    }
    assert xp(user) == 42


def test_a_second_run_changes_nothing(user, add_book):
    add_book()
    run()
    assert run() == (0, "1 played before.\n")
    assert xp(user) == 10


def test_what_the_site_played_itself_under_the_same_key_does_not_count_again(user, add_book):
    book = add_book()
    add_book()
    services.play(user, "finish_book", {"pages": 100}, idempotency_key=f"book:{book.pk}")
    assert run() == (0, "1 played, 1 played before otherwise.\n")
    assert xp(user) == 20


def test_nobody_is_told_of_what_was_done_long_ago(user, add_book, make_user):
    """No thousands of toasts; but what was news before stays news."""
    busy = make_user()
    services.play(busy, "finish_book", {"pages": 300})
    add_book(2)
    add_book(1)
    add_book(1, owner=busy)
    assert run() == (0, "3 played.\n")
    assert services.feedback(user) == []
    assert len(services.feedback(busy)) == 2
    services.play(user, "finish_book", {"pages": 300})
    assert [line.amount for news in services.feedback(user) for line in news.earned][:1] == [30]


def test_nobody_is_told_of_what_was_refused_long_ago(user, add_book):
    for _ in range(6):
        add_book()
    run()
    assert services.feedback(user) == []


def test_users_are_told_if_the_site_wants_that(user, add_book):
    for _ in range(6):
        add_book()
    run("--feedback")
    assert [news.status for news in services.feedback(user)] == ["applied"] * 5 + ["refused"]


def test_a_second_run_takes_no_news_away(user, add_book):
    book = add_book()
    services.play(
        user, "finish_book", {"pages": 100, "genre": "history"}, idempotency_key=f"book:{book.pk}", at=book.finished_at
    )
    assert run() == (0, "1 played before.\n")
    assert len(services.feedback(user)) == 1


def test_a_user_who_is_no_player_becomes_one(user, add_book):
    services.forget_player(user)
    add_book()
    assert run()[0] == 0
    assert PlayerLink.objects.get(user=user).state == PlayerLink.State.LINKED


def test_a_row_that_fails_leaves_the_others_of_its_chunk_played(user, add_book):
    add_book(2)
    wrong = add_book(400)
    add_book(1)
    code, said = run()
    assert code == 1
    assert xp(user) == 20
    assert f"{wrong.pk}: " in said
    assert "BACKDATE_DAYS" in said
    assert "1 failed, 2 played.\n" in said


def test_older_plays_are_taken_if_the_setting_says_so(user, add_book, settings):
    settings.PLAYLYFE_SERVER = {"BACKDATE_DAYS": 3650}
    add_book(400)
    assert run() == (0, "1 played.\n")
    assert xp(user) == 10


def test_a_refusal_is_counted_and_is_no_failure(user, add_book):
    for _ in range(6):
        add_book()
    assert run() == (0, "5 played, 1 refused.\n")


def test_failures_beyond_a_page_are_counted(add_book, monkeypatch):
    monkeypatch.setattr(playlyfe_backfill, "MOST_TOLD", 1)
    for _ in range(3):
        add_book(400)
    code, said = run()
    assert code == 1
    assert "… and 2 more." in said


@pytest.mark.parametrize("chunk", ["1", "2", "100"])
def test_chunks_of_any_size_play_all_rows(user, add_book, chunk):
    for _ in range(3):
        add_book()
    assert run("--chunk", chunk) == (0, "3 played.\n")
    assert xp(user) == 30


def test_rows_up_to_a_primary_key_can_be_left_out(user, add_book):
    first = add_book()
    add_book(pages=200)
    assert run("--after", str(first.pk)) == (0, "1 played.\n")
    assert xp(user) == 20


def test_a_run_that_is_stopped_says_how_to_go_on(add_book, monkeypatch):
    first = add_book()
    add_book()
    calls = []
    play_many = services.play_many

    def interrupted(plays, **options):
        if calls:
            raise KeyboardInterrupt
        calls.append(plays)
        return play_many(plays, **options)

    with monkeypatch.context() as patched:
        patched.setattr(services, "play_many", interrupted)
        code, said = run("--chunk", "1")
    assert code == 1
    assert said == f"1 played.\nStopped. To go on, add: --after {first.pk}"
    assert run("--after", str(first.pk)) == (0, "1 played.\n")


def test_a_row_without_a_time_fails_and_the_user_model_plays_for_itself(make_user):
    seen, never = make_user(last_login=own_datetime(NOON - timedelta(days=1))), make_user()
    model = seen._meta.label
    code, said = run(model=model, action="finish_book", time_field="last_login", vars="pages=pk", key="user:{pk}")
    assert code == 1
    assert f"{never.pk}: last_login is empty, so the play has no time" in said
    assert "1 failed, 1 played." in said


def test_paths_reach_related_rows_and_a_chunk_costs_no_query_per_user(user, add_book, count_queries):
    add_book()
    assert run(vars="pages=pages,genre=owner__username", key="{owner__username}/{owner}/{owner_id}/{pk}")[0] == 0
    assert services.activity(user)[0].variables["genre"] == user.username
    plays = RowPlays.read(
        "library.Book", action="a", time="finished_at", key="{owner__username}", variables="", user=None
    )
    with count_queries() as counted:
        assert [plays.play_of(row).user for row in plays.rows(None)] == [user]
    assert len(counted) == 1


def test_without_rows_there_is_nothing_to_do():
    assert run() == (0, "No rows.\n")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_progress(add_book, capsys):
    add_book()
    given = [word for pair in BOOKS.items() for word in pair]
    call_command("playlyfe_backfill", "library.Book", *given, stdout=io.StringIO(), stderr=Terminal())
    assert "1/1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "library.Nothing"}, "no model 'library.Nothing'"),
        ({"model": "Book"}, "no model 'Book'"),
        ({"time_field": "finished"}, "library.Book has no field 'finished'; did you mean 'finished_at'?"),
        ({"time_field": "title"}, "'title' is no field of dates or times"),
        ({"vars": "pages"}, "'pages' should look like variable=field"),
        ({"vars": "pages=zzz"}, "library.Book has no field 'zzz'; it has id, owner, title"),
        ({"vars": "pages=title__length"}, "'title__length' goes on after a field that leads nowhere"),
        ({"key": "book"}, "would be the same for all rows"),
        ({"key": "book:{pk"}, "cannot be read"),
        ({"key": "book:{pk.real}"}, "no field 'pk.real'"),
        ({"key": "book:{pk:>3}"}, "may name fields, but no format"),
        ({"user_field": "title"}, "'title' does not lead to a user"),
        ({"user_field": "owner_id"}, "'owner_id' does not lead to a user"),
        ({"model": "auth.Permission", "time_field": "name"}, "'name' is no field of dates or times"),
        ({"after": "x"}, "--after 'x' is no primary key"),
        ({"chunk": "0"}, "--chunk should be 1 or more"),
        ({"game": "chess"}, "no game 'chess'"),
        ({"action": "nothing"}, "action_not_found"),
    ],
)
def test_wrong_input_exits_with_2_and_says_what_is_wrong(add_book, changed, message):
    add_book()
    code, said = run(**changed)
    assert code == 2
    assert message in said


def test_a_model_that_names_no_user_needs_a_user_field():
    with pytest.raises(WrongFields, match=r"Name who plays with --user-field; .* none of its own leads to a user"):
        RowPlays.read("sessions.Session", action="a", time="expire_date", key="{pk}", variables="", user=None)


def test_an_owed_play_of_a_game_on_a_server_keeps_its_time(remote_game, user, add_book, transactional_db):
    add_book(2)
    assert run() == (0, "1 owed.\n")
    owed = Delivery.objects.get(kind="play")
    assert owed.played_at == NOON - timedelta(days=2)
    assert owed.shown_at is not None  # nobody will be told


def test_what_comes_of_an_owed_play_can_be_told(remote_game, user, add_book, transactional_db):
    add_book(2)
    run("--feedback")
    assert Delivery.objects.get(kind="play").shown_at is None
