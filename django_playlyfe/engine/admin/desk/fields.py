"""Fields whose values are those of a design file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.translating import in_the_readers_language
from django_playlyfe.engine.design.load import parse
from django_playlyfe.engine.exceptions import DesignInvalid

Choices = list[Any]


class LineField(forms.CharField):
    """Text of one line; nothing is demanded of it here."""

    def __init__(self, *, size: int | None = None, code: bool = False, **options: Any) -> None:
        attributes: dict[str, Any] = {"class": "desk-code", "spellcheck": "false"} if code else {}
        if size:
            attributes["size"] = size
        super().__init__(
            **{"required": False, "widget": forms.TextInput(attrs={"class": "vTextField", **attributes}), **options}
        )


class NumberField(forms.FloatField):
    """A JSON number; a whole one stays whole."""

    widget = forms.NumberInput(attrs={"step": "any"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def to_python(self, value: object) -> Any:
        """The number, None if nothing was written."""
        number = super().to_python(value)
        return int(number) if number is not None and number.is_integer() else number


class QuickSelect(forms.Select):
    """A list to choose from, written at once: Django renders a template for each option, and a design may have a
    thousand."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """The element."""
        attributes = flatatt(self.build_attrs(self.attrs, attrs))
        chosen = set(self.format_value(value))
        options = "".join(self._options(self.choices, chosen))
        return format_html('<select name="{}"{}>{}</select>', name, attributes, SafeString(options))

    def _options(self, choices: Iterable[Any], chosen: set[str]) -> Iterator[str]:
        for value, label in choices:
            if isinstance(label, list | tuple):
                yield format_html('<optgroup label="{}">', value)
                yield from self._options(label, chosen)
                yield "</optgroup>"
            else:
                is_chosen = SafeString(" selected") if str(value) in chosen else ""
                yield format_html('<option value="{}"{}>{}</option>', value, is_chosen, label)


class PickField(forms.ChoiceField):
    """One of the things that the design has. Another one is refused by the design's check, which says why."""

    widget = QuickSelect

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def valid_value(self, value: object) -> bool:
        """Anything."""
        return True


class TagsField(LineField):
    """Texts with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        """As one line."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The texts."""
        return [tag.strip() for tag in (super().to_python(value) or "").split(",") if tag.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other texts were written."""
        return super().has_changed(self.prepare_value(initial), data)


class ObjectField(forms.CharField):
    """A JSON object, written out."""

    def __init__(self, *, rows: int = 2, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "class": "desk-code vLargeTextField", "spellcheck": "false"})
        super().__init__(**{"required": False, "widget": widget, **options})

    def prepare_value(self, value: Any) -> Any:
        """As text."""
        return as_text(value) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        """The object, None if nothing was written."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse(text)
        except DesignInvalid as error:
            problem = error.report.problems[0]
            raise ValidationError(
                _("This is no JSON object: %(reason)s."),
                params={"reason": in_the_readers_language(problem.message)},
                code="invalid",
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything else was written."""
        return super().has_changed(self.prepare_value(initial), data)


def as_text(value: dict[str, Any]) -> str:
    """An object as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def more_field() -> ObjectField:
    """What of an object has no field of its own."""
    return ObjectField(label=_("Other keys"), help_text=_("Keys of the design file without a field here, as JSON."))
