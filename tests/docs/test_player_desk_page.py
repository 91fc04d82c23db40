"""The block of code of docs/player-desk.rst is run, and the page names the permissions that there are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from django_playlyfe import services
from tests.docs.test_documentation import DOCS, blocks

PAGE = DOCS / "player-desk.rst"


@pytest.mark.django_db
@pytest.mark.usefixtures("game", "noon")
def test_what_the_page_does_in_code_works(make_user):
    user, admin = make_user(), make_user()
    ((_, _, code),) = blocks(PAGE)
    page = {}
    exec(compile(code, PAGE.name, "exec"), page)
    assert page["compensate"](user, admin) == 30  # ten is what everybody begins with
    page["take_back_the_newest"](user, admin)
    assert services.profile(user).points("coins") == 10
    services.play(user, "finish_book", {"pages": 320})
    assert page["place"](user)[0] == 1
    page["begin_anew"](user)
    assert services.profile(user).points("xp") == 0


@pytest.mark.django_db
def test_the_permissions_on_the_page_exist():
    text = PAGE.read_text(encoding="utf-8")
    named = {
        name for name in ("view_player", "view_call", "adjust_player", "undo_call", "change_player") if name in text
    }
    found = Permission.objects.filter(content_type__app_label="django_playlyfe_engine", codename__in=named)
    assert {permission.codename for permission in found} == named
    assert len(named) == 5
