"""Nodes become a flow that is called, and a called flow becomes nodes; results stay the same."""

from __future__ import annotations

import pytest
from tests.session.documents import Page

import flowbook
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.gestures.extracting import extract
from flowbook.graph.gestures.inlining import inline
from flowbook.ids import NodeId
from flowbook.session.document import DocumentDesk
from flowbook.session.live import LiveNotebook
from flowbook.widget.protocol import read
from flowbook.widget.publisher import ANSWERS

PATIENCE = 30
TOUR = (
    "%%flow load -> rows, n\nrows, n = [1, 2], 2",
    "%%flow clean(rows, top=3)\n[row * top for row in rows]",
    "%%flow more(clean, k=load.n) -> a, b\na, b = sum(clean), k",
    "%%flow report(a, clean)\n(a, clean)",
)


@pytest.fixture
def opened(project):
    def make(*sources):
        page = Page(*sources)
        live = LiveNotebook(project, flowbook.Flow("tour", host=project), {})
        return page, DocumentDesk(page, live)

    return make


def ask(desk, question, **fields):
    message = read({"type": question, "view": "v", "rid": 1, **fields})
    return ANSWERS[type(message)](desk, message)


def report(desk):
    return desk.start({}).wait(PATIENCE)["report"].output


def test_nodes_become_a_notebook_that_is_called_and_come_back(opened, project):
    page, desk = opened(*TOUR)
    before = report(desk)
    edited = ask(desk, "EXTRACT", nodes=["clean", "more"], name="half")
    assert (edited.label, edited.path) == ("Extract 2 nodes", "half.ipynb")
    assert edited.nodes == ("half", "half_outputs")
    assert (project.path / "half.ipynb").exists()
    assert [node.id for node in desk.spec().nodes] == ["load", "half", "half_outputs", "report"]
    assert report(desk) == before
    assert desk.current_run()["half"].output["child_status"] == "succeeded"
    ask(desk, "INLINE", node="half")
    assert "half" not in [node.kind for node in desk.spec().nodes]
    assert desk.spec().node(NodeId("half")).kind == "group"
    assert report(desk) == before
    assert page.notices == []


def test_a_parameter_of_what_is_extracted_stays_one(opened):
    _, desk = opened(*TOUR)
    ask(desk, "EXTRACT", nodes=["clean", "more"], name="half")
    assert desk.start({"top": 5}).wait(PATIENCE)["report"].output == (15, [5, 10])


def test_a_group_becomes_the_flow_of_its_name(opened):
    _, desk = opened(*TOUR)
    before = report(desk)
    ask(desk, "GROUP", nodes=["clean"], name="scaled")
    edited = ask(desk, "EXTRACT", nodes=["scaled"])
    assert edited.path == "scaled.ipynb"
    assert desk.spec().node(NodeId("scaled")).kind == "call"
    assert report(desk) == before


def test_what_is_read_of_one_node_is_read_by_its_name_as_before(opened):
    page, desk = opened("%%flow a\n1", "%%flow b(a)\na + 1", "%%flow report(b)\nb")
    ask(desk, "EXTRACT", nodes=["b"], name="inc")
    assert page.cells.cells[2].source == '%%flow b(inc)\ninc["child_output"]["b"]'
    assert page.cells.cells[3].source == "%%flow report(b)\nb"
    assert report(desk) == 2


def test_no_file_is_written_for_what_is_refused(opened, project):
    _, desk = opened("%%flow a\n1", "%%flow b(a)\na", "%%flow c(b)\nb")
    with pytest.raises(EditRejected, match="b runs between them"):
        ask(desk, "EXTRACT", nodes=["a", "c"], name="half")
    (project.path / "half.ipynb").write_text("mine")
    with pytest.raises(UsageError, match=r"half\.ipynb already"):
        ask(desk, "EXTRACT", nodes=["a"], name="half")
    assert [node.id for node in desk.spec().nodes] == ["a", "b", "c"]


def test_what_stays_behind_and_is_needed_is_told(opened):
    _, desk = opened("rate = 2", "%%flow a\nrate", "%%flow report(a)\na")
    assert ask(desk, "EXTRACT", nodes=["a"], name="half").note == (
        "a takes 'rate' from a cell that stays here"
    )


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("%%flow call c\nflow: nowhere", "no flow 'nowhere'"),
        ("%%flow python c\n1", "no flow ''"),
    ],
)
def test_a_call_of_nothing_cannot_be_inlined(opened, call, reason):
    _, desk = opened(call)
    with pytest.raises(UsageError, match=reason):
        ask(desk, "INLINE", node="c")


def test_values_that_a_call_gives_become_nodes(opened):
    page, other = opened("x: int", "%%flow add(x, y=1)\nx + y")
    page.place("c0", {"tags": ["parameters"]})
    spec = other.spec()
    _, desk = opened("%%flow call c\nflow: other\ninputs: {x: 4}", "%%flow report(c)\nc")
    desk.apply(inline(desk.spec(), desk.registry, NodeId("c"), spec).edit)
    assert report(desk)["child_output"] == {"add": 5}


def test_what_nodes_read_from_outside_are_the_parameters(opened):
    _, desk = opened("%%flow m -> n\nn = 2", "%%flow b(n, k=m.n)\nn + k")
    _, flow = extract(desk.spec(), [NodeId("b")], "half")
    assert [param.name for param in flow.params] == ["n", "m_value"]
    assert [node.id for node in flow.nodes] == ["m", "b"]
