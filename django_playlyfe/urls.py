"""The pages of a game: ``path("play/", include("django_playlyfe.urls"))``."""

from django.urls import path, re_path

from django_playlyfe import views

app_name = "playlyfe"

urlpatterns = [
    path("profile/", views.ProfileView.as_view(), name="profile"),
    # An id may hold what a path may hold: other servers take any text.
    path("players/<path:player_id>/", views.PlayerView.as_view(), name="player"),
    path("actions/", views.ActionsView.as_view(), name="actions"),
    path("actions/<path:action>/", views.PlayView.as_view(), name="play"),
    path("leaderboards/", views.LeaderboardsView.as_view(), name="leaderboards"),
    path("leaderboards/<path:board>/", views.LeaderboardView.as_view(), name="leaderboard"),
    path("badges/<path:name>/", views.BadgeView.as_view(), name="badge"),
    re_path(
        r"^pictures/(?P<alias>[^/]+)/(?P<kind>badge|level)/(?P<name>.+)/$", views.PictureView.as_view(), name="picture"
    ),
    path("notifications/", views.NotificationsView.as_view(), name="notifications"),
    path("privacy/", views.PrivacyView.as_view(), name="privacy"),
    path("privacy/hide/", views.HideView.as_view(), name="hide"),
    path("privacy/export/", views.ExportView.as_view(), name="export"),
    path("privacy/forget/", views.ForgetView.as_view(), name="forget"),
    path("activity/", views.ActivityView.as_view(), name="activity"),
]
