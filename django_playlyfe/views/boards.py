"""Leaderboards: all of them, and one page by page, in each of its cycles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponse
from django.utils.translation import gettext as _

from django_playlyfe import services
from django_playlyfe.types import Leaderboard, LeaderboardInfo, Listing
from django_playlyfe.views.game_page import GameView, available, viewer_of

FIRST_DAY = date(1970, 1, 2)
CYCLES = ("alltime", "yearly", "monthly", "weekly", "daily")
ROWS_IN_LIST = 5
"""Of each board on the page of all boards; the template asks for as many."""


class LeaderboardsView(GameView):
    """All boards that rank players across the whole game, with their first rows."""

    template_name = "django_playlyfe/pages/leaderboards.html"

    def get_data(self) -> Listing[LeaderboardInfo]:
        """The boards."""
        listed = services.leaderboards(viewer_of(self.request), self.game)
        boards = tuple(board for board in listed if ranks_all_players(board))
        return replace(listed, items=boards, total=len(boards))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``boards``, None if the game cannot answer now, and ``viewer``, None for a visitor."""
        boards = available(self.get_data)
        if boards is not None:
            services.prefetch_boards(boards, viewer_of(self.request), self.game, limit=ROWS_IN_LIST)
        return super().get_context_data(boards=boards, viewer=viewer_of(self.request), **kwargs)


class LeaderboardView(GameView):
    """One board, page by page; where the user is on another page, the rows around the user too.

    ``?cycle=weekly`` shows another cycle of the board, with ``&on=2024-03-05`` the one of that day; ``?page=2`` another
    page.
    """

    template_name = "django_playlyfe/pages/leaderboard.html"
    rows_per_page: ClassVar[int] = 10
    radius: ClassVar[int] = 2

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or its data. Asks at once for what it will most likely need; the cycle is a guess."""
        cycle = request.GET.get("cycle", "alltime")
        if cycle in CYCLES:
            services.prefetch_board(
                self.kwargs["board"],
                viewer_of(request),
                self.game,
                cycle=cycle,
                when=self.when,
                skip=(self._page_number() - 1) * self.rows_per_page,
                limit=self.rows_per_page,
            )
        return super().get(request, *args, **kwargs)

    def get_data(self) -> Leaderboard:
        """The page of the board that was asked for. Raises Http404."""
        number = self._page_number()
        board = services.leaderboard(
            self.kwargs["board"],
            viewer_of(self.request),
            cycle=self.cycle,
            when=self.when,
            skip=(number - 1) * self.rows_per_page,
            limit=self.rows_per_page,
            game=self.game,
        )
        if number > self._pages(board).num_pages:
            raise Http404(_("There is no such page."))
        return board

    @cached_property
    def info(self) -> LeaderboardInfo | None:
        """What the game says of the board; None if it lists no such board to this viewer, or cannot answer now."""
        boards = available(lambda: services.leaderboards(viewer_of(self.request), self.game))
        return next((info for info in boards or () if info.id == self.kwargs["board"]), None)

    @property
    def cycle(self) -> str:
        """The cycle asked for; without one all time, or the board's first where it does not rank all time."""
        info = self.info
        wanted = self.request.GET.get("cycle", info.usual_cycle if info is not None else "alltime")
        if info is not None and wanted not in info.cycles:
            raise Http404(_("This leaderboard has no such cycle."))
        return wanted

    @property
    def day(self) -> date | None:
        """The day asked for, whose cycle is shown; None = the present one. Raises Http404: not a day of the past."""
        text = self.request.GET.get("on", "")
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError:
            raise Http404(_("There is no such day.")) from None
        if day is not None and not FIRST_DAY <= day <= today():
            raise Http404(_("There is no such day."))
        return day

    @property
    def when(self) -> datetime | None:
        """An instant of the day asked for: its noon, which is that day in nearly all time zones."""
        return datetime.combine(self.day, time(12), timezone.utc) if self.day is not None else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add ``leaderboard``, ``info``, ``page``, ``pages``, ``cycles``, ``cycle``, ``day``,
        ``earlier``, ``query``, ``podium`` and ``around``.

        404 for an unknown board, cycle or page.
        """
        cycle = self.cycle
        leaderboard = available(self.get_data)
        found: dict[str, Any] = {
            "cycle": cycle,
            "cycles": self.info.cycles if self.info is not None else (),
            "day": self.day,
            "earlier": day_of_the_cycle_before(cycle, self.day or today()),
            "query": self._query(cycle),
        }
        if leaderboard is not None:
            found |= self._paging(leaderboard) | self._around(leaderboard)
        return super().get_context_data(leaderboard=leaderboard, info=self.info, **found, **kwargs)

    def _query(self, cycle: str) -> str:
        """What the addresses of the other pages keep of this one's, up to an "&"."""
        is_usual = self.info is None or cycle == self.info.usual_cycle
        kept = {} if is_usual else {"cycle": cycle}
        if self.day is not None:
            kept["on"] = self.day.isoformat()
        return f"{urlencode(kept)}&" if kept else ""

    def _page_number(self) -> int:
        text = self.request.GET.get("page", "1")
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
            raise Http404(_("There is no such page."))
        return int(text)

    def _pages(self, leaderboard: Leaderboard) -> Paginator[int]:
        return Paginator(range(leaderboard.total), self.rows_per_page)

    def _paging(self, leaderboard: Leaderboard) -> dict[str, Any]:
        pages, number = self._pages(leaderboard), self._page_number()
        page: Page[int] = pages.page(number)
        numbers = pages.get_elided_page_range(number)
        return {"pages": pages, "page": page, "page_numbers": numbers, "podium": number == 1}

    def _around(self, leaderboard: Leaderboard) -> dict[str, Any]:
        if leaderboard.me is None or any(row.is_me for row in leaderboard.rows):
            return {}
        viewer = viewer_of(self.request)
        around = available(
            lambda: services.leaderboard(
                leaderboard.id,
                viewer,
                cycle=leaderboard.cycle,
                when=self.when,
                around=True,
                radius=self.radius,
                game=self.game,
            )
        )
        return {"around": around}


def ranks_all_players(board: LeaderboardInfo) -> bool:
    """Whether a board can be read without naming a team or scope."""
    return board.entity_type == "players" and board.scope_type == "game"


def today() -> date:
    """The day in UTC, in which cycles begin unless the game says otherwise (``engine.md`` §11.3)."""
    return datetime.now(timezone.utc).date()


def day_of_the_cycle_before(cycle: str, day: date) -> date | None:
    """A day of the cycle before that of ``day``; None where there is only one cycle, or none so early."""
    if cycle == "yearly":
        before = day.replace(month=1, day=1) - timedelta(days=1)
    elif cycle == "monthly":
        before = day.replace(day=1) - timedelta(days=1)
    elif cycle in ("weekly", "daily"):
        before = day - timedelta(days=7 if cycle == "weekly" else 1)
    else:
        return None
    return before if before >= FIRST_DAY else None
