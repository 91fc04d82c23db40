"""What a game says to people: events, earnings, refusals and rewards as sentences in the reader's language.

Names of metrics, badges and levels come from the design, in its own language. Plain text goes out; templates escape it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language_bidi, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from django_playlyfe import instants
from django_playlyfe.exceptions import AccessDenied, ActionLimitReached
from django_playlyfe.types import Earned, Event, Feedback, Progress, ProgressCondition, Reward, Streak

_RIGHT_TO_LEFT = frozenset(("R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"))
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_LEFT_TO_RIGHT_MARK = "\u200e"
_RISING, _FALLING = "+", "\N{MINUS SIGN}"


# --- parts ------------------------------------------------------------------------------------------------------------


def number(value: int) -> str:
    """A score as the reader writes numbers, grouped: "12,500"."""
    return formats.number_format(value, force_grouping=True)


def signed(amount: int) -> str:
    """A difference with its sign: "+32", "\N{MINUS SIGN}5"."""
    sign = _FALLING if amount < 0 else _RISING
    # Between words written from right to left the sign would jump behind the number (UAX #9).
    return (_LEFT_TO_RIGHT_MARK if get_language_bidi() else "") + sign + number(abs(amount))


def name(text: str) -> str:
    """A name that cannot turn the text around it: one written from right to left, or with marks for it, is isolated.

    The marks are Unicode's (UAX #9), because a sentence is no HTML and cannot hold ``<bdi>``.
    """
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def moment(instant: datetime) -> str:
    """An instant in the reader's time zone, with the day only where it is not today."""
    local = timezone.localtime(instant)
    time = formats.time_format(local.time(), "TIME_FORMAT")
    today = instants.today()
    if local.date() == today:
        return time
    if local.date() == today + timedelta(days=1):
        return _("tomorrow, %(time)s") % {"time": time}
    return formats.date_format(local, "DATETIME_FORMAT")


def day(instant: datetime) -> str:
    """The day of an instant in the reader's time zone: "Today", "Yesterday" or a date."""
    date = timezone.localdate(instants.from_site(instant))
    age = (instants.today() - date).days
    if age == 0:
        return _("Today")
    if age == 1:
        return _("Yesterday")
    return formats.date_format(date, "DATE_FORMAT")


# With a context: other apps, such as Django's admin, have these words in another case.
_CYCLES = {
    "alltime": pgettext_lazy("leaderboard", "All time"),
    "yearly": pgettext_lazy("leaderboard", "This year"),
    "monthly": pgettext_lazy("leaderboard", "This month"),
    "weekly": pgettext_lazy("leaderboard", "This week"),
    "daily": pgettext_lazy("leaderboard", "Today"),
}


_PAST_CYCLES: dict[str, Any] = {
    "yearly": gettext_lazy("The year of %(day)s"),
    "monthly": gettext_lazy("The month of %(day)s"),
    "weekly": gettext_lazy("The week of %(day)s"),
    "daily": "%(day)s",
}


def cycle(key: str, day: date | None = None) -> str:
    """The name of a board's cycle as a reader would say it: "This week", for a day of the past "The week of …"."""
    if day is not None and key in _PAST_CYCLES:
        return str(_PAST_CYCLES[key]) % {"day": formats.date_format(day, "DATE_FORMAT")}
    return str(_CYCLES.get(key, key))


# --- earnings ---------------------------------------------------------------------------------------------------------


def earning(earned: Earned) -> str:
    """News for the player: "+32 experience", "New badge: Bookworm", "You are now a Reader"."""
    title = name(earned.name)
    if earned.kind == "points":
        return _amount(earned)
    if earned.kind == "level":
        return _new_level(title)
    count = abs(earned.amount)
    values = {"badge": title, "count": number(count)}
    if earned.amount < 0:
        return ngettext("Badge lost: %(badge)s", "Badges lost: %(count)s × %(badge)s", count) % values
    return ngettext("New badge: %(badge)s", "New badges: %(count)s × %(badge)s", count) % values


def _amount(earned: Earned) -> str:
    return _("%(amount)s %(metric)s") % {"amount": signed(earned.amount), "metric": name(earned.name)}


