from __future__ import annotations

import pytest

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import apply_patches
from flowbook.errors import UsageError
from flowbook.graph.edits import MoveNodes, RenameNode, SetOptions
from flowbook.graph.flow import Flow
from flowbook.graph.options import Options
from flowbook.graph.spec import Position
from flowbook.ids import CellId, NodeId
from flowbook.session.live import LiveNotebook
from flowbook.session.notebook_link import Following, find_link
from flowbook.session.project import Project

RAW, CLEAN = CellId("c1"), CellId("c2")


class Document:
    """A notebook document at the other end of a link that does at once what it is asked."""

    def __init__(self, *cells):
        self.notebook = Notebook.of(tuple(Cell.code(CellId(c), source) for c, source in cells))
        self.labels = []
        self.refused = []
        self.connected = True

    @property
    def cells(self):
        return self.notebook.cells

    def apply(self, patches, label):
        return self.say(label, lambda _: patches)

    def say(self, label, make):
        if not self.connected:
            return False
        self.labels.append(label)
        try:
            self.notebook = apply_patches(self.notebook, make(self.notebook))
        except UsageError as refused:
            self.refused.append(refused.message)
        return True

    @property
    def texts(self):
        return [cell.source for cell in self.cells]


@pytest.fixture
def live(tmp_path):
    project = Project(tmp_path)
    found = LiveNotebook(project, Flow("x", host=project), {"offset": 3})
    found.define(RAW, "%%flow raw\n1")
    found.define(CLEAN, "%%flow clean\nraw + offset")
    return found


@pytest.fixture
def document():
    return Document(("c1", "%%flow raw\n1"), ("c2", "%%flow clean\nraw + offset"))


@pytest.fixture
def following(live, document):
    return Following(live, document)


def test_an_edit_is_said_of_the_document_and_captured_names_stay_captured(
    live, document, following
):
    live.flow.apply(RenameNode(NodeId("raw"), NodeId("rows")))
    assert document.labels == ["Rename raw to rows"]
    assert document.texts == ["%%flow rows\n1", "%%flow clean(raw=rows)\nraw + offset"]
    assert [cell.source for cell in live.cells.values()] == document.texts


def test_cells_that_were_not_run_follow_too(live):
    document = Document(
        ("c1", "%%flow raw\n1"), ("c3", "%%flow later(x=raw)\nx"), ("c2", "%%flow clean\nraw + 1")
    )
    Following(live, document)
    live.flow.apply(RenameNode(NodeId("raw"), NodeId("rows")))
    assert document.texts[1] == "%%flow later(x=rows)\nx"
    assert document.texts[2] == "%%flow clean(raw=rows)\nraw + 1"


def test_undo_and_redo_in_python_are_gestures_of_their_own(live, document, following):
    live.flow.apply(SetOptions(NodeId("raw"), Options(retries=3)))
    live.flow.undo()
    assert document.texts[0] == "%%flow raw\n1"
    live.flow.redo()
    assert document.texts[0] == "%%flow raw --retries 3\n1"
    assert len(document.labels) == 3


def test_running_a_cell_writes_nothing(live, document, following):
    live.define(RAW, "%%flow raw\n2")
    live.notice(CellId("c9"), "print(1)")
    assert document.labels == []


def test_places_go_to_the_cells_that_are_there(live, document, following):
    @live.flow.node
    def helper():
        return 1

    at = {NodeId("raw"): Position(1, 2), NodeId("helper"): Position(3, 4)}
    live.flow.apply(MoveNodes(at))
    assert document.cells[0].position == Position(1, 2)
    assert document.texts == ["%%flow raw\n1", "%%flow clean\nraw + offset"]


def test_a_cell_that_is_run_stands_where_the_document_has_it(live, document, following):
    placed = Cell.code(CellId("c7"), "%%flow late\n1").placed(Position(7, 8))
    document.notebook = document.notebook.with_cells((*document.cells, placed))
    live.define(CellId("c7"), "%%flow late\n2")
    assert live.flow.spec().node(NodeId("late")).position == Position(7, 8)


def test_nodes_move_where_the_document_moves_them(live, document, following):
    document.placed({RAW: Position(5, 6), CellId("strange"): Position(1, 1)})
    assert live.flow.spec().node(NodeId("raw")).position == Position(5, 6)
    live.define(CLEAN, "%%flow clean\nraw")
    assert live.flow.spec().node(NodeId("raw")).position == Position(5, 6)


def test_a_decorated_function_makes_no_cell(live, document, following):
    @live.flow.node
    def helper():
        return 1

    assert document.labels == []


def test_what_became_of_cells_that_ran_is_offered_against_what_they_were(live, document, following):
    document.notebook = document.notebook.with_cells(
        (
            Cell.code(RAW, "%%flow raw\n1 + 1"),  # typed, and not run
            document.cells[1],
        )
    )
    patches = live.rename("raw", "rows")
    assert following.offer(patches, "Rename raw to rows")
    assert document.texts == ["%%flow rows\n1 + 1", "%%flow clean(raw=rows)\nraw + offset"]


def test_a_renaming_undone_in_the_notebook_and_run_again_finds_all_said(live, document, following):
    before = document.notebook
    following.offer(live.rename("raw", "rows"), "Rename raw to rows")
    document.notebook = before  # undone there
    again = live.define(RAW, "%%flow raw\n1")
    assert again.patches  # of what ran: clean(raw=rows)
    assert following.offer(again.patches, "Change what other cells read")
    assert (document.texts, document.refused) == ([cell.source for cell in before.cells], [])


def test_an_offer_to_nobody_says_so(live, document, following):
    document.connected = False
    assert not following.offer(live.rename("raw", "rows"), "Rename raw to rows")


def test_the_first_link_that_is_offered_for_a_shell_is_taken(document):
    def nobody(shell):
        return None

    def jupyter(shell):
        return document if shell == "jupyter" else None

    assert find_link("jupyter", [nobody, jupyter]) is document
    assert find_link("terminal", [nobody, jupyter]) is None
    assert find_link("terminal") is None
