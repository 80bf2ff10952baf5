"""A notebook that is read again after each change says what a fresh reading of it says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.cells.conftest import Code, Fetch, Query, Route

from flowbook.cells import reading as room
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.reading import Reading
from flowbook.cells.source import read
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.ids import CellId, FlowId

FLOW = FlowId("tour")
SOURCES = (
    "%%flow a\nx = 1",
    "%%flow a\ny = x",
    "%%flow b\ny = x + z",
    "%%flow b\nx",
    "%%flow b(x, top=3)\ny = x + top",
    "%%flow c\nfor x in y:\n    z = x\nprint(z)",
    "%%flow c(y=b.y)\nz = y",
    "%%flow sql d\nselect * from a.x join b using (k) where t > $top",
    '%%flow http e\nurl: "{{ a.y }}/{{ top }}"',
    "%%flow f\ndef g(): return x",
    "%%flow h\nz = g()",
    "%%flow h --in each\nz = item",
    "%%flow map each(x)",
    "%%flow nothing k\nx: 1",
    "%%flow m\nx = (",
    "%%flow (",
    "%%flow setup\ntop = 3",
    "%flow options record=summary\nx = 1",
    "x = 1",
    "top = y = 2",
    "",
)
CONTAINERS = (
    "%%flow map each(y)",
    "%%flow h\n#| in: each\nz = item",
    "%%flow setup\nfrom os import *",
)
one = st.sampled_from((*SOURCES, *CONTAINERS))
place = st.integers(0, 7)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("set"), place, one, place),
        st.tuples(st.just("insert"), place, one, place),
        st.tuples(st.just("drop"), place, st.just(""), place),
        st.tuples(st.just("move"), place, st.just(""), place),
        st.tuples(st.just("text"), place, st.just("x = 1"), place),
        st.tuples(st.just("has"), st.integers(0, 3), st.just(""), place),
    ),
    max_size=14,
)


def edited(cells, what, at, source, to):
    """The cells after one edit; a cell that is not there, or there already, makes it another."""
    where = next((i for i, cell in enumerate(cells) if cell.id == f"c{at}"), None)
    left = [cell for cell in cells if cell.id != f"c{at}"]
    if what == "drop" or (what == "move" and where is None):
        return left
    new = Cell.code(CellId(f"c{at}"), source)
    if what == "text":
        new = Cell.markdown(CellId(f"c{at}"), source)
    if what == "set" and where is not None:
        to = where
    if what == "move":
        new = cells[where]
    return [*left[:to], new, *left[to:]]


@pytest.fixture(scope="module")
def kinds():
    return Registry([Code, Query, Fetch, Route])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    edits=[
        ("set", 0, "%flow options record=summary\nx = 1", 0),
        ("set", 1, "%%flow a\ny = x", 0),
        ("set", 2, "x = 1", 0),
    ]
)
@given(edits=edits)
def test_reading_again_is_reading_anew(kinds, edits):
    reading, cells, ambient = Reading(kinds), [], ()
    for what, at, source, to in edits:
        if what == "has":
            ambient = ("x", "y", "top")[:at]
        else:
            cells = edited(cells, what, at, source, to)
        notebook = Notebook.of(tuple(cells))
        again = reading.read(notebook, FLOW, ambient=ambient)
        assert again == read(notebook, kinds, FLOW, ambient=ambient)


def test_a_changed_cell_resolves_only_those_that_mention_its_names(kinds, monkeypatch):
    sources = ["%%flow a\nx = 1", "%%flow b\ny = x", *(f"%%flow n{i}\nv{i} = y" for i in range(9))]
    cells = [Cell.code(CellId(f"c{at}"), source) for at, source in enumerate(sources)]
    reading = Reading(kinds)
    reading.read(Notebook.of(tuple(cells)), FLOW)
    seen = []
    resolve = room.resolve_draft
    monkeypatch.setattr(
        room, "resolve_draft", lambda one, scope: seen.append(one.spec.id) or resolve(one, scope)
    )
    cells[0] = Cell.code(CellId("c0"), "%%flow a\nx = 2")
    parsed = reading.read(Notebook.of(tuple(cells)), FLOW)
    assert sorted(seen) == ["a", "b"]
    assert parsed.spec.node("a").body == "x = 2"


def test_a_cell_that_comes_in_between_moves_the_others_and_resolves_none(kinds, monkeypatch):
    cells = [Cell.code(CellId(f"c{at}"), f"%%flow n{at}\nv{at} = 1") for at in range(9)]
    reading = Reading(kinds)
    reading.read(Notebook.of(tuple(cells)), FLOW)
    seen = []
    resolve = room.resolve_draft
    monkeypatch.setattr(
        room, "resolve_draft", lambda one, scope: seen.append(one.spec.id) or resolve(one, scope)
    )
    cells.insert(4, Cell.code(CellId("new"), "%%flow new\nw = v0 + v8"))
    parsed = reading.read(Notebook.of(tuple(cells)), FLOW)
    del cells[2]
    assert seen == ["new"]
    assert [node.place.index for node in parsed.spec.nodes] == list(range(10))
    assert reading.read(Notebook.of(tuple(cells)), FLOW) == read(
        Notebook.of(tuple(cells)), kinds, FLOW
    )
    assert seen == ["new"]


def test_a_second_cell_of_a_node_does_not_stand_in_for_the_first(kinds):
    cells = [Cell.code(CellId(f"c{at}"), f"%%flow a\nx = {at}") for at in range(2)]
    reading = Reading(kinds)
    reading.read(Notebook.of(tuple(cells)), FLOW)
    cells[1] = Cell.code(CellId("c1"), "%%flow a\nx = 5")
    assert reading.read(Notebook.of(tuple(cells)), FLOW).spec.node("a").body == "x = 0"
    del cells[0]
    assert reading.read(Notebook.of(tuple(cells)), FLOW).spec.node("a").body == "x = 5"


def test_a_kind_that_comes_later_is_met():
    kinds = Registry([Code])
    reading, notebook = (
        Reading(kinds),
        Notebook.of((Cell.code(CellId("c"), "%%flow late a\nx: 1"),)),
    )
    reading.read(notebook, FLOW)

    class Late(Node):
        kind = "late"

    kinds.register(Late)
    assert reading.read(notebook, FLOW).spec == read(notebook, kinds, FLOW).spec
