"""docs/design-file.rst: its pieces make one game, and no key is missing."""

import json

import docutils.frontend
import docutils.parsers.rst
import docutils.utils
import pytest
from docutils import nodes

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.schema import DESIGN
from django_playlyfe.engine.design.validate import check

from .games import ROOT

PAGE = ROOT / "docs" / "design-file.rst"
KINDS = set(DESIGN["properties"])


@pytest.fixture(scope="module")
def blocks():
    """The code blocks of the page: (language, what they are a piece of, text)."""
    settings = docutils.frontend.get_default_settings(docutils.parsers.rst.Parser)
    settings.report_level, settings.halt_level, settings.syntax_highlight = 2, 2, "none"
    document = docutils.utils.new_document(str(PAGE), settings)
    docutils.parsers.rst.Parser().parse(PAGE.read_text(encoding="utf-8"), document)
    return [
        (classes & {"json", "python"}, classes & KINDS, block.astext())
        for block in document.findall(nodes.literal_block)
        if (classes := set(block["classes"]))
    ]


def test_the_pieces_on_the_page_are_one_valid_game(blocks):
    game = {}
    for language, (kind,), text in (block for block in blocks if block[1]):
        assert language == {"json"}
        piece = json.loads(text)
        if kind in ("game", "bootstrap"):
            game[kind] = piece
        else:
            game.setdefault(kind, []).extend(piece if isinstance(piece, list) else [piece])
    assert set(game) == KINDS
    assert check(game).lines() == []
    assert compile_design(normalise(game)).game_id == "book_club"


def test_the_code_on_the_page_runs(blocks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "game.json").write_text('{"game": {}}')
    ((_, _, code),) = (block for block in blocks if block[0] == {"python"})
    exec(code, {})
    assert capsys.readouterr().out.startswith("/game OBJECT_MISSING_REQUIRED_PROPERTY id is required")


def keys(schema):
    if isinstance(schema, dict):
        yield from (key for key, value in schema.get("properties", {}).items() if not key.startswith("_"))
        for value in schema.values():
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)


def test_every_key_of_the_schema_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    assert [key for key in sorted(set(keys(DESIGN))) if key not in page] == []
