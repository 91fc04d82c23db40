"""The base of our pages in the admin, of the client side and of the engine. Imports ``instants`` alone."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.utils import timezone

from django_playlyfe import instants

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
    from django.db.models import Model
    from django.http import HttpRequest

    _ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin
    _Paginator = Paginator

MOST_PAGED = 10_000
"""Rows of a list that can be reached by turning pages."""


class LocalAdmin(_ModelAdmin):
    """Shows the instants of its rows in the site's time zone. Where ``USE_TZ`` is True Django does so by itself."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list."""
        changelist = super().get_changelist_instance(request)
        if instants.are_naive_on_site():
            for row in changelist.result_list:
                _make_local(row)
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of a page."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and instants.are_naive_on_site():
            _make_local(row)
        return row


class BoundedPaginator(_Paginator):
    """Counts to :data:`MOST_PAGED` and stops: no further than anybody turns pages."""

    @cached_property
    def count(self) -> int:
        """How many rows there are; the limit stands for more."""
        rows: Any = self.object_list  # a QuerySet, in the admin
        counted: int = rows.order_by()[:MOST_PAGED].count()
        return counted


def _make_local(row: Model) -> None:
    for field in row._meta.concrete_fields:
        value = row.__dict__.get(field.attname)  # a deferred one stays where it is
        if isinstance(field, instants.InstantField) and value is not None:
            setattr(row, field.attname, timezone.localtime(value))
