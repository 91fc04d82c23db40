"""Plays in a transaction of the site's own (``interface.md`` §3): whatever fails in the engine, what the site wrote
before is kept, it can go on writing, and nothing of the play is left."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.signals import post_save
from django.test import override_settings

from django_playlyfe import services
from django_playlyfe.engine.models import Call, Player
from django_playlyfe.exceptions import AccessDenied
from django_playlyfe.models import PlayerLink
from django_playlyfe.services import Play

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("game", "noon")]

ENGINE = "django_playlyfe.backends.engine.EngineBackend"


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def latecomer(make_user):
    """A user whose first play makes a player of him."""
    with override_settings(PLAYLYFE={"default": {"BACKEND": ENGINE, "CREATE_PLAYERS": False}}):
        yield make_user()


@contextmanager
def failing(at):
    """The database cannot do the query of this number, counted from 0.

    A statement that is wrong is sent in its place, so that the database itself takes the transaction for spoiled, as
    PostgreSQL does.
    """
    asked = []

    def perform(execute, sql, params, many, context):
        if sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            return execute(sql, params, many, context)
        asked.append(sql)
        if len(asked) == at + 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(perform):
        yield


def every_failure(ask):
    """``ask()`` once for each of its queries, in a transaction of the site's own, with that query failing. Returns how
    many there were."""
    number = 0
    while True:
        try:
            with transaction.atomic():
                Group.objects.create(name=f"before {number}")
                try:
                    with failing(number):
                        ask()
                except DatabaseError:
                    Group.objects.create(name=f"after {number}")
                else:
                    raise NothingFailed
        except NothingFailed:
            break
        assert set(Group.objects.values_list("name", flat=True)) >= {f"before {number}", f"after {number}"}
        number += 1
    assert not Group.objects.filter(name=f"before {number}").exists(), "rolled back with everything"
    return number


class NothingFailed(Exception):
    """The call has asked for fewer queries."""


def finish(user, **options):
    return services.play(user, "finish_book", {"pages": 100}, **options)


def plays():
    return Call.objects.filter(kind=Call.Kind.PLAY, status=Call.Status.APPLIED).count()


def test_a_query_of_a_play_that_fails_spoils_nothing(user):
    finish(user)
    assert every_failure(lambda: finish(user, idempotency_key="k")) >= 4
    assert plays() == 1
    assert finish(user, idempotency_key="k")
    assert services.profile(user).points("xp") == 20


def test_a_query_of_the_play_that_makes_a_player_spoils_nothing(latecomer):
    assert every_failure(lambda: finish(latecomer)) >= 8
    assert (plays(), Player.objects.count(), PlayerLink.objects.count()) == (0, 0, 0)
    assert finish(latecomer)


def test_a_query_of_a_refused_play_spoils_nothing(user):
    assert every_failure(lambda: services.play(user, "buy_bookmark")) >= 2
    assert not services.play(user, "buy_bookmark")


def test_a_query_of_many_plays_spoils_nothing(user, make_user):
    wanted = [Play(one, "finish_book", {"pages": 100}) for one in (user, make_user())]
    assert every_failure(lambda: services.play_many(wanted)) >= 4
    assert plays() == 0


def test_a_query_of_an_undo_spoils_nothing(user):
    finish(user, idempotency_key="k")
    finish(user)
    assert every_failure(lambda: services.undo(user, "finish_book", idempotency_key="k")) >= 4
    assert plays() == 2
    assert services.undo(user, "finish_book", idempotency_key="k")
    assert services.profile(user).points("xp") == 10


def test_a_sites_receiver_that_breaks_a_constraint_amid_the_writes_spoils_nothing(user):
    Player.objects.update(judged_version=None)  # the play saves the player, and Django tells receivers of it
    Group.objects.create(name="there")

    def break_a_constraint(**arguments):
        Group.objects.create(name="there")

    post_save.connect(break_a_constraint, sender=Player)
    try:
        with transaction.atomic():
            Group.objects.create(name="before")
            with pytest.raises(IntegrityError):
                finish(user)
            Group.objects.create(name="after")
    finally:
        post_save.disconnect(break_a_constraint, sender=Player)
    assert set(Group.objects.values_list("name", flat=True)) == {"there", "before", "after"}
    assert plays() == 0
    assert finish(user)


def test_a_sites_receiver_that_fails_amid_the_writes_spoils_nothing(user):
    """The writes have no savepoint of their own (``transactions.writing``): the one around the play takes them back."""
    Player.objects.update(judged_version=None)

    def fail(**arguments):
        raise RuntimeError("receiver")

    post_save.connect(fail, sender=Player)
    try:
        with transaction.atomic():
            Group.objects.create(name="before")
            with pytest.raises(RuntimeError):
                finish(user)
            Group.objects.create(name="after")
    finally:
        post_save.disconnect(fail, sender=Player)
    assert Group.objects.count() == 2
    assert plays() == 0


@pytest.mark.parametrize("strict", [False, True])
def test_a_refusal_spoils_nothing(user, strict):
    with transaction.atomic():
        Group.objects.create(name="before")
        if strict:
            with pytest.raises(AccessDenied):
                services.play(user, "buy_bookmark", strict=True)
        else:
            assert not services.play(user, "buy_bookmark")
        assert finish(user)
        Group.objects.create(name="after")
    assert Group.objects.count() == 2
    assert plays() == 1


def test_a_refusal_after_an_error_and_an_error_after_a_refusal_leave_one_transaction(user):
    with transaction.atomic():
        assert not services.play(user, "buy_bookmark")
        with pytest.raises(DatabaseError), failing(1):
            finish(user)
        assert not services.play(user, "buy_bookmark")
        assert finish(user)
    assert plays() == 1
