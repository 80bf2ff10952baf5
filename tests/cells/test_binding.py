"""Text and canvas change one notebook: the last writer of a cell wins, and nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.cells.conftest import Code, Fetch, Join, Query, Route, notebook_of

from flowbook.cells.binding import NotebookBinding
from flowbook.cells.notebook import Cell
from flowbook.cells.patches import (
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
    apply_patches,
)
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.edits import (
    AddNode,
    MoveNodes,
    RemoveNode,
    RenameNode,
    SetBody,
    SetConfig,
    SetOptions,
    Several,
)
from flowbook.graph.options import Options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec, Position

REGISTRY = Registry([Code, Query, Fetch, Route, Join])
SOURCES = (
    "# plain",
    "%%flow load --retries 1\nrows = [1]",
    "%%flow http fetch\nurl: x # here\ntries: 2",
    "%%flow use\nlen(load)",
)


@pytest.fixture
def bound():
    return NotebookBinding(notebook_of(*SOURCES), REGISTRY)


def sources(binding):
    return [cell.source for cell in binding.notebook.cells]


def retries(number, node="load"):
    return SetOptions(node, Options(retries=number))


# ---------------------------------------------------------------- edits in, patches out


def test_an_edit_is_answered_with_patches_and_what_takes_them_back(bound):
    before = bound.notebook
    change = bound.edit(retries(2))
    assert change.patches == (ReplaceSource("c1", "%%flow load --retries 2\nrows = [1]"),)
    assert apply_patches(before, change.patches).cells == bound.notebook.cells
    assert apply_patches(bound.notebook, change.inverse).cells == before.cells
    assert (change.revision, change.label, change.overtaken) == (1, "Change options of load", ())
    assert (bound.revision, bound.revision_of("c1"), bound.revision_of("c2")) == (1, 1, 0)


def test_the_flow_follows_text_and_edits(bound):
    bound.take([ReplaceSource("c3", "%%flow user\nlen(load)")])
    assert "user" in bound.parsed.spec.by_id
    bound.edit(RenameNode("user", "users"))
    assert sources(bound)[3].startswith("%%flow users")
    assert "users" in bound.parsed.spec.by_id


def test_a_refused_edit_changes_nothing(bound):
    gesture = Several((retries(5), RemoveNode("nobody")))
    with pytest.raises(EditRejected, match="there is no node 'nobody'"):
        bound.edit(gesture)
    assert (bound.revision, bound.undoable) == (0, None)
    assert sources(bound) == list(SOURCES)


def test_an_edit_that_changes_nothing_is_no_revision(bound):
    assert bound.edit(retries(1)).patches == ()
    assert (bound.revision, bound.undoable) == (0, None)


def test_undo_and_redo_are_patches_and_undone_bytes_are_the_files(bound):
    text = bound.notebook.text()
    bound.edit(RenameNode("load", "get"))
    bound.edit(AddNode(NodeSpec("extra", body="1"), 1))
    bound.edit(RemoveNode("fetch"))
    changed = bound.notebook.text()
    assert bound.undoable == "Remove fetch"
    for _ in range(3):
        assert bound.undo().patches
    assert bound.undo() is None
    assert bound.notebook.text() == text
    assert bound.redoable == "Rename load to get"
    for _ in range(3):
        assert bound.redo().patches
    assert bound.redo() is None
    assert bound.notebook.text() == changed


# ---------------------------------------------------------------- text and canvas at once


def test_an_edit_on_an_older_revision_is_made_again_on_the_cells_as_they_are(bound):
    bound.take([ReplaceSource("c1", "%%flow load --retries 1 --timeout 30s\nrows = [1, 2]")])
    change = bound.edit(retries(4), seen=0)
    assert sources(bound)[1] == "%%flow load --retries 4 --timeout 30s\nrows = [1, 2]"
    assert change.overtaken == ()


def test_settings_changed_by_both_go_together(bound):
    bound.take([ReplaceSource("c2", "%%flow http fetch\nurl: y # here\ntries: 2")], by="anna")
    change = bound.edit(SetConfig("fetch", {"url": "x", "tries": 3}), seen=0)
    assert sources(bound)[2] == "%%flow http fetch\nurl: y # here\ntries: 3"
    assert change.overtaken == ()


def test_text_that_an_edit_overtakes_is_told_and_one_undo_away(bound):
    bound.take([ReplaceSource("c1", "%%flow load --retries 1\nrows = [7]")], by="anna")
    change = bound.edit(SetBody("load", "rows = [8]"), seen=0, by="canvas")
    assert sources(bound)[1] == "%%flow load --retries 1\nrows = [8]"
    (one,) = change.overtaken
    assert (one.cell, one.author, one.by) == ("c1", "anna", "canvas")
    assert one.text == "%%flow load --retries 1\nrows = [7]"
    bound.undo()
    assert sources(bound)[1] == one.text


def test_an_edit_that_text_overtakes_is_told_and_one_undo_away(bound):
    bound.edit(retries(9))
    change = bound.take([ReplaceSource("c1", "%%flow load --retries 1\nrows = []")], seen=0)
    assert sources(bound)[1] == "%%flow load --retries 1\nrows = []"
    (one,) = change.overtaken
    assert (one.text, one.author, one.by) == (
        "%%flow load --retries 9\nrows = [1]", "canvas", "text",
    )  # fmt: skip
    bound.undo()
    assert sources(bound)[1] == one.text


def test_text_that_says_what_the_edit_said_overtakes_nothing(bound):
    bound.edit(retries(9))
    change = bound.take([ReplaceSource("c1", "%%flow load --retries 9\nrows = []")], seen=0)
    assert change.overtaken == ()


def test_a_move_never_contends_with_text(bound):
    bound.take([ReplaceSource("c1", "%%flow load\nx")])
    change = bound.edit(MoveNodes({"load": Position(1.0, 2.0)}), seen=0)
    assert change.patches == (SetMetadata("c1", {"flowbook": {"position": [1.0, 2.0]}}),)
    assert (change.overtaken, sources(bound)[1]) == ((), "%%flow load\nx")
    bound.take([ReplaceSource("c1", "%%flow load\ny")], seen=1)
    bound.undo()
    assert bound.notebook.cells[1].metadata == {}
    assert sources(bound)[1] == "%%flow load\ny"


def test_an_edit_of_a_node_whose_cell_is_gone_is_refused_with_the_reason(bound):
    bound.take([DeleteCell("c1")])
    with pytest.raises(EditRejected) as refused:
        bound.edit(retries(2), seen=0)
    assert refused.value.reason == "'load' is gone since: its cell was removed or renamed"
    assert len(bound.notebook.cells) == 3


def test_an_edit_of_a_node_whose_head_does_not_read_is_refused_with_the_reason(bound):
    bound.take([ReplaceSource("c1", "%%flow load(a\n1")])
    with pytest.raises(EditRejected, match="the inputs are not closed") as refused:
        bound.edit(retries(3))
    assert "mend" in refused.value.hint
    bound.take([ReplaceSource("c1", "%%flow load.v7\n1")])
    with pytest.raises(EditRejected) as refused:
        bound.edit(RemoveNode("load.v7"), seen=1)
    assert "the head of cell c1, which is 'load.v7', does not read" in refused.value.reason
    assert sources(bound)[1] == "%%flow load.v7\n1"


def test_text_for_a_cell_that_an_edit_removed_brings_it_back(bound):
    bound.edit(RemoveNode("load"))
    change = bound.take([ReplaceSource("c1", "%%flow load\nnew")], seen=0)
    (one,) = change.patches
    assert isinstance(one, InsertCell)
    assert one.index == 1
    assert sources(bound)[1] == "%%flow load\nnew"


def test_a_removal_of_a_cell_that_was_written_in_meanwhile_keeps_the_text(bound):
    bound.take([ReplaceSource("c1", "%%flow load\nprecious")])
    (one,) = bound.edit(RemoveNode("load"), seen=0).overtaken
    assert one.text == "%%flow load\nprecious"
    bound.undo()
    assert sources(bound)[1] == one.text


def test_undo_of_an_edit_below_later_text_leaves_the_text(bound):
    bound.edit(retries(9))
    bound.take([ReplaceSource("c1", "%%flow load --retries 9\nrows = [1, 2]")])
    bound.undo()
    assert sources(bound)[1] == "%%flow load --retries 1\nrows = [1, 2]"
    bound.redo()
    assert sources(bound)[1] == "%%flow load --retries 9\nrows = [1, 2]"


def test_undo_that_overtakes_text_gives_it_back_with_another_undo(bound):
    bound.edit(retries(9))
    bound.take([ReplaceSource("c1", "%%flow load --retries 99\n")])
    (one,) = bound.undo().overtaken
    assert sources(bound)[1] == SOURCES[1]
    assert one.text == "%%flow load --retries 99\n"
    bound.undo()
    assert sources(bound)[1] == one.text


def test_every_change_is_taken_back_with_texts(bound):
    text = bound.notebook.text()
    bound.take([ReplaceSource("c0", "# a")])
    bound.take([ReplaceSource("c0", "# ab")])
    bound.edit(retries(3))
    bound.take([DeleteCell("c3"), InsertCell(0, Cell.markdown("m", "hello"))])
    assert bound.undo(texts=True).patches
    assert sources(bound)[3] == SOURCES[3]
    bound.undo(texts=True)
    bound.undo(texts=True)
    assert bound.undo(texts=True) is None
    assert bound.notebook.text() == text


def test_a_file_that_was_changed_elsewhere_is_taken_over_cell_by_cell(bound):
    cells = list(bound.notebook.cells)
    new = Cell.markdown("m", "# Title")
    shown = Cell("c2", "code", SOURCES[2], {}, {"execution_count": 3, "outputs": [{"a": 1}]})
    change = bound.replace([new, cells[3], cells[0], shown])
    assert {type(one) for one in change.patches} == {DeleteCell, InsertCell}
    assert [cell.id for cell in bound.notebook.cells] == ["m", "c3", "c0", "c2"]
    assert bound.notebook.cells[3].rest["execution_count"] == 3
    bound.undo(texts=True)
    assert [cell.id for cell in bound.notebook.cells] == ["c0", "c1", "c2", "c3"]
    assert bound.notebook.cells[2].rest["execution_count"] == 3


def test_two_cells_of_one_id_are_refused(bound):
    with pytest.raises(UsageError, match="two cells have one id"):
        bound.replace([Cell.code("a", "1"), Cell.code("a", "2")])


def test_what_cannot_have_been_seen_is_refused(bound):
    with pytest.raises(UsageError, match="revision 7 has not been"):
        bound.edit(retries(2), seen=7)
    with pytest.raises(UsageError, match="no cell 'c9'"):
        bound.take([ReplaceSource("c9", "x")])
    assert bound.revision == 0


# ---------------------------------------------------------------- replicas


def test_a_change_for_a_cell_that_has_not_come_yet_is_refused(bound):
    other = NotebookBinding(notebook_of(*SOURCES), REGISTRY, name="other")
    other.edit(AddNode(NodeSpec("extra", body="1")))
    late = other.edit(retries(2, "extra"))
    with pytest.raises(UsageError, match="came before the cell itself"):
        bound.receive(late)


def test_text_that_comes_too_late_is_kept(bound):
    other = NotebookBinding(notebook_of(*SOURCES), REGISTRY, name="a")
    bound = NotebookBinding(notebook_of(*SOURCES), REGISTRY, name="b")
    mine = bound.take([ReplaceSource("c0", "# mine")], by="ben")
    theirs = other.take([ReplaceSource("c0", "# theirs")], by="anna")
    told = bound.receive(theirs)
    assert (told.patches, sources(bound)[0]) == ((), "# mine")
    assert [(one.text, one.author, one.by) for one in told.overtaken] == [
        ("# theirs", "anna", "ben")
    ]
    lost = other.receive(mine)
    assert sources(other)[0] == "# mine"
    assert [(one.text, one.author, one.by) for one in lost.overtaken] == [
        ("# theirs", "anna", "ben")
    ]
    bound.undo()
    assert sources(bound)[0] == "# theirs"


bodies = st.sampled_from(["1", "rows = [2]", "x", "y\nz"])
names = st.sampled_from(["load", "fetch", "use", "new"])
edits = st.one_of(
    st.builds(retries, st.integers(0, 9), names),
    st.builds(SetBody, names, bodies),
    st.builds(RenameNode, names, names),
    st.builds(RemoveNode, names),
    st.builds(lambda body: AddNode(NodeSpec("new", body=body)), bodies),
    st.builds(lambda n, x: MoveNodes({n: Position(x, x)}), names, st.floats(0, 9)),
)
texts = st.one_of(
    st.sampled_from(SOURCES),
    st.builds(lambda name, body: f"%%flow {name}\n{body}", names, bodies),
    st.just("%%flow load(\n1"),
)


class Replicas(RuleBasedStateMachine):
    """Two people with one notebook; what each does reaches the other in order, sooner or later."""

    @initialize()
    def open(self):
        self.begun = notebook_of(*SOURCES).text()
        self.both = [NotebookBinding(notebook_of(*SOURCES), REGISTRY, name=n) for n in "ab"]
        self.on_their_way = [[], []]
        self.seen = [0, 0]

    def sent(self, who, change):
        if change is not None and change.writes:
            self.on_their_way[1 - who].append(change)

    @rule(who=st.integers(0, 1), edit=edits, older=st.booleans())
    def draw(self, who, edit, older):
        one = self.both[who]
        before = one.notebook
        try:
            change = one.edit(edit, seen=self.seen[who] if older else None)
        except EditRejected:
            assert one.notebook is before
            return
        assert apply_patches(before, change.patches).cells == one.notebook.cells
        assert apply_patches(one.notebook, change.inverse).cells == before.cells
        self.kept(one, change)
        self.sent(who, change)

    @rule(who=st.integers(0, 1), text=texts, at=st.integers(0, 9), older=st.booleans())
    def write(self, who, text, at, older):
        one = self.both[who]
        cells = one.notebook.cells
        if cells:
            patch = ReplaceSource(cells[at % len(cells)].id, text)
            change = one.take([patch], seen=self.seen[who] if older else None)
            self.kept(one, change)
            self.sent(who, change)

    @rule(who=st.integers(0, 1), at=st.integers(0, 9), name=st.sampled_from("xyz"))
    def insert_or_delete(self, who, at, name):
        one = self.both[who]
        cells = one.notebook.cells
        if any(cell.id == name for cell in cells):
            change = one.take([DeleteCell(name)])
        else:
            change = one.take([InsertCell(at % (len(cells) + 1), Cell.code(name, f"# {who}"))])
        self.sent(who, change)

    @rule(who=st.integers(0, 1))
    def look(self, who):
        self.seen[who] = self.both[who].revision

    @rule(who=st.integers(0, 1), texts=st.booleans())
    def undo(self, who, texts):
        one = self.both[who]
        change = one.undo(texts=texts)
        if change is not None:
            if not texts:
                self.kept(one, change)
            self.sent(who, change)

    @rule(who=st.integers(0, 1))
    def redo(self, who):
        self.sent(who, self.both[who].redo())

    @precondition(lambda self: any(self.on_their_way))
    @rule(who=st.integers(0, 1))
    def hear(self, who):
        if self.on_their_way[who]:
            one, before = self.both[who], self.both[who].notebook
            told = one.receive(self.on_their_way[who].pop(0))
            assert apply_patches(before, told.patches).cells == one.notebook.cells
            self.kept(one, told)

    def kept(self, one, change):
        """Every text that gave way is in what undo holds."""
        held = [
            slot.cell.source
            for entry in one._timeline.done
            if entry.keeps
            for slot in entry.before.values()
            if slot is not None
        ]
        assert {lost.text for lost in change.overtaken} <= set(held)

    @invariant()
    def entries_follow_on_each_other(self):
        for one in getattr(self, "both", ()):
            states = {}
            for entry in one._timeline.done:
                for cell, was in entry.before.items():
                    if cell in states:
                        assert look_of(states[cell]) == look_of(was)
                    states[cell] = entry.after[cell]
            for cell, slot in states.items():
                assert look_of(one._registers.get(cell)) == look_of(slot)

    def teardown(self):
        if not hasattr(self, "both"):
            return
        for who in (0, 1):
            while self.on_their_way[who]:
                self.both[who].receive(self.on_their_way[who].pop(0))
        one, other = self.both
        assert one.notebook.cells == other.notebook.cells
        for binding in self.both:
            for _ in range(500):
                if binding.undo(texts=True) is None:
                    break
            assert binding.notebook.text() == self.begun


def look_of(slot):
    return (slot.cell.source, slot.cell.metadata, slot.key) if slot and slot.there else None


Replicas.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
TestReplicas = Replicas.TestCase
