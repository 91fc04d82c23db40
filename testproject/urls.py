"""The demo site's addresses: its own pages, Django's for logging in, and those of django-playlyfe under ``/play/``."""

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

urlpatterns = [
    path("", include("testproject.library.urls")),
    path("login/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("play/", include("django_playlyfe.urls")),
    path("admin/", admin.site.urls),
]

if apps.is_installed("django_playlyfe.engine"):
    # At the root only in this demo, and after the site's own addresses; a site of yours should choose a prefix.
    urlpatterns += [path("", include("django_playlyfe.engine.server.urls"))]
