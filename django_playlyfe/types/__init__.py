"""What the services return: frozen dataclasses, the same from every backend; and pictures, which are read once.

Scores are ``int``. Instants are aware datetimes in UTC. Everything read from a game says how fresh it is:
``as_of`` (when it was true), ``is_stale`` and ``source`` (``"live"``, ``"cache"``, ``"stored"`` or ``"none"``).
"""

from django_playlyfe.types.actions import (
    Action,
    Reward,
    Variable,
)
from django_playlyfe.types.boards import (
    Leaderboard,
    LeaderboardInfo,
    LeaderboardRow,
    Standing,
)
from django_playlyfe.types.events import (
    Change,
    Earned,
    EarnedKind,
    Event,
    ItemChange,
    summarise,
)
from django_playlyfe.types.freshness import (
    Listing,
    Read,
    Source,
)
from django_playlyfe.types.movements import (
    Movement,
    MovementPart,
    ScoreValue,
)
from django_playlyfe.types.pictures import Picture
from django_playlyfe.types.players import (
    Player,
    PlayerRef,
)
from django_playlyfe.types.plays import (
    EditResult,
    Feedback,
    Play,
    PlayOf,
    PlayResult,
    PlayStatus,
)
from django_playlyfe.types.progress import (
    Progress,
    ProgressCondition,
    Rarity,
    Streak,
)
from django_playlyfe.types.scores import (
    Item,
    LevelMeta,
    LevelProgress,
    MetricDefinition,
    MetricRef,
    Ref,
    Score,
    State,
)

__all__ = [
    "Action",
    "Change",
    "Earned",
    "EarnedKind",
    "EditResult",
    "Event",
    "Feedback",
    "Item",
    "ItemChange",
    "Leaderboard",
    "LeaderboardInfo",
    "LeaderboardRow",
    "LevelMeta",
    "LevelProgress",
    "Listing",
    "MetricDefinition",
    "MetricRef",
    "Movement",
    "MovementPart",
    "Picture",
    "Play",
    "PlayOf",
    "PlayResult",
    "PlayStatus",
    "Player",
    "PlayerRef",
    "Progress",
    "ProgressCondition",
    "Rarity",
    "Read",
    "Ref",
    "Reward",
    "Score",
    "ScoreValue",
    "Source",
    "Standing",
    "State",
    "Streak",
    "Variable",
    "summarise",
]
