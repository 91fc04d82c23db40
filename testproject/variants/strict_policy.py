"""The middleware of ``strict_csp``."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]


def strict_policy(get_response: View) -> View:
    """Put the policy of the settings on every answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = settings.STRICT_POLICY
        return response

    return middleware
