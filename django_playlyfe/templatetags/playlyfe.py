"""``{% load playlyfe %}``: one tag for each thing a game knows about a player.

Each shows the user of the request, or the user or player id it is given, and takes ``game=``. ``as name`` gives the
data instead of the widget; None if there is none. Anonymous visitors see nothing. ``widgets`` says the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.template import Library
from django.template.context import Context

from django_playlyfe import sentences, services
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.forms import PlayForm, offers
from django_playlyfe.types import (
    Earned,
    Event,
    Feedback,
    Item,
    Leaderboard,
    LeaderboardRow,
    Listing,
    Player,
    Progress,
    Rarity,
    Reward,
    Score,
)
from django_playlyfe.widgets import Call, Widget, artwork, show, sparklines, widget

register = Library()


# --- tags -------------------------------------------------------------------------------------------------------------


@widget(register)
def playlyfe_player(call: Call) -> Widget | None:
    """``{% playlyfe_player %}``: the card of a player; data: a Player, badges not earned yet included."""
    player = _player(call)
    if player is None:
        return None
    return show(player=player, badges=[item for item in player.badges if item.count], pending=_pending(call))


@widget(register)
def playlyfe_scores(call: Call) -> Widget | None:
    """``{% playlyfe_scores %}``: points, sums and plain states; data: a tuple of Score."""
    player = _player(call)
    return None if player is None else show(scores=_plain_scores(player), pending=_pending(call))


@widget(register)
def playlyfe_badges(call: Call, *, rarity: bool = False) -> Widget | None:
    """``{% playlyfe_badges %}``: earned badges, then those still to be earned (``count`` 0); data: a tuple of Item.

    With ``rarity=True``, and where the game knows it (flag ``rarity``), each that is no secret says how many players
    have it, for one look-up more.
    """
    player = _player(call)
    if player is None:
        return None
    is_known = rarity and "rarity" in services.abilities(call.game)
    shares = services.rarity(None, call.game) if is_known else ()  # through nobody's eyes: one look-up for a list
    return show(badges=_earned_first(player.badges), shares=shares)


@widget(register)
def playlyfe_level(call: Call, *, metric: str | None = None) -> Widget | None:
    """``{% playlyfe_level metric="rank" %}``: a level and the way to the next; without ``metric`` the first one.

    Data: a LevelProgress.
    """
    player = _player(call)
    levels = player.levels if player is not None else ()
    level = next((level for level in levels if metric in (None, level.metric.id)), None)
    return None if level is None else show(level=level, player=player)


@widget(register, needs="progress")
def playlyfe_next(call: Call, *, limit: int = 3, only: str = "") -> Widget | None:
    """``{% playlyfe_next limit=5 %}``: the levels and badges that are nearest, and what they still take.

    ``only="achievement"`` leaves out levels, where they are shown already; ``only="level"`` all else.

    Data: a Listing of Progress.
    """
    if call.user is None:
        return None
    ahead = services.progress(call.user, nearest=services.MOST_ROWS, game=call.game)
    nearest = tuple(goal for goal in ahead if only in ("", goal.kind))
    return show(goals=replace(ahead, items=nearest[: max(limit, 0)], total=len(nearest)))


@widget(register, needs="rarity")
def playlyfe_rarity(call: Call) -> Widget | None:
    """``{% playlyfe_rarity %}``: how many of all players hold each badge, the rarest first; data: a Listing of Rarity.

    ``user=None`` shows it to visitors too. ``{{ rarity|playlyfe_share:"Bookworm" }}`` says it of one badge.
    """
    shares = services.rarity(call.user, call.game)
    return show(rarity=shares, rarest=sorted(shares, key=lambda rarity: rarity.share))


@widget(register, needs="streaks")
def playlyfe_streak(call: Call, action: str = "", *, unit: str = "day") -> Widget | None:
    """``{% playlyfe_streak "finish_book" unit="week" %}``: how many days, weeks or months in a row were played,
    the most there ever were, and whether this one is still missing; data: a Streak.

    Without an action any play counts.
    """
    if call.user is None:
        return None
    found = services.streak(call.user, action, unit=unit, game=call.game)
    if found is None:
        return None
    return show(streak=found, said=sentences.streak(found), asks=sentences.streak_asks(found))


@widget(register)
def playlyfe_actions(call: Call, *, refused: PlayForm | None = None) -> Widget | None:
    """``{% playlyfe_actions %}``: what the player can do, with buttons for ``BROWSER_ACTIONS``; data: Actions.

    Buttons are for the user of the request alone. ``refused`` is a form with errors, to be shown again.
    """
    if call.user is None:
        return None
    actions = services.actions(call.user, call.game)
    playable = call.settings.browser_actions if call.is_own else {}
    return show(actions=actions, offers=offers(actions, playable, refused or None))


@widget(register)
def playlyfe_leaderboard(
    call: Call,
    board: str,
    *,
    cycle: str = "alltime",
    when: datetime | None = None,
    scope: str = "",
    skip: int = 0,
    limit: int = 10,
    around: bool = False,
    radius: int = 5,
    podium: bool = False,
) -> Widget | None:
    """``{% playlyfe_leaderboard "top_readers" limit=5 %}``: a page of a leaderboard, the user's row marked.

    ``user=None`` shows it to visitors too, with nobody marked. ``around=True`` gives the rows around the user.
    ``podium=True`` puts the first three on a podium, above the table of the others. Data: a Leaderboard.
    """
    page = services.leaderboard(
        board,
        call.user,
        cycle=cycle,
        when=when,
        scope=scope,
        skip=skip,
        limit=limit,
        around=around,
        radius=radius,
        game=call.game,
    )
    return show(leaderboard=page, podium=podium and not around and skip <= 0)


@widget(register)
def playlyfe_activity(call: Call, *, limit: int = 20) -> Widget | None:
    """``{% playlyfe_activity limit=10 %}``: the newest events of the player, with ``user=None`` of the whole game.

    Data: a Listing of Event.
    """
    return show(events=services.activity(call.user, limit=limit, game=call.game), is_shared=call.user is None)


@widget(register)
def playlyfe_notifications(call: Call, *, limit: int = 10) -> Widget | None:
    """``{% playlyfe_notifications limit=5 %}``: what the game has told the player, the unread marked.

    Data: a Listing of Event; ``{{ notifications|playlyfe_unread }}`` counts the unread ones.
    """
    if call.user is None:
        return None
    told = services.notifications(call.user, call.game)
    return show(notifications=told, shown=told[:limit], unread=playlyfe_unread(told))


@widget(register)
def playlyfe_sparkline(call: Call, metric: str, *, days: int = 14) -> Widget | None:
    """``{% playlyfe_sparkline "xp" days=30 %}``: a line of how a point metric went; data: a Trend.

    Nothing where the newest 200 events of the player do not touch the metric.
    """
    if call.user is None:
        return None
    events = services.activity(call.user, limit=sparklines.MOST_EVENTS, game=call.game)
    trend = sparklines.trend(events, metric, days)
    return None if trend is None else show(trend=trend)


@widget(register)
def playlyfe_feedback(call: Call) -> Widget | None:
    """``{% playlyfe_feedback %}``: what came of the user's plays since it was last shown; each once. Data: Feedback.

    For the eyes of that user alone: shown to others, nothing would be left of it.
    """
    if call.user is None or not call.is_about_viewer:
        return None
    news = services.feedback(call.user, call.game)
    return show(feedback=news) if news else None


@widget(register, visitors=True)
def playlyfe_prefetch(
    call: Call,
    users: Iterable[Any],
    *,
    activity: int = 0,
    actions: bool = False,
    notifications: bool = False,
    progress: bool = False,
    rarity: bool = False,
    leaderboard: str = "",
) -> Widget | None:
    """``{% playlyfe_prefetch users %}`` before a list of users: their profiles are read at once. Shows nothing.

    ``activity=20`` also reads so many events of each, as ``{% playlyfe_activity user %}`` shows (a sparkline needs
    ``activity=200``), ``actions=True`` what each can do, ``notifications=True`` what each was told, ``progress=True``
    what ``{% playlyfe_next user %}`` shows, ``rarity=True`` what ``{% playlyfe_rarity user %}`` does,
    and ``leaderboard="top_readers"`` what ``{% playlyfe_leaderboard "top_readers" user %}`` does.
    """
    services.prefetch(
        users,
        call.game,
        activity=activity,
        actions=actions,
        notifications=notifications,
        progress=progress,
        rarity=rarity,
        leaderboard=leaderboard,
    )
    return None


# --- filters ----------------------------------------------------------------------------------------------------------


@register.filter
def playlyfe_sentence(value: Earned | Event | Feedback | Reward) -> str:
    """``{{ event|playlyfe_sentence }}``: what an event, an earning, a play without one or a reward says to people."""
    if isinstance(value, Earned):
        return sentences.earning(value)
    if isinstance(value, Event):
        return sentences.event(value)
    if isinstance(value, Feedback):
        return sentences.feedback(value)
    if isinstance(value, Reward):
        return sentences.reward(value)
    return ""


@register.filter
def playlyfe_sentences(values: Iterable[Earned | Event | Feedback | Reward]) -> list[str]:
    """The sentences of several, each once: two rules of an action may promise the same."""
    return list(dict.fromkeys(playlyfe_sentence(value) for value in values))


@register.filter
def playlyfe_number(value: Any) -> str:
    """``{{ score.value|playlyfe_number }}``: "12,500", as the reader writes numbers."""
    return sentences.number(value) if isinstance(value, int) else ""


@register.filter
def playlyfe_day(value: datetime | None) -> str:
    """``{{ event.timestamp|playlyfe_day }}``: "Today", "Yesterday" or a date in the reader's time zone."""
    return sentences.day(value) if isinstance(value, datetime) else ""


