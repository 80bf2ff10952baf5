"""A new node has a name of its own, a body to begin with, and the wires that were meant."""

from __future__ import annotations

import pytest
from tests.graph.gestures.flows import KINDS, TOUR, done, flow, reading, told, written

from flowbook.errors import EditRejected
from flowbook.graph.gestures.inserting import Wanted, insert, splice
from flowbook.graph.spec import Position
from flowbook.ids import NodeId


def adding(kind, **wanted):
    places = wanted.pop("places", {})
    return lambda spec: insert(spec, KINDS, Wanted(kind, **wanted), places, reading)


def test_a_node_dropped_on_an_edge_takes_it_over():
    cells = written(TOUR, adding("filter", on=("report", "d")))
    assert cells[2:] == [
        "%%flow filter filter_1(clean)\nwhere: 1 == 1",
        "%%flow report(d=filter_1, k=load.n)\nd",
    ]


def test_what_found_its_source_by_name_gets_a_wire_to_the_node_between():
    cells = written(TOUR, adding("python", on=("clean", "rows")))
    assert cells[1:3] == [
        "%%flow step(rows)\n# What it gives is its last line.\nrows",
        "%%flow clean(rows=step)\nclean = rows",
    ]


def test_a_node_behind_an_output_is_fed_by_it_and_stands_below_its_cell():
    cells = written(TOUR, adding("sql", after=("load", "rows")))
    assert cells[1] == "%%flow sql sql\nselect * from rows"


def test_a_word_of_sql_is_no_name_of_a_table():
    cells = written(("%%flow order\n[1]",), adding("sql", after=("order", "order")))
    assert cells[1] == "%%flow sql sql(data=order)\nselect * from data"


def test_settings_decide_the_outputs_of_a_new_node():
    spec = flow(*TOUR)
    made = adding("router", config={"conditions": [{"id": "big", "expression": "value > 3"}]})(spec)
    assert done(spec, made).node(NodeId("router")).outputs == ("big", "default")


def test_a_node_inside_of_a_container_says_so():
    cells = written(
        ("%%flow map each(items=[1])", "%%flow one --in each\nitem", "%%flow other\n1"),
        adding("python", inside=NodeId("each")),
    )
    assert cells[2].startswith("%%flow step --in each\n")
    assert cells[3] == "%%flow other\n1"


def test_a_node_put_behind_one_inside_of_a_container_is_inside_too():
    cells = written(
        ("%%flow map each(items=[1])", "%%flow one --in each\nitem"),
        adding("python", after=("one", "one")),
    )
    assert cells[2].startswith("%%flow step(one) --in each\n")


@pytest.mark.parametrize(
    ("kind", "wanted", "name"),
    [
        ("http", {"name": "load"}, "load_2"),
        ("http", {"name": "rows"}, "rows_2"),
        ("http", {}, "http"),
        ("test", {"after": ("clean", "clean")}, "test_clean"),
        ("while", {}, "while_1"),
    ],
)
def test_a_name_is_nobody_elses(kind, wanted, name):
    spec = flow(*TOUR)
    assert adding(kind, **wanted)(spec).nodes == (name,)


def test_no_input_that_takes_a_parameter_is_caught_by_a_new_name():
    spec = flow("%%flow show(http='x')\nhttp")
    gesture = adding("http")(spec)
    assert gesture.nodes == ("http_2",) or told(done(spec, gesture)) == set()


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"kind": "htpp"}, "no node type is called 'htpp'"),
        ({"kind": "http", "on": ("clean", "x")}, "no node feeds clean.x"),
        ({"kind": "http", "after": ("clean", "x")}, "'clean' has no output 'x'"),
        ({"kind": "http", "inside": "clean"}, "nothing can be inside of it"),
        ({"kind": "http", "on": ("gone", "x")}, "there is no node 'gone'"),
        ({"kind": "note", "on": ("report", "d")}, "gives nothing"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(wanted, reason):
    spec = flow(*TOUR)
    with pytest.raises(EditRejected, match=reason) as refused:
        adding(wanted.pop("kind"), **wanted)(spec)
    assert refused.value.hint or refused.value.reason


def test_a_place_that_is_taken_gives_way():
    spec = flow(*TOUR)
    places = {"load": Position(0, 0), "clean": Position(0, 110)}
    gesture = adding("http", at=Position(10, 20), places=places)(spec)
    at = done(spec, gesture).node(NodeId("http")).position
    assert at.x == 10
    assert at.y >= 110 + 84


def test_where_nobody_has_placed_a_node_the_layout_finds_its_place():
    spec = flow(*TOUR)
    gesture = adding("http", on=("report", "d"), places={"load": Position(0, 0)})(spec)
    assert done(spec, gesture).node(NodeId("http")).position is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "." not in kind])
def test_a_cell_of_any_kind_reads_as_the_gesture_says(kind):
    if KINDS[kind].outputs == () and kind == "note":
        cells = written(TOUR, adding(kind))
    else:
        cells = written(TOUR, adding(kind, after=("load", "rows")))
    assert sum(cell.startswith("%%flow") for cell in cells) == 4


def test_a_node_that_is_there_goes_into_an_edge():
    cells = written(
        (*TOUR, "%%flow smooth(values)\nvalues"), lambda s: splice(s, "smooth", ("report", "d"))
    )
    assert cells[3] == "%%flow smooth(values=clean)\nvalues"
    assert cells[2] == "%%flow report(d=smooth, k=load.n)\nd"


def test_a_node_is_not_put_into_an_edge_before_itself():
    with pytest.raises(EditRejected, match="cycle"):
        splice(flow(*TOUR), NodeId("report"), ("clean", "rows"))
    with pytest.raises(EditRejected, match="at an end"):
        splice(flow(*TOUR), NodeId("load"), ("clean", "rows"))
