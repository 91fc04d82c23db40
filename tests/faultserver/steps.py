"""The script of the server: what it does instead of answering, for which requests, and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

ALWAYS = -1


@dataclass
class Step:
    """One entry of the script.

    Attributes:
        on: which requests it is for: ``token``, ``play``, ``score`` (an edit by hand), ``create``, ``get``, ``probe``
            (GET /admin), ``connect`` (of a proxy), ``api`` (all but the token's), ``any``; or ``accept``: a connection,
            before anything is read.
        do: ``reply``; ``reset`` (RST), ``close`` (FIN), ``hang``; ``drip`` (the body, a byte at a time),
            ``drip_head``; ``raw`` (``body`` is all that is sent); ``hold`` (``reply`` once the test says "release").
        times: how often it is used; ALWAYS = for ever.
        apply: whether the request takes effect. None = if it is a plain answer of status 200.
        status, headers, body: of a reply. A ``body`` of None is the ordinary one; text is sent as it is.
        chunked: "" or "broken": the body ends without its last chunk.
        length: ``Content-Length`` as it is claimed, None for the true one.
        delay: seconds before anything is sent.
        at_once: bytes of the body that come at once before it drips.
        interim: heads that are sent before the answer's own, such as that of 103 Early Hints.
    """

    on: str = "api"
    do: str = "reply"
    times: int = 1
    apply: bool | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    base64: str = ""
    chunked: str = ""
    length: int | None = None
    delay: float = 0.0
    at_once: int = 0
    interim: str = ""

    @property
    def applies(self) -> bool:
        """Whether a request that meets this step takes effect at once; of a hanging one it does when it is released."""
        if self.do == "hang":
            return False
        if self.apply is not None:
            return self.apply
        return self.do in {"reply", "hold", "drip", "drip_head"} and self.status == 200 and self.body is None


ORDINARY = Step(times=ALWAYS)


class Script:
    """The steps that are still to come, in their order, and how many were used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[Step] = []
        self.used = 0

    def reset(self, steps: list[Step]) -> None:
        with self._lock:
            self._steps, self.used = list(steps), 0

    def extend(self, steps: list[Step]) -> None:
        with self._lock:
            self._steps += steps

    def take(self, kinds: set[str]) -> Step:
        """The step for a request that is of these kinds; the ordinary one if the script has none."""
        with self._lock:
            step = next((step for step in self._steps if step.on in kinds), None)
            if step is None:
                return ORDINARY
            self.used += 1
            if step.times != ALWAYS:
                step.times -= 1
                if step.times == 0:
                    self._steps.remove(step)
            return step

    def left(self) -> int:
        """How many steps that were to happen did not."""
        with self._lock:
            return sum(step.times for step in self._steps if step.times != ALWAYS)
