"""One call of the API: the gate, a token, the request, one repeat where that is safe, one line in the log
(``reliability.md`` §1.4, §2.2, §2.3, §2.8).
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django_playlyfe.client.addresses import check_id, check_key, fill
from django_playlyfe.client.bodies import JSON_BYTES, Trouble
from django_playlyfe.client.clock import SYSTEM_CHANCE, SYSTEM_CLOCK, Chance, Clock
from django_playlyfe.client.errors import build_error, suppressed
from django_playlyfe.client.features import Features
from django_playlyfe.client.images import IMAGE_LIMITS, interruption, judge_picture
from django_playlyfe.client.limits import HARD_LIMIT, Limits
from django_playlyfe.client.outcomes import Arrived, Kind, Strain, Verdict, judge_answer, judge_failure, may_repeat
from django_playlyfe.client.redaction import logger
from django_playlyfe.client.server_clock import ServerClock
from django_playlyfe.client.session import BearerToken, Outgoing, TokenIn, Transport
from django_playlyfe.client.throttle import Admission, Throttle
from django_playlyfe.client.tokens import Token, TokenSource
from django_playlyfe.client.waits import before_repeat
from django_playlyfe.exceptions import InvalidRequest, PlaylyfeError, Suppressed

_CALL = {"event": "call"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Call:
    """One call of the API, as the caller means it.

    Attributes:
        method: of HTTP.
        route: template, ``/runtime/actions/{id}/play``; this is what logs show.
        ids: values of its braces, not yet quoted.
        query: further parameters.
        body: JSON object, sent unless the method is GET or DELETE.
        player_id: whose eyes a runtime call uses; sent as a parameter.
        kind: how far a repeat is safe.
        key: idempotency key, sent as a header and as the request's id.
        largest_answer: bytes.
        wants_picture: the answer is no JSON but a picture.
        etag: of the picture that the caller has already.
    """

    method: str
    route: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    player_id: str | None = None
    kind: Kind = "read"
    key: str | None = None
    largest_answer: int = JSON_BYTES
    wants_picture: bool = False
    etag: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back from a call that succeeded. ``replayed``: an earlier call with the same key had done it."""

    status: int
    data: Any
    request_id: str
    replayed: bool = False


PROBE = Call("GET", "/admin")
"""Cheap, harmless, and answered by every Playlyfe server."""


