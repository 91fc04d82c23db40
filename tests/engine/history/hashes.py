"""A program of its own: plays so many generated games on an empty SQLite database and prints the hash of each state.

``python -m tests.engine.history.hashes 200``; the first line is the kind of database.
"""

from __future__ import annotations

import os
import sys

import django


def main(number: int) -> None:
    """Print the hashes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testproject.settings")
    django.setup()
    from django.db import connection, transaction

    from django_playlyfe.engine import history
    from django_playlyfe.engine.calls.dice import KeyedDice

    from . import games

    connection.creation.create_test_db(verbosity=0)
    KeyedDice.__call__ = games.dice_of_the_instant  # type: ignore[method-assign] - this program does nothing else
    print(connection.vendor)
    for seed in range(number):
        with transaction.atomic():
            games.play(seed)
            print(history.state_hash(games.REALM))
            transaction.set_rollback(True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
