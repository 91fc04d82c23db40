"""The report as a whole; what each subject refuses is tested beside it."""

import json

import pytest

from django_playlyfe.engine.design.load import read
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid

from .games import READING_LOG, small_game


def test_the_whole_example_of_the_specification_is_valid(quest):
    report = check(quest)
    assert report.lines() == [
        "warning: /bootstrap/processes/0: New players are not given 'My first review' yet: processes are stored and "
        "do not run"
    ]
    assert report.valid
    assert report.passed > 200


@pytest.mark.parametrize("source", ["starter", READING_LOG])
def test_shipped_games_are_valid_without_warnings(source):
    assert check(read(source)).lines() == []


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(quest):
    quest["game"]["timezone"] = "Mars/Olympus"
    quest["metrics"][0]["constraints"]["min"] = "0.5"
    quest["actions"][0]["rate"] = "often"
    quest["actions"][0]["rules"][0]["rewards"][1]["metric"]["id"] = "coin"
    quest["rules"][0]["levels"][1]["threshold"] = "49"
    quest["leaderboards"][0]["entity_type"] = "everybody"
    report = check(quest)
    assert [(problem.path, problem.code) for problem in report.problems] == [
        ("/game/timezone", "INVALID_FORMAT"),
        ("/metrics/xp/constraints/min", "INVALID_FORMAT"),
        ("/actions/finish_book/rate", "INVALID_TYPE"),
        ("/actions/finish_book/rules/0/rewards/1/metric/id", "REFERENCE_NOT_FOUND"),
        ("/rules/ranking_up/levels/1/threshold", "MINIMUM_EXCLUSIVE"),
        ("/leaderboards/top_readers/entity_type", "ENUM_MISMATCH"),
    ]


def test_a_shape_problem_hides_no_other_problem_of_the_same_component():
    report = check(
        small_game(
            actions=[
                {
                    "id": "write",
                    "nmae": "Write",
                    "requires": [],
                    "rules": [{"rewards": [{"metric": {"id": "px", "type": "point"}, "verb": "add", "value": "1 +"}]}],
                }
            ]
        )
    )
    assert [problem.path for problem in report.problems] == [
        "/actions/write",
        "/actions/write/requires",
        "/actions/write/rules/0/rewards/0/metric/id",
        "/actions/write/rules/0/rewards/0/value",
        "/actions/write/nmae",
    ]


def test_a_problem_says_what_was_found_what_was_expected_and_what_to_do(quest):
    quest["actions"][0]["rules"][0]["rewards"][1]["metric"]["id"] = "coin"
    report = check(quest)
    (problem,) = report.problems
    assert problem.found == "coin"
    assert problem.expected == "a metric"
    assert problem.message == "'coin' is no metric; did you mean 'coins'?"
    assert report.lines()[:2] == [
        "/actions/finish_book/rules/0/rewards/1/metric/id: 'coin' is no metric; did you mean 'coins'?",
        "    found 'coin', expected a metric",
    ]


def test_the_report_has_the_shape_of_the_specification():
    report = check(small_game(metrics=[{"id": "coins", "name": "Coins"}]))
    data = json.loads(json.dumps(report.as_data()))
    assert set(data) == {"valid", "passed", "data", "errors"}
    assert data["valid"] is False
    assert data["data"]["game"]["id"] == "small"
    (error,) = data["errors"]
    message = error.pop("message")
    assert message.startswith("type is required")
    assert error == {
        "code": "OBJECT_MISSING_REQUIRED_PROPERTY",
        "path": "/metrics/coins",
        "instance": {"id": "coins", "name": "Coins"},
        "validator": "required",
        "validator_value": ["id", "name", "type"],
        "schema": {},
        "relative_schema_path": "/required",
        "absolute_schema_path": "#/properties/metrics/items/required",
    }


def test_components_without_a_usable_id_are_named_by_position(found):
    metric = {"id": "xp", "name": "x", "type": "point", "constraints": 5}
    assert found({"game": {"id": "g"}, "metrics": [metric, metric, {**metric, "id": ""}]}) == {
        ("/metrics/0/constraints", "INVALID_TYPE"),
        ("/metrics/1/constraints", "INVALID_TYPE"),
        ("/metrics/1/id", "ARRAY_UNIQUE"),
        ("/metrics/2/constraints", "INVALID_TYPE"),
        ("/metrics/2/id", "PATTERN"),
    }


def test_slashes_and_tildes_in_paths_are_escaped(found_with):
    reward = {"metric": {"id": "badges", "type": "set"}, "verb": "add", "value": {"a/b~c": "1"}}
    assert found_with(bootstrap={"scores": [reward]}) == {("/bootstrap/scores/0/value/a~1b~0c", "REFERENCE_NOT_FOUND")}


