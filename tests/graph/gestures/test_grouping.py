"""What goes into a group, and what comes out of one, feeds and is fed as before."""

from __future__ import annotations

import pytest
from tests.graph.gestures.flows import TOUR, done, flow, told, written

from flowbook.errors import EditRejected
from flowbook.graph.edits import MoveNodes, apply
from flowbook.graph.gestures.grouping import group, ungroup
from flowbook.graph.nested_layout import arrange
from flowbook.graph.nesting import Nesting, container_of, is_container
from flowbook.graph.spec import Position
from flowbook.ids import NodeId
from flowbook.widget.boxes import boxes
from flowbook.widget.views import NodeView

CHAIN = (
    "%%flow a\n1",
    "%%flow b(a)\na",
    "%%flow c(b)\nb",
    "%%flow d(c, b)\nc, b",
)


def grouping(*nodes, name="", places=None):
    return lambda spec: group(spec, [NodeId(one) for one in nodes], name, places or {})


def test_what_others_read_becomes_the_outputs_of_the_group():
    cells = written(CHAIN, grouping("b", "c"))
    assert cells == [
        "%%flow a\n1",
        "%%flow group group -> c, b",
        "%%flow b(a) --in group\na",
        "%%flow c(b) --in group\nb",
        "%%flow d(c, b)\nc, b",
    ]


def test_wires_of_readers_lead_to_the_group():
    cells = written(TOUR, grouping("load", name="source"))
    assert cells[0] == "%%flow group source -> rows, n"
    assert cells[-1] == "%%flow report(d=clean, k=source.n)\nd"


def test_what_nobody_reads_is_given_under_the_groups_name():
    spec = flow(*CHAIN)
    after = done(spec, grouping("d", name="last")(spec))
    assert after.node(NodeId("last")).outputs == ("last",)


def test_a_group_is_where_its_nodes_were():
    sources = (
        "%%flow map each(items=[1])",
        "%%flow one --in each\nitem",
        "%%flow two(one) --in each\none",
    )
    spec = flow(*sources)
    gesture = grouping("one", "two")(spec)
    after = done(spec, gesture)
    assert gesture.label == "Group 2 nodes"
    assert after.node(NodeId("group")).options.inside == "each"
    assert after.node(NodeId("two")).options.inside == "group"
    assert told(after) == told(spec)


def test_a_group_stands_around_its_nodes():
    spec = apply(flow(*CHAIN), MoveNodes({NodeId("b"): Position(100, 100)}))
    places = {"b": Position(100, 100), "c": Position(300, 80)}
    at = done(spec, grouping("b", "c", places=places)(spec)).node(NodeId("group")).position
    assert at.x < 100
    assert at.y < 80


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (["a", "c"], "b runs between them"),
        ([], "nothing is selected"),
        (["a", "z"], "no node 'z'"),
    ],
)
def test_what_cannot_be_one_is_refused(nodes, reason):
    with pytest.raises(EditRejected, match=reason):
        grouping(*nodes)(flow(*CHAIN))


def test_two_outputs_of_one_name_cannot_both_leave():
    spec = flow("%%flow a -> n\nn = 1", "%%flow b -> n\nn = 2", "%%flow c(x=a.n, y=b.n)\nx")
    with pytest.raises(EditRejected, match="both give 'n'"):
        grouping("a", "b")(spec)


def test_nodes_of_different_places_are_no_group():
    spec = flow("%%flow group g\n", "%%flow a --in g\n1", "%%flow b\n2")
    with pytest.raises(EditRejected, match="different places"):
        grouping("a", "b")(spec)


def test_ungrouping_gives_back_what_was_grouped():
    spec = flow(*CHAIN)
    grouped = done(spec, grouping("b", "c")(spec))
    after = done(grouped, ungroup(grouped, NodeId("group"), {}))
    assert told(after) == told(spec)
    assert [node.options.inside for node in after.nodes] == ["", "", "", ""]


def test_who_read_a_group_by_its_name_reads_what_ended_it():
    sources = ("%%flow group g", "%%flow a --in g\n1", "%%flow b(a) --in g\na", "%%flow c(g)\ng")
    cells = written(sources, lambda spec: ungroup(spec, NodeId("g"), {}))
    assert cells == ["%%flow a\n1", "%%flow b(a)\na", "%%flow c(g=b)\ng"]


def test_names_that_were_inside_catch_nobody_outside():
    sources = (
        "%%flow load -> n\nn = 1",
        "%%flow group g",
        "%%flow n --in g\n2",
        "%%flow m(n) --in g\nn",
        "%%flow use(n)\nn",
    )
    spec = flow(*sources)
    after = done(spec, ungroup(spec, NodeId("g"), {}))
    assert told(after) == {"n.n > m.n", "load.n > use.n"}


def test_what_reads_the_input_of_a_container_reads_what_fed_it():
    sources = ("%%flow a\n1", "%%flow group g(x=a)", "%%flow b(x) --in g\nx")
    spec = flow(*sources)
    assert told(done(spec, ungroup(spec, NodeId("g"), {}))) == {"a.a > b.x"}


def test_what_only_a_turn_gives_cannot_be_had_without_it():
    spec = flow("%%flow map each(items=[1])", "%%flow one --in each\nitem")
    with pytest.raises(EditRejected, match="only a turn of each gives"):
        ungroup(spec, NodeId("each"), {})


def test_what_runs_after_a_failure_does_not_run_always():
    spec = flow("%%flow try g", "%%flow a --in g\n1", "%%flow b --in g.catch\n2")
    with pytest.raises(EditRejected, match="would run every time"):
        ungroup(spec, NodeId("g"), {})
    with pytest.raises(EditRejected, match="nothing is inside"):
        ungroup(spec, NodeId("a"), {})


def drawn(spec):
    """Where every node is on the canvas."""
    places = {**arrange(spec), **{n.id: n.position for n in spec.nodes if n.position is not None}}
    nesting = Nesting(spec)
    views = [
        NodeView(
            node.id,
            node.kind_name,
            *(places[node.id].x, places[node.id].y),
            inside=NodeId(container_of(nesting.home(node.id)) or "") or None,
            contains=is_container(node),
        )
        for node in spec.nodes
    ]
    return places, {name: (box.x, box.y) for name, box in boxes(views).items()}


@pytest.mark.parametrize("outer", ["", " --in around"])
def test_what_leaves_a_container_is_drawn_where_it_was(outer):
    spec = flow(
        "%%flow group around",
        f"%%flow group g{outer}",
        "%%flow a --in g\n1",
        "%%flow b(a) --in g\na",
        f"%%flow c(b=g){outer}\nb",
    )
    at = {"around": (70, 30), "g": (500, 300), "a": (7, 9), "b": (300, -40), "c": (900, 800)}
    placed = MoveNodes({NodeId(name): Position(*place) for name, place in at.items()})
    spec = apply(spec, placed)
    places, before = drawn(spec)
    after = drawn(done(spec, ungroup(spec, NodeId("g"), places)))[1]
    kept = {"a", "b", "c"}
    assert {one: after[one] for one in kept} == {one: before[one] for one in kept}


def test_what_nobody_placed_is_left_to_the_layout():
    spec = flow("%%flow group g", "%%flow a --in g\n1")
    after = done(spec, ungroup(spec, NodeId("g"), drawn(spec)[0]))
    assert after.node(NodeId("a")).position is None
