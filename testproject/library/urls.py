"""Addresses of the reading log."""

from django.urls import path

from testproject.library import views

urlpatterns = [
    path("", views.home, name="home"),
    path("books/<int:pk>/remove/", views.RemoveBook.as_view(), name="remove_book"),
    path("register/", views.Register.as_view(), name="register"),
]
