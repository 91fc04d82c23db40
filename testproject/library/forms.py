"""Forms of the reading log."""

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _

from testproject.library.models import Book


class BookForm(forms.ModelForm):
    """A book that the reader has just finished."""

    class Meta:
        model = Book
        fields = ("title", "pages", "genre")
        widgets = {
            "title": forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("The Left Hand of Darkness")}),
            "pages": forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "304"}),
        }


class RegistrationForm(UserCreationForm):
    """Django's own, for whichever user model the site has."""

    class Meta:
        model = get_user_model()
        fields = (get_user_model().USERNAME_FIELD,)
        widgets = {get_user_model().USERNAME_FIELD: forms.TextInput(attrs={"autocomplete": "username"})}
