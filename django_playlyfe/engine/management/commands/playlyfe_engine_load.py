"""``manage.py playlyfe_engine_load``: check a design file, show what it changes, activate it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_playlyfe.engine.design.diff import render
from django_playlyfe.engine.design.findings import earnings, unreachable
from django_playlyfe.engine.design.load import STARTER, read
from django_playlyfe.engine.exceptions import DesignConflict, DesignInvalid
from django_playlyfe.engine.history import Totals
from django_playlyfe.engine.history.transfer import read_game
from django_playlyfe.engine.models import Environment, Game
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.services.awarding import award_all
from django_playlyfe.engine.versions import activation, resolving
from django_playlyfe.engine.versions.issues import Issue
from django_playlyfe.exceptions import InvalidRequest

WRONG_INPUT = 2
"""Exit code: the design or the command line is wrong; nothing was changed."""


class Command(BaseCommand):
    help = "Checks a design file, shows what it changes, and activates it. Exit code 2: wrong design, nothing changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments of the command line."""
        parser.add_argument(
            "design", metavar="FILE", help=f'A design file (JSON), or "{STARTER}" for the game that ships.'
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="Check, show the changes, what nobody can reach and what can be earned in a day; write nothing.",
        )
        parser.add_argument(
            "--environment",
            choices=Environment.values,
            default="production",
            help="Where the design is to judge plays.",
        )
        parser.add_argument("--game", default="", metavar="ID", help="Load it as this game, whatever id the file says.")
        parser.add_argument(
            "--with-players",
            action="store_true",
            help="FILE is a whole game, as playlyfe_engine_export --with-players writes it; its id must be free.",
        )
        parser.add_argument(
            "--fix",
            action="append",
            default=[],
            metavar="ID[=TO]",
            help="Resolve this issue before activating; TO: the item or state to move to. May be given several times.",
        )
        parser.add_argument(
            "--award",
            action="store_true",
            help="Give every player what the design owes them for what they did before; with --check only show it.",
        )
        parser.add_argument(
            "--force", action="store_true", help="Overwrite a working design that was edited meanwhile."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Raises CommandError, with exit code 2 if the design cannot be activated."""
        self.verbosity = options["verbosity"]
        self.fixed = 0
        realm = Realm(options["game"], options["environment"])
        try:
            if options["with_players"]:
                self._read_game(realm, options["design"])
                return
            document = read(options["design"])
            self._preview(realm, document)
            if options["check"]:
                self._tell_findings(realm, document)
                if options["award"]:
                    self._tell_owed(realm, document)
                self._name_issues(activation.find_issues(self._named(realm, document), document))
                self._say(self.style.SUCCESS("The design is valid. Nothing was written."))
            else:
                self._fix(self._named(realm, document), document, options["fix"])
                self._name_issues(activation.find_issues(self._named(realm, document), document))
                self._activate(realm, document, force=options["force"])
                if options["award"]:
                    given = award_all(self._named(realm, document))
                    self._say(f"{given} players were given what they were owed.")
        except (DesignInvalid, DesignConflict, InvalidRequest) as error:
            told = "The fixes were applied, the design was not activated" if self.fixed else "Nothing was changed"
            raise CommandError(f"{error.description}. {told}.", returncode=WRONG_INPUT) from None
        except DatabaseError as error:
            raise CommandError(
                f"The engine's tables cannot be used: {error}. Did you run `manage.py migrate`?"
            ) from error

    def _preview(self, realm: Realm, document: dict[str, Any]) -> None:
        """Print what is wrong with the design, all of it, or what it changes."""
        report, differences = activation.preview(realm, document)
        if not report.valid:
            for line in report.lines():
                self.stderr.write(self.style.ERROR(line))
            count = len(report.problems)
            raise DesignInvalid(f"The design has {count} error{'' if count == 1 else 's'}", report=report)
        for warning in report.lines():  # of a valid design there is nothing else
            self._say(self.style.WARNING(warning))
        self._say(render(differences) or "Nothing differs from the design in force.")

    def _tell_findings(self, realm: Realm, document: dict[str, Any]) -> None:
        """Print what nobody can reach, and how much a player can earn in a day."""
        plan = activation.compiled(realm, document)
        for finding in unreachable(plan):
            self._say(self.style.WARNING(f"warning: {finding}"))
        for earning in earnings(plan):
            self._say(f"A player can earn {earning}")

    def _tell_owed(self, realm: Realm, document: dict[str, Any]) -> None:
        """Print per score how many players would gain and lose how much."""
        totals = Totals()
        for one in activation.owed(realm, document):
            totals.add(one)
        self._say(f"{totals.moved} of {totals.players} players are owed something.")
        for (metric, item), count in totals.scores.items():
            name = f"{metric} {item}".rstrip()
            self._say(f"  {name}: {count.gaining} gain {count.gained:,}, {count.losing} lose {count.lost:,}")

    def _read_game(self, realm: Realm, path: str) -> None:
        try:
            with Path(path).open(encoding="utf-8") as file:
                game_id = read_game(file, game_id=realm.game)
        except OSError as error:
            raise CommandError(f"Cannot read {path}: {error.strerror}", returncode=WRONG_INPUT) from error
        self._say(self.style.SUCCESS(f"Stored the game '{game_id}' with its players and its log."))
        self._name_other_games()

    @staticmethod
    def _named(realm: Realm, document: dict[str, Any]) -> Realm:
        """The realm with the name of its game."""
        return Realm(realm.game or document["game"]["id"], realm.environment)

    def _fix(self, realm: Realm, document: dict[str, Any], wanted: list[str]) -> None:
        """Apply fixes. Raises CommandError for one of no issue, InvalidRequest for one that does not fit its issue."""
        open_issues = {issue.id: issue for issue in activation.find_issues(realm, document)}
        for text in wanted:
            issue_id, _, to = text.partition("=")
            if issue_id not in open_issues:
                known = f"; there are {', '.join(open_issues)}" if open_issues else "; there is none"
                raise CommandError(
                    f"There is no issue {issue_id!r}{known}. {self.fixed or 'No'} fix was applied, nothing activated.",
                    returncode=WRONG_INPUT,
                )
            players = resolving.resolve(realm, document, open_issues[issue_id], to=to or None)
            self.fixed += 1
            self._say(f"Resolved {issue_id}: {players} player{'' if players == 1 else 's'}.")

    def _name_issues(self, found: list[Issue]) -> None:
        """Print what stands in the way, and what resolves it."""
        for issue in found:
            self.stderr.write(self.style.ERROR(str(issue)))
            self.stderr.write(f"    {issue.apply}: --fix {issue.id}")
            if issue.rename:
                self.stderr.write(f"    {issue.rename}: --fix {issue.id}=TO, which moves it to another")

    def _activate(self, realm: Realm, document: dict[str, Any], *, force: bool) -> None:
        game_id = realm.game or document["game"]["id"]
        before = activation.design_in_force(Realm(game_id, realm.environment))
        version = activation.activate(realm, document, force=force)
        if version == before:
            self._say(self.style.SUCCESS(f"The design of '{game_id}' is unchanged: version {version.number}."))
        else:
            self._say(self.style.SUCCESS(f"Activated version {version.number} of '{game_id}' in {realm.environment}."))
        self._name_other_games()

    def _name_other_games(self) -> None:
        """With a second game, settings that name none stop working: better said here than met on a page."""
        games = list(Game.objects.order_by("pk").values_list("game_id", flat=True)[:5])
        if len(games) > 1:
            self._say(
                self.style.WARNING(
                    f"There are several games now ({', '.join(games)}): settings must name theirs, "
                    f'"OPTIONS": {{"GAME": "{games[0]}"}}.'
                )
            )

    def _say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(text)
