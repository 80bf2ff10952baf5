"""Of any flow and any gesture: it can be taken back, names stay apart, cells say what it says."""

from __future__ import annotations

from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.graph.gestures.flows import KINDS, done, flow, notebook, reading, told

from flowbook.cells.clipping import clipped, pasted, unclipped
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.graph.edits import Connect, apply
from flowbook.graph.gestures.aiming import targets
from flowbook.graph.gestures.copying import Coming, bring, duplicate
from flowbook.graph.gestures.extracting import extract
from flowbook.graph.gestures.grouping import group, ungroup
from flowbook.graph.gestures.inserting import Wanted, insert, splice
from flowbook.graph.gestures.removing import remove, with_insides
from flowbook.graph.soundness import contradiction
from flowbook.graph.spec import FlowSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId

NAMES = ("load", "clean", "mean", "plot", "mail", "rows", "last")
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def sources(draw):
    """Cells of a flow: nodes that read each other by name and by wire, some inside of others."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True))
    cells, ports, homes = [], {}, {}
    owner = draw(st.sampled_from(("", "", "group", "map", "foreach")))
    if owner:
        cells.append(f"%%flow {owner} box" + ("" if owner == "group" else "(items=[1, 2])"))
    for name in names:
        inside = bool(owner) and draw(st.booleans())
        seen = [one for one in ports if inside or not homes[one]]
        read = draw(st.lists(st.sampled_from(seen), max_size=2, unique=True)) if seen else []
        inputs = []
        for number, source in enumerate(read):
            port = draw(st.sampled_from(ports[source]))
            bare = len([one for one in ports.values() if port in one]) == 1
            inputs.append(port if bare and draw(st.booleans()) else f"x{number}={source}.{port}")
        gives = draw(st.sampled_from(((name,), (f"{name}_a", f"{name}_b"), ("value",))))
        arrow = "" if gives == (name,) else f" -> {', '.join(gives)}"
        body = "1" if not arrow else "\n".join(f"{port} = 1" for port in gives)
        at = " --in box" if inside else ""
        cells.append(f"%%flow {name}({', '.join(inputs)}){arrow}{at}\n{body}")
        ports[name], homes[name] = gives, inside
    return tuple(cells)


def some(draw, spec, least=1):
    nodes = [node.id for node in spec.nodes]
    return draw(st.lists(st.sampled_from(nodes), min_size=least, max_size=3, unique=True))


def gesture_of(draw, spec):
    """Any gesture; None where there is nothing to make it of."""
    edges = resolve(spec).edges
    edge = draw(st.sampled_from(edges)) if edges else None
    into = (edge.target, edge.input) if edge else None
    node = draw(st.sampled_from(spec.nodes))
    kind = draw(st.sampled_from(("python", "sql", "filter", "router", "map", "note", "log")))
    adding = partial(insert, spec, KINDS, places={}, read=reading)
    makers = {
        "insert": lambda: adding(Wanted(kind)),
        "on": lambda: adding(Wanted(kind, on=into)),
        "after": lambda: adding(Wanted(kind, after=(node.id, (*node.outputs, "x")[0]))),
        "inside": lambda: adding(Wanted(kind, inside=node.id)),
        "splice": lambda: splice(spec, node.id, into),
        "remove": lambda: remove(spec, some(draw, spec), [into] if into else [], heal=True),
        "duplicate": lambda: duplicate(spec, KINDS, some(draw, spec), {}),
        "group": lambda: group(spec, some(draw, spec), "", {}),
        "ungroup": lambda: ungroup(spec, node.id, {}),
        "extract": lambda: extract(spec, some(draw, spec), "part")[0],
    }
    word = draw(st.sampled_from(sorted(makers)))
    if into is None and word in ("on", "splice"):
        return word, None
    return word, makers[word]


@LAWS
@given(st.data())
def test_a_gesture_can_be_taken_back_and_contradicts_nothing(data):
    spec = flow(*data.draw(sources()))
    for _ in range(data.draw(st.integers(1, 3))):
        word, make = gesture_of(data.draw, spec)
        if make is None:
            continue
        try:
            gesture = make()
        except UsageError:
            continue
        before = told(spec)
        spec = done(spec, gesture)
        assert contradiction(spec) is None
        assert len({node.id for node in spec.nodes}) == len(spec.nodes)
        assert set(gesture.nodes) <= set(spec.by_id)
        if word in ("insert", "after", "inside", "duplicate"):
            assert before <= told(spec), word
        if not spec.nodes:
            return


@LAWS
@given(st.data())
def test_the_cells_say_what_a_gesture_says(data):
    cells = notebook(*data.draw(sources()))
    spec = read(cells, KINDS).spec
    word, make = gesture_of(data.draw, spec)
    try:
        edit = make().edit if make else None
        patches = patch(cells, edit, KINDS, spec) if edit else ()
    except UsageError:
        return
    after = read(apply_patches(cells, patches), KINDS).spec
    meant = apply(spec, edit) if edit else spec
    assert told(after) == told(meant), word
    assert [node.id for node in after.nodes] == [node.id for node in meant.nodes]


@LAWS
@given(st.data())
def test_what_is_copied_into_an_empty_flow_keeps_its_wires(data):
    spec = flow(*data.draw(sources()))
    nodes = with_insides(spec, "Copy", some(data.draw, spec))
    empty = FlowSpec(FlowId("empty"))
    found = pasted(unclipped(clipped(spec, nodes, KINDS, {})), empty, KINDS)
    made = done(empty, bring(empty, KINDS, Coming(found.nodes, found.edges), "Paste"))
    assert {node.id for node in made.nodes} == set(nodes)
    among = {
        f"{e.source}.{e.output} > {e.target}.{e.input}"
        for e in resolve(spec).edges
        if e.source in nodes and e.target in nodes
    }
    assert among <= told(made)


def applied(spec, edit):
    """What an edit makes of a flow; None where it is refused."""
    try:
        return apply(spec, edit)
    except UsageError:
        return None


@LAWS
@given(st.data())
def test_an_output_goes_where_it_may_and_nowhere_else(data):
    spec = flow(*data.draw(sources()))
    source = data.draw(st.sampled_from(spec.nodes))
    for aim in targets(spec, source.id, source.outputs[0]):
        edit = Connect(source.id, source.outputs[0], aim.node, aim.input or "fresh")
        after = applied(spec, edit)
        assert (after is None) == bool(aim.refused), aim
        if after is None:
            continue
        assert f"{source.id}.{source.outputs[0]} > {aim.node}.{aim.input or 'fresh'}" in told(after)
