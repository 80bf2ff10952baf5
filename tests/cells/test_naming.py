"""What test cells are called, what they run behind, and how their heads are written."""

from __future__ import annotations

import pytest

from flowbook.cells.header import declared_name, parse_cell
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.printing import print_cell
from flowbook.cells.source import read
from flowbook.errors import EditRejected
from flowbook.graph.edits import RenameNode
from flowbook.graph.registry import Registry
from flowbook.graph.wiring import resolve
from flowbook.ids import CellId, NodeId
from flowbook.nodes.checking import TestNode as Checking
from flowbook.nodes.python import PythonNode

KINDS = Registry([PythonNode, Checking])


def cells(*sources):
    return Notebook.of(tuple(Cell.code(CellId(f"c{i}"), text) for i, text in enumerate(sources)))


def parsed(*sources):
    return read(cells(*sources), KINDS)


def edges(spec):
    return {f"{one.source}.{one.output} > {one.target}.{one.input}" for one in resolve(spec).edges}


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("%%flow test clean", "test_clean"),
        ("%%flow test clean_is_sorted(clean)", "test_clean_is_sorted"),
        ("%%flow test test_clean", "test_clean"),
        ("%%flow test tests", "tests"),
        ("%%flow test.v1 clean", "test_clean"),
        ("%%flow test", "test"),
        ("%%flow testing", "testing"),
        ("%%flow python clean", "clean"),
    ],
)
def test_a_test_is_called_like_what_it_tests(head, name):
    header = parse_cell(head).header
    assert header is not None
    assert (header.name, declared_name(head)) == (name, name)


@pytest.mark.parametrize("name", ["clean", "test_1", "test_class", "test_test_x", "tests"])
def test_a_head_is_written_as_it_was_or_shorter_and_means_the_same(name):
    header = parse_cell(f"%%flow test {name} --retries 2").header
    again = print_cell(header, "")
    assert parse_cell(again).header == header
    assert len(again) <= len(f"%%flow test {name} --retries 2")


def test_a_test_reads_the_node_it_is_called_like():
    found = parsed(
        "%%flow clean\n[1]",
        "%%flow test clean\nassert clean == [1]",
        "%%flow test clean_is_short(clean)\nassert len(clean) == 1",
    )
    assert found.problems == ()
    assert edges(found.spec) == {
        "clean.clean > test_clean.clean",
        "clean.clean > test_clean_is_short.clean",
    }


def test_a_test_runs_behind_it_even_if_it_does_not_read_it():
    found = parsed("%%flow save\n'there'", "%%flow test save\nassert True")
    assert edges(found.spec) == {"save.save > test_save.save"}


def test_a_test_has_no_outputs():
    found = parsed("%%flow a\n1", "%%flow test a\nx = a\nassert x", "%%flow b(x)\nx")
    assert found.spec.node(NodeId("test_a")).outputs == ()
    (problem,) = [one for one in parsed("%%flow test a -> b\nassert 1").problems if one.line == 1]
    assert "no outputs" in problem.message


def test_a_second_cell_of_the_same_name_is_told():
    found = parsed("%%flow a\n1", "%%flow test a\nassert a", "%%flow test test_a\nassert a")
    (problem,) = found.problems
    assert (problem.cell, problem.line) == ("c2", 1)
    assert "'test_a' is written in cell c1" in problem.message


def test_renaming_what_is_tested_keeps_the_test():
    notebook = cells("%%flow a\n1", "%%flow test a\nassert a")
    after = apply_patches(notebook, patch(notebook, RenameNode(NodeId("a"), NodeId("b")), KINDS))
    found = read(after, KINDS)
    assert found.problems == ()
    assert edges(found.spec) == {"b.b > test_a.a"}


def test_renaming_a_test_writes_the_short_name():
    notebook = cells("%%flow a\n1", "%%flow test a\nassert a")
    edit = RenameNode(NodeId("test_a"), NodeId("test_first"))
    after = apply_patches(notebook, patch(notebook, edit, KINDS))
    assert after.cells[1].source.split("\n")[0] in ("%%flow test first", "%%flow test first(a)")
    assert edges(read(after, KINDS).spec) == {"a.a > test_first.a"}


def test_a_name_that_is_none_of_a_test_is_refused():
    notebook = cells("%%flow a\n1", "%%flow test a\nassert a")
    with pytest.raises(EditRejected, match="cannot be called 'first'"):
        patch(notebook, RenameNode(NodeId("test_a"), NodeId("first")), KINDS)
