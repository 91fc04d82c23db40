"""Sites whose own datetimes are naive (``USE_TZ = False``): instants are kept, whatever their clock says."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from django.core import serializers
from django.core.checks import run_checks
from django.db import connection
from django.db.models import F, Max, Min, OuterRef, Subquery
from django.forms import modelform_factory
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone as site_time

from django_playlyfe import instants, services
from django_playlyfe.models import PlayerLink, Snapshot
from django_playlyfe.types import Event

pytestmark = pytest.mark.django_db

ZONES = ("Asia/Kathmandu", "America/New_York", "UTC")
FIRST = datetime(2024, 11, 3, 5, 30, tzinfo=timezone.utc)
SECOND = datetime(2024, 11, 3, 6, 30, tzinfo=timezone.utc)
"""In New York it is half past one at both."""
HOUR = timedelta(hours=1)


@pytest.fixture(params=ZONES)
def naive_site(request, settings):
    """A site in this time zone whose datetimes are naive."""
    settings.TIME_ZONE = request.param
    settings.USE_TZ = False


def keep(at, ident="ada", **fields):
    return Snapshot.objects.create(kind="profile", ident=ident, body="{}", at=at, **fields)


def kept():
    return list(Snapshot.objects.order_by("ident").values_list("at", flat=True))


def is_utc(moment):
    return moment.tzinfo is timezone.utc


@pytest.mark.usefixtures("naive_site")
class TestNaiveSite:
    def test_nothing_is_said_against_it(self):
        assert [found for found in run_checks(tags=["django_playlyfe"]) if "USE_TZ" in found.msg] == []

    @pytest.mark.parametrize("at", [FIRST, SECOND, datetime(2024, 3, 10, 7, 0, 0, 123456, timezone.utc)])
    def test_an_instant_comes_back_as_it_was_in_the_hour_that_comes_twice_too(self, at):
        row = keep(at)
        row.refresh_from_db()
        assert row.at == at
        assert is_utc(row.at)

    def test_rows_are_written_in_every_other_way(self):
        rows = [Snapshot(kind="profile", ident=ident, body="{}", at=FIRST) for ident in ("ada", "ben")]
        Snapshot.objects.bulk_create(rows)
        assert kept() == [FIRST, FIRST]
        Snapshot.objects.filter(ident="ada").update(at=SECOND)
        assert kept() == [SECOND, FIRST]
        rows = list(Snapshot.objects.order_by("ident"))
        rows[0].at, rows[1].at = FIRST, SECOND
        Snapshot.objects.bulk_update(rows, ["at"])
        assert kept() == [FIRST, SECOND]
        Snapshot.objects.update(at=F("at") + HOUR)
        assert kept() == [SECOND, SECOND + HOUR]
        Snapshot.objects.update_or_create(kind="profile", ident="ada", defaults={"at": FIRST, "body": "[]"})
        assert kept() == [FIRST, SECOND + HOUR]

    def test_instants_are_looked_for_and_compared(self):
        keep(FIRST, "ada")
        keep(SECOND, "ben")
        rows = Snapshot.objects.order_by("ident")
        assert [row.ident for row in rows.filter(at__gt=FIRST)] == ["ben"]
        assert [row.ident for row in rows.filter(at__lte=FIRST)] == ["ada"]
        assert [row.ident for row in rows.filter(at__in=[SECOND])] == ["ben"]
        assert [row.ident for row in rows.filter(at__range=(FIRST, SECOND))] == ["ada", "ben"]
        assert [row.ident for row in rows.filter(at__gte=F("at"), at__lt=instants.DatabaseNow())] == ["ada", "ben"]
        assert [row.ident for row in rows.order_by("-at")] == ["ben", "ada"]

    def test_sums_and_subqueries_give_instants(self):
        keep(FIRST, "ada")
        keep(SECOND, "ben")
        rows = Snapshot.objects.all()
        assert rows.aggregate(first=Min("at"), last=Max("at")) == {"first": FIRST, "last": SECOND}
        latest = rows.filter(game=OuterRef("game")).order_by("-at")
        assert set(rows.annotate(last=Subquery(latest.values("at")[:1])).values_list("last", flat=True)) == {SECOND}
        assert set(rows.values("game").annotate(last=Max("at")).values_list("last", flat=True)) == {SECOND}
        either = rows.filter(ident="ada").union(rows.filter(ident="ben")).values_list("at", flat=True)
        assert sorted(either) == [FIRST, SECOND]

    def test_naive_instants_of_the_site_are_on_its_clock(self):
        local = site_time.make_naive(FIRST + timedelta(days=30))
        row = keep(local)
        row.refresh_from_db()
        assert row.at == FIRST + timedelta(days=30)
        assert Snapshot.objects.filter(at=local).exists()

    def test_what_the_model_sets_itself_is_aware(self, make_user):
        link, _ = PlayerLink.objects.get_or_create(user=make_user(), defaults={"player_id": "ada"})
        link.save()
        assert is_utc(link.created_at)
        assert abs(link.updated_at - datetime.now(timezone.utc)) < HOUR

    def test_what_is_stored_stays_right_when_the_site_changes_its_mind(self, settings):
        row = keep(SECOND)
        settings.USE_TZ = True
        row.refresh_from_db()
        assert row.at == SECOND

    @pytest.mark.parametrize("at", [FIRST, SECOND])
    def test_a_fixture_says_which_instant_it_was(self, at):
        keep(at)
        text = serializers.serialize("json", Snapshot.objects.all())
        assert datetime.fromisoformat(json.loads(text)[0]["fields"]["at"]) == at
        Snapshot.objects.all().delete()
        for found in serializers.deserialize("json", text):
            found.save()
        assert kept() == [at]

    def test_a_form_is_on_the_sites_clock(self):
        form_class = modelform_factory(Snapshot, fields=["at"])
        row, later = keep(FIRST), FIRST + timedelta(days=30, hours=2)
        shown = form_class(instance=Snapshot.objects.get())["at"].value()
        assert shown.replace(tzinfo=None) == site_time.make_naive(FIRST)
        saved = form_class({"at": site_time.make_naive(later).isoformat(" ")}, instance=row).save()
        assert saved.at == later
        assert kept() == [later]

    def test_the_admin_is_on_the_sites_clock(self, client, make_user):
        staff = make_user(is_staff=True, is_superuser=True)
        link, _ = PlayerLink.objects.get_or_create(user=staff, defaults={"player_id": "ada"})
        PlayerLink.objects.filter(pk=link.pk).update(created_at=datetime(2024, 1, 15, 12, 31, tzinfo=timezone.utc))
        client.force_login(staff)
        local = site_time.make_naive(datetime(2024, 1, 15, 12, 31, tzinfo=timezone.utc))
        said = {"12:31": "12:31 p.m.", "18:16": "6:16 p.m.", "07:31": "7:31 a.m."}[f"{local:%H:%M}"]
        for address in (
            reverse("admin:django_playlyfe_playerlink_changelist"),
            reverse("admin:django_playlyfe_playerlink_change", args=[link.pk]),
        ):
            assert f"Jan. 15, 2024, {said}" in client.get(address).content.decode()

    @pytest.mark.parametrize("name", ["_event", "_as_of"])
    def test_widgets_are_on_the_readers_clock(self, name):
        moment = datetime(2024, 1, 15, 12, 31, tzinfo=timezone.utc)
        read = SimpleNamespace(as_of=moment, is_stale=True)
        page = Template(f'{{% include "django_playlyfe/widgets/{name}.html" %}}')
        shown = page.render(Context({"event": Event("action", "1", moment), "read": read}))
        local = site_time.localtime(moment)
        assert f'datetime="{local.isoformat()}"' in shown
        assert f"{local:%I:%M}".lstrip("0") in shown

    @pytest.mark.usefixtures("game")
    def test_a_play_may_name_its_time_as_the_site_does(self, make_user):
        user = make_user()
        at = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=5)
        services.play(user, "finish_book", {"pages": 100}, at=site_time.make_naive(at))
        (event,) = (event for event in services.activity(user) if event.action is not None)
        assert event.timestamp == at
        board = services.leaderboard("top_readers", user, when=site_time.make_naive(at))
        assert [row.score for row in board.rows] == [10]


def test_a_naive_instant_stays_one_where_the_sites_are_aware(settings):
    settings.USE_TZ = True
    assert instants.from_site(datetime(2024, 1, 1)) == datetime(2024, 1, 1)  # noqa: DTZ001 - that is what is tested
    assert instants.from_site(FIRST) is FIRST
    assert instants.from_site(None) is None


def test_rows_of_a_site_with_aware_datetimes_cost_no_call_each(settings):
    settings.USE_TZ = True
    field = Snapshot._meta.get_field("at")
    assert field.get_db_converters(connection) == []


@pytest.mark.parametrize("zone", ["+05:45", "-03:00"])
def test_the_databases_clock_is_not_that_of_its_session(zone):
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone = %s", [zone])
    elif connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    keep(datetime.now(timezone.utc))
    try:
        near = Snapshot.objects.filter(
            at__gt=instants.DatabaseNow() - timedelta(minutes=5), at__lt=instants.DatabaseNow() + timedelta(minutes=5)
        )
        assert near.exists()
    finally:
        if connection.vendor == "mysql":
            with connection.cursor() as cursor:
                cursor.execute("SET time_zone = DEFAULT")
