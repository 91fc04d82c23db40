"""Pictures of the game, its players, metrics and badges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django_playlyfe import memo
from django_playlyfe.backends import games
from django_playlyfe.conf import DEFAULT_GAME
from django_playlyfe.players.links import player_id_of, player_id_or_none
from django_playlyfe.reading import pictures, questions
from django_playlyfe.services.privacy import is_hidden
from django_playlyfe.services.reads import definitions
from django_playlyfe.types.pictures import Picture
from django_playlyfe.wire import make_error

if TYPE_CHECKING:
    from django_playlyfe.players.links import Who

PICTURE_SIZES = questions.PICTURE_SIZES

PictureKind = Literal["badge", "level"]
_TYPES: dict[PictureKind, str] = {"badge": "set", "level": "state"}
"""What it is -> the type of the metric that it belongs to."""


def picture(
    of: Literal["game", "player", "metric"],
    what: Who = "",
    *,
    item: str = "",
    size: str = "medium",
    user: Who | None = None,
    game: str = DEFAULT_GAME,
) -> Picture:
    """A picture, to be shown to a browser: ``StreamingHttpResponse(found, headers=found.headers())``, or in an async
    view ``HttpResponse(await sync_to_async(found.read)(), headers=found.headers())``.

    Of a game on a server it is fetched once a day; that there is none is remembered for an hour. Within a request it is
    waited for no longer than for any other read, and one that takes longer is there for the next request. Small ones
    are whole; of one above 960 KiB the rest is on its way, and closing the picture closes the connection. PNG, JPEG,
    GIF or WebP, at most 5 MiB.

    Args:
        of: what it shows.
        what: the player, a user or a player id; or the metric's id; nothing for the game.
        item: name of an item (a badge) or a state (a level) of the metric.
        size: one of :data:`PICTURE_SIZES`; "original" or the longest side: 512, 256, 128, 32 pixels.
        user: whose eyes see it; None and an anonymous user are visitors.
        game: alias of the game.

    Raises:
        NotFound: there is none; show a placeholder. Also for a player who hides from ``user``.
        InvalidRequest: there is no such size.
        PlaylyfeError: there is none now, which calls for the placeholder too.
    """
    backend = games[game]
    if size not in PICTURE_SIZES:
        raise make_error("validation_exception", f"A picture's size is one of {', '.join(PICTURE_SIZES)}.")
    ident = player_id_of(what, game) if of == "player" else str(what)
    if of == "player" and is_hidden(ident, user, game):
        raise make_error("image_not_found")
    reader_id = player_id_or_none(user, game) or backend.settings.reader_player_id
    asked = questions.picture(backend, of, ident, item=item, size=size, reader_id=reader_id)
    return pictures.show(backend, asked)


def has_picture(kind: PictureKind, name: str, game: str = DEFAULT_GAME) -> bool:
    """Whether a badge or level may have a picture in the game; a game on a server has to be asked for it.

    Raises:
        ConfigurationError: the game cannot be used.
    """
    pictured = memo.remember(game, "pictured", games[game].pictured)
    return pictured is None or (_TYPES[kind], name) in pictured


def member_picture(
    kind: PictureKind, name: str, *, size: str = "small", user: Who | None = None, game: str = DEFAULT_GAME
) -> Picture:
    """The picture of a badge or level by the name that players see; else as :func:`picture`.

    Raises:
        NotFound: the design has no such badge or level, or no picture of it.
    """
    metrics = definitions(user, game)
    found = next((metric for metric in metrics if metric.type == _TYPES[kind] and name in metric.members), None)
    if found is None or not has_picture(kind, name, game):
        raise make_error("image_not_found")
    return picture("metric", found.id, item=name, size=size, user=user, game=game)