class Exchange:
    """Makes calls to one API host. One per process and game; threads and forks may share it."""

    def __init__(
        self,
        api_url: str,
        transport: Transport,
        tokens: TokenSource,
        throttle: Throttle,
        features: Features,
        *,
        token_in: TokenIn = "header",  # noqa: S107 - the place of a token, not a token
        clock: Clock = SYSTEM_CLOCK,
        chance: Chance = SYSTEM_CHANCE,
    ) -> None:
        self._api_url = api_url
        self._transport = transport
        self._tokens = tokens
        self._throttle = throttle
        self._features = features
        self._token_in = token_in
        self._clock = clock
        self._chance = chance
        self.server_clock = ServerClock(clock)

    def perform(self, call: Call, limits: Limits) -> Answer:
        """Make the call within its limits.

        Raises:
            PlaylyfeError: its ``outcome`` says what became of the request.
            ConfigurationError: AUTH_URL names no Playlyfe server.
        """
        journey = self._begin(call, limits, self._clock.monotonic() + limits.wall)
        while True:
            try:
                return self._attempt(journey)
            except PlaylyfeError as error:
                error.request_id = error.request_id or journey.request_id
                if journey.verdict is None:
                    logger.debug("call %s outcome=%s reason=%s", journey, error.outcome, error.reason, extra=_CALL)
                pause = self._pause(journey, error)
                if pause is None or self._clock.monotonic() + pause >= journey.deadline:
                    raise
            self._clock.sleep(pause)
            journey.attempt += 1

    def _begin(self, call: Call, limits: Limits, deadline: float) -> _Journey:
        """Check and encode the call, before it costs a token or waits for one."""
        request_id = call.key if call.key is not None and _REQUEST_ID.fullmatch(call.key) else str(uuid.uuid4())
        headers, query, body = {"X-Request-ID": request_id}, dict(call.query), None
        if call.wants_picture:
            headers["Accept"] = "image/*"
        if call.etag:
            headers["If-None-Match"] = call.etag
        if call.key is not None:
            headers["Idempotency-Key"] = check_key(call.key)
        if call.player_id is not None:
            query["player_id"] = check_id(call.player_id, "player id")
        if call.method not in {"GET", "DELETE"}:
            headers["Content-Type"] = "application/json"
            body = _encode(call.body or {})
        url = self._api_url + fill(call.route, call.ids)
        seconds = IMAGE_LIMITS.wall if call.wants_picture else 0.0
        outgoing = Outgoing(call.method, url, headers, query, body, call.largest_answer, streams_for=seconds)
        return _Journey(call, outgoing, request_id, limits, deadline)

    def _attempt(self, journey: _Journey) -> Answer:
        journey.verdict = None
        self._pass_gate(journey)
        token = self._tokens.get(journey.deadline)
        verdict = self._send(journey, token)
        if verdict.refuses_token:  # so nothing was executed, and a play may be repeated too (§1.4)
            token = self._tokens.get(journey.deadline, rejected=token)
            verdict = self._send(journey, token)
            if verdict.refuses_token:
                raise self._tokens.refused_again(token)
        journey.verdict = verdict
        if verdict.error is not None:
            raise build_error(verdict, now=self._clock.now(), request_id=journey.request_id)
        return Answer(verdict.status or 0, verdict.value, journey.request_id, journey.is_replayed)

    def _pass_gate(self, journey: _Journey) -> None:
        """Ask the throttle, and send the probe first if this caller was elected to."""
        journey.admission = self._throttle.admit(may_probe=journey.limits.may_probe)
        record = journey.admission.probing
        if record is None or record.successes:
            return
        probe = self._begin_probe(journey)
        if self._strain_of(probe, self._send(probe, self._tokens.get(probe.deadline))):
            raise suppressed("throttled", "The game is still not answering", now=self._clock.now())
        journey.admission = probe.admission

    def _begin_probe(self, journey: _Journey) -> _Journey:
        """The probe, in the time of the call, or of a call in the background if nobody waits for this thread."""
        limits, deadline = journey.limits, journey.deadline
        if limits.in_pool:
            limits, deadline = Limits(), self._clock.monotonic() + HARD_LIMIT
        probe = self._begin(PROBE, limits, deadline)
        probe.admission = journey.admission
        return probe

    @staticmethod
    def _strain_of(journey: _Journey, verdict: Verdict) -> Strain:
        """What the verdict says about the host: of a probe, the very error that set the record is no sign of life."""
        record = journey.admission.probing
        if record is not None and verdict.code is not None and verdict.code == record.why:
            return "misrouted"
        return verdict.strain

    def _send(self, journey: _Journey, token: Token) -> Verdict:
        """Send the request once; tell the throttle, the features and the log what came of it."""
        started = self._clock.monotonic()
        remaining = journey.deadline - started
        if remaining <= 0:
            raise suppressed("budget", "No time was left to ask the game", now=self._clock.now())
        limits = journey.limits
        result = self._transport.send(
            journey.outgoing,
            BearerToken(token.secret, self._token_in),
            connect=limits.connect,
            read=limits.read,
            wall=remaining,
        )
        if isinstance(result, Arrived):
            if result.stream is not None:
                result.stream.report = partial(self._interrupted, journey, result)
            is_of_picture = journey.call.wants_picture
            verdict = judge_picture(result) if is_of_picture else judge_answer(result, journey.call.kind)
            journey.is_replayed = result.headers.get("Idempotency-Replayed", "").lower() == "true"
            self.server_clock.note(result.headers.get("Date"), took=self._clock.monotonic() - started)
            self._features.note(result.headers.get("Playlyfe-Features"), succeeded=verdict.error is None)
        else:
            verdict = judge_failure(result)
        if strain := self._strain_of(journey, verdict):
            self._throttle.strained(journey.admission, strain, verdict.retry_after)
        else:
            journey.admission = self._throttle.succeeded(journey.admission)
        _log(journey, verdict, token, (self._clock.monotonic() - started) * 1000)
        return verdict

    def _interrupted(self, journey: _Journey, arrived: Arrived, trouble: Trouble) -> PlaylyfeError:
        """The error for a picture that broke off when its first piece had been passed on."""
        logger.warning("call %s outcome=APPLIED cut=%s", journey, trouble, extra=_CALL)
        return interruption(arrived, trouble, now=self._clock.now(), request_id=journey.request_id)

    def _pause(self, journey: _Journey, error: PlaylyfeError) -> float | None:
        """How long to wait before the call is tried again; None if it is not."""
        if journey.attempt >= journey.limits.attempts or journey.call.kind != "read":
            return None
        if journey.verdict is None:  # no token: the endpoint's window is waited out where it is short
            return error.retry_after if error.retryable and not isinstance(error, Suppressed) else None
        return before_repeat(journey.attempt, self._chance) if may_repeat(journey.verdict) else None


@dataclass
class _Journey:
    """A call under way. ``verdict`` is what became of its last attempt, None as long as nothing was sent."""

    call: Call
    outgoing: Outgoing
    request_id: str
    limits: Limits
    deadline: float
    attempt: int = 1
    admission: Admission = field(default_factory=Admission)
    verdict: Verdict | None = None
    is_replayed: bool = False

    def __str__(self) -> str:
        return f"method={self.call.method} route={self.call.route} attempt={self.attempt} request={self.request_id}"


def _encode(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"The request cannot be written as JSON: {error}") from None


def _log(journey: _Journey, verdict: Verdict, token: Token, milliseconds: float) -> None:
    """One line per request. Players appear at DEBUG only, and hashed."""
    player = ""
    if logger.isEnabledFor(logging.DEBUG) and (
        player_id := journey.call.player_id or journey.call.ids.get("player_id")
    ):
        player = f" player={hashlib.sha256(player_id.encode()).hexdigest()[:8]}"
    logger.log(
        logging.WARNING if verdict.strain else logging.INFO,
        "call %s status=%s code=%s reason=%s outcome=%s ms=%.0f token=%s%s",
        journey,
        verdict.status or "-",
        verdict.code or "-",
        verdict.reason or "-",
        verdict.outcome,
        milliseconds,
        token.fingerprint[:6],
        player,
        extra=_CALL,
    )
