"""How long a token lives and when it is renewed (``reliability.md`` §1.2; §5 T7, T10-T12, T15)."""

from __future__ import annotations

import pytest

from django_playlyfe.client.tokens.windows import fingerprint, issue, life_of, read_answer, read_record
from django_playlyfe.exceptions import BadResponse, ConfigurationError

NOW = 1_709_640_000.0
DAY = 86400


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [
        (86400, 86400),
        ("86400", 86400),
        (86400.0, 86400),
        ("86400.5", 86400),
        (True, 600),
        (False, 600),
        ("soon", 600),
        ("", 600),
        (None, 600),
        ([], 600),
        (-1, 600),
        ("-1", 600),
        (0, 0),
        (float("nan"), 600),
        ("nan", 600),
        ("inf", 600),
        (1e12, 7 * DAY),
        (10**400, 600),
        (2, 2),
    ],
)
def test_the_life_of_a_token(expires_in, life):
    assert life_of(expires_in) == life


def test_a_missing_life_is_ten_minutes():
    token = read_answer({"access_token": "abc"}, NOW)
    assert (token.issued_at, token.expires_at) == (NOW, NOW + 600)


@pytest.mark.parametrize(
    ("life", "margin", "early"), [(DAY, 60, 900), (600, 60, 120), (60, 6, 12), (20, 5, 10), (7 * DAY, 60, 900)]
)
def test_the_windows_of_a_token(life, margin, early):
    token = issue("abc", life, NOW)
    assert token.must_renew_at == NOW + life - margin
    assert token.advisory_at == token.renews_at(0) == NOW + life - early


def test_each_process_renews_at_its_own_moment_and_never_before_the_token_is_a_second_old():
    day, short = issue("abc", DAY, NOW), issue("abc", 11, NOW)
    assert (day.renews_at(0.1), day.renews_at(-0.1)) == (NOW + DAY - 990, NOW + DAY - 810)
    assert short.renews_at(0.1) == NOW + 1


@pytest.mark.parametrize(("life", "single"), [(0, True), (10, True), (11, False)])
def test_a_very_short_life_is_for_one_use(life, single):
    assert issue("abc", life, NOW).is_single_use is single


@pytest.mark.parametrize("kind", [None, "Bearer", "bearer", "BEARER"])
def test_bearer_tokens_are_used(kind):
    assert read_answer({"access_token": "abc", "token_type": kind, "expires_in": 60}, NOW).secret.reveal() == "abc"


@pytest.mark.parametrize("kind", ["mac", "", 7])
def test_other_types_of_token_are_a_configuration_error(kind):
    with pytest.raises(ConfigurationError, match="Bearer"):
        read_answer({"access_token": "abc", "token_type": kind}, NOW)


@pytest.mark.parametrize(
    "text", [None, "", "a b", "a\nb", "a\r\nX-Injected: 1", "é", "a\x7f", "x" * 4097, 7, ["abc"]], ids=repr
)
def test_what_would_not_fit_in_a_header_is_no_token(text):
    with pytest.raises(BadResponse) as caught:
        read_answer({"access_token": text}, NOW)
    assert caught.value.reason == "wrong_shape"


def test_a_record_is_read_back():
    token = issue("abc", DAY, NOW)
    again = read_record(token.as_data(), NOW + 5)
    assert again.secret.reveal() == "abc"
    assert again.as_data() == token.as_data()


@pytest.mark.parametrize(
    "damage",
    [
        {"v": 0},
        {"v": None},
        {"token": "other"},
        {"token": "a b", "fp": fingerprint("a b")},
        {"token": 7},
        {"fp": "0" * 16},
        {"iat": None},
        {"iat": "now"},
        {"exp": float("nan")},
        {"iat": NOW + 301, "exp": NOW + 900},
        {"exp": NOW - 1},
        {"exp": NOW + 8 * DAY},
    ],
)
def test_a_damaged_record_is_no_record(damage):
    assert read_record({**issue("abc", DAY, NOW).as_data(), **damage}, NOW) is None


@pytest.mark.parametrize("data", [None, 7, "text", [], {}])
def test_what_is_no_record_is_none(data):
    assert read_record(data, NOW) is None


def test_a_token_does_not_show_itself():
    token = issue("abc-canary", DAY, NOW)
    assert "canary" not in repr(token) + repr(token.secret) + str(token.secret)
