"""The corpus of notebooks, read, printed and edited: see `tests/notebooks/corpus.py`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.docs.node_pages import own_kinds
from tests.notebooks.corpus import HERE, expectation, text_of, texts

from flowbook.cells.header import is_flow_cell, parse_cell
from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import ReplaceSource, apply_patches, patch
from flowbook.cells.printing import print_cell
from flowbook.cells.source import read
from flowbook.errors import EditRejected
from flowbook.graph.edits import RenameNode, SetOptions
from flowbook.graph.problem import errors
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId
from flowbook.plan.check import check
from flowbook.plan.compile import version_of

NAMES = sorted(path.stem for path in HERE.glob("*.ipynb"))
KINDS = own_kinds()
MOST = 4
"""Nodes of a notebook that edits are tried on."""


def notebook(name):
    return Notebook.parse(text_of(name))


def sound(name):
    parsed = read(notebook(name), KINDS)
    return not errors((*parsed.problems, *check(parsed.spec, KINDS)))


SOUND = [name for name in NAMES if sound(name)]


def sample(spec):
    step = max(1, len(spec.nodes) // MOST)
    return [node for node in spec.nodes[::step] if node.place is not None][:MOST]


def test_the_corpus_is_large_and_of_all_sizes():
    sizes = [len(notebook(name).cells) for name in NAMES]
    assert len(NAMES) >= 30
    assert (min(sizes), max(sizes)) == (1, 500)
    assert len(SOUND) > len(NAMES) // 2


def test_the_files_are_what_their_sources_say():
    assert {name: text_of(name) for name in NAMES} == dict(texts())


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_reads_as_expected_and_nothing_is_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = json.loads((HERE / f"{name}.expected.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(expectation(name, KINDS))) == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [one for one in NAMES if one.startswith("broken_")])
def test_everything_wrong_has_its_cell_and_line(name):
    parsed = read(notebook(name), KINDS)
    found = [*parsed.problems, *check(parsed.spec, KINDS)]
    lines = {cell.id: len(cell.source.split("\n")) for cell in notebook(name).cells}
    assert len(found) >= 2
    assert all(one.cell in lines and 1 <= (one.line or 0) <= lines[one.cell] for one in found)


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_changed_is_written_byte_for_byte(name):
    parsed = notebook(name)
    assert parsed.text() == text_of(name)
    assert parsed.with_cells(tuple(parsed.cells)).text() == text_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_written_anew_it_is_the_same_notebook(name):
    parsed = notebook(name)
    again = Notebook.parse(replace(parsed, raw=None).text())
    assert [(one.source, one.metadata, one.type) for one in again.cells] == [
        (one.source, one.metadata, one.type) for one in parsed.cells
    ]
    assert version_of(read(again, KINDS).spec) == version_of(read(parsed, KINDS).spec)


@pytest.mark.parametrize("name", NAMES)
def test_a_head_that_is_printed_reads_as_it_was(name):
    for cell in notebook(name).cells:
        parts = parse_cell(cell.source)
        if is_flow_cell(cell.source) and parts.header is not None:
            again = parse_cell(print_cell(parts.header, parts.body))
            assert (again.header, again.body) == (parts.header, parts.body)


@pytest.mark.parametrize("name", SOUND)
def test_renaming_a_node_changes_the_cells_that_name_it_and_no_other(name):
    before = notebook(name)
    spec = read(before, KINDS).spec
    for node in sample(spec):
        new = NodeId(f"{node.id}_renamed")
        patches = patch(before, RenameNode(node.id, new), KINDS)
        after = apply_patches(before, patches)
        own = {node.place.cell, *_mentioning(before, node)}
        assert {one.cell for one in patches if isinstance(one, ReplaceSource)} == _changed(
            before, after
        )
        assert _changed(before, after) <= own
        found = read(after, KINDS)
        assert not errors((*found.problems, *check(found.spec, KINDS))), (name, node.id)
        assert len(resolve(found.spec).edges) == len(resolve(spec).edges)


@pytest.mark.parametrize("name", SOUND)
def test_an_option_changes_the_cell_of_its_node_and_no_other(name):
    before = notebook(name)
    spec = read(before, KINDS).spec
    for node in sample(spec):
        options = replace(node.options, tags=("seen",), retries=node.options.retries + 1)
        after = apply_patches(before, patch(before, SetOptions(node.id, options), KINDS))
        assert _changed(before, after) == {node.place.cell}
        changed = read(after, KINDS).spec
        assert changed.node(node.id).options == options
        assert [one for one in changed.nodes if one.id != node.id] == [
            one for one in spec.nodes if one.id != node.id
        ]


@pytest.mark.parametrize("name", [one for one in NAMES if one.startswith("broken_")])
def test_a_notebook_that_is_broken_can_be_edited_or_says_why_not(name):
    before = notebook(name)
    for node in sample(read(before, KINDS).spec):
        try:
            patches = patch(before, SetOptions(node.id, replace(node.options, retries=7)), KINDS)
        except EditRejected:
            continue
        assert _changed(before, apply_patches(before, patches)) <= {node.place.cell}


def _changed(before, after):
    return {one.id for one, other in zip(before.cells, after.cells, strict=True) if one != other}


def _mentioning(before, node):
    """Cells in which the node, or an output called like it, is written."""
    return {one.id for one in before.cells if str(node.id).removeprefix("test_") in one.source}
