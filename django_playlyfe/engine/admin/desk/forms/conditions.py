"""Conditions: all or any of a few terms, a row each; whatever is nested deeper, as JSON (``engine.md`` §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_playlyfe.engine.admin.desk.fields import LineField, ObjectField, PickField
from django_playlyfe.engine.admin.desk.forms import offers
from django_playlyfe.engine.admin.desk.parts import Part, Rows
from django_playlyfe.engine.admin.desk.paths import Path, Wire

_LEAVES = ("metric", "action", "streak", "time", "var", "team")


class TermPart(Part):
    """One comparison."""

    aliases = {
        ("type",): "subject",
        ("context",): "subject",
        ("context", "action"): "subject",
        ("context", "unit"): "subject",
        ("context", "operator"): "operator",
        ("context", "value"): "value",
        ("context", "rhs"): "value",
        ("context", "role"): "value",
        ("context", "lhs"): "left",
    }
    negate = forms.BooleanField(label=_("Not"), required=False)
    subject = PickField(label=_("What"))
    left = LineField(label=_("Expression"), size=18, code=True)
    operator = PickField(label=_("Comparison"), choices=offers.OPERATORS, initial="ge")
    value = LineField(label=_("Value"), size=10, code=True)

    def offer(self) -> None:
        """What the design has."""
        self.pick("subject", offers.subjects(self.catalogue))

    def load(self, value: Mapping[str, Any]) -> Wire:
        """The fields of a condition that is a leaf."""
        context = value.get("context", {})
        kind, key = value.get("type"), context.get("id", "")
        shown: Wire = {
            "negate": value.get("not", False),
            "operator": context.get("operator", "eq"),
            "value": context.get("value", ""),
        }
        if kind == "metric":
            subject = {"set": f"item:{key}:{context.get('item', '')}", "state": f"state:{key}"}
            return {**shown, "subject": subject.get(str(context.get("type")), f"metric:{key}")}
        if kind == "streak":
            return {**shown, "subject": f"streak:{context.get('unit', 'day')}:{context.get('action', '')}"}
        if kind == "time":
            return {**shown, "subject": f"time:{context.get('func', '')}"}
        if kind == "team":
            return {**shown, "subject": f"team:{context.get('definition_id', '')}", "value": context.get("role", "")}
        if kind == "var":
            return {**shown, "subject": "var", "left": context.get("lhs", ""), "value": context.get("rhs", "")}
        return {**shown, "subject": f"action:{key}"}

    def written(self) -> Wire:
        """The condition."""
        found = self.cleaned_data
        kind, _colon, key = found["subject"].partition(":")
        term = {"type": kind, "not": found["negate"]}
        compared = {"operator": found["operator"], "value": found["value"]}
        if kind == "var":
            context = {"lhs": found["left"], "operator": found["operator"], "rhs": found["value"]}
        elif kind == "time":
            context = {"func": key, **compared}
        elif kind == "streak":
            unit, _colon, action = key.partition(":")
            context = {**({"action": action} if action else {}), "unit": unit, **compared}
        elif kind == "team":
            context = {"definition_id": key, **({"role": found["value"]} if found["value"] else {})}
        elif kind == "item":
            key, _colon, item = key.partition(":")
            context = {"id": key, "type": "set", "item": item, **compared}
        elif kind in ("metric", "state"):
            metric = self.catalogue.metrics.get(key)
            context = {"id": key, "type": metric.type if metric else {"metric": "point"}.get(kind, kind), **compared}
        else:
            context = {"id": key, **compared}
        return {**term, "type": "metric" if kind in ("item", "state") else kind, "context": context}


class ConditionPart(Part):
    """A condition, or none."""

    lists = {"terms": Rows((), TermPart, _("Comparisons"), _("comparison"), is_ordered=False)}
    folded = ("nested",)
    join = forms.ChoiceField(
        label=_("Holds if"),
        required=False,
        choices=[("and", _("all comparisons hold")), ("or", _("any comparison holds"))],
        initial="and",
    )
    nested = ObjectField(
        label=_("Condition as JSON"),
        help_text=_("For conditions inside of conditions. If this is filled in, it counts, and not the rows above."),
    )

    def load(self, value: Mapping[str, Any]) -> Wire:
        """Which of the two shows the condition."""
        if _is_flat(value):
            return {"join": value.get("type") if value.get("type") in ("and", "or") else "and"}
        return {"nested": dict(value)}

    def entries(self, name: str, value: Mapping[str, Any] | None) -> object:
        """The rows of a condition that rows can show."""
        if not value or not _is_flat(value):
            return []
        return value["expression"] if value.get("type") in ("and", "or") else [value]

    def written(self) -> Wire:
        """The condition, ``{}`` for none."""
        nested: Wire | None = self.cleaned_data["nested"]
        if nested is not None:
            return nested
        terms = [row.written() for row in self.rows["terms"].kept]
        if len(terms) > 1:
            return {"type": self.cleaned_data["join"] or "and", "not": False, "expression": terms}
        return terms[0] if terms else {}

    def places(self, base: Path = ()) -> Iterator[tuple[Path, Part, str | None]]:
        """A term alone is the condition itself."""
        kept = self.rows["terms"].kept
        if self["nested"].value():
            yield base, self, "nested"
        elif len(kept) == 1:
            yield from kept[0].places(base)
        else:
            yield base, self, None
            for index, row in enumerate(kept):
                yield from row.places((*base, "expression", str(index)))


def _is_flat(condition: Mapping[str, Any]) -> bool:
    if not condition or condition.get("type") in _LEAVES:
        return isinstance(condition.get("context", {}), Mapping)
    parts = condition.get("expression")
    return (
        condition.get("type") in ("and", "or")
        and condition.get("not") in (None, False)
        and isinstance(parts, list)
        and len(parts) > 1
        and all(isinstance(part, Mapping) and part.get("type") in _LEAVES for part in parts)
    )
