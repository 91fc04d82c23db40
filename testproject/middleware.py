"""A strict Content-Security-Policy: the demo shows that the package's pages live under one."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
View = Callable[[HttpRequest], HttpResponse]


def content_security_policy(get_response: View) -> View:
    """Allow nothing but this site's own files: no inline script, no inline style, no other host."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not settings.DEBUG:  # Django's error pages for developers are styled inline
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware
