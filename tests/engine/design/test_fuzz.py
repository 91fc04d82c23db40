"""Whatever is done to a design, its check answers with a report, and what passes can be compiled."""

import contextlib
import copy
import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_playlyfe.engine.design.compile import compile_design
from django_playlyfe.engine.design.diff import diff, render
from django_playlyfe.engine.design.load import parse, read
from django_playlyfe.engine.design.normalise import normalise
from django_playlyfe.engine.design.report import Report
from django_playlyfe.engine.design.validate import check
from django_playlyfe.engine.exceptions import DesignInvalid

from .games import LIBRARY_QUEST

QUEST = read(LIBRARY_QUEST)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from places(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from places(entry, (*path, index))


def at(value, path):
    for step in path:
        value = value[step]
    return value


PLACES = [path for path in places(QUEST) if path]
VALUES = [at(QUEST, path) for path in PLACES]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["xp", "badges", "rank", "impact", "Night owl", "Infinity", "-Infinity", "1e9", "error"]),
    st.sampled_from(["$vars['x']", "$vars['pages']", "$scores.xp", "$scores['badges']['bookworm']", "1 +"]),
)
hostile = st.one_of(st.floats(), st.sampled_from([10**30, "\ud800", "\x00", b"", object(), (), {1: 2}]))


def nested(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )


values = st.one_of(scalars, st.sampled_from(VALUES).map(copy.deepcopy), nested(scalars))


@st.composite
def damaged_designs(draw):
    """The library quest with one to four places overwritten, removed, doubled, or given a stray key."""
    document = copy.deepcopy(QUEST)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(PLACES))
        value = draw(values)
        try:
            parent = at(document, path[:-1])
            kind = draw(st.sampled_from(["overwrite", "remove", "double", "stray"]))
            if kind == "overwrite":
                parent[path[-1]] = value
            elif kind == "remove":
                del parent[path[-1]]
            elif kind == "double" and isinstance(parent, list):
                parent.append(parent[path[-1]])
            elif isinstance(parent, dict):
                parent[draw(st.text(max_size=5))] = value
        except (KeyError, IndexError, TypeError):  # an earlier damage took the place away
            continue
    return document


def assert_sound(document):
    report = check(document)
    assert isinstance(report, Report)
    json.dumps(report.as_data())
    "\n".join(report.lines()).encode()
    if report.valid:
        canonical = normalise(document)
        assert normalise(canonical) == canonical
        assert check(canonical).valid
        plan = compile_design(canonical)
        assert set(plan.compounds) == {name for name, metric in plan.metrics.items() if metric.type == "compound"}
        render(diff(normalise(QUEST), canonical))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged_designs())
def test_a_damaged_design_gives_a_report_and_a_valid_one_compiles(document):
    assert_sound(document)


@settings(deadline=None)
@given(nested(scalars | hostile))
@example({"game": {"id": "x"}, "metrics": {}})
def test_anything_at_all_gives_a_report(document):
    assert_sound(document)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60))
@example(b"[" * 200_000)
@example("\ud800")
def test_any_text_is_read_or_refused(content):
    with contextlib.suppress(DesignInvalid):
        assert isinstance(parse(content), dict)
