"""The admin of what is owed: what a person sees, finds and decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone, translation

from django_playlyfe.delivery import edits
from django_playlyfe.models import Delivery, PlayerLink, Queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

LIST = "admin:django_playlyfe_delivery_changelist"
QUEUES = "admin:django_playlyfe_queue_changelist"
CONTENT = {"variables": {"pages": 3}, "count": 1, "scopes": [], "at": None}


@pytest.fixture
def staff(make_user, client):
    user = make_user(is_staff=True, is_superuser=True)
    Delivery.objects.all().delete()
    client.force_login(user)
    return user


@pytest.fixture
def owe():
    """``owe(**fields)`` writes a row."""

    def write(**fields):
        now = timezone.now()
        values = {"kind": "play", "subject": "ada", "action": "finish_book", "payload": CONTENT}
        return Delivery.objects.create(**{**values, "not_before": now, "created_at": now, **fields})

    return write


def give(metric, value, verb="add", kind="point"):
    return {"metric": {"id": metric, "type": kind}, "verb": verb, "value": value}


def decide(client, action, rows, url=LIST):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(reverse(url), data, follow=True).content.decode()


@pytest.mark.usefixtures("staff")
class TestDecisions:
    def test_a_failed_row_is_owed_again_under_the_same_key(self, client, owe):
        row = owe(state="dead", attempts=3, sends=2, keyed=True, error_code="poison", settled_at=timezone.now())
        decide(client, "requeue_selected", [row])
        again = Delivery.objects.get()
        assert (again.key, again.state, again.attempts, again.error_code) == (row.key, "pending", 0, "")
        assert (again.sends, again.keyed, again.settled_at) == (2, True, None)

    def test_a_failed_creation_makes_the_link_pending_again(self, client, owe, staff):
        link = PlayerLink.objects.get(user=staff)
        PlayerLink.objects.update(state="failed")
        about = {"alias": "Ada", "email": None, "enabled": True}
        row = owe(kind="create", action="", subject=link.player_id, payload=about, state="dead")
        decide(client, "requeue_selected", [row])
        link.refresh_from_db()
        assert link.state == "pending"

    def test_an_uncertain_row_is_sent_again_or_counts_as_applied(self, client, owe):
        first, second = owe(state="uncertain"), owe(state="uncertain")
        decide(client, "send_again_selected", [first])
        decide(client, "confirm_selected", [second])
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, first.evidence) == ("pending", "resent")
        assert (second.state, second.evidence) == ("delivered", "person")
        assert second.settled_at is not None

    def test_what_was_delivered_is_sent_again_after_a_restore(self, client, owe):
        row = owe(state="delivered", sends=1, keyed=True, settled_at=timezone.now(), answer={"events": {}})
        decide(client, "send_delivered_again_selected", [row])
        row.refresh_from_db()
        assert (row.state, row.keyed, row.answer) == ("pending", True, None)

    @pytest.mark.parametrize("payload", [{}, {"sha256": "abc"}])
    def test_what_was_scrubbed_cannot_be_sent_again(self, client, owe, payload):
        row = owe(state="delivered", payload=payload)
        assert "0 deliveries were changed." in decide(client, "send_delivered_again_selected", [row])
        row.refresh_from_db()
        assert row.state == "delivered"

    @pytest.mark.parametrize(
        "action", ["requeue_selected", "send_again_selected", "confirm_selected", "send_delivered_again_selected"]
    )
    def test_rows_in_other_states_are_left_alone(self, client, owe, action):
        rows = [owe(state=state) for state in ("pending", "sending", "refused", "cancelled")]
        before = list(Delivery.objects.order_by("pk").values())
        decide(client, action, rows)
        assert list(Delivery.objects.order_by("pk").values()) == before

    def test_a_paused_queue_is_resumed(self, client):
        pause = Queue.objects.create(kind="all", paused_until=timezone.now() + timedelta(hours=1), reason="quota")
        assert "1 queue was resumed." in decide(client, "resume_selected", [pause], QUEUES)
        assert not Queue.objects.exists()


class TestList:
    def test_the_banner_names_what_needs_attention(self, client, owe, staff):
        assert "messagelist" not in client.get(reverse(LIST)).content.decode()
        long_ago = timezone.now() - timedelta(minutes=20)
        owe(not_before=long_ago, created_at=long_ago)
        owe(state="uncertain")
        owe(state="dead")
        Queue.objects.create(kind="all", paused_until=timezone.now() + timedelta(hours=1), reason="over quota")
        for url in (LIST, QUEUES, "admin:django_playlyfe_playerlink_changelist"):
            page = client.get(reverse(url)).content.decode()
            assert "has been due for 20 minutes" in page
            assert "are paused: over quota" in page
            assert "a person has to decide" in page
            assert "1 delivery to the game" in page

    def test_a_row_is_found_by_player_user_and_key(self, client, owe, staff):
        link = PlayerLink.objects.get(user=staff)
        mine, other = owe(subject=link.player_id), owe(subject="grace")
        for term in (link.player_id, str(staff.pk), staff.get_username(), str(mine.key)):
            page = client.get(reverse(LIST), {"q": term}).content.decode()
            assert reverse("admin:django_playlyfe_delivery_change", args=[mine.pk]) in page, term
            assert reverse("admin:django_playlyfe_delivery_change", args=[other.pk]) not in page, term
        assert "0 deliveries" in client.get(reverse(LIST), {"q": "nobody"}).content.decode()

    def test_the_number_of_queries_does_not_depend_on_the_rows(self, client, owe, staff, count_queries):
        def queries():
            with count_queries() as counted:
                client.get(reverse(LIST))
            return len(counted)

        owe()
        queries()
        few = queries()
        for _ in range(60):
            owe()
        assert queries() == few

    def test_no_list_counts_a_whole_table_or_sorts_without_an_index(self, client, owe, staff, count_queries):
        owe()
        with count_queries() as counted:
            client.get(reverse(LIST))
        about_rows = [query for query in counted if "playlyfe_delivery" in query and "FROM" in query]
        assert about_rows
        assert all("LIMIT" in query for query in about_rows if "COUNT(" in query)
        assert not any("DISTINCT" in query for query in about_rows)

    def test_a_row_is_shown_and_not_edited(self, client, owe, staff):
        row = owe(owner="owner-canary")
        page = client.get(reverse("admin:django_playlyfe_delivery_change", args=[row.pk])).content.decode()
        assert "finish_book" in page
        assert "owner-canary" not in page
        assert "secret-canary" not in page
        assert 'name="subject"' not in page

    @pytest.mark.parametrize(
        ("language", "payload", "said"),
        [
            ("en", edits.payload("adjust", rewards=[give("coins", "20")]), "+20 coins"),
            ("en", edits.payload("adjust", rewards=[give("coins", "20", "remove")], by="vera"), "−20 coins (vera)"),
            ("en", edits.payload("adjust", rewards=[give("coins", "7", "set"), give("xp", "1")]), "coins: 7, +1 xp"),
            ("en", edits.payload("adjust", rewards=[give("badges", {"bookmark": "1"})]), "+1 badges, bookmark"),
            ("en", edits.payload("adjust", rewards=[give("rank", "reader", "set", "state")]), "rank: reader"),
            ("en", edits.payload("adjust", rewards=[{"metric": "coins"}]), "?"),
            ("en", edits.payload("revert", event_ids=["e1", "e2"]), "2 events taken back"),
            ("de", edits.payload("revert", event_ids=["e1"]), "1 Ereignis zurückgenommen"),
            ("de", edits.payload("reset", by="vera", reason="Bitte"), "Neu begonnen (vera: Bitte)"),
        ],
    )
    def test_an_edit_by_hand_is_shown_in_words(self, client, owe, staff, language, payload, said):
        row = owe(kind="score", action="", payload=payload)
        with translation.override(language):
            client.cookies.load({settings.LANGUAGE_COOKIE_NAME: language})
            for url in (reverse(LIST), reverse("admin:django_playlyfe_delivery_change", args=[row.pk])):
                assert said in client.get(url, headers={"accept-language": language}).content.decode()

    def test_an_edit_whose_content_is_gone_says_nothing(self, client, owe, staff):
        owe(kind="score", action="", payload={}, state="delivered")
        assert client.get(reverse(LIST)).status_code == 200

    def test_an_edit_is_decided_about_like_a_play(self, client, owe, staff):
        content = edits.payload("reset")
        dead, held, lost = (
            owe(kind="score", action="", payload=content, state=state, sends=1)
            for state in ("dead", "uncertain", "uncertain")
        )
        assert "2 plays or edits may or may not have counted" in client.get(reverse(LIST)).content.decode()
        decide(client, "requeue_selected", [dead])
        decide(client, "send_again_selected", [held])
        decide(client, "confirm_selected", [lost])
        found = {row.pk: (row.state, row.key) for row in Delivery.objects.all()}
        assert found == {
            dead.pk: ("pending", dead.key),
            held.pk: ("pending", held.key),
            lost.pk: ("delivered", lost.key),
        }

    def test_who_may_only_look_decides_nothing(self, client, owe, make_user):
        row = owe(state="dead")
        viewer = make_user(is_staff=True)
        viewer.user_permissions.set(Permission.objects.filter(codename="view_delivery"))
        client.force_login(viewer)
        page = client.get(reverse(LIST)).content.decode()
        assert "requeue_selected" not in page
        decide(client, "requeue_selected", [row])
        row.refresh_from_db()
        assert row.state == "dead"

    def test_nothing_is_added_or_deleted_by_hand(self, client, owe, staff):
        row = owe(state="dead")
        assert client.get(reverse("admin:django_playlyfe_delivery_add")).status_code == 403
        assert client.get(reverse("admin:django_playlyfe_delivery_delete", args=[row.pk])).status_code == 403