@pytest.mark.parametrize("kind", ["metrics", "actions", "rules", "teams", "processes", "leaderboards"])
def test_two_components_of_a_type_cannot_share_an_id(quest, found, kind):
    quest[kind].append(quest[kind][0])
    last = len(quest[kind]) - 1
    assert (f"/{kind}/{last}/id", "ARRAY_UNIQUE") in found(quest)


def test_components_of_different_types_may_share_an_id(found_with):
    assert found_with(actions=[{"id": "xp", "name": "Experience"}]) == set()


@pytest.mark.parametrize("identifier", ["", "1st", "night owl", "é", "a-b", "a" * 101, "xp\n"])
def test_an_id_outside_the_pattern_is_refused(identifier):
    report = check(small_game(metrics=[{"id": identifier, "name": "x", "type": "point"}]))
    assert {problem.code for problem in report.problems} <= {"PATTERN", "MAX_LENGTH"}
    assert not report.valid


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "'\"; DROP TABLE", "{{ settings.SECRET_KEY }}", "名前", "🏆"]
)
def test_names_are_free_text(found_with, name):
    assert found_with(actions=[{"id": "odd", "name": name}]) == set()


@pytest.mark.parametrize("name", ["", "two\nlines", "tab\there", "x" * 256])
def test_a_name_is_one_line_of_a_sane_length(found_with, name):
    ((path, _),) = found_with(actions=[{"id": "odd", "name": name}])
    assert path == "/actions/odd/name"


@pytest.mark.parametrize("key", ["id", "name"])
def test_the_word_error_as_an_id_or_name_is_warned_of(key):
    report = check(small_game(actions=[{"id": "fine", "name": "Fine", key: "error"}]))
    assert report.valid
    (warning,) = report.warnings
    assert warning.code == "RESERVED_WORD"
    assert warning.path.endswith(f"/{key}")


def test_an_unknown_key_suggests_the_known_one(quest):
    quest["metric"] = quest.pop("metrics")
    assert "'metric' is not a key of a design file; did you mean 'metrics'?" in [
        problem.message for problem in check(quest).problems
    ]


def test_a_missing_game_is_reported(found):
    assert found({}) == {("", "OBJECT_MISSING_REQUIRED_PROPERTY")}


@pytest.mark.parametrize("zone", ["", "Europe", "Lisbon", "../../etc/passwd", "/etc/passwd", "europe/lisbon\n"])
def test_a_time_zone_is_an_iana_name(found, zone):
    assert found({"game": {"id": "g", "timezone": zone, "cycle_timezone": zone}}) == {
        ("/game/timezone", "INVALID_FORMAT"),
        ("/game/cycle_timezone", "INVALID_FORMAT"),
    }


def test_server_managed_keys_are_accepted(quest, found):
    quest["game"]["_errors"] = quest["metrics"][0]["_errors"] = [{"code": "PATTERN"}]
    quest["teams"][0]["_hues"] = {"Member": 120}
    assert found(quest) == set()


def test_a_hopeless_document_is_checked_in_reasonable_time():
    reward = {"metric": {"id": "no_such_metric", "type": "point"}, "verb": "add", "value": "$scores['nothing']"}
    report = check(small_game(actions=[{"id": "a", "name": "A", "rules": [{"rewards": [reward] * 1000}]}]))
    assert len(report.problems) == 2000


def test_the_error_summarises_its_report():
    report = check({"game": {}})
    error = DesignInvalid(report=report)
    assert str(error) == (
        "validation_exception: The design is not valid, 1 problem. First: /game: id is required: add it to the game"
    )
    assert error.data == report.as_data()
    assert DesignInvalid().report.valid


def test_a_conflict_carries_its_issues():
    error = DesignConflict(issues=[{"id": "1", "code": "METRIC_REMOVED"}])
    assert error.status == 409
    assert error.issues == [{"id": "1", "code": "METRIC_REMOVED"}]


def test_no_key_or_name_can_steer_a_terminal():
    right_to_left = "\u202e"
    text = "\n".join(check({"game": {"id": f"x{right_to_left}", right_to_left: 1}, right_to_left: []}).lines())
    assert right_to_left not in text
    assert "\\u202e" in text


def test_a_metric_of_no_known_type_is_reported_once(found_with):
    reward = {"metric": {"id": "coins", "type": "point"}, "verb": "add", "value": "5"}
    metric = {"id": "coins", "name": "Coins", "type": "pint"}
    assert found_with(metrics=[metric], bootstrap={"scores": [reward]}) == {("/metrics/coins/type", "ENUM_MISMATCH")}