def _new_level(level: str) -> str:
    if not level:
        return _("You have no level any more")
    if _takes_an(level):
        return _("You are now an %(level)s") % {"level": level}
    return _("You are now a %(level)s") % {"level": level}


def _takes_an(word: str) -> bool:
    """Whether English says "an": by the letter, which is right for nearly all names of levels."""
    return word[:1].lower() in "aeio" if word else False


# --- events -----------------------------------------------------------------------------------------------------------


def event(told: Event) -> str:
    """One line of a story, without the player's name: "Finish a book: +32 experience", "Earned the badge Bookworm"."""
    if told.type == "level":
        return _level_event(told)
    if told.type == "achievement":
        return _achievement_event(told)
    if told.type == "score":
        return _with_earnings(_("Score corrected"), told)
    cause = told.action or told.rule
    if cause is not None:
        return _with_earnings(name(cause.name), told)
    return _with_earnings(told.type.replace(":", " ").replace("_", " ").capitalize(), told)


def _level_event(told: Event) -> str:
    level = next((name(line.name) for line in told.earned if line.kind == "level"), "")
    if not level:
        return _("Lost the level")
    if _takes_an(level):
        return _("Became an %(level)s") % {"level": level}
    return _("Became a %(level)s") % {"level": level}


def _achievement_event(told: Event) -> str:
    badges = [name(line.name) for line in told.earned if line.kind == "item" and line.amount > 0]
    if not badges:
        return _with_earnings(_("Achievement"), told)
    return ngettext("Earned the badge %(badges)s", "Earned the badges %(badges)s", len(badges)) % {
        "badges": get_text_list(badges, _("and"))
    }


def _with_earnings(cause: str, told: Event) -> str:
    earnings = ", ".join(_amount(line) for line in told.earned if line.kind != "level")
    if not earnings:
        return cause
    return _("%(cause)s: %(earnings)s") % {"cause": cause, "earnings": earnings}


# --- feedback ---------------------------------------------------------------------------------------------------------


def news(item: Feedback) -> list[str]:
    """All that is to be said of one play, a line each."""
    return [earning(line) for line in item.earned] or [feedback(item)]


def feedback(item: Feedback) -> str:
    """What to say of a play that earned nothing; a play that did earn speaks by its earnings."""
    action = {"action": name(item.action.name or item.action.id)}
    if item.status == "pending":
        return _("%(action)s: will be counted soon") % action
    if item.status == "applied":
        return _("%(action)s: counted, but nothing earned this time") % action
    return refusal(item.error, action["action"])


def refusal(error: Exception | None, action: str) -> str:
    """Why a play earned nothing, for the player; the words of the game itself are for developers."""
    if isinstance(error, ActionLimitReached):
        if error.retry_at is None:
            return _("%(action)s: nothing earned, its limit is reached for now") % {"action": action}
        return _("%(action)s: nothing earned, its limit is reached until %(time)s") % {
            "action": action,
            "time": moment(error.retry_at),
        }
    if isinstance(error, AccessDenied):
        return _("%(action)s: not possible now, something it asks for is missing") % {"action": action}
    return _("%(action)s: the game could not count it") % {"action": action}


# --- rewards ----------------------------------------------------------------------------------------------------------


def reward(offered: Reward) -> str:
    """What an action may give: "+5 coins", "Bookmark", "experience" where a formula decides."""
    if isinstance(offered.value, str):
        said = _metric_reward(offered.metric.name, offered.verb, offered.value)
    else:
        said = ", ".join(_item_reward(item, offered.verb, count) for item, count in offered.value.items())
    if 0 < offered.probability < 1:
        chance = formats.number_format(round(offered.probability * 100))
        return _("%(reward)s (%(chance)s%% chance)") % {"reward": said, "chance": chance}
    return said


def _metric_reward(metric: str, verb: str, value: str) -> str:
    try:
        amount = int(value)
    except ValueError:  # a formula, or the name of a state
        return name(metric)
    if verb == "set":
        return _("%(metric)s: %(value)s") % {"metric": name(metric), "value": number(amount)}
    return _("%(amount)s %(metric)s") % {
        "amount": signed(-amount if verb == "remove" else amount),
        "metric": name(metric),
    }


