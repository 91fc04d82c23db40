"""Directives that write the reference from the code, so that it cannot fall behind.

``playlyfe-settings``, ``playlyfe-options``, ``playlyfe-server-settings``: tables of keys and defaults.
``playlyfe-commands APP``: the help of each command of an app. ``playlyfe-checks``: the checks. ``playlyfe-errors``: the
names on the wire. ``playlyfe-tags``: tags and filters.
"""

from __future__ import annotations

import inspect
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Generated(SphinxDirective):
    """A directive whose content is reStructuredText made by :meth:`lines`."""

    def lines(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        made = StringList([line for text in self.lines() for line in text.splitlines() or [""]], source="generated")
        return self.parse_content_to_nodes_of(made)

    def parse_content_to_nodes_of(self, made: StringList) -> list[nodes.Node]:
        holder = nodes.section()
        holder.document = self.state.document
        self.state.nested_parse(made, self.content_offset, holder, match_titles=True)
        return holder.children


def attributes(cls: type) -> dict[str, str]:
    """What the docstring of a class says under "Attributes:", by name; "a, b: text" counts for both."""
    told: dict[str, str] = {}
    text = inspect.getdoc(cls) or ""
    for line in text.partition("Attributes:")[2].splitlines():
        names, colon, says = line.strip().partition(": ")
        if colon and line.startswith("    ") and not line.startswith("     "):
            current = [name.strip() for name in names.split(",")]
            told |= dict.fromkeys(current, says)
        elif line.strip() and told:
            told |= {name: f"{told[name]} {line.strip()}" for name in current}
    return told


def table(rows: list[tuple[str, str, str]], *heads: str) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 25 25 50", ""]
    for row in [heads, *rows]:
        first, *others = row
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return [*lines, ""]


def shown(value: Any) -> str:
    return f"``{value!r}``"


class Settings(Generated):
    """The keys of a game in ``settings.PLAYLYFE``."""

    def lines(self) -> list[str]:
        from django_playlyfe import conf

        told = attributes(conf.GameSettings)
        keys = [(f"``{key}``", shown(default), told[key.lower()]) for key, (_, default) in conf._KEYS.items()]
        return table(keys, "Key", "Default", "Meaning")


class ServerSettings(Generated):
    """The keys of ``settings.PLAYLYFE_SERVER``."""

    def lines(self) -> list[str]:
        from django_playlyfe.engine import conf

        told, defaults = attributes(conf.ServerSettings), conf.server_settings()
        keys = [(f"``{name.upper()}``", shown_default(getattr(defaults, name)), says) for name, says in told.items()]
        return table(keys, "Key", "Default", "Meaning")


def shown_default(value: Any) -> str:
    return f"``{value.__module__}.{value.__qualname__}``" if callable(value) else shown(value)


class Options(Generated):
    """The keys of ``OPTIONS`` of ``HttpBackend``."""

    def lines(self) -> list[str]:
        from django_playlyfe.backends.http_options import HttpOptions

        defaults = HttpOptions()
        keys = [f"``{one.name.upper()}``: {shown(getattr(defaults, one.name))}" for one in fields(HttpOptions)]
        return [f"* {key}" for key in keys] + [""]


class Commands(Generated):
    """The help of each command of an app, in the words of the command line."""

    required_arguments = 1

    def lines(self) -> list[str]:
        app = self.arguments[0]
        folder = Path(import_module(f"{app}.management.commands").__file__ or "").parent
        lines: list[str] = []
        for name in sorted(path.stem for path in folder.glob("playlyfe_*.py")):
            command = import_module(f"{app}.management.commands.{name}").Command()
            parser = command.create_parser("manage.py", name)
            own = [action for action in parser._actions if action.dest not in COMMON and action.help]
            lines += [name, "-" * len(name), "", str(command.help), ""]
            for action in own:
                told = parser._get_formatter()._expand_help(action)
                lines += [f"``{spelled(action)}``", f"   {told}", ""]
        return lines


COMMON = {
    "help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks",
}  # fmt: skip


def spelled(action: Any) -> str:
    """An argument as one writes it."""
    takes = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    takes = takes if isinstance(takes, str) else " ".join(takes)
    return ", ".join(f"{option} {takes}".strip() for option in action.option_strings) or takes or action.dest


class Checks(Generated):
    """What the modules of checks say of themselves."""

    def lines(self) -> list[str]:
        from django_playlyfe import checks
        from django_playlyfe.engine import checks as engine

        lines = [*(inspect.getdoc(checks) or "").splitlines(), "", "Of the engine (``django_playlyfe_engine.``):", ""]
        for _, function in inspect.getmembers(engine, inspect.isfunction):
            text = " ".join((inspect.getdoc(function) or "").split())
            if function.__module__ == engine.__name__ and text[:1] in "EW" and text[1:4].isdigit():
                lines += [f"``{text[:4]}``", f"   {text[5:].strip()}", ""]
        return lines


class Errors(Generated):
    """The table of names on the wire."""

    def lines(self) -> list[str]:
        from django_playlyfe.wire import ERRORS

        rows = [(f"``{name}``", f"{row.error.__name__}, {row.status}", row.text) for name, row in ERRORS.items()]
        return table(rows, "Name", "Class and HTTP status", "Text")


class Tags(Generated):
    """Tags and filters with their docstrings."""

    def lines(self) -> list[str]:
        from django_playlyfe.templatetags import playlyfe

        lines: list[str] = []
        for kind, known in (("Tags", playlyfe.register.tags), ("Filters", playlyfe.register.filters)):
            lines += [kind, "-" * len(kind), ""]
            for name, function in sorted(known.items()):
                text = " ".join((inspect.getdoc(inspect.unwrap(getattr(playlyfe, name, function))) or "").split())
                lines += [f"``{name}``", f"   {text}", ""]
        return lines


def setup(app: Sphinx) -> dict[str, Any]:
    for name, directive in {
        "settings": Settings,
        "server-settings": ServerSettings,
        "options": Options,
        "commands": Commands,
        "checks": Checks,
        "errors": Errors,
        "tags": Tags,
    }.items():
        app.add_directive(f"playlyfe-{name}", directive)
    return {"parallel_read_safe": True}