@register.filter
def playlyfe_share(shares: Iterable[Rarity] | None, name: str) -> str:
    """``{{ rarity|playlyfe_share:badge.name }}``: "12% of players have it"; nothing where that is not known."""
    return next((sentences.share(rarity.share) for rarity in shares or () if rarity.item == name), "")


@register.filter
def playlyfe_need(goal: Progress) -> str:
    """``{{ goal|playlyfe_need }}``: what a level or badge still takes, as far as it can be said: "3 of 5 coins"."""
    return ", ".join(sentences.needs(goal))


@register.filter
def playlyfe_unread(notifications: Listing[Event] | None) -> int:
    """``{{ notifications|playlyfe_unread }}``: how many of them the player has not read yet."""
    return sum(event.is_unread for event in notifications or ())


@register.filter
def playlyfe_cycle(cycle: str, day: date | None = None) -> str:
    """``{{ "weekly"|playlyfe_cycle }}``: "This week"; ``{{ "weekly"|playlyfe_cycle:day }}``: the week of that day."""
    return sentences.cycle(cycle, day)


@register.filter
def playlyfe_steps(leaderboard: Leaderboard) -> Podium:
    """The first page of a board in two: the first three, and the others.

    Nobody is on the podium where there are no three, or the third place is shared with a fourth.
    """
    rows = leaderboard.rows
    is_full = len(rows) == 3 or (len(rows) > 3 and rows[3].rank > rows[2].rank)
    first = rows[:3] if is_full else ()
    return Podium(first, rows[len(first) :])


