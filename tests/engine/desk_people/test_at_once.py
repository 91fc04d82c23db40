"""Two people at the desk, or one who clicks twice, at the same moment."""

from __future__ import annotations

from functools import partial

from django_playlyfe.engine import history, services
from django_playlyfe.engine.models import Call, Score
from django_playlyfe.exceptions import Conflict
from tests.engine.test_concurrency import REALM, ada, at_once, on_postgresql

__all__ = ["ada"]
TEN = [{"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "10"}]


@on_postgresql
def test_what_several_have_looked_at_is_done_by_one(ada: None) -> None:
    adjust = partial(services.adjust_scores, REALM, "ada", TEN)
    seen = services.rehearse(REALM, "ada", adjust).seen
    answers = at_once(8, lambda index: services.if_unchanged(REALM, "ada", seen, adjust))
    assert sum(isinstance(answer, services.Recorded) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 7
    assert Score.objects.get().value == 10


@on_postgresql
def test_looks_beside_plays_lose_and_add_nothing(ada: None) -> None:
    def work(index: int) -> object:
        play = partial(services.play, REALM, "ada", "read")
        return services.rehearse(REALM, "ada", play) if index % 2 else play()

    answers = at_once(16, work)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert Score.objects.get().value == 80
    assert Call.objects.filter(kind=Call.Kind.PLAY).count() == 8
    assert not [found for found in history.check(REALM) if found.differences]
