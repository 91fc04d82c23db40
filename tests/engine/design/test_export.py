import pytest

from django_playlyfe.engine.design.export import export
from django_playlyfe.engine.design.load import parse, read
from django_playlyfe.engine.design.normalise import normalise

from .games import LIBRARY_QUEST, READING_LOG


@pytest.mark.parametrize("source", ["starter", READING_LOG, LIBRARY_QUEST])
def test_what_is_exported_is_read_back_equal(source):
    document = read(source)
    assert parse(export(document)) == document
    assert parse(export(normalise(document))) == normalise(document)


def test_keys_keep_their_order(quest):
    assert list(parse(export(quest))) == list(quest)


def test_short_objects_stay_on_one_line_and_long_ones_do_not(quest):
    text = export(normalise(quest))
    assert '{"name": "pages", "type": "int", "required": true, "default": 0},\n' in text
    assert max(map(len, text.splitlines())) <= 120
    assert text.endswith("}\n")


def test_names_are_readable():
    assert '"title": "Café 名前"' in export({"game": {"id": "x", "title": "Café 名前"}})


def test_empty_components_are_written_as_such():
    assert export({"game": {}, "metrics": []}) == '{\n  "game": {},\n  "metrics": []\n}\n'


def test_a_canonical_document_gets_its_order_back_from_a_database_that_keeps_none(quest):
    def shuffled(value):
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in sorted(value, key=lambda key: (len(key), key))}
        return [shuffled(entry) for entry in value] if isinstance(value, list) else value

    document = normalise(quest)
    assert export(shuffled(document)) != export(document)
    assert export(normalise(shuffled(document))) == export(document)