@register.simple_tag(takes_context=True)
def playlyfe_artwork(context: Context, name: str, kind: artwork.Kind = "badge", *, size: str = "small") -> str:
    """``{% playlyfe_artwork badge.name %}``, ``{% playlyfe_artwork level.state.name "level" %}``: address of a picture.

    The site's own, ``static/playlyfe/page-turner.svg`` (or .png, .webp) for "Page turner", if it has one; else that of
    the game, in a size of ``services.PICTURE_SIZES``, if it has one; else the package's.
    """
    return artwork.address(name, kind, size=size, game=context.get("game") or DEFAULT_GAME)


class Podium(NamedTuple):
    """Rows of a board on the podium, and those below."""

    first: tuple[LeaderboardRow, ...]
    others: tuple[LeaderboardRow, ...]


# --- data -------------------------------------------------------------------------------------------------------------


def _player(call: Call) -> Player | None:
    """The profile with what is not earned yet; one for all tags of a page, so they share one look-up."""
    return services.profile(call.user, detailed=True, game=call.game) if call.user is not None else None


def _pending(call: Call) -> int:
    """How many plays are owed to a game on a server; nobody else's business."""
    return services.pending(call.user, call.game) if call.is_own else 0


def _plain_scores(player: Player) -> tuple[Score, ...]:
    """Scores that are a number or a state; badges and levels have widgets of their own."""
    return tuple(
        score for score in player.scores if score.value is not None or (score.state is not None and score.meta is None)
    )


def _earned_first(badges: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(sorted(badges, key=lambda item: item.count == 0))
