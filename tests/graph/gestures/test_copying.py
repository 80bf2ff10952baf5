"""Copies are wired among themselves, are fed by what fed the originals, and disturb nobody."""

from __future__ import annotations

from tests.graph.gestures.flows import KINDS, TOUR, done, flow, told, written

from flowbook.graph.edits import MoveNodes, apply
from flowbook.graph.gestures.copying import duplicate
from flowbook.graph.spec import Position
from flowbook.ids import NodeId


def twice(*nodes, places=None):
    return lambda spec: duplicate(spec, KINDS, [NodeId(one) for one in nodes], places or {})


def test_a_copy_is_fed_by_what_feeds_the_node():
    cells = written(TOUR, twice("clean"))
    assert cells[2] == "%%flow clean_2(rows)\nclean = rows"
    assert cells[3] == TOUR[2]


def test_wires_among_copies_are_copied_and_others_stay_fed():
    spec = flow(*TOUR)
    after = done(spec, twice("load", "clean")(spec))
    assert told(spec) <= told(after)
    assert told(after) - told(spec) == {"load_2.rows > clean_2.rows"}


def test_a_path_in_a_template_follows_the_copy():
    sources = (
        "%%flow load -> rows, n\nrows, n = [1], 1",
        '%%flow log say\nmessage: "{{ load.n }} rows"',
    )
    cells = written(sources, twice("load", "say"))
    assert cells[3] == '%%flow log say_2\nmessage: "{{ load_2.n }} rows"'


def test_a_container_is_copied_with_what_is_inside():
    sources = (
        "%%flow group both\nresult: second",
        "%%flow first --in both\n1",
        "%%flow second(first) --in both\nfirst",
        "%%flow after(both)\nboth",
    )
    spec = flow(*sources)
    gesture = twice("both")(spec)
    after = done(spec, gesture)
    assert gesture.label == "Duplicate both with 2 nodes inside"
    assert after.node(NodeId("second_2")).options.inside == "both_2"
    assert after.node(NodeId("both_2")).config["result"] == "second_2"
    assert told(after) - told(spec) == {"first_2.first_2 > second_2.first"}
    assert [node.id for node in after.nodes][-1] == "after"


def test_copies_stand_beside_the_nodes_and_not_on_others():
    sources = tuple(TOUR)
    spec = flow(*sources)
    placed = {NodeId("clean"): Position(0, 0), NodeId("report"): Position(40, 40)}

    spec = apply(spec, MoveNodes(placed))
    after = done(spec, twice("clean", places=placed)(spec))
    at = after.node(NodeId("clean_2")).position
    assert at.x == 40
    assert at.y >= 40 + 84
