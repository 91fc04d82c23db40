"""What a design's check says, in the reader's language. The check itself speaks English, as the wire does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from django.utils.translation import get_language, gettext

from django_playlyfe.engine.admin.desk.sentences import ADVICE, PHRASES, REASONS, SENTENCES

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_WORDS = {
    "name": r"(?:'.*'|\".*\")",
    "number": r"[+-]?\d+(?:\.\d+)?",
    "type": r"\w+",
}
"""What stands in placeholders that take less than anything."""

Texts = tuple[str, ...]


def in_the_readers_language(text: str) -> str:
    """A sentence, or a phrase of one, translated with all that it is made of; as it is, if it is not known."""
    if is_english():
        return text
    return _said(text, (*SENTENCES, *REASONS, *PHRASES))


def is_known(text: str) -> bool:
    """Whether something is among the texts that can be translated."""
    return _match(text, (*SENTENCES, *REASONS, *PHRASES)) is not None


def is_english() -> bool:
    """Whether the reader's language is that of the check."""
    return (get_language() or "en").split("-")[0] == "en"


def _said(text: str, templates: Texts) -> str:
    found = _match(text, templates)
    if found is None:
        return text
    template, values = found
    return gettext(template) % {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: str) -> str:
    """What stands in a placeholder: phrases of the check in the reader's language, names as they are."""
    if name == "advice":
        return _said(value, ADVICE)
    if name == "reason":
        return _said(value, REASONS)
    if name == "what":  # "metric", in a sentence that has no article for it
        article = "an" if value[:1] in "aeiou" else "a"
        return _said(f"{article} {value}", PHRASES) if _match(value, PHRASES) is None else _said(value, PHRASES)
    return _said(value, PHRASES)


def _match(text: str, templates: Texts) -> tuple[str, Mapping[str, str]] | None:
    for template, pattern in _patterns(templates):
        found = pattern.fullmatch(text)
        if found is not None:
            return template, found.groupdict()
    return None


@lru_cache(maxsize=8)
def _patterns(templates: Texts) -> Sequence[tuple[str, re.Pattern[str]]]:
    return [(template, re.compile("".join(_pieces(template)), re.DOTALL)) for template in templates]


def _pieces(template: str, *, named: bool = True) -> Iterator[str]:
    """A template as the pieces of a regular expression; a placeholder that comes twice is the same text twice."""
    seen: set[str] = set()
    for index, piece in enumerate(_PLACEHOLDER.split(template)):
        if index % 2 == 0:
            yield re.escape(piece)
        elif piece in seen:
            yield f"(?P={piece})"
        elif named:
            seen.add(piece)
            yield f"(?P<{piece}>{_advice() if piece == 'advice' else _WORDS.get(piece, '.+?')})"
        else:
            yield ".+?"


def _advice() -> str:
    """Any advice, or none."""
    return "|".join(["", *("".join(_pieces(template, named=False)) for template in ADVICE)])
