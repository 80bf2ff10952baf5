"""What differs between two definitions: nodes, wires and texts, but never places."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from tests.graph.test_edits import specs

from flowbook.graph.comparing import Mark, compare
from flowbook.graph.edits import MoveNodes, RemoveNode, RenameNode, SetBody, apply
from flowbook.graph.flow_edits import SetParams
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Position, Wire
from flowbook.ids import FlowId, NodeId, PortName

FETCH = NodeSpec(NodeId("fetch"), outputs=(PortName("rows"),), body="rows = [1, 2]")
CLEAN = NodeSpec(
    NodeId("clean"),
    inputs=(InputSpec(PortName("rows"), wire=Wire(NodeId("fetch"), PortName("rows"))),),
    outputs=(PortName("clean"),),
    body="rows[:1]\nlen(rows)",
)
FLOW = FlowSpec(FlowId("tour"), (FETCH, CLEAN))


def marks(found):
    return {one.node: one.mark for one in found.nodes}


def test_a_changed_body_is_told_line_by_line():
    after = apply(FLOW, SetBody(NodeId("clean"), "rows[:2]\nlen(rows)"))
    found = compare(FLOW, after)
    assert marks(found) == {"fetch": Mark.SAME, "clean": Mark.CHANGED}
    (changed,) = (one for one in found.nodes if one.mark is Mark.CHANGED)
    assert changed.parts == ("body",)
    assert changed.lines[1:] == (("-", "rows[:1]"), ("+", "rows[:2]"), (" ", "len(rows)"))
    assert found.summary() == "1 changed"


def test_places_are_no_difference():
    moved = apply(FLOW, MoveNodes({NodeId("clean"): Position(5, 5)}))
    assert not compare(FLOW, moved)
    assert compare(FLOW, moved).summary() == "no difference"


def test_a_node_that_is_gone_stays_where_it_was_and_takes_its_wires():
    found = compare(FLOW, apply(FLOW, RemoveNode(NodeId("fetch"))))
    assert marks(found) == {"fetch": Mark.REMOVED, "clean": Mark.SAME}
    assert [mark for _, mark in found.edges] == [Mark.REMOVED]
    back = compare(apply(FLOW, RemoveNode(NodeId("fetch"))), FLOW)
    assert marks(back)["fetch"] is Mark.ADDED
    assert [mark for _, mark in back.edges] == [Mark.ADDED]


def test_a_renamed_node_is_one_node_and_not_two():
    renamed = apply(FLOW, RenameNode(NodeId("fetch"), NodeId("load")))
    found = compare(FLOW, renamed)
    load = next(one for one in found.nodes if one.node == "load")
    assert (load.mark, load.was) == (Mark.CHANGED, "fetch")
    assert "fetch" not in marks(found)
    assert [mark for _, mark in found.edges] == [Mark.SAME]


def test_parameters_and_setup_are_the_flows_own_text():
    one = apply(FLOW, SetParams((ParamSpec(PortName("city"), "Oslo"),)))
    two = apply(FLOW, SetParams((ParamSpec(PortName("city"), "Bergen"),)))
    assert compare(one, two).about == (("-", "city = 'Oslo'"), ("+", "city = 'Bergen'"))
    setup = replace(FLOW, setup=(NodeSpec(NodeId("s"), kind="setup", body="import math"),))
    assert compare(FLOW, setup).about == (("+", "import math"),)


@given(specs, specs)
def test_every_node_of_both_is_told_once_and_what_is_the_same_compares_as_equal(one, two):
    found = compare(one, two)
    told = [node.node for node in found.nodes]
    was = {node.was for node in found.nodes if node.was}
    assert len(told) == len(set(told))
    assert {*told, *was} == {*one.by_id, *two.by_id}
    assert not compare(one, one)
    added = {n.node for n in found.nodes if n.mark is Mark.ADDED}
    removed = {n.node for n in compare(two, one).nodes if n.mark is Mark.REMOVED}
    assert added <= removed | {n.was for n in compare(two, one).nodes if n.was}
