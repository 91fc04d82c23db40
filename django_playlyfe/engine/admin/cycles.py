"""The cycles of leaderboards in words, for all pages of the admin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

CYCLE_NAMES = {
    "alltime": gettext_lazy("all time"),
    "yearly": gettext_lazy("by year"),
    "monthly": gettext_lazy("by month"),
    "weekly": gettext_lazy("by week"),
    "daily": gettext_lazy("by day"),
}
