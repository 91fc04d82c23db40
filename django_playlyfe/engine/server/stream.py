"""Notifications as they happen, as Server-Sent Events: ``GET /v1/notifications/stream?token=…`` (``http-api.md`` §10).

Playlyfe's own stream speaks engine.io, which takes a server of its own; this one is plain HTTP, and browsers read it
with ``EventSource``. It holds a thread of the site (under ASGI a task) as long as somebody listens, hence it is off
unless ``PLAYLYFE_SERVER["NOTIFICATION_STREAM"]`` says otherwise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.core import signing
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.debug import sensitive_variables

from django_playlyfe.engine import conf, selectors
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Client, Player
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import credentials
from django_playlyfe.engine.server.auth.access import Access
from django_playlyfe.engine.server.kit.answers import dump
from django_playlyfe.engine.server.kit.edge import Trace
from django_playlyfe.wire import make_error

TOKEN_LIFE = 3600
"""Seconds in which a listener may connect, or come back."""
LOOKS_EVERY = 1.0
"""Seconds between two looks into the log."""
LOOKS = 300
"""After so many the answer ends, and the browser comes back: no thread is held by somebody who is long gone."""
_COMES_BACK_AFTER = 2_000
"""Milliseconds that a browser waits before it connects again."""
_PATH = "/notifications/stream"
_SALT = "django_playlyfe.engine.server.stream"


@dataclass(frozen=True)
class Listener:
    """Whom a stream is for.

    Attributes:
        realm: the game and environment.
        player_id: whose notifications.
        cursor: call id of what was sent last.
    """

    realm: Realm
    player_id: str
    cursor: int


def is_wanted(version: str, method: str, path: str) -> bool:
    """Whether this is a call of the stream, and there is one; if there is none, the route does not exist."""
    is_stream = (version, method, path.rstrip("/")) == ("v1", "GET", _PATH)
    return is_stream and conf.server_settings().notification_stream


@sensitive_variables()
def new_token(access: Access) -> str:
    """What a browser connects with: it opens the stream of one player and nothing else."""
    realm = access.realm
    held = [access.client_key, realm.game, realm.environment, access.player_id]
    return signing.dumps(held, salt=_SALT)


@sensitive_variables()
def listen(request: HttpRequest, trace: Trace) -> HttpResponseBase:
    """The stream. Raises AuthenticationError (``invalid_access_token``) without a good token."""
    trace.route = _PATH
    token = request.GET.get("token", "")
    credentials.take_token(request)  # so that it is in no log line either
    listener = _listener(token, request.headers.get("Last-Event-ID", ""))
    if listener is None:
        raise make_error("invalid_access_token")
    content = frames_later(listener) if isinstance(request, ASGIRequest) else frames_now(listener)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold them back
    return StreamingHttpResponse(content, content_type="text/event-stream", headers=headers)


def frames_now(listener: Listener) -> Iterator[bytes]:
    """The stream on WSGI."""
    for frame in _frames(listener):
        yield frame
        time.sleep(LOOKS_EVERY)


async def frames_later(listener: Listener) -> AsyncIterator[bytes]:
    """The stream on ASGI."""
    frames = _frames(listener)
    following = sync_to_async(lambda: next(frames, None))
    while (frame := await following()) is not None:
        yield frame
        await asyncio.sleep(LOOKS_EVERY)


def _frames(listener: Listener) -> Iterator[bytes]:
    """What to send after each look; a comment if nothing happened, which shows whether anybody still listens."""
    yield b"retry: %d\n\n" % _COMES_BACK_AFTER
    cursor = listener.cursor
    for _ in range(LOOKS):
        if not _is_there(listener):
            return
        sent = b""
        for number, event in selectors.notifications_after(listener.realm, listener.player_id, cursor):
            sent += b"id: %d\nevent: %b\ndata: %b\n\n" % (number, event["event"].encode(), dump(event))
            cursor = number
        yield sent or b":\n\n"


def _is_there(listener: Listener) -> bool:
    players = Player.objects.filter(
        game__game_id=listener.realm.game, environment=listener.realm.environment, player_id=listener.player_id
    )
    return players.filter(enabled=True).exists()


@sensitive_variables()
def _listener(token: str, last_id: str) -> Listener | None:
    """Whom a token is for; None if it is not good (any more), or its client or player is gone."""
    try:
        client, game, environment, player_id = signing.loads(token, salt=_SALT, max_age=TOKEN_LIFE)
    except (signing.BadSignature, ValueError):
        return None
    clients = Client.objects.using(transactions.write_alias()).filter(pk=client, revoked_at=None)
    listener = Listener(Realm(game, environment), player_id, 0)
    if not clients.exists() or not _is_there(listener):
        return None
    is_number = last_id.isascii() and last_id.isdigit() and len(last_id) < 19
    cursor = int(last_id) if is_number else selectors.newest_call_id(listener.realm, player_id)
    return Listener(listener.realm, player_id, cursor)
