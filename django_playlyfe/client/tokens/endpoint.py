"""One request for a token with the client's id and secret (``http-api.md`` §2, RFC 6749 §4.4)."""

from __future__ import annotations

import json
import uuid

from django_playlyfe.client.bodies import TOKEN_BYTES
from django_playlyfe.client.clock import SYSTEM_CLOCK, Clock
from django_playlyfe.client.errors import build_error
from django_playlyfe.client.limits import TOKEN_LIMITS
from django_playlyfe.client.outcomes import Failed, judge_failure, judge_token_answer
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.session import NoCredentials, Outgoing, Transport
from django_playlyfe.client.tokens.windows import Token, read_answer


class TokenEndpoint:
    """Asks ``AUTH_URL`` for a token. Every call is one request; who may call is :mod:`.source`'s business."""

    def __init__(
        self, auth_url: str, client_id: str, client_secret: Secret, transport: Transport, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._auth_url = auth_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._transport = transport
        self._clock = clock

    def fetch(self) -> Token:
        """A new token.

        Raises:
            PlaylyfeError: there is none to be had now.
            ConfigurationError: AUTH_URL names something else than a Playlyfe server.
        """
        body = {
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "grant_type": "client_credentials",
        }
        request_id = str(uuid.uuid4())
        outgoing = Outgoing(
            "POST",
            self._auth_url,
            {"Content-Type": "application/json", "X-Request-ID": request_id},
            {},
            json.dumps(body).encode(),
            TOKEN_BYTES,
        )
        before = self._clock.now()
        limits = TOKEN_LIMITS
        result = self._transport.send(
            outgoing, NoCredentials(), connect=limits.connect, read=limits.read, wall=limits.wall
        )
        verdict = judge_failure(result) if isinstance(result, Failed) else judge_token_answer(result)
        if verdict.error is not None:
            raise build_error(verdict, now=self._clock.now(), request_id=request_id)
        return read_answer(verdict.value, before)
