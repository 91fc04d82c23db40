"""Pages of the reading log. All they know of the game are the two functions of ``shelf.py``."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import CreateView, DeleteView, TemplateView

from testproject.library import shelf
from testproject.library.forms import BookForm, RegistrationForm
from testproject.library.models import Book

BOOKS_PER_PAGE = 10


def home(request: HttpRequest) -> HttpResponseBase:
    """The reader's own books; for a visitor, what the site is about."""
    is_visit = request.method in ("GET", "HEAD") and not request.user.is_authenticated
    view = Welcome if is_visit else Books
    return view.as_view()(request)


class Welcome(TemplateView):
    """What the site is about."""

    template_name = "library/welcome.html"


class Books(LoginRequiredMixin, CreateView):
    """The reader's books, and the form for one more. What it earned is told by ``{% playlyfe_feedback %}``."""

    model = Book
    form_class = BookForm
    template_name = "library/books.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: BookForm) -> HttpResponse:
        book = form.save(commit=False)
        book.owner = self.request.user
        shelf.add(book)
        messages.success(self.request, _("“%(title)s” is on your shelf.") % {"title": book.title})
        return redirect(self.success_url)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        books = Book.objects.filter(owner=self.request.user)
        page = Paginator(books, BOOKS_PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(page=page, **kwargs)


class RemoveBook(LoginRequiredMixin, DeleteView):
    """Takes a book off the shelf, and back what it earned."""

    http_method_names = ["post"]
    success_url = reverse_lazy("home")

    def get_queryset(self) -> QuerySet[Book]:
        return Book.objects.filter(owner=self.request.user)

    def form_valid(self, form: object) -> HttpResponse:
        title = self.object.title
        shelf.remove(self.object)
        messages.success(self.request, _("“%(title)s” is off your shelf.") % {"title": title})
        return redirect(self.success_url)


class Register(CreateView):
    """A new reader, who is logged in at once."""

    form_class = RegistrationForm
    template_name = "registration/register.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: RegistrationForm) -> HttpResponse:
        login(self.request, form.save())
        return redirect(self.success_url)
