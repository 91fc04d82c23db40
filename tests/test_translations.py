"""The German catalogues: nothing missing, nothing doubtful, and compiled as they are written.

After a change of texts, in the folder that holds the ``locale`` (django_playlyfe does the engine's too; testproject)::

    python ../manage.py makemessages -l de --no-obsolete --no-location && python ../manage.py compilemessages -l de
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.translation.template import templatize

from django_playlyfe import sentences, services
from django_playlyfe.types import Earned, MetricRef

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES = {
    "django_playlyfe": ("django_playlyfe/locale", "django_playlyfe/engine"),
    "django_playlyfe/engine": ("django_playlyfe/engine/locale", None),
    "testproject": ("testproject/locale", None),
}
"""Folder of the sources -> where its catalogue is, and the folder inside that has one of its own."""
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"}
IN_TEMPLATE = re.compile(r"\b(?:_|n?gettext)\(\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", re.DOTALL)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def catalogue(folder):
    return polib.pofile(str(ROOT / CATALOGUES[folder][0] / "de/LC_MESSAGES/django.po"))


def sources(folder, suffix):
    _, other = CATALOGUES[folder]
    for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
        if other is None or not path.is_relative_to(ROOT / other):
            yield path


def in_python(path):
    """Context and text of the calls for a translation."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if called in CALLS and texts:
            yield (texts[0], texts[1]) if called.startswith(("p", "np")) else (None, texts[0])


def in_template(path):
    """What Django itself finds to translate in a template."""
    for literal in IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
        yield None, ast.literal_eval(literal)


@pytest.mark.parametrize("folder", CATALOGUES)
def test_every_text_is_in_the_catalogue_and_no_other(folder):
    used = {text for path in sources(folder, ".py") for text in in_python(path)}
    used |= {text for path in sources(folder, ".html") for text in in_template(path)}
    assert used == {(entry.msgctxt, entry.msgid) for entry in catalogue(folder)}


@pytest.mark.parametrize("folder", CATALOGUES)
def test_every_text_is_translated_and_certain(folder):
    found = catalogue(folder)
    assert [entry.msgid for entry in found if entry.fuzzy or entry.obsolete or not entry.translated()] == []
    assert all(len(entry.msgstr_plural) == 2 for entry in found if entry.msgid_plural)
    assert found.metadata["Plural-Forms"] == "nplurals=2; plural=(n != 1);"


@pytest.mark.parametrize("folder", CATALOGUES)
def test_a_translation_keeps_the_placeholders(folder):
    for entry in catalogue(folder):
        pairs = [(entry.msgid, entry.msgstr)]
        if entry.msgid_plural:
            pairs = [(entry.msgid_plural, entry.msgstr_plural[1])]
        for text, translated in pairs:
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(translated)), text


@pytest.mark.parametrize("folder", CATALOGUES)
def test_what_is_compiled_is_what_is_written(folder):
    found = catalogue(folder)
    compiled = polib.mofile(found.fpath.removesuffix(".po") + ".mo")

    def as_dict(entries):
        return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in entries}

    assert as_dict(compiled) == as_dict(found)


# --- as readers see it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "Neues Abzeichen: Bookworm"), (3, "Neue Abzeichen: 3 × Bookworm"), (1234, "1.234 × Bookworm")],
)
def test_plurals_and_numbers_are_german(count, said):
    with translation.override("de"):
        assert said in sentences.earning(Earned("item", MetricRef("badges", "Badges", "set"), "Bookworm", count))


@pytest.mark.django_db
@pytest.mark.usefixtures("reading_log", "noon")
def test_a_german_reader_gets_german_pages(make_user, client):
    user = make_user(username="margarete")
    client.force_login(user)
    for _ in range(5):
        services.play(user, "finish_book", {"pages": 600})
    german = {"Accept-Language": "de"}
    page = client.get(reverse("playlyfe:leaderboard", args=["top_readers"]), headers=german).content.decode()
    assert '<html lang="de">' in page
    assert "Du stehst auf Platz 1 von 1." in page
    assert "Neues Abzeichen: Bookworm" in page
    assert "Dieser Monat" in page
    page = client.get(reverse("playlyfe:actions"), headers=german).content.decode()
    assert "5-mal getan" in page
    assert "Finish a book" in page  # the design's own words stay as they are
    for name in ("profile", "privacy", "notifications", "activity", "leaderboards"):
        page = client.get(reverse(f"playlyfe:{name}"), headers=german).content.decode()
        assert "Not available" not in page
        assert "Abmelden" in page
