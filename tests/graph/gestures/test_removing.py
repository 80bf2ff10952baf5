"""What is deleted goes with what is inside of it; what it fed may be fed by what fed it."""

from __future__ import annotations

import pytest
from tests.graph.gestures.flows import TOUR, done, flow, told, written

from flowbook.errors import EditRejected
from flowbook.graph.gestures.removing import remove

NESTED = (
    "%%flow map each(items=[1])",
    "%%flow one --in each\nitem",
    "%%flow other(each)\neach",
)


def test_what_a_deleted_node_fed_is_fed_by_what_fed_it():
    cells = written(TOUR, lambda spec: remove(spec, ["clean"], heal=True))
    assert cells[1:] == ["%%flow report(d=load.rows, k=load.n)\nd"]


def test_healing_goes_through_every_node_that_is_deleted():
    sources = ("%%flow a\n1", "%%flow b(a)\na", "%%flow c(b)\nb", "%%flow d(c)\nc")
    spec = flow(*sources)
    assert told(done(spec, remove(spec, ["b", "c"], heal=True))) == {"a.a > d.c"}


def test_without_healing_what_it_fed_says_what_it_misses():
    cells = written(TOUR, lambda spec: remove(spec, ["clean"]))
    assert cells[1:] == ["%%flow report(d=clean, k=load.n)\nd"]


def test_a_wire_goes_without_its_nodes():
    spec = flow(*TOUR)
    gesture = remove(spec, [], [("report", "k")])
    assert gesture.label == "Delete a wire"
    assert "load.n > report.k" not in told(done(spec, gesture))


def test_a_container_takes_what_is_inside_with_it():
    spec = flow(*NESTED)
    gesture = remove(spec, ["each"])
    assert gesture.label == "Delete each with a node inside"
    assert [node.id for node in done(spec, gesture).nodes] == ["other"]


@pytest.mark.parametrize(
    ("nodes", "edges", "label"),
    [
        (["clean"], [], "Delete clean"),
        (["load", "clean"], [("report", "k")], "Delete 2 nodes and a wire"),
        ([], [("report", "k"), ("report", "d")], "Delete 2 wires"),
        (["report"], [("report", "k")], "Delete report"),
    ],
)
def test_the_label_counts_what_goes(nodes, edges, label):
    spec = flow(*TOUR)
    gesture = remove(spec, nodes, edges)
    done(spec, gesture)
    assert gesture.label == label


def test_nothing_is_not_deleted_and_strangers_are_named():
    with pytest.raises(EditRejected, match="nothing is selected"):
        remove(flow(*TOUR), [])
    with pytest.raises(EditRejected, match="no node 'clen'") as refused:
        remove(flow(*TOUR), ["clen"])
    assert refused.value.hint == "did you mean 'clean'?"
