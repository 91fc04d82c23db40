import json

import pytest

from django_playlyfe.engine.design.load import parse, read
from django_playlyfe.engine.exceptions import DesignInvalid


def refusal(content):
    with pytest.raises(DesignInvalid) as caught:
        parse(content)
    (problem,) = caught.value.report.problems
    return problem


def test_the_starter_is_read_by_its_name():
    assert read("starter")["game"]["id"] == "starter"


def test_a_file_is_read_as_it_stands(tmp_path):
    path = tmp_path / "game.json"
    path.write_text('{"game": {"id": "café"}}', encoding="utf-8")
    assert read(path) == read(str(path)) == {"game": {"id": "café"}}


def test_a_byte_order_mark_does_no_harm():
    assert parse(b'\xef\xbb\xbf{"game": {}}') == {"game": {}}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DesignInvalid, match=r"Cannot read '.*nowhere\.json': No such file") as caught:
        read(tmp_path / "nowhere.json")
    assert caught.value.status == 400
    assert caught.value.data["valid"] is False


def test_a_folder_is_no_design_file(tmp_path):
    with pytest.raises(DesignInvalid, match="Is a directory"):
        read(tmp_path)


def test_a_path_with_a_null_character_is_no_file():
    with pytest.raises(DesignInvalid, match="this is no path of a file"):
        read("game\0.json")


def test_a_syntax_error_says_line_and_column():
    assert "in line 2, column 3" in refusal('{"game": 1,\n  }').message


def test_a_file_that_is_not_utf_8_says_which_byte():
    assert "byte 10 is wrong" in refusal(b'{"game": "\xe9"}').message


def test_a_repeated_key_is_refused():
    problem = refusal('{"game": {"id": "a", "id": "b"}}')
    assert problem.code == "ARRAY_UNIQUE"
    assert "'id' appears twice" in problem.message


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_no_json_are_refused(constant):
    assert f"{constant} is no JSON" in refusal(f'{{"game": {constant}}}').message


@pytest.mark.parametrize("value", ["[]", "null", '"starter"', "5", "true"])
def test_a_file_that_holds_no_object_is_refused(value):
    assert refusal(value).code == "INVALID_TYPE"


def test_a_hundred_thousand_nested_arrays_are_refused():
    assert refusal("[" * 100_000).message == "The design file is nested too deeply"


def test_a_number_of_ten_thousand_digits_is_refused():
    assert refusal('{"game": ' + "9" * 10_000 + "}").code == "MAXIMUM"


def test_a_file_of_more_than_ten_million_bytes_is_refused():
    assert refusal(b" " * 10_000_001).code == "MAXIMUM"


def test_the_error_can_be_sent_as_json():
    with pytest.raises(DesignInvalid) as caught:
        parse("[NaN]")
    assert json.loads(json.dumps(caught.value.data))["errors"][0]["path"] == ""
