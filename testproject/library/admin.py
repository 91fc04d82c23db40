"""Books in the admin."""

from django.contrib import admin

from testproject.library.models import Book


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    """For looking only: a book that is changed here would not be played."""

    list_display = ("title", "owner", "pages", "genre", "finished_at")
    list_filter = ("genre",)
    list_select_related = ("owner",)
    search_fields = ("title",)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
