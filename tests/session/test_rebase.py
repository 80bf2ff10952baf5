from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import (
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
    apply_patches,
)
from flowbook.errors import UsageError
from flowbook.ids import CellId
from flowbook.session.rebase import rebased

A, B, N = CellId("a"), CellId("b"), CellId("n")


def notebook(**sources):
    return Notebook.of(tuple(Cell.code(CellId(name), text) for name, text in sources.items()))


def done(patches, made_for, now):
    return [cell.source for cell in apply_patches(now, rebased(patches, made_for, now)).cells]


WAS = notebook(a="%%flow a\nx = 1", b="%%flow b\na")


def test_a_text_as_it_was_is_replaced():
    assert done([ReplaceSource(A, "new")], WAS, WAS) == ["new", "%%flow b\na"]


def test_a_text_that_both_changed_elsewhere_gets_both():
    now = notebook(a="%%flow a\nx = 2", b="%%flow b\na")
    assert done([ReplaceSource(A, "%%flow c\nx = 1")], WAS, now)[0] == "%%flow c\nx = 2"


def test_a_text_that_both_changed_in_the_same_place_is_refused():
    now = notebook(a="%%flow d\nx = 1", b="%%flow b\na")
    with pytest.raises(UsageError, match="changed in the notebook, too"):
        rebased([ReplaceSource(A, "%%flow c\nx = 1")], WAS, now)


def test_a_patch_that_is_there_already_is_no_patch():
    now = notebook(a="new", b="%%flow b\na")
    assert rebased([ReplaceSource(A, "new")], WAS, now) == []


def test_a_new_cell_stands_below_the_nearest_one_that_is_left():
    made = InsertCell(2, Cell.code(N, "n"))
    assert done([made], WAS, notebook(b="b", a="a")) == ["b", "n", "a"]
    assert done([made], WAS, notebook(x="x", a="a")) == ["x", "a", "n"]
    assert done([made], WAS, notebook(x="x")) == ["n", "x"]


def test_a_cell_that_says_something_else_is_not_deleted():
    assert done([DeleteCell(A)], WAS, WAS) == ["%%flow b\na"]
    assert done([DeleteCell(A)], WAS, notebook(b="b")) == ["b"]
    with pytest.raises(UsageError, match="was changed"):
        rebased([DeleteCell(A)], WAS, notebook(a="mine", b="b"))


def test_a_cell_that_is_gone_cannot_be_changed():
    with pytest.raises(UsageError, match="no cell"):
        rebased([ReplaceSource(A, "x")], WAS, notebook(b="b"))


def test_metadata_of_others_stay():
    tagged = Cell.code(A, "a", {"tags": ["mine"], "flowbook": {"position": [1, 2]}})
    patches = [SetMetadata(A, {"flowbook": {"position": [3, 4]}})]
    (made,) = rebased(patches, WAS, Notebook.of((tagged,)))
    assert made.metadata == {"tags": ["mine"], "flowbook": {"position": [3, 4]}}


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_a_change_of_one_side_alone_is_that_change(was, new):
    made_for = notebook(a=was)
    assert done([ReplaceSource(A, new)], made_for, made_for) == [new]
    assert done([ReplaceSource(A, was)], made_for, notebook(a=new)) == [new]
