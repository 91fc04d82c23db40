"""``Retry-After`` and back-off (``reliability.md`` §2.3, §2.4; §5 A5, A6)."""

from __future__ import annotations

import pytest
from requests.structures import CaseInsensitiveDict

from django_playlyfe.client.waits import THROTTLE_CAP, asked, before_repeat, doubling, retry_after, spread

from .clocks import Middle


class Low:
    def uniform(self, a, b):
        return a


class High:
    def uniform(self, a, b):
        return b


DATE = "Tue, 05 Mar 2024 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "--5"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "315360000"}, 366 * 86400),
        ({"Retry-After": "9" * 5000}, 366 * 86400),
        ({"Retry-After": "Tue, 05 Mar 2024 12:00:30 GMT", "Date": DATE}, 30),
        ({"Retry-After": "Tue, 05 Mar 2024 11:00:00 GMT", "Date": DATE}, 0),
        ({"Retry-After": "Tue, 05 Mar 2024 12:00:30 GMT"}, None),
        ({"Retry-After": "Tue, 05 Mar 2024 12:00:30 GMT", "Date": "yesterday"}, None),
    ],
)
def test_retry_after_is_read_by_the_answers_own_clock(headers, seconds):
    assert retry_after(CaseInsensitiveDict(headers)) == seconds


def test_what_a_server_asks_for_is_capped_and_made_a_little_longer():
    assert asked(7, THROTTLE_CAP, Low()) == 7
    assert asked(7, THROTTLE_CAP, High()) == pytest.approx(7.7)
    assert asked(86400, THROTTLE_CAP, Low()) == 300
    assert asked(None, THROTTLE_CAP, High()) == 0


def test_back_off_doubles_to_its_cap():
    assert [doubling(30, n, 300) for n in range(1, 7)] == [30, 60, 120, 240, 300, 300]
    assert doubling(1, 10_000, 30) == 30
    assert (spread(10, Low()), spread(10, High())) == (8, 12)


def test_the_pause_before_a_repeat_has_full_jitter():
    assert before_repeat(1, Low()) == 0
    assert [before_repeat(n, High()) for n in (1, 2, 10)] == pytest.approx([0.4, 0.8, 5])
    assert before_repeat(1, Middle()) == pytest.approx(0.2)
