"""Players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_playlyfe.types.freshness import Read
from django_playlyfe.types.scores import Item, LevelProgress, Score


@dataclass(frozen=True)
class PlayerRef:
    """A player as events and boards name one."""

    id: str
    alias: str = ""


@dataclass(frozen=True)
class Player(Read):
    """A player's profile. ``scores`` follow the order of the design."""

    id: str
    alias: str = ""
    enabled: bool = True
    created: datetime | None = None
    scores: tuple[Score, ...] = ()
    teams: tuple[Mapping[str, Any], ...] = ()

    def score(self, metric_id: str) -> Score | None:
        """The score of one metric, None if the player has none."""
        return next((score for score in self.scores if score.metric.id == metric_id), None)

    def points(self, metric_id: str) -> int:
        """The value of a point or compound metric, 0 if the player has none."""
        score = self.score(metric_id)
        return score.value if score is not None and score.value is not None else 0

    @property
    def point_scores(self) -> tuple[Score, ...]:
        """Scores with a number: point and compound metrics."""
        return tuple(score for score in self.scores if score.value is not None)

    @property
    def badges(self) -> tuple[Item, ...]:
        """All items of all set metrics, in the order of the profile."""
        return tuple(item for score in self.scores for item in score.items)

    @property
    def levels(self) -> tuple[LevelProgress, ...]:
        """Progress in each state metric that a level rule drives."""
        return tuple(
            LevelProgress(
                metric=score.metric,
                state=score.state,
                base_metric=score.meta.base_metric,
                value=self.points(score.meta.base_metric.id),
                low=score.meta.low,
                high=score.meta.high,
                next=score.meta.next,
            )
            for score in self.scores
            if score.state is not None and score.meta is not None
        )
