"""What the forms of all components have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, ObjectField, TagsField, more_field
from django_playlyfe.engine.admin.desk.parts import Part
from django_playlyfe.engine.admin.desk.paths import Path, Wire

COMMON: Mapping[str, Path] = {
    "id": ("id",),
    "name": ("name",),
    "description": ("description",),
    "image": ("image",),
    "tags": ("tags",),
}


class ComponentPart(Part):
    """What every component has."""

    paths = COMMON
    demanded = frozenset({"id", "name"})
    lines: ClassVar[tuple[tuple[str, ...], ...]] = (("id", "name"), ("image", "tags"))
    id = LineField(
        label=_("Id"),
        code=True,
        help_text=_("Letters, digits and _, not beginning with a digit. It never changes: scores are kept under it."),
    )
    name = LineField(label=_("Name"), help_text=_("What people read; it can change at any time."))
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})
    )
    image = LineField(label=_("Image"), code=True, help_text=_("The id of an image; empty for the stock image."))
    tags = TagsField(label=_("Tags"), help_text=_("Words, with commas between them."))
    more = more_field()


class PlainPart(Part):
    """A component without a form of its own: the whole of it as JSON."""

    whole = ObjectField(label=_("The whole component"), rows=24, help_text=_("As in a design file (JSON)."))

    def load(self, value: Mapping[str, Any]) -> Wire:
        """All of it."""
        return {"whole": {key: entry for key, entry in value.items() if key != "_errors"}}

    def written(self) -> Wire:
        """All of it."""
        return self.cleaned_data["whole"] or {}
