import pytest


def task(identifier, **keys):
    return {"id": identifier, "name": identifier, "type": "task", "lane": "main", **keys}


def gateway(identifier, kind="parallel"):
    return {"id": identifier, "name": identifier, "type": kind, "lane": "main"}


def flows(*pairs):
    return [{"src": source, "tgt": target} for source, target in pairs]


def process(**keys):
    return {
        "processes": [
            {
                "id": "course",
                "name": "Course",
                "lanes": [{"name": "main", "default": True}],
                "settings": {"access": ["PUBLIC"]},
                **keys,
            }
        ]
    }


NOWHERE = flows(("a", "z"))


def sub_process(identifier, key, *activities):
    return {**task(identifier, type="sub_process"), "key": key, "activities": list(activities)}


def test_branches_that_split_and_join_are_accepted(found_with):
    body = process(
        activities=[task("start"), task("left"), task("right"), task("end")],
        gateways=[gateway("split"), gateway("join")],
        sequence_flows=flows(
            ("start", "split"),
            ("split", "left"),
            ("split", "right"),
            ("left", "join"),
            ("right", "join"),
            ("join", "end"),
        ),
    )
    assert found_with(**body) == set()


def test_an_activity_has_one_flow_in_and_one_out(found_with):
    body = process(
        activities=[task("a"), task("b"), task("c")], sequence_flows=flows(("a", "b"), ("a", "c"), ("b", "c"))
    )
    assert found_with(**body) == {
        ("/processes/course/activities/0", "NOT_ALLOWED_HERE"),
        ("/processes/course/activities/2", "NOT_ALLOWED_HERE"),
    }


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("a", "gate"), ("b", "gate"), ("gate", "c"), ("gate", "d")],
    ],
    ids=["no flows", "two in and two out"],
)
def test_a_gateway_either_splits_or_joins(found_with, pairs):
    body = process(activities=[task(name) for name in "abcd"], gateways=[gateway("gate")], sequence_flows=flows(*pairs))
    assert found_with(**body) == {("/processes/course/gateways/0", "NOT_ALLOWED_HERE")}


@pytest.mark.parametrize(
    ("keys", "path", "code"),
    [
        ({"activities": [task("a", lane="side")]}, "/activities/0/lane", "REFERENCE_NOT_FOUND"),
        ({"activities": [task("a"), task("a")]}, "/activities/1/id", "ARRAY_UNIQUE"),
        ({"activities": [task("a")], "gateways": [gateway("a")]}, "/gateways/0/id", "ARRAY_UNIQUE"),
        ({"activities": [task("a", type="job")]}, "/activities/0/type", "ENUM_MISMATCH"),
        ({"activities": [task("a", loop="-1")]}, "/activities/0/loop", "MINIMUM"),
        ({"activities": [task("a", rate=[51, 1000])]}, "/activities/0/rate/0", "MAXIMUM"),
        ({"activities": [task("a")], "sequence_flows": NOWHERE}, "/sequence_flows/0/tgt", "REFERENCE_NOT_FOUND"),
        ({"lanes": []}, "/lanes", "ARRAY_LENGTH_SHORT"),
        ({"lanes": [{"name": "main"}, {"name": "main"}]}, "/lanes/1/name", "ARRAY_UNIQUE"),
        ({"settings": {"access": [], "max_player_instances": "-2"}}, "/settings/max_player_instances", "MINIMUM"),
    ],
)
def test_a_wrong_process_is_refused(found_with, keys, path, code):
    found = found_with(**process(**keys))
    assert (f"/processes/course{path}", code) in found


def test_the_other_spelling_of_a_target_is_accepted(found_with):
    body = process(activities=[task("a"), task("b")], sequence_flows=[{"src": "a", "target": "b"}])
    assert found_with(**body) == set()


def test_two_sub_processes_may_have_tasks_of_one_id(found_with):
    body = process(activities=[sub_process("one", "first", task("a")), sub_process("two", "second", task("a"))])
    assert found_with(**body) == set()


def test_instance_keys_are_unique_in_the_whole_process(found_with):
    inner = sub_process("inner", "first", task("a"))
    body = process(activities=[sub_process("one", "first", inner)])
    assert found_with(**body) == {("/processes/course/activities/0/activities/0/key", "ARRAY_UNIQUE")}


def test_a_reward_may_wait_for_a_task_of_any_level_and_for_nothing_else(found_with):
    def waiting_for(name):
        return {"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "5", "resolution": name}

    rewards = [waiting_for("approve"), waiting_for("review"), waiting_for("nobody")]
    body = process(activities=[task("draft", rewards=rewards), sub_process("review", "again", task("approve"))])
    assert found_with(**body) == {
        ("/processes/course/activities/0/rewards/1/resolution", "REFERENCE_NOT_FOUND"),
        ("/processes/course/activities/0/rewards/2/resolution", "REFERENCE_NOT_FOUND"),
    }
