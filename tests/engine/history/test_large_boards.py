"""Histograms of large boards are projections too: checked, and made anew by whoever rewrites rows."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from django_playlyfe.engine import history
from django_playlyfe.engine.models import Bucket, BucketChange, Histogram, Score
from django_playlyfe.engine.realm import Realm

from ..boards.test_histograms import agrees, grow, large, move

__all__ = ["large"]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor not in ("postgresql", "sqlite"), reason="ranks are plain counts there"),
]


def said(realm: Realm) -> list[str]:
    return [f"{found.player_id}|{text}" for found in history.check(realm) for text in map(str, found.differences)]


def test_a_wrong_histogram_is_found_and_let_go(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(monkeypatch)
    move("p03", 50)
    assert said(large) == []
    bucket = Bucket.objects.order_by("pk")[0]
    Bucket.objects.filter(pk=bucket.pk).update(count=bucket.count + 1)
    (text,) = said(large)
    assert text.startswith("|")
    assert "bucket 0 says" in text
    list(history.repair(large))
    assert said(large) == []
    assert not Histogram.objects.exists()
    agrees()


def test_the_purge_tends_them_where_nobody_reads(large: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(monkeypatch)
    for number in range(5):
        move("p03", 50 + number)
    assert BucketChange.objects.exists()
    call_command("playlyfe_engine_purge", verbosity=0)
    assert not BucketChange.objects.exists()
    assert said(large) == []


@pytest.mark.parametrize("rewrite", [history.repair, history.replay])
def test_ranks_are_right_after_rows_were_rewritten(
    large: Realm, monkeypatch: pytest.MonkeyPatch, rewrite: object
) -> None:
    Score.objects.filter(player__player_id="p03", metric="xp").update(value=1000)
    grow(monkeypatch)
    list(rewrite(large))  # type: ignore[operator] - one of two functions of the same shape
    assert said(large) == []
    agrees()
