"""``playlyfe_sync_players --map ids.csv``: users of the site who are players already."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError

from django_playlyfe import services
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.management.game_command import find_user
from django_playlyfe.players.links import SiteUser
from django_playlyfe.services import players
from django_playlyfe.services.sync import Step, Synced

_HEADER = ["user", "player_id"]


class WrongMap(ValueError):
    """The file cannot be used; the text lists every problem with its line. Nothing was changed."""


@dataclass(frozen=True)
class Entry:
    """One line: who is which player."""

    line: int
    user: str
    player_id: str


def read_map(path: str) -> list[Entry]:
    """The lines of a CSV file: login name or primary key of a user, player id. A header ``user,player_id`` is optional.

    Raises:
        WrongMap: the file cannot be read, a line is malformed, or repeats a user or player.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            entries, problems = _parse(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WrongMap(f"{path} cannot be read: {error}") from error
    problems += _repetitions(entries)
    if problems:
        raise WrongMap("\n".join([f"{path} cannot be used; nothing was done.", *problems]))
    return entries


def link_users(entries: Iterable[Entry], game: str) -> Iterator[Synced]:
    """Link the user of each line to the player, who must exist in the game; one failure stops nobody else."""
    for entry in entries:
        label = f"line {entry.line}"
        try:
            services.link_player(_user(entry), entry.player_id, game)
        except (LookupError, PlaylyfeError, DatabaseError) as error:
            yield Synced(label, Step.LINK, error)
        else:
            yield Synced(label, Step.LINK)


def check_users(entries: Iterable[Entry], game: str) -> Iterator[Synced]:
    """What :func:`link_users` would find, without writing."""
    for entry in entries:
        label = f"line {entry.line}"
        try:
            players.check_link(_user(entry), entry.player_id, game)
        except (LookupError, PlaylyfeError) as error:
            yield Synced(label, Step.LINK, error)
        else:
            yield Synced(label, Step.LINK)


def _user(entry: Entry) -> SiteUser:
    user = find_user(entry.user)
    if user is None:
        raise LookupError(f"there is no user with the login name or primary key {entry.user!r}")
    return user


def _parse(rows: Iterable[list[str]]) -> tuple[list[Entry], list[str]]:
    entries, problems = [], []
    for line, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (line == 1 and [cell.lower() for cell in cells] == _HEADER):
            continue
        if len(cells) != 2 or not all(cells):
            problems.append(f"line {line}: expected a user and a player id, found {','.join(row)!r}")
        else:
            entries.append(Entry(line, *cells))
    return entries, problems


def _repetitions(entries: Iterable[Entry]) -> list[str]:
    """One user is one player: neither may stand in two lines."""
    problems = []
    users: dict[str, int] = {}
    player_ids: dict[str, int] = {}
    for entry in entries:
        for what, name, seen in (("user", entry.user, users), ("player id", entry.player_id, player_ids)):
            if name in seen:
                problems.append(f"line {entry.line}: the {what} {name!r} stands in line {seen[name]} already")
            seen.setdefault(name, entry.line)
    return problems
