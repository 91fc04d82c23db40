"""Components as forms: nothing is lost, what is wrong stands beside its field, no change is overwritten unseen."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from django_playlyfe.engine.design.components import SINGULAR
from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.models import DesignVersion, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.versions import editing
from tests.engine.conftest import DESIGNS, LIBRARY_QUEST
from tests.engine.desk.conftest import Designer
from tests.engine.desk.pages import form

pytestmark = pytest.mark.django_db
QUEST = normalise(LIBRARY_QUEST)
POINTS = {"id": "xp", "type": "point"}
ALL = [(kind, entry["id"]) for kind in SINGULAR for entry in QUEST[kind]]


def document() -> dict[str, Any]:
    return dict(Game.objects.get().document)


def component(kind: str, component_id: str) -> dict[str, Any]:
    return next(entry for entry in document()[kind] if entry["id"] == component_id)


# --- nothing is lost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "component_id"), ALL)
def test_saving_a_form_as_it_is_changes_nothing(designer: Designer, kind: str, component_id: str) -> None:
    page = designer.get("component", kind, component_id)
    assert page.status_code == 200
    saved = designer.post("component", kind, component_id, data={**form(page), "_save": "Save"})
    assert saved.status_code == 302, form(saved)
    assert document() == QUEST


@pytest.mark.parametrize(("kind", "component_id"), ALL)
def test_saving_the_same_as_json_changes_nothing(designer: Designer, kind: str, component_id: str) -> None:
    page = designer.client.get(designer.url("component", kind, component_id), {"as": "json"})
    saved = designer.post("component", kind, component_id, data={**form(page), "_save": "Save"})
    assert saved.status_code == 302
    assert document() == QUEST


@pytest.mark.parametrize("kind", ["game", "bootstrap"])
def test_saving_what_there_is_once_changes_nothing(designer: Designer, kind: str) -> None:
    page = designer.get(kind)
    assert designer.post(kind, data={**form(page), "_save": "Save"}).status_code == 302
    assert document() == QUEST


def test_every_design_of_the_tests_survives_its_forms(designer: Designer) -> None:
    for path in [*DESIGNS.glob("*.json"), "starter", "testproject/reading_log.json"]:
        design = normalise({**read(path), "game": {"id": "library_quest", "title": "Any"}})
        Game.objects.update(document=design)
        for kind in SINGULAR:
            for entry in design[kind]:
                page = designer.get("component", kind, entry["id"])
                designer.post("component", kind, entry["id"], data={**form(page), "_save": "Save"})
        assert document() == design, path


def test_keys_that_no_field_shows_are_kept_as_json(designer: Designer) -> None:
    design = deepcopy(QUEST)
    design["actions"][0]["rules"][0]["rewards"][0]["glitter"] = {"much": True}
    design["metrics"][1]["constraints"]["shine"] = "yes"
    Game.objects.update(document=design)
    fields = form(designer.get("component", "actions", "finish_book"))
    assert json.loads(fields["actions-rules-0-rewards-0-more"][0]) == {"glitter": {"much": True}}
    refused = designer.post("component", "actions", "finish_book", data={**fields, "_save": "Save"})
    assert b"&#x27;glitter&#x27; is not a key of" in refused.content
    assert form(refused) == {**fields, "csrfmiddlewaretoken": form(refused)["csrfmiddlewaretoken"]}
    fields = form(designer.get("component", "metrics", "coins"))
    assert json.loads(fields["metrics-more"][0]) == {"constraints": {"shine": "yes"}}


def test_a_form_with_more_fields_than_a_browser_may_send_becomes_json(designer: Designer) -> None:
    design = deepcopy(QUEST)
    design["metrics"][2]["constraints"]["items"] += [{"id": f"i{n}", "name": f"I{n}"} for n in range(200)]
    Game.objects.update(document=normalise(design))
    fields = form(designer.get("component", "metrics", "badges"))
    assert "i199" in fields["metrics-whole"][0]


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_change_is_saved_noted_and_without_effect_on_plays(designer: Designer) -> None:
    page = designer.get("component", "metrics", "coins")
    data = {**form(page), "metrics-name": "Gold", "metrics-maximum": "500", "_continue": "Save"}
    saved = designer.post("component", "metrics", "coins", data=data, follow=True)
    assert b"Metric coins was saved" in saved.content
    assert component("metrics", "coins")["name"] == "Gold"
    assert component("metrics", "coins")["constraints"]["max"] == "500"
    assert DesignVersion.objects.count() == 1
    entry = LogEntry.objects.get()
    assert (entry.user, str(entry.object_id)) == (designer.user, str(designer.game.pk))
    assert "metric coins" in entry.get_change_message()


def test_rows_are_added_moved_and_removed_without_a_script(designer: Designer) -> None:
    page = designer.get("component", "metrics", "rank")
    states = "metrics-states"
    page = designer.post("component", "metrics", "rank", data={**form(page), "_more": states})
    data = form(page)
    assert data[f"{states}-count"] == ["5"]
    data |= {f"{states}-3-id": ["legend"], f"{states}-3-name": ["Legend"], f"{states}-4-name": ["Newcomer"]}
    data |= {
        f"{states}-4-position": ["1"],
        f"{states}-1-remove": ["on"],
        "_save": ["Save"],
        f"{states}-0-position": ["2"],
    }
    assert designer.post("component", "metrics", "rank", data={**data, "_anyway": "1"}).status_code == 302
    ids = [state["id"] for state in component("metrics", "rank")["constraints"]["states"]]
    assert ids == ["newcomer", "visitor", "scholar", "legend"]


def test_a_condition_of_several_rows_becomes_all_or_any_of_them(designer: Designer) -> None:
    data = form(designer.get("component", "actions", "buy_bookmark"))
    terms = "actions-requires-terms-1"
    data |= {f"{terms}-subject": ["state:rank"], f"{terms}-operator": ["eq"], f"{terms}-value": ["reader"]}
    data |= {f"{terms}-negate": ["on"], "actions-requires-join": ["or"], "_save": ["Save"]}
    assert designer.post("component", "actions", "buy_bookmark", data=data).status_code == 302
    asked = component("actions", "buy_bookmark")["requires"]
    assert asked["type"] == "or"
    assert asked["expression"][1] == {
        "type": "metric",
        "not": True,
        "context": {"id": "rank", "type": "state", "operator": "eq", "value": "reader"},
    }


@pytest.mark.parametrize(
    ("context", "subject"),
    [
        ({"unit": "day", "operator": "ge", "value": "7"}, "streak:day:"),
        ({"action": "finish_book", "unit": "week", "operator": "lt", "value": "2"}, "streak:week:finish_book"),
    ],
)
def test_a_streak_is_a_row_of_a_condition(designer: Designer, context: dict[str, str], subject: str) -> None:
    design = deepcopy(QUEST)
    design["actions"][0]["requires"] = {"type": "streak", "not": False, "context": context}
    Game.objects.update(document=design)
    page = designer.get("component", "actions", "finish_book")
    assert f'<option value="{subject}" selected>' in page.content.decode()
    data = form(page)
    assert data["actions-requires-terms-0-subject"] == [subject]
    assert designer.post("component", "actions", "finish_book", data={**data, "_save": "Save"}).status_code == 302
    assert document() == design


def test_a_wrong_streak_is_told_at_its_row(designer: Designer) -> None:
    data = form(designer.get("component", "actions", "finish_book"))
    terms = "actions-requires-terms-0"
    data |= {f"{terms}-subject": ["streak:day:raed"], f"{terms}-operator": ["ge"], f"{terms}-value": ["7"]}
    told = designer.post("component", "actions", "finish_book", data={**data, "_save": "Save"}).content.decode()
    assert "is no action" in told


@pytest.mark.parametrize(
    ("stored", "shown", "more"),
    [
        ({"id": "best"}, "player", ""),
        ({"id": "best", "per": "genre"}, "genre", ""),
        ({"id": "mine", "per": "genre"}, "", "mine"),
        ({"id": "best", "per": "player"}, "", "player"),
    ],
)
def test_whose_best_is_to_be_beaten_is_shown_and_kept(
    designer: Designer, stored: dict[str, str], shown: str, more: str
) -> None:
    design = deepcopy(QUEST)
    design["actions"][0]["variables"].append({"name": "player", "type": "string", "required": False})
    design["actions"][0]["rules"][0]["rewards"][0]["best"] = stored
    Game.objects.update(document=design)
    data = form(designer.get("component", "actions", "finish_book"))
    assert data["actions-rules-0-rewards-0-best"] == [shown]
    assert more in data.get("actions-rules-0-rewards-0-more", [""])[0]
    assert designer.post("component", "actions", "finish_book", data={**data, "_save": "Save"}).status_code == 302
    assert document() == design


@pytest.mark.parametrize("once", [{"id": "once"}, {"id": "first", "per": "genre"}])
def test_what_is_paid_once_is_shown_and_kept(designer: Designer, once: dict[str, str]) -> None:
    design = deepcopy(QUEST)
    design["actions"][0]["rules"][0]["once"] = once
    Game.objects.update(document=design)
    data = form(designer.get("component", "actions", "finish_book"))
    assert data["actions-rules-0-once"] == ["per" if "per" in once else "player"]
    assert designer.post("component", "actions", "finish_book", data={**data, "_save": "Save"}).status_code == 302
    assert document() == design


def test_a_limit_goes_when_its_field_is_emptied(designer: Designer) -> None:
    data = form(designer.get("component", "actions", "finish_book"))
    assert data["actions-rate_count"] == ["5"]
    data |= {"actions-rate_count": [""], "_save": ["Save"]}
    assert designer.post("component", "actions", "finish_book", data=data).status_code == 302
    assert "rate" not in component("actions", "finish_book")


@pytest.mark.parametrize(
    ("kind", "type_", "filled", "stored"),
    [
        ("metrics", "point", {}, {"type": "point", "constraints": {"min": "0", "max": "Infinity", "default": "0"}}),
        ("metrics", "compound", {"formula": "$scores['xp'] * 2"}, {"constraints": {"formula": "$scores['xp'] * 2"}}),
        ("actions", "", {"probability": "0.5"}, {"probability": 0.5, "rules": [], "requires": {}}),
        ("rules", "custom", {}, {"type": "custom", "rules": []}),
        ("leaderboards", "", {"metric": "xp", "cycles": ["daily"]}, {"metric": POINTS, "cycles": ["daily"]}),
        (
            "actions",
            "",
            {
                "rules-0-rewards-0-metric": "badges",
                "rules-0-rewards-0-value": "bookmark: 1, bookworm: min(1, 2)",
            },
            {
                "rules": [
                    {
                        "requires": {},
                        "rewards": [
                            {
                                "metric": {"id": "badges", "type": "set"},
                                "verb": "add",
                                "value": {"bookmark": "1", "bookworm": "min(1, 2)"},
                                "probability": 1,
                            }
                        ],
                    }
                ]
            },
        ),
    ],
)  # fmt: skip
def test_a_new_component_is_made(designer: Designer, kind: str, type_: str, filled: Any, stored: Any) -> None:
    address = f"{designer.url('add', kind)}?type={type_}"
    data = form(designer.client.get(address))
    data |= {f"{kind}-{name}": value for name, value in {"id": "fresh", "name": "Fresh", **filled}.items()}
    assert designer.client.post(address, {**data, "_save": "Save"}).status_code == 302
    made = document()[kind][-1]
    assert made["id"] == "fresh"
    assert {key: made[key] for key in stored} == stored


def test_a_copy_begins_as_the_other_one_without_its_name(designer: Designer) -> None:
    page = designer.client.get(f"{designer.url('add', 'rules')}?copy=earn_bookworm")
    data = form(page)
    assert data["rules-id"] == [""]
    assert data["rules-metric"] == ["badges"]
    data |= {"rules-id": ["again"], "rules-name": ["Again"], "_save": ["Save"]}
    designer.client.post(f"{designer.url('add', 'rules')}?copy=earn_bookworm", data)
    assert component("rules", "again")["achievement"] == component("rules", "earn_bookworm")["achievement"]


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "component_id", "field", "typed", "path"),
    [
        ("metrics", "coins", "minimum", "few", "/metrics/coins/constraints/min"),
        ("metrics", "coins", "default", "20000", "/metrics/coins/constraints/default"),
        ("metrics", "badges", "items-1-max", "-", "/metrics/badges/constraints/items/1/max"),
        ("metrics", "impact", "formula", "$scores['", "/metrics/impact/constraints/formula"),
        ("actions", "finish_book", "rules-0-rewards-1-value", "(", "/actions/finish_book/rules/0/rewards/1/value"),
        ("actions", "finish_book", "rules-1-requires-terms-0-value", "((", "/actions/finish_book/rules/1/requires/"),
        ("actions", "buy_bookmark", "requires-terms-0-operator", "like", "/actions/buy_bookmark/requires/"),
        ("actions", "finish_book", "rate_count", "-3", "/actions/finish_book/rate/0"),
        ("actions", "finish_book", "variables-0-name", "", "/actions/finish_book/variables/0"),
        ("rules", "ranking_up", "levels-1-threshold", "3", "/rules/ranking_up/levels/1/threshold"),
        ("rules", "earn_bookworm", "items-0-value", "7", "/rules/earn_bookworm/achievement/items/0/value"),
        ("leaderboards", "top_readers", "metric", "rank", "/leaderboards/top_readers/metric"),
    ],
)  # fmt: skip
def test_a_problem_stands_beside_its_field_and_what_was_typed_is_kept(
    designer: Designer, kind: str, component_id: str, field: str, typed: str, path: str
) -> None:
    data = form(designer.get("component", kind, component_id))
    name = f"{kind}-{field}"
    assert name in data
    refused = designer.post("component", kind, component_id, data={**data, name: typed, "_save": "Save"})
    assert refused.status_code == 422
    assert form(refused)[name] == [typed]
    text = refused.content.decode()
    beside = text[text.index(f'id="{name}-errors"') :]
    beside = beside[: beside.index("</div>")]
    assert f"<code>{path}" in beside
    assert "Expected: " in beside
    assert document() == QUEST


def test_a_taken_id_and_a_missing_name_are_told(designer: Designer) -> None:
    address = f"{designer.url('add', 'metrics')}?type=point"
    data = {**form(designer.client.get(address)), "metrics-id": "coins", "_save": "Save"}
    text = designer.client.post(address, data).content.decode()
    assert "metrics-id-errors" in text
    for name in ("metrics-id-errors", "metrics-name-errors"):
        beside = text[text.index(f'id="{name}"') :]
        assert "errorlist" in beside[: beside.index("</div>")]


def test_an_unknown_reference_may_be_saved_if_one_insists(designer: Designer) -> None:
    data = form(designer.get("component", "actions", "finish_book"))
    data |= {"actions-rules-0-rewards-0-metric": ["stars"], "actions-rules-0-rewards-0-value": ["1"]}
    refused = designer.post("component", "actions", "finish_book", data={**data, "_save": "Save"})
    assert refused.status_code == 422
    assert b"_anyway" in refused.content
    saved = designer.post("component", "actions", "finish_book", data={**data, "_anyway": "Save"}, follow=True)
    assert b"The design has 1 error now." in saved.content
    assert b"stars" in saved.content


def test_what_can_never_be_stored_is_not_saved_even_so(designer: Designer) -> None:
    data = {**form(designer.get("component", "metrics", "coins")), "metrics-minimum": "few", "_anyway": "Save"}
    refused = designer.post("component", "metrics", "coins", data=data)
    assert (refused.status_code, b'name="_anyway"' in refused.content) == (422, False)
    assert document() == QUEST


def test_json_that_is_none_is_told_with_its_line(designer: Designer) -> None:
    data = {**form(designer.get("component", "metrics", "coins")), "metrics-more": "{", "_save": "Save"}
    refused = designer.post("component", "metrics", "coins", data=data)
    assert refused.status_code == 422
    assert b"line 1" in refused.content


def test_a_check_writes_nothing(designer: Designer) -> None:
    data = {**form(designer.get("component", "metrics", "coins")), "metrics-name": "Gold", "_check": "Check"}
    page = designer.post("component", "metrics", "coins", data=data)
    assert b"Nothing is wrong with it." in page.content
    assert form(page)["metrics-name"] == ["Gold"]
    assert document() == QUEST


def test_the_script_is_told_by_field_what_is_wrong(designer: Designer) -> None:
    data = form(designer.get("component", "metrics", "coins"))
    accept = {"Accept": "application/json"}
    told = designer.post("component", "metrics", "coins", data={**data, "metrics-minimum": "few"}, headers=accept)
    assert json.loads(told.content)["status"] == "1 problem"
    assert "/metrics/coins/constraints/min" in json.loads(told.content)["errors"]["metrics-minimum"]
    clean = designer.post("component", "metrics", "coins", data=data, headers=accept)
    assert json.loads(clean.content) == {"errors": {}, "status": "Nothing is wrong."}
    assert document() == QUEST


HOSTILE = [
    "\x00",
    "9" * 5000,
    "{}",
    '{"x": "\\ud800"}',
    "-1",
    "1e999",
    "🦉" * 300,
    "$scores['",
    "a: b: c,,",
    "null",
    "item:x",
]


@pytest.mark.parametrize("kind", ["metrics", "actions", "rules", "leaderboards"])
def test_whatever_is_sent_is_answered_and_stored_only_if_it_fits(designer: Designer, kind: str) -> None:
    for entry in QUEST[kind]:
        fields = form(designer.get("component", kind, entry["id"]))
        names = [name for name in fields if name.startswith(f"{kind}-") and not name.endswith(("-count", "-type"))]
        for number, value in enumerate(HOSTILE):
            some = {name: value for index, name in enumerate(names) if number == 0 or index % number == 0}
            sent = {**fields, **some, "_anyway": "Save"}
            answer = designer.post("component", kind, entry["id"], data=sent)
            assert answer.status_code in (302, 409, 422), (entry["id"], value)
        for page in ((), ("component", kind, entry["id"])):
            assert designer.get(*page).status_code == 200, entry["id"]
    assert {entry["id"] for entry in document()[kind]} == {entry["id"] for entry in QUEST[kind]}


# --- others -----------------------------------------------------------------------------------------------------------


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten_unseen(designer: Designer) -> None:
    data = {**form(designer.get("component", "metrics", "coins")), "metrics-name": "Gold", "_save": "Save"}
    editing.update(Realm("library_quest"), "metrics", "coins", {"name": "Silver"})
    refused = designer.post("component", "metrics", "coins", data=data)
    assert refused.status_code == 409
    assert b"Silver" in refused.content
    assert component("metrics", "coins")["name"] == "Silver"
    again = form(refused)
    assert again["metrics-name"] == ["Gold"]
    assert designer.post("component", "metrics", "coins", data={**again, "_save": "Save"}).status_code == 302
    assert component("metrics", "coins")["name"] == "Gold"


def test_a_change_of_another_component_is_no_conflict(designer: Designer) -> None:
    data = {**form(designer.get("component", "metrics", "coins")), "metrics-name": "Gold", "_save": "Save"}
    editing.update(Realm("library_quest"), "metrics", "xp", {"name": "Wisdom"})
    assert designer.post("component", "metrics", "coins", data=data).status_code == 302
    assert component("metrics", "xp")["name"] == "Wisdom"


def test_what_somebody_deleted_meanwhile_can_be_saved_anew(designer: Designer) -> None:
    data = {**form(designer.get("component", "leaderboards", "top_readers")), "_save": "Save"}
    editing.delete(Realm("library_quest"), "leaderboards", "top_readers")
    refused = designer.post("component", "leaderboards", "top_readers", data=data)
    assert refused.status_code == 409
    again = designer.post("component", "leaderboards", "top_readers", data={**form(refused), "_save": "Save"})
    assert again.status_code == 302
    assert component("leaderboards", "top_readers")["name"] == "Top readers"


# --- deleting ---------------------------------------------------------------------------------------------------------


def test_what_refers_to_a_component_is_shown_before_it_goes(designer: Designer) -> None:
    page = designer.get("delete", "metrics", "badges")
    for path in ("/rules/earn_bookworm/achievement", "/actions/buy_bookmark/rules/0/rewards/1", "/metrics/impact"):
        assert path in page.content.decode()
    seen = page.context["seen"]
    assert designer.post("delete", "metrics", "badges", data={"seen": seen}).status_code == 302
    assert "badges" not in [metric["id"] for metric in document()["metrics"]]
    assert "deleted metric badges" in LogEntry.objects.get().get_change_message()


def test_what_was_changed_meanwhile_is_not_deleted(designer: Designer) -> None:
    seen = designer.get("delete", "metrics", "coins").context["seen"]
    editing.update(Realm("library_quest"), "metrics", "coins", {"name": "Silver"})
    kept = designer.post("delete", "metrics", "coins", data={"seen": seen}, follow=True)
    assert b"Look at it once more" in kept.content
    assert component("metrics", "coins")["name"] == "Silver"


def test_nothing_refers_to_a_board(designer: Designer) -> None:
    assert b"Nothing in the design refers to it." in designer.get("delete", "leaderboards", "top_readers").content


@pytest.mark.parametrize(
    ("page", "arguments"),
    [
        ("component", ("metrics", "stars")),
        ("component", ("planets", "x")),
        ("delete", ("rules", "x")),
        ("add", ("planets",)),
    ],
)
def test_what_there_is_not_is_not_found(designer: Designer, page: str, arguments: tuple[str, ...]) -> None:
    assert designer.get(page, *arguments).status_code == 404


def test_a_type_that_there_is_not_is_not_found(designer: Designer) -> None:
    assert designer.client.get(f"{designer.url('add', 'metrics')}?type=cloud").status_code == 404


# --- building many ----------------------------------------------------------------------------------------------------


def test_one_saves_and_adds_another_of_the_same_type(designer: Designer) -> None:
    page = designer.client.get(f"{designer.url('add', 'metrics')}?type=state")
    sent = form(page) | {"metrics-id": ["mood"], "metrics-name": ["Mood"], "_addanother": ["1"]}
    sent |= {"metrics-states-0-id": ["calm"], "metrics-states-0-name": ["Calm"]}
    answer = designer.client.post(f"{designer.url('add', 'metrics')}?type=state", sent)
    assert answer["Location"] == f"{designer.url('add', 'metrics')}?type=state"
    sent = form(designer.get("add", "actions")) | {
        "actions-id": ["walk"],
        "actions-name": ["Walk"],
        "_addanother": ["1"],
    }
    assert designer.post("add", "actions", data=sent)["Location"] == designer.url("add", "actions")
    assert b"_addanother" not in designer.get("game").content


def test_what_nobody_is_given_yet_does_not_fill_the_page_of_new_players(designer: Designer) -> None:
    before = designer.game.document["bootstrap"]
    page = designer.get("bootstrap")
    assert list(json.loads(form(page)["bootstrap-more"][0])) == ["processes"]
    assert designer.post("bootstrap", data={**form(page), "_save": "Save"}).status_code == 302
    assert designer.game.document["bootstrap"] == before


def test_a_field_without_anything_to_choose_says_so(designer: Designer) -> None:
    document = designer.game.document
    Game.objects.update(document={"game": document["game"]})
    page = designer.client.get(f"{designer.url('add', 'rules')}?type=achievement").content.decode()
    assert "The design has none yet: add one first." in page
    assert "First steps" in designer.get().content.decode()
