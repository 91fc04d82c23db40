"""The server's addresses, and beside them what a view of plain Django takes that reads and writes as much JSON."""

import json

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def plain(request: HttpRequest) -> JsonResponse:
    """The body back."""
    return JsonResponse(json.loads(request.body))


urlpatterns = [path("plain", plain), path("", include("django_playlyfe.engine.server.urls"))]
