"""The pages about one player in the admin, in a browser: WCAG 2.2 AA, phone width, light and dark."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from django_playlyfe import services
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_accessibility import shelf, static_files

__all__ = ["shelf", "static_files"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("game", "noon")]
REASON = "A very long reason, " + "W" * 100


@pytest.fixture
def answers(client, make_user):
    """Every page about a player, as the admin answers it to a superuser."""
    user = make_user(username="margaret")
    for pages in (100, 600):
        services.play(user, "finish_book", {"pages": pages})
    coins = {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "5"}
    services.adjust_scores(user, [coins], by="vera", reason=REASON)
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.org", "x"))
    player = (
        client.get(reverse("admin:django_playlyfe_engine_player_changelist"))
        .context["cl"]
        .queryset.get(player_id=services.ensure_player(user).player_id)
    )

    def page(name, *more):
        return reverse(f"admin:django_playlyfe_engine_player_{name}", args=[player.pk, *more])

    newest = client.get(page("change")).context["history"][0]["call"].pk
    wanted = {"verb": "add", "value": "-1"}
    badge = {"verb": "add", "item": "bookmark", "value": 1, "reason": REASON}
    return {
        "player": client.get(page("change")),
        "explain": client.get(page("explain", "coins")),
        "adjust": client.get(page("adjust", "coins")),
        "a wrong form": client.post(page("adjust", "coins"), wanted),
        "preview": client.post(page("adjust", "badges"), badge),
        "undo": client.get(page("undo", newest)),
        "reset": client.get(page("reset")),
        "check": client.get(page("check")),
    }


def test_every_page_passes_axe_and_fits_a_phone(browser, shelf, answers):
    found = []
    for width, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        browser.resize(width)
        browser.prefer(scheme)
        for name, answer in answers.items():
            assert answer.status_code == 200, name
            page = shelf(answer)
            page.run("document.querySelector('.breadcrumbs').remove()")  # Django's own colours are Django's
            found += [f"{name} {width} {scheme}: {line}" for line in page.violations()]
            if page.overflow() > 0:
                found.append(f"{name} {width}: {page.overflow()} pixels too wide")
    assert found == [], "\n".join(found)
