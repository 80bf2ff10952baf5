"""A notebook document is a flow before anything ran, and edits of it are patches of its cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.session.documents import Page

import flowbook
from flowbook.cells.notebook import Notebook
from flowbook.errors import EditRejected, InvalidFlow, UsageError
from flowbook.graph.edits import Connect, MoveNodes, RemoveNode, RenameNode, SetBody
from flowbook.graph.gestures.inserting import Wanted, insert
from flowbook.graph.spec import Position
from flowbook.graph.wiring import resolve
from flowbook.ids import CellId, NodeId
from flowbook.session.document import DocumentDesk
from flowbook.session.live import LiveNotebook

PATIENCE = 20

TOUR = (
    "top = 3",
    "%%flow load -> rows\nrows = [1, 2, 3]",
    "%%flow many(rows)\nlen(rows) + top",
)


@pytest.fixture
def live(project):
    return LiveNotebook(project, flowbook.Flow("tour", host=project), {})


@pytest.fixture
def opened(live):
    def make(*sources, **how):
        page = Page(*sources, **how)
        return page, DocumentDesk(page, live)

    return make


def edges(desk):
    return {f"{e.source}.{e.output} > {e.target}.{e.input}" for e in resolve(desk.spec()).edges}


def ended(run):
    run.wait(PATIENCE)
    return run


# ---------------------------------------------------------------- what is there


def test_cells_that_never_ran_are_a_flow_and_nothing_is_executed(opened, live):
    _, desk = opened(*TOUR, "%%flow bad\nopen('ran', 'w')")
    assert [node.id for node in desk.spec().nodes] == ["load", "many", "bad"]
    assert edges(desk) == {"load.rows > many.rows"}
    assert live.namespace == {}
    assert live.flow.spec().nodes == ()


def test_what_is_typed_is_seen_without_running_it(opened):
    page, desk = opened(*TOUR)
    seen = []
    desk.observe(lambda: seen.append(len(desk.spec().nodes)))
    page.write("c1", "%%flow load -> rows, n\nrows, n = [1], 1")
    page.add("%%flow more(n)\nn", 3)
    assert seen[-1] == 3
    assert edges(desk) == {"load.rows > many.rows", "load.n > more.n"}


def test_problems_are_of_the_cells_and_of_what_they_mean(opened):
    _, desk = opened("%%flow a(x)\nx +", "%%flow b(c)\nc", "%%flow c(b)\nb")
    found = [(one.cell, one.message) for one in desk.problems()]
    assert ("c0", "this is not Python: invalid syntax") in found
    assert any("wait for each other" in message for _, message in found), found
    assert len(found) == len(set(found))


def test_places_are_those_of_the_cells_and_else_the_layouts(opened):
    page, desk = opened(*TOUR)
    laid_out = desk.positions()
    assert laid_out[NodeId("load")].x < laid_out[NodeId("many")].x
    page.place("c2", {"flowbook": {"position": [500, 60]}})
    assert desk.positions()[NodeId("many")] == Position(500, 60)
    assert desk.positions()[NodeId("load")] == laid_out[NodeId("load")]


def test_an_observer_that_stopped_hears_no_more(opened):
    page, desk = opened(*TOUR)
    seen = []
    stop = desk.observe(lambda: seen.append(1))
    stop()
    page.write("c0", "top = 4")
    assert seen == []


# ---------------------------------------------------------------- what is changed


def test_an_edit_is_the_smallest_change_of_cells(opened):
    page, desk = opened(*TOUR)
    desk.apply(RenameNode(NodeId("load"), NodeId("get")))
    assert [cell.source for cell in page.cells.cells] == [
        TOUR[0],
        "%%flow get -> rows\nrows = [1, 2, 3]",
        TOUR[2],
    ]
    assert page.labels == ["Rename load to get"]


def test_places_go_into_the_cells(opened):
    page, desk = opened(*TOUR)
    desk.move({NodeId("many"): Position(7, 8)})
    assert page.cells.cells[2].metadata == {"flowbook": {"position": [7, 8]}}
    desk.tidy()
    assert page.cells.cells[2].position is None


def test_an_edit_that_does_not_apply_is_refused_and_changes_nothing(opened):
    page, desk = opened(*TOUR)
    with pytest.raises(EditRejected, match="no node 'lod'"):
        desk.apply(RenameNode(NodeId("lod"), NodeId("get")))
    assert page.labels == []


def test_what_is_asked_for_counts_before_the_front_end_has_done_it(opened):
    page, desk = opened(*TOUR, slow=True)
    for _ in range(3):
        desk.apply(insert(desk.spec(), desk.registry, Wanted("http"), {}).edit)
    assert [node.id for node in desk.spec().nodes][-3:] == ["http", "http_2", "http_3"]
    page.settle()
    assert [cell.source.split("\n")[0] for cell in page.cells.cells[-3:]] == [
        "%%flow http http",
        "%%flow http http_2",
        "%%flow http http_3",
    ]
    assert page.notices == []
    assert [node.id for node in desk.spec().nodes][-3:] == ["http", "http_2", "http_3"]


def test_a_gesture_that_comes_too_late_is_made_of_the_newer_text(opened):
    page, desk = opened(*TOUR, slow=True)
    desk.apply(RenameNode(NodeId("load"), NodeId("get")))
    page.write("c1", "%%flow load -> rows\nrows = [1, 2, 3, 4]")
    page.settle()
    assert page.text("c1") == "%%flow get -> rows\nrows = [1, 2, 3, 4]"


def test_what_was_typed_is_never_taken_away(opened):
    page, desk = opened(*TOUR, slow=True)
    desk.apply(SetBody(NodeId("many"), "sum(rows)"))
    page.write("c2", "%%flow many(rows)\nmax(rows)")
    page.settle()
    assert page.text("c2") == "%%flow many(rows)\nmax(rows)"
    (told,) = page.notices
    assert "cell c2 was changed in the notebook meanwhile" in told
    assert desk.spec().node(NodeId("many")).body == "max(rows)"


def test_a_cell_that_was_typed_in_is_not_deleted(opened):
    page, desk = opened(*TOUR, slow=True)
    desk.apply(flowbook.graph.edits.RemoveNode(NodeId("many")))
    assert len(desk.spec().nodes) == 1
    page.write("c2", "%%flow many(rows)\nmax(rows)")
    page.settle()
    assert len(page.cells.cells) == 3
    assert len(page.notices) == 1
    assert len(desk.spec().nodes) == 2


def test_a_gesture_on_a_cell_that_has_gone_is_told(opened):
    page, desk = opened(*TOUR, slow=True)
    desk.apply(RenameNode(NodeId("many"), NodeId("most")))
    page.delete("c2")
    page.settle()
    assert len(page.notices) == 1
    assert [node.id for node in desk.spec().nodes] == ["load"]


def test_a_notebook_that_may_not_be_changed_refuses_edits_and_runs(opened):
    page, desk = opened(*TOUR[1:2])
    page.locked = "its file may not be written"
    assert desk.locked == page.locked
    with pytest.raises(EditRejected, match="its file may not be written") as refused:
        desk.apply(RenameNode(NodeId("load"), NodeId("read")))
    assert "copy" in refused.value.hint
    assert page.asked == []
    assert str(ended(desk.start({})).status) == "succeeded"


@pytest.mark.parametrize(
    ("key", "edit", "reason"),
    [
        ("editable", RenameNode(NodeId("many"), NodeId("all")), "locked against changes"),
        ("deletable", RemoveNode(NodeId("many")), "locked against deletion"),
    ],
)
def test_a_locked_cell_is_refused_to_whoever_asks(opened, key, edit, reason):
    page, desk = opened(*TOUR)
    page.cells = Notebook.of(
        [
            replace(cell, metadata={key: False}) if cell.id == "c2" else cell
            for cell in page.cells.cells
        ]
    )
    page.tell()
    with pytest.raises(EditRejected, match=reason):
        desk.apply(edit)
    assert page.asked == []
    desk.apply(MoveNodes({NodeId("many"): Position(3, 4)}))
    assert page.labels == ["Move many"]


def test_an_edit_of_a_notebook_that_is_closed_is_refused(opened):
    page, desk = opened(*TOUR)
    page.say = lambda _label, _make: False
    with pytest.raises(UsageError, match="no longer open"):
        desk.apply(RenameNode(NodeId("load"), NodeId("get")))
    assert "load" in desk.spec().by_id


def test_undo_is_the_front_ends(opened):
    _, desk = opened(*TOUR)
    desk.apply(Connect(NodeId("load"), "rows", NodeId("many"), "x"))
    assert desk.history() == (None, None)
    assert desk.undo() is None


# ---------------------------------------------------------------- runs


def test_a_run_takes_in_the_cells_as_they_are_and_executes_no_other(opened, live):
    page, desk = opened(*TOUR, "open('ran', 'w')")
    live.namespace["top"] = 10
    run = ended(desk.start({}))
    assert run["many"].output == 13
    assert desk.current_run() is run
    page.write("c2", "%%flow many(rows)\nlen(rows) * top")
    assert ended(desk.start({}))["many"].output == 30
    page.delete("c1")
    page.add("%%flow load -> rows\nrows = [1]", 1)
    assert ended(desk.start({}))["many"].output == 10


def test_a_name_of_a_plain_cell_that_never_ran_is_told_with_its_cell(opened):
    _, desk = opened(*TOUR)
    with pytest.raises(InvalidFlow, match="many takes 'top' from cell 1") as refused:
        desk.start({})
    assert refused.value.problems[0].hint == "run cell 1 first"
    assert desk.current_run() is None


def test_setup_and_parameters_are_run_once_and_when_they_change(opened, live):
    page, desk = opened(
        "%%flow setup\nseen = [*globals().get('seen', ()), 1]\nfactor = 2",
        "%%flow twice(n)\nn * factor",
        "n = 4",
    )
    page.place("c2", {"tags": ["parameters"]})
    assert ended(desk.start({}))["twice"].output == 8
    assert (live.namespace["seen"], live.namespace["n"]) == ([1], 4)
    ended(desk.start({}))
    assert live.namespace["seen"] == [1]
    page.write("c0", "%%flow setup\nseen = [*globals().get('seen', ()), 2]\nfactor = 3")
    page.write("c2", "n = 5")
    assert ended(desk.start({}))["twice"].output == 15
    assert live.namespace["seen"] == [1, 2]


def test_a_setup_cell_that_raises_starts_nothing(opened, live):
    _, desk = opened("%%flow setup\n1 / 0", "%%flow a\n1")
    with pytest.raises(UsageError, match="cell 1 was run to set up, and raised ZeroDivisionError"):
        desk.start({})
    assert live.flow.spec().nodes == ()


def test_a_flow_with_errors_is_not_run(opened, live):
    _, desk = opened("%%flow a(b)\nb", "%%flow b(a)\na")
    with pytest.raises(InvalidFlow, match="nothing was run"):
        desk.start({})
    assert live.flow.spec().nodes == ()


def test_what_ran_is_stale_once_its_cell_says_something_else(opened, live):
    page, desk = opened("%%flow a\n1", "%%flow b(a)\na", "%%flow c\n3")
    ended(desk.start({}))
    assert desk.stale() == {}
    page.write("c0", "%%flow a\n2")
    assert set(desk.stale()) == {"a", "b"}
    page.write("c0", "%%flow a\n1")
    assert desk.stale() == {}
    page.place("c0", {"flowbook": {"position": [1, 2]}})
    assert desk.stale() == {}


def test_a_cell_run_by_hand_is_what_the_kernel_has(opened, live):
    page, desk = opened("%%flow a\n1", "%%flow b(a)\na")
    live.define(CellId("c0"), "%%flow a\n5")
    assert ended(desk.start({}))["b"].output == 1
    assert page.text("c0") == "%%flow a\n1"


def test_a_renamed_node_keeps_its_results(opened, live):
    _page, desk = opened("%%flow a\n1", "%%flow b(a)\na")
    ended(desk.start({}))
    desk.apply(RenameNode(NodeId("a"), NodeId("first")))
    desk.taken_in()
    assert "first" in live.project.live.of(live.flow).memory.known


def test_views_hear_of_runs_of_the_kernels_flow(opened, live, project):
    _, desk = opened("%%flow a\n1")
    desk.taken_in()
    heard = []
    desk.observe(lambda: heard.append(desk.current_run()))
    run = ended(live.flow.run())
    assert run in heard
    desk.move({})
    assert MoveNodes({}).label.startswith("Move")
