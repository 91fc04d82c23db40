"""Each typed call: what it sends, what it reads, which exception each name of ``http-api.md`` §11 becomes."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timezone

import pytest
import responses

from django_playlyfe import exceptions as errors
from django_playlyfe import types
from django_playlyfe.client import PlaylyfeClient
from django_playlyfe.wire import ERRORS

from .servers import PLAYED, PROFILE, STATUS

AUTH = "https://game.example/auth/token"
API = "https://api.game.example/v2"
MARCH = datetime(2024, 3, 5, 12, tzinfo=timezone.utc)


@pytest.fixture
def http():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(AUTH, json={"access_token": "tok-of-the-test", "token_type": "Bearer", "expires_in": 86400})
        yield mock


@pytest.fixture
def api(http, make_client):
    return make_client(auth_url=AUTH, api_url=API)


def sent(http):
    """The last request."""
    return http.calls[-1].request


def query_of(request):
    """Its parameters, still quoted."""
    return dict(pair.split("=", 1) for pair in request.url.partition("?")[2].split("&") if pair)


# writes ---------------------------------------------------------------------------------------------------------------


def test_create_player(http, api):
    http.post(f"{API}/admin/players", json={**PROFILE, "bootstrap": True})
    player = api.create_player("ada", alias="Ada", idempotency_key="0f4d2bd2-6a3b-4a07-8d4f-0a8f9c1b2d3e")
    assert player.id == "ada"
    request = sent(http)
    assert json.loads(request.body) == {"id": "ada", "alias": "Ada"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "0f4d2bd2-6a3b-4a07-8d4f-0a8f9c1b2d3e"
    assert request.headers["X-Request-ID"] == "0f4d2bd2-6a3b-4a07-8d4f-0a8f9c1b2d3e"
    assert request.headers["Authorization"] == "Bearer tok-of-the-test"
    assert "player_id" not in request.url


def test_update_player_sends_only_what_changes(http, api):
    http.patch(f"{API}/admin/players/ada", json={**PROFILE, "enabled": False})
    assert api.update_player("ada", enabled=False).enabled is False
    assert json.loads(sent(http).body) == {"enabled": False}


def test_delete_player_has_no_body(http, api):
    http.delete(f"{API}/admin/players/ada", json={"message": "Player removed successfully"})
    assert api.delete_player("ada") is None
    assert sent(http).body is None
    assert "Content-Type" not in sent(http).headers


@pytest.mark.parametrize(
    ("method", "what", "call", "body"),
    [
        ("PATCH", "scores", lambda api: api.adjust_scores("ada", [{"verb": "add"}]), {"rewards": [{"verb": "add"}]}),
        ("POST", "revert", lambda api: api.revert_events("ada", ["e1"]), {"event_ids": ["e1"]}),
        ("POST", "reset", lambda api: api.reset_player("ada"), {}),
    ],
)
def test_changes_that_are_no_play_are_sent_once_and_answer_the_profile(http, api, method, what, call, body):
    http.add(method, f"{API}/admin/players/ada/{what}", json=PROFILE)
    assert call(api).id == "ada"
    assert json.loads(sent(http).body or "{}") == body
    assert sent(http).headers["Idempotency-Key"] == sent(http).headers["X-Request-ID"]
    http.replace(method, f"{API}/admin/players/ada/{what}", status=503, json={})
    before = len(http.calls)
    with pytest.raises(errors.ServerError):
        call(api)
    assert len(http.calls) == before + 1


def test_a_limit_that_an_edit_meets_is_the_clients(http, api):
    limit = {"error": "rate_limit_exceeded", "error_description": "slow down"}
    http.patch(f"{API}/admin/players/ada/scores", status=503, json=limit)
    with pytest.raises(errors.RateLimited) as caught:
        api.adjust_scores("ada", [], idempotency_key="edit:1")
    assert type(caught.value) is errors.RateLimited
    assert sent(http).headers["Idempotency-Key"] == "edit:1"


def test_play(http, api):
    http.post(f"{API}/runtime/actions/finish_book/play", json=PLAYED)
    result = api.play("ada", "finish_book", {"pages": 320})
    assert result.status == "applied"
    assert [(line.name, line.amount) for line in result.earned] == [("Experience", 32)]
    request = sent(http)
    assert json.loads(request.body) == {"variables": {"pages": 320}}
    assert query_of(request) == {"player_id": "ada"}
    assert request.headers["Idempotency-Key"] == request.headers["X-Request-ID"] == result.key
    assert not result.replayed


def test_play_with_everything(http, api):
    http.post(f"{API}/runtime/actions/finish_book/play", json=PLAYED, headers={"Idempotency-Replayed": "true"})
    result = api.play(
        "ada",
        "finish_book",
        {"pages": 320},
        count=2,
        scopes=[{"id": "history", "entity_id": "ada"}],
        idempotency_key="book:17",
        at=MARCH,
    )
    assert json.loads(sent(http).body) == {
        "variables": {"pages": 320},
        "count": 2,
        "scopes": [{"id": "history", "entity_id": "ada"}],
        "played_at": "2024-03-05T12:00:00.000Z",
    }
    assert sent(http).headers["Idempotency-Key"] == result.key == "book:17"
    assert sent(http).headers["X-Request-ID"] != "book:17"  # a server would not accept it as one
    assert result.replayed


def test_a_variable_that_is_no_json_is_refused_before_anything_is_sent(http, api):
    for value in (object(), float("nan")):
        with pytest.raises(errors.InvalidRequest):
            api.play("ada", "finish_book", {"pages": value})
    assert len(http.calls) == 0


# reads ----------------------------------------------------------------------------------------------------------------


def test_the_profile_as_the_player_and_as_an_admin(http, api):
    http.get(f"{API}/runtime/player", json=PROFILE)
    http.get(f"{API}/admin/players/ada", json=PROFILE)
    assert api.profile("ada", detailed=True).alias == "Ada"
    assert query_of(sent(http)) == {"detailed": "true", "player_id": "ada"}
    assert api.player("ada").alias == "Ada"
    assert "?" not in sent(http).url
    assert sent(http).body is None


def test_all_players_are_read_page_by_page(http, api):
    first = [{"id": f"p{number}", "alias": ""} for number in range(100)]
    http.get(f"{API}/admin/players", json={"data": first, "total": 101})
    http.get(f"{API}/admin/players", json={"data": [{"id": "last"}], "total": 101})
    found = list(api.players())
    assert (len(found), found[-1]) == (101, types.PlayerRef("last"))
    assert [query_of(call.request) for call in http.calls[1:]] == [
        {"skip": "0", "limit": "100"},
        {"skip": "100", "limit": "100"},
    ]


def test_an_empty_page_ends_the_list_whatever_the_total_says(http, api):
    http.get(f"{API}/admin/players", json={"data": [], "total": 7})
    assert list(api.players()) == []


def test_actions_metrics_and_boards(http, api):
    http.get(f"{API}/runtime/actions", json=[{"id": "buy", "name": "Buy", "variables": [], "count": 3, "rewards": []}])
    http.get(f"{API}/runtime/definitions/metrics", json=[{"id": "xp", "name": "Experience", "type": "point"}])
    board = {"id": "top", "name": "Top", "entity_type": "players", "metric": {"id": "xp", "name": "X", "type": "point"}}
    http.get(f"{API}/runtime/leaderboards", json=[board])
    assert [action.count for action in api.actions("ada")] == [3]
    assert [metric.name for metric in api.metrics("ada")] == ["Experience"]
    assert [info.name for info in api.leaderboards("ada")] == ["Top"]
    assert query_of(sent(http)) == {"player_id": "ada"}


def test_a_leaderboard_and_the_rows_round_a_player(http, api):
    rows = {"data": [{"rank": 1, "score": "125", "player": {"id": "ada", "alias": "Ada"}}], "total": 9}
    http.get(f"{API}/runtime/leaderboards/top", json=rows)
    board = api.leaderboard("top", "ada", cycle="weekly", timestamp=MARCH, limit=5)
    assert (board.rows[0].score, board.rows[0].is_me, board.total) == (125, True, 9)
    assert query_of(sent(http)) == {
        "cycle": "weekly",
        "timestamp": "2024-03-05T12%3A00%3A00.000Z",
        "skip": "0",
        "limit": "5",
        "player_id": "ada",
    }
    api.leaderboard("top", "ada", around="grace", radius=2, scope_id="history")
    assert query_of(sent(http)) == {
        "cycle": "alltime",
        "scope_id": "history",
        "ranking": "relative",
        "entity_id": "grace",
        "radius": "2",
        "player_id": "ada",
    }


def test_activity_notifications_and_status(http, api):
    http.get(f"{API}/runtime/activity", json=PLAYED["events"]["local"])
    http.get(f"{API}/admin/activity", json=None)
    http.get(f"{API}/runtime/notifications", json={"data": PLAYED["events"]["local"], "total": 1})
    http.get(f"{API}/admin", json=STATUS)
    assert [event.type for event in api.activity("ada", start=MARCH)] == ["action"]
    assert query_of(sent(http)) == {"start": "2024-03-05T12%3A00%3A00.000Z", "player_id": "ada"}
    assert api.game_activity() == ()
    assert len(api.notifications("ada")) == 1
    assert api.status()["game"]["id"] == "library_quest"


def test_notifications_are_marked_as_seen(http, api):
    http.post(f"{API}/runtime/notifications", json={"message": "ok"})
    api.mark_notifications("ada", ["1", "2"])
    assert json.loads(sent(http).body) == {"ids": ["1", "2"]}


def test_any_other_route_can_be_called(http, api):
    http.patch(f"{API}/admin/players/ada/scores", json=PROFILE)
    reward = {"metric": {"id": "coins", "type": "point"}, "verb": "set", "value": "20"}
    answer = api.call("PATCH", "/admin/players/{id}/scores", ids={"id": "ada"}, body={"rewards": [reward]}, kind="play")
    assert answer.data == PROFILE


def test_null_feeds_and_lists_are_empty(http, api):
    http.get(f"{API}/runtime/notifications", json=None)
    http.get(f"{API}/runtime/actions", json=None)
    assert api.notifications("ada") == ()
    assert api.actions("ada") == ()


@pytest.mark.parametrize("body", [None, [], "text", 7, {"scores": 7}, {"scores": [7]}, {"created": "soon"}])
def test_a_profile_of_the_wrong_shape_is_a_bad_response(http, api, body):
    http.get(f"{API}/runtime/player", json=body)
    with pytest.raises(errors.BadResponse) as caught:
        api.profile("ada")
    assert caught.value.reason == "wrong_shape"


def test_lists_and_the_status_of_the_wrong_shape_are_bad_responses(http, api):
    http.get(f"{API}/runtime/actions", json={"id": "buy"})
    http.get(f"{API}/admin", json=["ok"])
    for call in (lambda: api.actions("ada"), api.status):
        with pytest.raises(errors.BadResponse, match="wrong shape"):
            call()


def test_the_client_is_a_context_manager_that_can_be_used_again(http, api):
    http.get(f"{API}/admin", json=STATUS)
    with api as entered:
        assert entered is api
    assert api.status() == STATUS


def test_a_play_of_the_wrong_shape_was_applied(http, api):
    http.post(f"{API}/runtime/actions/x/play", json={"events": [1]})
    with pytest.raises(errors.BadResponse) as caught:
        api.play("ada", "x")
    assert (caught.value.outcome, caught.value.status) == ("APPLIED", 200)
    assert caught.value.request_id == sent(http).headers["X-Request-ID"]


def test_an_empty_answer_to_a_delete_is_fine(http, api):
    http.delete(f"{API}/admin/players/ada", status=204)
    assert api.delete_player("ada") is None


# errors ---------------------------------------------------------------------------------------------------------------

AT_ONCE = sorted(set(ERRORS) - {"invalid_access_token", "access_token_invalid"})


@pytest.mark.parametrize("name", AT_ONCE)
def test_every_error_name_becomes_its_exception(http, api, name):
    row = ERRORS[name]
    body = {"error": name, "error_description": f"About {name}", "data": {"valid": False}}
    http.post(f"{API}/runtime/actions/x/play", json=body, status=row.status)
    expected = errors.ActionLimitReached if name == "rate_limit_exceeded" else row.error
    with pytest.raises(expected) as caught:
        api.play("ada", "x", idempotency_key="k-1")
    error = caught.value
    assert type(error) is expected
    assert (error.code, error.status, error.description) == (name, row.status, f"About {name}")
    assert error.data == {"valid": False}
    assert error.outcome == ("UNKNOWN" if expected is errors.ServerError else "REJECTED")
    assert error.request_id == "k-1"
    assert error.__cause__ is None
    assert error.__context__ is None
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.__dict__) == (type(error), str(error), error.__dict__)


@pytest.mark.parametrize("name", ["invalid_access_token", "access_token_invalid"])
def test_a_token_refused_twice_is_an_authentication_error(http, api, name):
    http.get(f"{API}/admin", json={"error": name, "error_description": "No"}, status=401)
    with pytest.raises(errors.AuthenticationError, match="TOKEN_IN to 'query'") as caught:
        api.status()
    assert caught.value.reason == "token_refused"


def test_a_players_limit_keeps_its_time_however_far(http, api):
    body = {"error": "rate_limit_exceeded", "error_description": "1 times every day"}
    http.post(f"{API}/runtime/actions/x/play", json=body, status=429, headers={"Retry-After": "80000"})
    with pytest.raises(errors.ActionLimitReached) as caught:
        api.play("ada", "x")
    assert caught.value.retry_after == 80000
    assert caught.value.retry_at is not None


def test_a_connection_error_is_typed_and_says_nothing_of_the_url(http, api):
    http.get(f"{API}/admin", body=responses.ConnectionError("HTTPSConnectionPool: /v2/admin?access_token=tok"))
    with pytest.raises(errors.NotSent) as caught:
        api.within(api._writing).status()
    assert "access_token" not in repr(caught.value) + str(caught.value) + repr(caught.value.details)


# configuration --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"auth_url": "http://game.example/auth"}, "AUTH_URL.*ALLOW_INSECURE_HTTP"),
        ({"api_url": "http://game.example/v2"}, "API_URL.*ALLOW_INSECURE_HTTP"),
        ({"client_id": ""}, "CLIENT_ID is missing"),
        ({"client_secret": ""}, "CLIENT_SECRET is missing"),
        ({"client_secret": None}, "CLIENT_SECRET is missing"),
        ({"token_in": "cookie"}, "TOKEN_IN"),
        ({"ca_bundle": False}, "CA_BUNDLE may be False only while DEBUG"),
        ({"cache": dict}, "hmac_key"),
    ],
)
def test_wrong_settings_are_configuration_errors(options, says):
    settings = {"auth_url": AUTH, "api_url": API, "client_id": "id", "client_secret": "secret"}
    with pytest.raises(errors.ConfigurationError, match=says):
        PlaylyfeClient(**{**settings, **options})


def test_insecure_urls_and_unchecked_certificates_are_possible_where_somebody_says_so():
    PlaylyfeClient(
        auth_url="http://10.0.0.7/auth/token",
        api_url="http://10.0.0.7/v2",
        client_id="id",
        client_secret="secret",
        allow_insecure_http=True,
        ca_bundle=False,
        debug=True,
    ).close()


# additions ------------------------------------------------------------------------------------------------------------

STREAK = f"{API}/admin/players/ada/streak"


def test_a_streak_of_an_action(http, api):
    http.get(STREAK, json={"length": 3, "longest": 7, "is_kept": False, "unit": "week", "action": "finish_book"})
    told = types.Streak(length=3, longest=7, is_kept=False, unit="week", action="finish_book")
    assert api.streak("ada", "finish_book", unit="week") == told
    assert query_of(sent(http)) == {"action": "finish_book", "unit": "week"}


def test_a_streak_of_any_play(http, api):
    http.get(STREAK, json={"length": 1, "longest": 1, "is_kept": True, "unit": "day", "action": None})
    assert api.streak("ada") == types.Streak(length=1, longest=1, is_kept=True)
    assert query_of(sent(http)) == {"unit": "day"}


@pytest.mark.parametrize("told", [[], {"length": 3}, {"longest": 3}])
def test_what_is_no_streak_is_a_bad_response(http, api, told):
    http.get(STREAK, json=told)
    with pytest.raises(errors.BadResponse):
        api.streak("ada")
