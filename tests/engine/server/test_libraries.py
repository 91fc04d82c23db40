"""The requests that the published client libraries send, each in its own way (``http-api.md`` §2.1, §2.2, §4.7).

Read off their sources: Python 0.1.1, Ruby, PHP, Go, Java, C#. None of them runs here; that of Node does (``foreign``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
import pytest
from django.test import Client as Browser

from django_playlyfe.engine import services
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth import clients
from django_playlyfe.engine.server.auth.access import FOR_SITE, SCOPES

from .conftest import SECRET
from .promises import check_call

JSON = "application/json"
XML_FIRST = "application/json, application/xml, text/json, text/x-json, text/javascript, text/xml"


@dataclass(frozen=True)
class Library:
    """How a library writes a request.

    Attributes:
        form: whether credentials travel as a form, else as JSON.
        token_type, token_accept: headers of the token request.
        accept: header of calls.
        typed: the content type also of calls without a body.
        body_on_reads: what GET and DELETE carry.
        empty: the body of a POST without one; of a PATCH or PUT.
        twice: every parameter comes twice.
    """

    form: bool
    token_type: str
    token_accept: str = ""
    accept: str = ""
    typed: str = ""
    body_on_reads: str = ""
    empty: tuple[str, str] = ("{}", "{}")
    twice: bool = False
    extra: dict[str, str] = field(default_factory=dict)


FORM = "application/x-www-form-urlencoded"
LIBRARIES = {
    "Python": Library(True, FORM, "text/json", "text/json", JSON, "{}"),
    "Ruby": Library(False, JSON, "*/*", "*/*", JSON, "{}", extra={"Accepts": "application/json"}),
    "PHP": Library(False, JSON, "*/*", "*/*", empty=("{}", "[]")),
    "Go": Library(False, JSON, twice=True, empty=("", "")),
    "Java": Library(False, "application/json; charset=utf-8", accept=JSON, empty=("", "")),
    "C#": Library(True, FORM, XML_FIRST, XML_FIRST, typed=JSON, empty=("", "")),
}


class Caller:
    """A program that uses a library."""

    def __init__(self, library: Library, version: str = "v2") -> None:
        self.library, self.version, self.token = library, version, ""

    def log_in(self, **fields: str) -> Any:
        library = self.library
        content = urlencode(fields) if library.form else json.dumps(fields)
        headers = {"Accept": library.token_accept} if library.token_accept else {}
        response: Any = Browser().generic(
            "POST", "/auth/token", content, content_type=library.token_type, headers=headers
        )
        assert response.headers["Content-Type"] == JSON
        answer = response.json()
        self.token = answer.get("access_token", "")
        return answer

    def __call__(self, method: str, route: str, body: Any = None, **query: str) -> Any:
        library = self.library
        parameters = [*query.items(), ("access_token", self.token)]
        address = (
            f"/{self.version}{route}?{urlencode(parameters * 2 if library.twice else parameters, quote_via=quote)}"
        )
        content, kind = library.body_on_reads, library.typed
        if method in ("POST", "PATCH", "PUT"):
            content = json.dumps(body) if body is not None else library.empty[method != "POST"]
            kind = JSON
        headers = {**({"Accept": library.accept} if library.accept else {}), **library.extra}
        response = Browser().generic(method, address, content, content_type=kind, headers=headers)
        check_call(method, address, response)
        return response

    def read(self, method: str, route: str, body: Any = None, **query: str) -> Any:
        """The JSON of a success, as Go, Java and C# tell it from a failure: by words in the text."""
        response = self(method, route, body, **query)
        text = response.content.decode()
        assert response.status_code == 200, text
        assert '"error"' not in text
        assert "error_description" not in text
        answer = response.json()
        assert isinstance(answer, dict | list)
        return answer


@pytest.fixture(params=sorted(LIBRARIES))
def library(request: Any) -> Library:
    return LIBRARIES[request.param]


@pytest.fixture
def site(quest: Realm) -> Realm:
    """A backend's client, and a player whose name looks like a failure."""
    services.create_player(quest, "ines", alias="error_description")
    scopes = [*FOR_SITE, "design:read", "design:write"]
    clients.register(quest, "site", client_id="site", secret=SECRET, scopes=scopes)
    return quest


def logged_in(library: Library, version: str = "v2") -> Caller:
    caller = Caller(library, version)
    answer = caller.log_in(client_id="site", client_secret=SECRET, grant_type="client_credentials")
    assert answer["token_type"] == "Bearer"
    assert isinstance(answer["expires_in"], int)  # Go and Java cast it, Ruby adds it
    return caller


def test_a_backend_reads_plays_changes_and_deletes(library: Library, site: Realm) -> None:
    caller = logged_in(library)
    assert caller.read("GET", "/runtime/player", player_id="ines")["alias"] == "error_description"
    played = caller.read("POST", "/runtime/actions/finish_book/play", {"variables": {"pages": "600"}}, player_id="ines")
    assert played["events"]["local"][0]["action"]["vars"]["pages"] == 600
    assert caller.read("PATCH", "/runtime/player", {"alias": "Ines P."}, player_id="ines")["alias"] == "Ines P."
    assert caller.read("PATCH", "/runtime/player", player_id="ines")["alias"] == "Ines P."
    assert caller.read("GET", "/runtime/players", player_id="ines", limit="1000000", skip="0")["total"] == 1
    board = caller.read("GET", "/runtime/leaderboards/top_readers", player_id="ines", cycle="alltime")
    assert board["data"][0]["score"] == "60"
    assert caller.read("PUT", "/admin/players/ines/reset", player_id="ines")["id"] == "ines"
    assert caller.read("DELETE", "/admin/players/ines", player_id="ines")["message"] == "Player removed successfully"


