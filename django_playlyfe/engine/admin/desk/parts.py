"""Forms of nested objects: an object of the design is a form, what it holds is forms and rows of forms inside it.

Fields accept nearly everything: what is right is said by the design's own check, whose problems find their field by
their path. Keys that no field shows are kept, as JSON, so that a form never loses what it does not know.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import PickField
from django_playlyfe.engine.admin.desk.paths import Path, Wire, drop, get, put, tokens
from django_playlyfe.engine.design.catalogue import Catalogue
from django_playlyfe.engine.design.report import Problem

if TYPE_CHECKING:
    from django.http import QueryDict

Text = str | Promise

MOST_ROWS = 500
MORE = "_more"
"""The name of the buttons that ask for one more row; their value is the prefix of the rows."""


@dataclass(frozen=True)
class Inner:
    """An object inside of an object: where it is, and its form."""

    path: Path
    form: type[Part]
    title: Text


@dataclass(frozen=True)
class Rows:
    """An array of objects inside of an object: where it is, and the form of one.

    Attributes:
        is_table: shown as a table, a row each; otherwise as blocks below each other.
        is_ordered: whether their order means anything.
        spare: blank rows at the end of what is there.
    """

    path: Path
    form: type[Part]
    title: Text
    one: Text
    help: Text = ""
    is_table: bool = True
    is_ordered: bool = True
    spare: int = 1


class Part(forms.Form):
    """The form of one object.

    Attributes:
        paths: field -> where its value is in the object.
        aliases: other places whose problems a field shows.
        inner, lists: what the object holds, by name.
        demanded: fields that must be filled in.
        lines: fields that stand beside each other.
        folded: fields that are shown below everything else, folded away while they are empty.
    """

    paths: ClassVar[Mapping[str, Path]] = {}
    aliases: ClassVar[Mapping[Path, str]] = {}
    inner: ClassVar[Mapping[str, Inner]] = {}
    lists: ClassVar[Mapping[str, Rows]] = {}
    demanded: ClassVar[frozenset[str]] = frozenset()
    lines: ClassVar[tuple[tuple[str, ...], ...]] = ()
    folded: ClassVar[tuple[str, ...]] = ("more",)
    use_required_attribute = False

    def __init__(
        self,
        catalogue: Catalogue,
        value: Mapping[str, Any] | None = None,
        data: QueryDict | None = None,
        prefix: str = "part",
    ) -> None:
        self.catalogue = catalogue
        value = value if data is None else None  # what was sent stands for itself
        super().__init__(data, prefix=prefix, initial=None if value is None else self.load(value))
        self.parts = {
            name: found.form(catalogue, get(value, found.path), data, f"{prefix}-{name}")
            for name, found in self.inner.items()
        }
        self.rows = {
            name: RowList(rows, catalogue, self.entries(name, value), data, f"{prefix}-{name}")
            for name, rows in self.lists.items()
        }
        self.offer()
        for name, field in self.fields.items():
            if isinstance(field, PickField):
                self.pick(name, list(field.choices))  # type: ignore[arg-type] # never a callable here

    # --- for subclasses ---------------------------------------------------------------------------------------------

    def load(self, value: Mapping[str, Any]) -> Wire:
        """What the fields show of an object."""
        shown = {name: get(value, path) for name, path in self.paths.items()}
        if "more" in self.base_fields:
            shown["more"] = self.unknown(value) or None
        return shown

    def entries(self, name: str, value: Mapping[str, Any] | None) -> object:
        """What the rows of a list show of an object."""
        return get(value, self.lists[name].path)

    def written(self) -> Wire:
        """The object that was filled in. Only if the form is valid."""
        value: Wire = copy.deepcopy(self.cleaned_data.get("more") or {})
        for name, path in self.paths.items():
            found = self.cleaned_data.get(name)
            if found not in (None, "", []):
                put(value, path, found)
        for name, inner in self.inner.items():
            put(value, inner.path, self.parts[name].written())
        for name, rows in self.lists.items():
            put(value, rows.path, [row.written() for row in self.rows[name].kept])
        return value

    def offer(self) -> None:
        """Fill the choices of fields with what the design has."""

    def known_paths(self) -> Iterator[Path]:
        """Everything that some field shows."""
        yield from self.paths.values()
        yield from (inner.path for inner in self.inner.values())
        yield from (rows.path for rows in self.lists.values())

    # --- the common rest --------------------------------------------------------------------------------------------

    def unknown(self, value: Mapping[str, Any]) -> Wire:
        """What of an object no field shows."""
        rest = copy.deepcopy(dict(value))
        rest.pop("_errors", None)
        for path in self.known_paths():
            drop(rest, path)
        return rest

    def pick(self, name: str, choices: Sequence[Any]) -> None:
        """Offer choices for a field; a value that is none of them, yet there, is offered too."""
        field = self.fields[name]
        known = {value for group in choices for value in _values(group)}
        if name in self.demanded and not known - {""}:
            field.help_text = _("The design has none yet: add one first.")
        current = self[name].value()
        more = [(current, f"{current} (?)")] if current and current not in known else []
        field.choices = [*choices, *more]  # type: ignore[attr-defined] # only asked of fields with choices

    def is_valid(self) -> bool:
        """This form and all inside it."""
        inside = [part.is_valid() for part in self.parts.values()]
        inside += [row.is_valid() for rows in self.rows.values() for row in rows.kept]
        return super().is_valid() and all(inside)

    def is_blank(self) -> bool:
        """Whether nothing was filled in, here or inside."""
        changed = set(self.changed_data) - {"position", "remove"}
        inside = [part.is_blank() for part in self.parts.values()]
        inside += [not rows.kept for rows in self.rows.values()]
        return not changed and all(inside)

    def places(self, base: Path = ()) -> Iterator[tuple[Path, Part, str | None]]:
        """Where each field is in the document: its path, its form, its name; None for the object as a whole."""
        yield base, self, None
        for name, path in self.paths.items():
            yield (*base, *path), self, name
        for path, name in self.aliases.items():
            yield (*base, *path), self, name
        for name, inner in self.inner.items():
            yield from self.parts[name].places((*base, *inner.path))
        for name, rows in self.lists.items():
            for index, row in enumerate(self.rows[name].kept):
                yield from row.places((*base, *rows.path, str(index)))

    def blame(self, problems: Sequence[Problem], base: Path, say: Callable[[Problem], str]) -> None:
        """Put each problem to the field that it is about, or to the smallest object around it.

        Args:
            problems: of a check of the whole document.
            base: the path of this object in it.
            say: what is shown there.
        """
        known: dict[Path, tuple[Part, str | None]] = {}
        for path, form, name in self.places(base):
            known.setdefault(path, (form, name))
        for problem in problems:
            steps = tokens(problem.path)
            if problem.validator == "required" and (*steps, problem.message.split(" ")[0]) in known:
                steps = (*steps, problem.message.split(" ")[0])
            while steps not in known and len(steps) > len(base):
                steps = steps[:-1]
            form, field = known.get(steps, (self, None))
            form.add_error(field if field in form.fields else None, say(problem))

    def count_fields(self) -> int:
        """How many fields a browser would send."""
        inside = [part.count_fields() for part in self.parts.values()]
        inside += [row.count_fields() for rows in self.rows.values() for row in rows.forms]
        return len(self.fields) + sum(inside)

    def field_lines(self) -> list[list[forms.BoundField]]:
        """The fields as they stand on the page."""
        together = {name: line for line in self.lines for name in line}
        shown: list[list[forms.BoundField]] = []
        for name, field in self.fields.items():
            line = [other for other in together.get(name, (name,)) if other in self.fields]
            if name == line[0] and not field.widget.is_hidden and name not in ("position", "remove", *self.folded):
                shown.append([self[other] for other in line])
        return shown

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        """The fields that few need."""
        return [self[name] for name in self.folded if name in self.fields]

    @property
    def shows_more(self) -> bool:
        """Whether a row of a table has keys without a column."""
        return "more" in self.fields and bool(self["more"].value() or self["more"].errors)

    @property
    def inner_parts(self) -> list[dict[str, Any]]:
        """The objects inside, with their titles."""
        return [{"title": self.inner[name].title, "part": part} for name, part in self.parts.items()]

    @property
    def row_lists(self) -> list[RowList]:
        """The rows inside."""
        return list(self.rows.values())

    @property
    def has_errors(self) -> bool:
        """Whether anything was found wrong, here or inside."""
        return any(part.is_bound and part.errors for part in self.every())

    def every(self) -> Iterator[Part]:
        """This form and all inside it."""
        yield self
        for part in self.parts.values():
            yield from part.every()
        for rows in self.rows.values():
            for row in rows.forms:
                yield from row.every()


class RowList:
    """The rows of an array on a page.

    Attributes:
        forms: all of them, blank ones at the end.
        kept: those that were filled in and not taken out, in the order that was asked for.
    """

    def __init__(
        self, declared: Rows, catalogue: Catalogue, values: object, data: QueryDict | None, prefix: str
    ) -> None:
        self.declared, self.prefix = declared, prefix
        entries = [entry for entry in values if isinstance(entry, Mapping)] if isinstance(values, list) else []
        if data is None:
            count = max(len(entries) + declared.spare, 1)
        else:
            count = min(_number(data.get(f"{prefix}-count")) + (data.get(MORE) == prefix), MOST_ROWS)
        self.forms = [self._row(catalogue, entries, index, data) for index in range(count)]

    def _row(self, catalogue: Catalogue, entries: list[Any], index: int, data: QueryDict | None) -> Part:
        value = entries[index] if index < len(entries) else None
        row = self.declared.form(catalogue, value, data, f"{self.prefix}-{index}")
        row.fields["position"] = forms.IntegerField(
            label=_("Position"), required=False, initial=index + 1, widget=forms.NumberInput(attrs={"min": 1})
        )
        row.fields["remove"] = forms.BooleanField(label=_("Remove"), required=False)
        return row

    @property
    def count(self) -> int:
        """What the browser sends back."""
        return len(self.forms)

    @property
    def width(self) -> int:
        """The columns of a table of them."""
        return len(self.headings) + 2

    @property
    def headings(self) -> list[forms.BoundField]:
        """The fields of a row, for the head of a table."""
        return [field for line in self.forms[0].field_lines() for field in line] if self.forms else []

    @property
    def kept(self) -> list[Part]:
        """The rows that count."""
        chosen = []
        for index, row in enumerate(self.forms):
            if row.is_bound and not row.is_blank() and not _is_ticked(row):
                position = row["position"].value()
                chosen.append((_number(position) or index + 1, index, row))
        return [row for _position, _index, row in sorted(chosen, key=lambda entry: entry[:2])]


def _is_ticked(row: Part) -> bool:
    return bool(row["remove"].value())


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 6 else 0


def _values(group: Any) -> list[str]:
    """The values of a choice, or of a group of choices."""
    value, label = group
    return [inner for inner, _ in label] if isinstance(label, list | tuple) else [value]
