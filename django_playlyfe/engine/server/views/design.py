"""The design API: the working design, component by component, and its activation (``engine.md`` §15.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from django_playlyfe.engine.design.components import SINGULAR
from django_playlyfe.engine.exceptions import DesignConflict
from django_playlyfe.engine.models import Environment
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.refusals import invalid
from django_playlyfe.engine.server.call import ApiCall, Logic
from django_playlyfe.engine.server.kit.bodies import as_object
from django_playlyfe.engine.versions import editing, resolving
from django_playlyfe.wire import make_error

View = Callable[[ApiCall], Logic]
Wire = dict[str, Any]

_SOURCES = ("saved", "stash")
"""A draft beside a saved component; nothing here makes one, so the saved one is the answer to both."""


def listing(kind: str) -> View:
    """The components of a type."""

    def view(call: ApiCall) -> Logic:
        call.query.choice("source", _SOURCES)
        fields = _names(call.query.text("fields")) or ["id", "name"]
        tags = _names(call.query.text("tags"))
        return partial(editing.components, call.realm, call.path["version"], kind, fields=fields, tags=tags)

    return view


def one(kind: str) -> View:
    """A component in full."""

    def view(call: ApiCall) -> Logic:
        call.query.choice("source", _SOURCES)
        return partial(editing.component, call.realm, call.path["version"], kind, call.path["id"])

    return view


def create(kind: str) -> View:
    """A new component."""

    def view(call: ApiCall) -> Logic:
        return _writing(call, partial(editing.create, call.realm, kind, call.body))

    return view


def update(kind: str) -> View:
    """Some keys of a component."""

    def view(call: ApiCall) -> Logic:
        changes = {key: value for key, value in call.body.items() if key != "_errors"}
        return _writing(call, partial(editing.update, call.realm, kind, call.path["id"], changes))

    return view


def delete(kind: str) -> View:
    """A component goes."""

    def view(call: ApiCall) -> Logic:
        def remove() -> Wire:
            editing.delete(call.realm, kind, call.path["id"])
            return {"message": f"The {SINGULAR[kind]} '{call.path['id']}' has been deleted successfully"}

        return _writing(call, remove)

    return view


def bootstrap(call: ApiCall) -> Logic:
    """What new players are given."""
    return partial(editing.bootstrap, call.realm, call.path["version"])


def replace_bootstrap(call: ApiCall) -> Logic:
    """Give them something else."""
    return _writing(call, partial(editing.replace_bootstrap, call.realm, call.body))


def simulate(call: ApiCall) -> Logic:
    """Try the working design in staging."""
    return _activating(call, Realm(call.realm.game, Environment.STAGING), "simulated")


def deploy(call: ApiCall) -> Logic:
    """Put the working design in force where the client works."""
    return _activating(call, call.realm, "deployed")


def issues(call: ApiCall) -> Logic:
    """What stands in the way of an activation; with ``type=metric`` of metrics alone, and there are no others yet."""
    kind = call.query.text("type")
    if kind not in (None, *SINGULAR.values()):
        raise invalid("/type", f"should be one of {', '.join(SINGULAR.values())}", code="ENUM_MISMATCH")
    return partial(resolving.issues, call.realm) if kind in (None, "metric") else list


def issue(call: ApiCall) -> Logic:
    """One of them."""

    def read() -> Wire:
        found = (known for known in resolving.issues(call.realm) if known["id"] == call.path["id"])
        known = next(found, None)
        if known is None:
            raise make_error("issue_not_found", f"The issue '{call.path['id']}' does not exist", status=404)
        return known

    return read


def resolve(call: ApiCall) -> Logic:
    """Apply the fix of one, which the body names: it may cost players their scores."""
    apply = call.body.get("apply")
    if apply is None:
        raise invalid("/apply", "apply is required", code="OBJECT_MISSING_REQUIRED_PROPERTY")
    variables = as_object(call.body.get("vars"), "/vars")
    return partial(resolving.resolve_issue, call.realm, call.path["id"], apply, variables)


def _activating(call: ApiCall, realm: Realm, done: Literal["simulated", "deployed"]) -> Logic:
    def put_in_force() -> Any:
        try:
            editing.activate_working_design(realm)
        except DesignConflict as conflict:
            if conflict.issues:
                return list(conflict.issues)
            raise
        return {"message": f"The design has been {done} successfully"}

    return _writing(call, put_in_force)


def _writing(call: ApiCall, logic: Logic) -> Logic:
    """The logic of a call that changes the design: only the working one can be changed."""
    version = call.path["version"]

    def refuse() -> Wire:
        editing.bootstrap(call.realm, version)  # says if there is no such version
        raise make_error("forbidden", f"Version {version} is frozen; only '{editing.WORKING}' can be changed")

    return logic if version == editing.WORKING else refuse


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]
