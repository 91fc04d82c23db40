"""The pages on which a player lets a client act (``http-api.md`` §2.4, RFC 6749 §4.1 and §4.2).

On Django's own auth: whoever is logged in on this host is the player that ``PLAYLYFE_SERVER["PLAYER_ID"]`` tells. These
are pages of the site, with its CSRF check; nothing is sent to an address that the client has not registered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from django_playlyfe.engine import conf
from django_playlyfe.engine.database import transactions
from django_playlyfe.engine.models import Client, Environment, Player
from django_playlyfe.engine.server.auth import grants, tokens
from django_playlyfe.engine.server.auth.grants import Challenge

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class Refused(Exception):
    """There is nowhere to send the browser; the text is for the person in front of it."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class BadRequest(Exception):
    """The client asked for something wrong; the text is the ``error`` that it is told (RFC 6749 §4.1.2.1)."""


@dataclass(frozen=True)
class Request:
    """What a client asks for: where the answer goes, and what kind of answer it is."""

    client: Client
    redirect_uri: str
    response_type: str
    state: str | None
    challenge: Challenge

    @classmethod
    def read(cls, query: QueryDict) -> Request:
        """Read the address of the page.

        Raises:
            Refused: no such client, or an address that it has not registered.
        """
        clients = Client.objects.using(transactions.write_alias()).select_related("game").filter(revoked_at=None)
        client: Client | None = clients.filter(client_id=_first(query, "client_id").replace("\0", "\ufffd")).first()
        if client is None:
            raise Refused(_("There is no such application."))
        redirect_uri = _first(query, "redirect_uri")
        if redirect_uri not in client.redirect_uris:
            raise Refused(_("The application wants to send you to an address that it has not registered."))
        challenge = _first(query, "code_challenge")
        method = (_first(query, "code_challenge_method") or "plain") if challenge else ""
        state = _first(query, "state") if "state" in query else None
        return cls(client, redirect_uri, _first(query, "response_type"), state, Challenge(challenge, method))

    def check(self) -> None:
        """Raises BadRequest."""
        if self.response_type not in ("code", "token"):
            raise BadRequest("unsupported_response_type")
        if self.response_type == "token" and self.client.environment != Environment.PRODUCTION:
            raise BadRequest("unauthorized_client")
        if self.challenge.text and (
            self.challenge.method not in ("S256", "plain") or not _CHALLENGE.fullmatch(self.challenge.text)
        ):
            raise BadRequest("invalid_request")

    def answer(self, **fields: str) -> HttpResponse:
        """Send the browser back: with a query for a code, with a fragment for a token."""
        if self.state is not None:
            fields["state"] = self.state
        parts = urlsplit(self.redirect_uri)
        if self.response_type == "token":
            return _redirect(urlunsplit(parts._replace(fragment=urlencode(fields))))
        query = "&".join(filter(None, [parts.query, urlencode(fields)]))
        return _redirect(urlunsplit(parts._replace(query=query)))


@method_decorator([login_not_required, never_cache, csrf_protect, xframe_options_deny], name="dispatch")
class AuthorizeView(View):
    """Asks the player; the answer goes to the client by way of the browser."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question."""
        return self._answer(request, self._ask)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The answer: the button ``allow``, or any other."""
        return self._answer(request, self._decide)

    def _answer(
        self, request: HttpRequest, step: Callable[[HttpRequest, Request, Player], HttpResponse]
    ) -> HttpResponse:
        try:
            asked = Request.read(request.GET)
            try:
                asked.check()
            except BadRequest as bad:
                return asked.answer(error=str(bad))
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            return step(request, asked, _player_of(request, asked.client))
        except Refused as refused:
            context = {"reason": str(refused)}
            return _private(render(request, "django_playlyfe_engine/refused.html", context, status=refused.status))

    def _ask(self, request: HttpRequest, asked: Request, player: Player) -> HttpResponse:
        context = {"client": asked.client, "game": asked.client.game, "player": player}
        return _private(render(request, "django_playlyfe_engine/authorize.html", context))

    def _decide(self, request: HttpRequest, asked: Request, player: Player) -> HttpResponse:
        if "allow" not in request.POST:
            return asked.answer(error="access_denied")
        if asked.response_type == "code":
            return asked.answer(code=grants.grant(asked.client, player, asked.redirect_uri, asked.challenge))
        issued = tokens.issue_for(asked.client.pk, player.pk)
        return asked.answer(access_token=issued.text, token_type="Bearer", expires_in=str(issued.life))  # noqa: S106 - the type's name


@method_decorator([login_not_required, never_cache], name="dispatch")
class LogoutView(View):
    """``GET /logout``: the browser's session on this host ends."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """End it; whoever was not logged in sees the same."""
        logout(request)
        return _private(render(request, "django_playlyfe_engine/logged_out.html"))


def _player_of(request: HttpRequest, client: Client) -> Player:
    """The player that the user is in the client's game. Raises Refused."""
    player_id = conf.server_settings().player_id(request.user)
    players = Player.objects.using(transactions.write_alias()).filter(
        game_id=client.game_id, environment=client.environment, enabled=True
    )
    player: Player | None = players.filter(player_id=player_id).first() if player_id else None
    if player is None:
        raise Refused(_("You are not a player of this game."), 403)
    return player


def _first(query: QueryDict, name: str) -> str:
    return str(next(iter(query.getlist(name)), ""))


def _redirect(address: str) -> HttpResponse:
    """To an address that was registered: applications on phones have schemes of their own."""
    scheme = urlsplit(address).scheme

    class Redirect(HttpResponseRedirect):
        allowed_schemes = [scheme]

    return _private(Redirect(address))


def _private(response: HttpResponse) -> HttpResponse:
    # The address of the page names client and state, which no other site learns. Stricter is too strict: under
    # "no-referrer" browsers send the form with "Origin: null", and Django's CSRF check refuses that.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
