"""Users become players, and players follow their users (``interface.md`` §3.7).

Every save is listened to, because a site may save its users through a proxy or a child class; what is not a user costs
one ``isinstance``. Whatever goes wrong with the game, saving and deleting users goes on: the error is logged, the link
says "failed", ``playlyfe_sync_players`` repairs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.signals import setting_changed
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import class_prepared, post_save, pre_delete

from django_playlyfe import conf
from django_playlyfe.conf import GameSettings
from django_playlyfe.exceptions import ConfigurationError
from django_playlyfe.services import enrolment, forget_player

logger = logging.getLogger("django_playlyfe")

_UNRELATED_FIELDS = frozenset({"last_login", "password"})
"""What Django itself saves alone: no name and no state of a player depends on it."""

_already_logged: set[str] = set()


def connect() -> None:
    """Listen. Called once, by the app, when all models are known."""
    post_save.connect(user_saved, dispatch_uid="django_playlyfe.user_saved")
    for model in apps.get_models():
        _listen_to_deletions(model)
    class_prepared.connect(_model_made, dispatch_uid="django_playlyfe.model_made")
    setting_changed.connect(_settings_changed, dispatch_uid="django_playlyfe.receivers")


def _listen_to_deletions(model: type[Model]) -> None:
    """Hear of deleted users, also through proxies, and of nothing else: a receiver for every model would keep Django
    from deleting the rows of any table of the site in one statement. A row of a child class may go alone
    (``delete(keep_parents=True)``); where the user goes with it, Django tells of the user too."""
    if issubclass(model, get_user_model()) and model._meta.concrete_model is get_user_model()._meta.concrete_model:
        pre_delete.connect(user_deleted, sender=model, dispatch_uid="django_playlyfe.user_deleted")


def user_saved(
    instance: Any,
    created: bool,
    raw: bool,
    using: str,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    """A new user becomes a player; a changed name or ``is_active`` of a player goes to the game."""
    if raw or not isinstance(instance, get_user_model()):
        return
    if update_fields is not None and _UNRELATED_FIELDS.issuperset(update_fields):
        return
    for game, settings in _games().items():
        if not settings.create_players:
            continue
        done = _shielded(enrolment.register if created else enrolment.refresh, instance, game, using)
        if not done and created:
            _shielded(enrolment.mark_failed, instance, game, using)


def user_deleted(instance: Any, using: str, **_kwargs: Any) -> None:
    """A deleted user is forgotten by the game, unless the site keeps the players of deleted users."""
    for game, settings in _games().items():
        step = forget_player if settings.on_user_delete == "forget" else enrolment.let_go
        _shielded(step, instance, game, using)


def _games() -> Mapping[str, GameSettings]:
    """The site's games; wrong settings must not keep anybody from registering."""
    try:
        return conf.games()
    except ConfigurationError as error:
        _log_once(f"No players are created, as the settings are wrong: {error}")
        return {}


def _shielded(step: Callable[[Any, str], object], user: Any, game: str, using: str) -> bool:
    """Do something about a user in a savepoint, so that its failure leaves the user saved. Returns whether it worked.

    Without the savepoint a failed statement would spoil the transaction that writes the user (``reliability.md`` §3.1).
    """
    try:
        with transaction.atomic(using=using):
            step(user, game)
    except ConfigurationError as error:
        _log_once(
            f"The game {game!r} cannot be used yet, so users are saved without a player: {error} "
            "Afterwards, run: python manage.py playlyfe_sync_players"
        )
    except Exception:  # of the game, the database, or one of the site's own functions: PLAYER_ALIAS and the like
        logger.exception(
            "The game %r failed about the user with primary key %s, who is saved all the same. "
            "To repair, run: python manage.py playlyfe_sync_players",
            game,
            user.pk,
        )
    else:
        return True
    return False


def _log_once(text: str) -> None:
    """A wrong setting fails for every user; it is said once per process."""
    if text not in _already_logged:
        _already_logged.add(text)
        logger.error(text)


def _model_made(sender: type[Model], **_kwargs: Any) -> None:
    """A model that was made after the app was ready, as in tests."""
    _listen_to_deletions(sender)


def _settings_changed(**_kwargs: Any) -> None:
    _already_logged.clear()
