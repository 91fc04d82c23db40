"""The outermost layer of every address: exempt from the site's habits, and nothing but an answer ever leaves it."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError, connections, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.kit.answers import failure
from django_playlyfe.exceptions import ConfigurationError, PlaylyfeError
from django_playlyfe.wire import make_error

logger = logging.getLogger("django_playlyfe.engine.server")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass
class Trace:
    """What the edge knows of a call. A log line tells neither its address, which may hold a token, nor its body.

    Attributes:
        request_id: the caller's ``X-Request-ID`` if it is harmless, else a new one.
        route: the route's pattern, once it is known.
        client: public id of the client, once it is known.
        error: name of the error that was answered.
        checked: the body or query, for the report of what is wrong with it.
    """

    request_id: str
    route: str = "-"
    client: str = "-"
    error: str = "-"
    checked: object = None


View = Callable[..., HttpResponseBase]
"""``(request, trace, **path values)``. May raise anything."""


Finish = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
"""Something done to every answer, refusals too, before it leaves."""


def edge(view: View, headers: Mapping[str, str], *finishes: Finish) -> Callable[..., HttpResponseBase]:
    """Make a view of this server a view of Django.

    It is exempt from the site's CSRF check, LoginRequiredMiddleware and ATOMIC_REQUESTS. Every exception becomes an
    answer in JSON without internals; HEAD gets the headers of GET.

    Args:
        view: what to do.
        headers: what every answer carries, whatever its status.
        finishes: done to every answer, in this order.
    """

    @wraps(view)
    def answer(request: HttpRequest, **path: Any) -> HttpResponseBase:
        trace = Trace(_request_id(request))
        cause: Exception | None = None
        try:
            response = view(request, trace, **path)
        except Exception as error:
            response, cause = _refused(error, trace), error
        response.headers["X-Request-ID"] = trace.request_id
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        for finish in finishes:
            response = finish(request, response)
        if request.method == "HEAD":
            _drop_body(response)
        _log(request, response, trace, cause)
        return response

    return _exempt(answer)


def identified(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of the site whose answers carry ``X-Request-ID`` as all others of this server do."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **path: Any) -> HttpResponseBase:
        response = view(request, *args, **path)
        response.headers["X-Request-ID"] = _request_id(request)
        return response

    return answer


@sensitive_variables()
def _refused(error: Exception, trace: Trace) -> HttpResponse:
    refusal = _for_the_caller(error)
    trace.error = refusal.code
    try:
        return failure(refusal, trace.checked)
    except Exception:  # a report that is no JSON, or settings that cannot be read
        logger.exception("An error could not be told [%s]", trace.request_id)
        return failure(make_error("internal_error"))


@sensitive_variables()
def _for_the_caller(error: Exception) -> PlaylyfeError:
    """Any exception as what a caller may know of it."""
    if isinstance(error, PlaylyfeError):
        return error
    refusal: PlaylyfeError
    if isinstance(error, SuspiciousOperation):
        refusal = invalid("", "the request is larger than this server takes")
    elif isinstance(error, (OperationalError, InterfaceError)):
        refusal = make_error("service_unavailable", "The database does not answer; try again")
    elif isinstance(error, ConfigurationError):
        refusal = make_error("service_unavailable", "This game is not set up yet")
    else:
        refusal = make_error("internal_error")
    return refusal


def _exempt(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    for alias in connections:
        # One transaction around a whole request would also keep what a refused one wrote.
        view = transaction.non_atomic_requests(using=alias)(view)
    return csrf_exempt(login_not_required(view))


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _drop_body(response: HttpResponseBase) -> None:
    """Not every server does it, and a body would be taken for the start of the next answer."""
    if isinstance(response, HttpResponse):
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    else:
        cast("StreamingHttpResponse", response).streaming_content = ()


def _log(request: HttpRequest, response: HttpResponseBase, trace: Trace, cause: Exception | None) -> None:
    # Django would log a refusal with the request attached, from which mails to the admins are made. This marks it as
    # logged. A refusal is an answer, no warning, and a limit is one even where the settings give it a status of 503.
    has_failed = response.status_code >= 500 and trace.error != "rate_limit_exceeded"
    level = "debug" if trace.error == "-" else "info"
    if has_failed:
        level = "error"
    log_response(
        "%s %s %s %s, client %s [%s]",
        request.method or "-",
        trace.route,
        response.status_code,
        trace.error,
        trace.client,
        trace.request_id,
        response=cast("HttpResponse", response),  # of a streamed one it needs no more than the status
        logger=logger,
        level=level,
        exception=cause if has_failed else None,
    )