def _item_reward(item: str, verb: str, count: Any) -> str:
    if verb == "remove":
        return _("%(amount)s %(metric)s") % {"amount": f"{_FALLING}{count}", "metric": name(item)}
    return name(item) if str(count) == "1" else f"{count} × {name(item)}"


# --- edits by hand ----------------------------------------------------------------------------------------------------


def edit(content: Mapping[str, Any]) -> str:
    """What an edit by hand is to change, by whom and why: "+20 coins (vera: lost in the post)"; "" if that is gone.

    Args:
        content: the payload of a delivery. The game may still say that it is wrong, so it is not relied upon.
    """
    change = content.get("change")
    if change == "reset":
        said = _("Begun anew")
    elif change == "revert":
        count = len(content["event_ids"])
        said = ngettext("%(count)d event taken back", "%(count)d events taken back", count) % {"count": count}
    elif change == "adjust":
        said = ", ".join(_edited(reward) for reward in content["rewards"])
    else:
        return ""
    why = ": ".join(name(text) for text in (content.get("by"), content.get("reason")) if text)
    return f"{said} ({why})" if why else said


def _edited(reward: Mapping[str, Any]) -> str:
    """One reward of an edit, with the ids that it names: the names are the game's."""
    try:
        metric, verb, value = str(reward["metric"]["id"]), reward["verb"], reward["value"]
        if isinstance(value, Mapping):
            return ", ".join(_metric_reward(f"{metric}, {item}", verb, count) for item, count in value.items())
        if reward["metric"]["type"] == "state":
            return _("%(metric)s: %(value)s") % {"metric": name(metric), "value": name(str(value))}
        return _metric_reward(metric, verb, value)
    except (KeyError, TypeError):
        return "?"


# --- progress ---------------------------------------------------------------------------------------------------------


def needs(goal: Progress) -> list[str]:
    """What a level or badge still takes: "3 of 5 coins" for each condition that is a number to be reached."""
    said = []
    for condition in goal.conditions:
        have, need = condition.have, condition.need
        if condition.is_met or condition.is_negated or condition.operator not in ("ge", "gt"):
            continue
        if isinstance(have, int) and isinstance(need, int):
            said.append(_needed(condition, have, need + (condition.operator == "gt")))
    return said


_IN_A_ROW = {
    "day": gettext_lazy("%(have)s of %(need)s days in a row"),
    "week": gettext_lazy("%(have)s of %(need)s weeks in a row"),
    "month": gettext_lazy("%(have)s of %(need)s months in a row"),
}


def _needed(condition: ProgressCondition, have: int, need: int) -> str:
    numbers = {"have": number(have), "need": number(need)}
    subject = name(condition.item or condition.subject.name or condition.subject.id)
    if condition.unit not in _IN_A_ROW:
        return _("%(have)s of %(need)s %(subject)s") % {**numbers, "subject": subject}
    said = str(_IN_A_ROW[condition.unit] % numbers)
    return _("%(action)s: %(streak)s") % {"action": subject, "streak": said} if subject else said


def streak(found: Streak) -> str:
    """A streak: "7 days in a row"."""
    count = {"count": number(found.length)}
    if found.unit == "week":
        return ngettext("%(count)s week in a row", "%(count)s weeks in a row", found.length) % count
    if found.unit == "month":
        return ngettext("%(count)s month in a row", "%(count)s months in a row", found.length) % count
    return ngettext("%(count)s day in a row", "%(count)s days in a row", found.length) % count


def streak_asks(found: Streak) -> str:
    """What keeps a streak from ending: "Today is still missing"; "" if nothing is missing, or there is none."""
    if found.is_kept or not found.length:
        return ""
    missing = {"week": _("This week is still missing"), "month": _("This month is still missing")}
    return missing.get(found.unit) or _("Today is still missing")


def share(part: float) -> str:
    """How many players have a badge: "12% of players have it"."""
    percent = round(part * 100)
    if part > 0 and percent == 0:
        return _("Fewer than 1%% of players have it") % {}
    return _("%(percent)s%% of players have it") % {"percent": number(percent)}
