"""Parts of a design in words: conditions, rewards, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from django_playlyfe.engine.admin.cycles import CYCLE_NAMES
from django_playlyfe.engine.admin.desk.forms.offers import OPERATORS, STREAKS, TIMES
from django_playlyfe.engine.admin.desk.parts import Text
from django_playlyfe.engine.design.integers import INFINITY, MINUS_INFINITY

Wire = Mapping[str, Any]

KINDS: Mapping[str, tuple[Text, Text]] = {
    "metrics": (gettext_lazy("metric"), gettext_lazy("Metrics")),
    "actions": (gettext_lazy("action"), gettext_lazy("Actions")),
    "rules": (gettext_lazy("rule"), gettext_lazy("Rules")),
    "leaderboards": (gettext_lazy("leaderboard"), gettext_lazy("Leaderboards")),
    "teams": (gettext_lazy("team"), gettext_lazy("Teams")),
    "processes": (gettext_lazy("process"), gettext_lazy("Processes")),
}
"""The kinds of components: one, and many."""
SINGLE: Mapping[str, Text] = {"game": gettext_lazy("Game"), "bootstrap": gettext_lazy("New players")}
"""What a design has once."""

_OPERATORS = dict(OPERATORS)
_TIMES = dict(TIMES)
_STREAKS = dict(STREAKS)


def summary(kind: str, component: Wire) -> str:
    """A component in a line."""
    if kind == "metrics":
        return _metric(component)
    if kind == "actions":
        said = [limit(component.get("rate")), *rewards(component)]
        return "; ".join(filter(None, said))
    if kind == "rules":
        return _rule(component)
    if kind == "leaderboards":
        cycles = ", ".join(str(CYCLE_NAMES.get(cycle, cycle)) for cycle in component.get("cycles", ()))
        return _("by %(metric)s: %(cycles)s") % {"metric": component.get("metric", {}).get("id"), "cycles": cycles}
    return str(component.get("description") or "")


def rewards(holder: Wire) -> Iterable[str]:
    """What an action or a custom rule gives."""
    for rule in holder.get("rules", ()):
        said = ", ".join(reward(one) for one in rule.get("rewards", ()))
        asked = condition(rule.get("requires"))
        if rule.get("once"):
            per = rule["once"].get("per")
            said += " " + (_("once per %(variable)s") % {"variable": per} if per else _("once"))
        yield _("%(rewards)s if %(condition)s") % {"rewards": said, "condition": asked} if asked else said


def reward(one: Wire) -> str:
    """``xp +10 (20 %)``."""
    metric, value, verb = one.get("metric", {}).get("id"), one.get("value"), one.get("verb")
    signs = {"add": "+", "remove": "−", "set": "= "}
    if isinstance(value, Mapping):
        said = ", ".join(f"{item} {signs.get(str(verb), '')}{count}" for item, count in value.items())
    else:
        said = f"{metric} {signs.get(str(verb), '')}{value}"
    if one.get("best"):
        said = _("%(reward)s beyond the best") % {"reward": said}
    chance = one.get("probability", 1)
    return said if chance == 1 else f"{said} ({float(chance):.4g})"


def condition(asked: Wire | None) -> str:
    """A condition as a phrase; "" for none."""
    if not asked:
        return ""
    kind, context = asked.get("type"), asked.get("context", {})
    if kind in ("and", "or"):
        parts = [condition(part) for part in asked.get("expression", ())]
        between = _(" and ") if kind == "and" else _(" or ")
        said = between.join(f"({part})" if between in part else part for part in parts)
    elif kind == "team":
        said = _("member of a team %(team)s") % {"team": context.get("definition_id")}
    else:
        said = _compared(str(kind), context)
    return _("not (%(condition)s)") % {"condition": said} if asked.get("not") else said


def _compared(kind: str, context: Wire) -> str:
    left: object = context.get("id")
    if kind == "action":
        left = _("times played %(action)s") % {"action": left}
    elif kind == "streak":
        left = _STREAKS.get(str(context.get("unit", "day")), context.get("unit"))
        if context.get("action"):
            left = _("%(streak)s with %(action)s") % {"streak": left, "action": context["action"]}
    elif kind == "time":
        left = _TIMES.get(str(context.get("func")), context.get("func"))
    elif kind == "var":
        left = context.get("lhs")
    elif context.get("item"):
        left = context["item"]
    operator = str(context.get("operator"))
    return f"{left} {_OPERATORS.get(operator, operator)} {context.get('value', context.get('rhs'))}"


def _metric(metric: Wire) -> str:
    limits = metric.get("constraints", {})
    members = limits.get("items" if metric.get("type") == "set" else "states", ())
    if metric.get("type") == "point":
        return _limits(str(limits.get("min", "0")), str(limits.get("max", INFINITY)))
    if metric.get("type") == "compound":
        return str(limits.get("formula", ""))
    return ", ".join(str(member.get("name")) for member in members)


def _limits(low: str, high: str) -> str:
    if low == MINUS_INFINITY:
        return _("any number") if high == INFINITY else _("%(max)s or less") % {"max": high}
    if high == INFINITY:
        return _("%(min)s or more") % {"min": low}
    return _("from %(min)s to %(max)s") % {"min": low, "max": high}


def _rule(rule: Wire) -> str:
    if rule.get("type") == "level":
        levels = ", ".join(f"{level.get('rank')} ≤ {level.get('threshold', '∞')}" for level in rule.get("levels", ()))
        return f"{rule.get('base_metric')} → {rule.get('level_metric')}: {levels}"
    if rule.get("type") == "achievement":
        items = ", ".join(str(item.get("key")) for item in rule.get("achievement", {}).get("items", ()))
        asked = condition(rule.get("requires"))
        return _("%(rewards)s if %(condition)s") % {"rewards": items, "condition": asked} if asked else items
    return "; ".join(rewards(rule))


def limit(rate: object) -> str:
    """A limit of plays as a phrase; "" for none."""
    if isinstance(rate, list) and len(rate) == 3 and isinstance(rate[1], int):
        return _("at most %(count)s in %(time)s") % {"count": rate[0], "time": _duration(rate[1])}
    return ""


def _duration(milliseconds: int) -> str:
    if milliseconds % 86_400_000 == 0:
        number = milliseconds // 86_400_000
        return ngettext("%(n)s day", "%(n)s days", number) % {"n": number}
    if milliseconds % 3_600_000 == 0:
        number = milliseconds // 3_600_000
        return ngettext("%(n)s hour", "%(n)s hours", number) % {"n": number}
    if milliseconds % 60_000 == 0:
        number = milliseconds // 60_000
        return ngettext("%(n)s minute", "%(n)s minutes", number) % {"n": number}
    return ngettext("%(n)s millisecond", "%(n)s milliseconds", milliseconds) % {"n": milliseconds}