def test_a_backend_of_version_1(library: Library, site: Realm) -> None:
    caller = logged_in(library, "v1")
    assert caller.read("GET", "/player", player_id="ines")["id"] == "ines"
    played = caller.read("POST", "/action/play", {"id": "finish_book", "variables": {"pages": 600}}, player_id="ines")
    assert played.keys() == {"actions", "events"}
    assert caller.read("GET", "/game/players")["total"] == 1
    assert caller.read("GET", "/definitions/processes", player_id="ines") == []


def test_what_is_refused_is_told_by_name_and_text(library: Library, site: Realm) -> None:
    caller = logged_in(library)
    refused = caller("GET", "/runtime/player", player_id="nobody")
    assert (refused.status_code, refused.headers["Content-Type"]) == (404, JSON)
    assert refused.json()["error"] == "player_not_found"
    assert '"error"' in refused.content.decode()
    wrong = Caller(library).log_in(client_id="site", client_secret="wrong", grant_type="client_credentials")
    assert wrong == {"error": "client_auth_fail", "error_description": "Client authentication failed"}
    caller.token = "gone"
    assert caller("GET", "/runtime/player", player_id="ines").json()["error"] == "invalid_access_token"


def test_raw_reads_are_the_bytes_of_an_image(library: Library, site: Realm) -> None:
    image = logged_in(library)("GET", "/runtime/assets/game", player_id="ines")
    assert image.headers["Content-Type"] == "image/png"
    assert image.content.startswith(b"\x89PNG")


def test_a_metric_is_created_and_deleted(library: Library, site: Realm) -> None:
    caller, root = logged_in(library), "/design/versions/latest/metrics"
    made = caller.read("POST", root, {"id": "apple", "name": "Apple", "type": "point"}, player_id="ines")
    assert made["id"] == "apple"
    assert caller.read("DELETE", f"{root}/apple", player_id="ines")["message"] == (
        "The metric 'apple' has been deleted successfully"
    )


@pytest.fixture
def code(site: Realm, client: Browser, make_user: Callable[..., Any]) -> Callable[[str], str]:
    """``code(redirect_uri)``: the code that the browser brings back."""
    user = make_user()  # who is a player at once
    address = "https://app.example.org/back"
    clients.register(site, "app", client_id="app", secret=SECRET, redirect_uris=[address], scopes=list(SCOPES))
    client.force_login(user)

    def ask(encoded: str) -> str:
        # Java and C# do not encode the address; the others sort the parameters as they like.
        response: Any = client.post(f"/auth?response_type=code&redirect_uri={encoded}&client_id=app", {"allow": "1"})
        return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]

    return ask


@pytest.mark.parametrize("encoded", ["https://app.example.org/back", "https%3A%2F%2Fapp.example.org%2Fback"])
def test_a_code_is_exchanged_and_again_when_the_token_is_old(
    library: Library, code: Callable[[str], str], encoded: str
) -> None:
    caller, got = Caller(library), code(encoded)
    fields = {
        "client_id": "app",
        "client_secret": SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": "https://app.example.org/back",
        "code": got,
    }
    assert caller.log_in(**fields)["token_type"] == "Bearer"
    mine = caller.read("GET", "/runtime/player")  # the player is implied
    first = caller.token
    assert caller.log_in(**fields)["access_token"] != first
    assert caller.read("GET", "/runtime/player", player_id="ines") == mine


def test_php_uploads_an_image_and_reads_it(site: Realm) -> None:
    pytest.importorskip("PIL")
    from django.core.files.uploadedfile import SimpleUploadedFile

    caller = logged_in(LIBRARIES["PHP"])
    stock = caller("GET", "/design/images/default-item").content
    file = SimpleUploadedFile("upload", stock, content_type="image/png")  # CURLFile($file, 'image/png', 'upload')
    made: Any = Browser().post(f"/v2/design/images?access_token={caller.token}", {"file": file})
    assert made.status_code == 200, made.content
    assert caller("GET", f"/design/images/{made.json()['id']}", size="icon").content.startswith(b"\x89PNG")


def test_a_token_that_go_or_php_signs_for_a_player(site: Realm) -> None:
    clients.register(site, "login", client_id="login", secret=SECRET, signs_for_players=True)
    claims = {"player_id": "ines", "scopes": [], "exp": int(time.time()) + 3600}
    for header in ({"typ": "JWT", "alg": "HS256"}, {"alg": "HS256", "typ": "JWT"}):
        signed = jwt.encode(claims, SECRET, "HS256", headers=header)
        response = Browser().get(f"/v2/runtime/player?jwt=login:{signed}")
        assert response.json()["id"] == "ines"
