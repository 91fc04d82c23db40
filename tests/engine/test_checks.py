"""System checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks as django_checks

from django_playlyfe.engine import checks
from django_playlyfe.engine.database import transactions

pytestmark = pytest.mark.django_db  # Django's own checks may ask the database


def test_wrong_settings_are_errors(settings: Any) -> None:
    settings.PLAYLYFE_SERVER = {"PLAYER_LIMITS": 3, "TOKEN_LIFE": "long"}
    messages = [message for message in django_checks.run_checks() if message.id == "django_playlyfe_engine.E001"]
    assert len(messages) == 2
    assert "did you mean 'PLAYER_LIMIT'" in messages[0].msg


@pytest.mark.parametrize("options", [{}, {"transaction_mode": "DEFERRED"}, {"transaction_mode": None}])
def test_sqlite_without_immediate_transactions_is_warned_of(monkeypatch: pytest.MonkeyPatch, options: Any) -> None:
    connection = transactions.write_connection()
    monkeypatch.setattr(connection, "vendor", "sqlite")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    (message,) = checks.check_sqlite()
    assert message.id == "django_playlyfe_engine.W001"
    assert '"transaction_mode": "IMMEDIATE"' in str(message.hint)


@pytest.mark.parametrize(
    ("vendor", "options"),
    [("sqlite", {"transaction_mode": "IMMEDIATE"}), ("sqlite", {"transaction_mode": "exclusive"}), ("postgresql", {})],
)
def test_good_databases_are_not_warned_of(monkeypatch: pytest.MonkeyPatch, vendor: str, options: Any) -> None:
    connection = transactions.write_connection()
    monkeypatch.setattr(connection, "vendor", vendor)
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert checks.check_sqlite() == []
