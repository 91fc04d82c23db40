"""What every table of the engine is in the admin, to begin with: something to look at."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from django_playlyfe.local_admin import LocalAdmin


class ReadOnlyAdmin(LocalAdmin):
    """Lists and shows; adds, changes and deletes nothing. Never counts a whole table just to print the number."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
