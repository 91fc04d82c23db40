"""One call of an API route, as its view sees it: authorised, and taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.auth.access import Access
from django_playlyfe.engine.server.kit.parameters import Query

Logic = Callable[[], Any]
"""What is left to do once the parameters are read and the player is known to be there. Returns the body of the answer,
an ``Answer``, a ``Picture``, a ``Stream`` or an ``Array``."""

_KEY = re.compile(r"[ -~]{1,200}")


@dataclass(frozen=True)
class ApiCall:
    """One call.

    Attributes:
        access: who calls, and what that client may do.
        player_id: whom a runtime call is about; "" on other routes.
        path: the values of the route's ``:names``.
        query: the query, without any token.
        body: the JSON object; empty for GET and DELETE, whose bodies are never read.
        file: the uploaded file of a route that takes one; else empty.
        key_header: the header ``Idempotency-Key`` as it came.
    """

    access: Access
    player_id: str
    path: Mapping[str, str]
    query: Query
    body: Mapping[str, Any]
    file: bytes = field(repr=False)
    key_header: str | None

    @property
    def realm(self) -> Realm:
        """The game and environment of the client."""
        return self.access.realm

    def idempotency_key(self) -> str | None:
        """The key of a call that plays, creates or edits scores. Raises InvalidRequest if it is malformed."""
        if self.key_header is None:
            return None
        if not _KEY.fullmatch(self.key_header):
            raise invalid("/idempotency_key", "should be 1 to 200 printable ASCII characters", found=self.key_header)
        return self.key_header

    def check_keys(self, *known: str) -> None:
        """Refuse other keys in the body, as PATCH does. Raises InvalidRequest."""
        for key in self.body:
            if key not in known:
                raise invalid(
                    f"/{key}", f"should be one of {', '.join(known)}", code="OBJECT_ADDITIONAL_PROPERTIES", found=key
                )
