"""An edit of one node, as its cell says it, is what reading that cell again gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.revising import reread, revision, with_setting
from flowbook.cells.source import read
from flowbook.graph.edits import apply
from flowbook.graph.spec import MISSING
from flowbook.ids import CellId, NodeId
from flowbook.session.kinds import installed_kinds

REGISTRY = installed_kinds()
CELLS = (
    "%%flow fetch -> status, rows\nstatus = 200\nrows = [1]",
    "%%flow amount\n12",
    "%%flow http get\nurl: 'http://x/{{ fetch.status }}'   # here\n",
    "%%flow router by(value=fetch.status)\nconditions:\n- {id: ok, expression: value < 300}\n",
    "%%flow last(x=by.ok)\nx",
    "%%flow both\namount + 1",
    "%%flow sql top\nselect * from amount",
)


@pytest.fixture
def notebook():
    return Notebook.of(tuple(Cell.code(CellId(f"c{i}"), text) for i, text in enumerate(CELLS)))


def changed(notebook, name, **fields):
    """The notebook after the revision, and the cells that differ."""
    spec = read(notebook, REGISTRY).spec
    now = reread(spec, replace(spec.node(NodeId(name)), **fields), REGISTRY)
    edit = revision(spec, now)
    made = apply_patches(notebook, patch(notebook, edit, REGISTRY))
    again = read(made, REGISTRY).spec
    for one, other in zip(apply(spec, edit).nodes, again.nodes, strict=True):
        assert one.id == other.id
        assert {i.name: i.wire for i in one.inputs} == {i.name: i.wire for i in other.inputs}
        assert one.outputs == other.outputs
    return {
        now.id: now.source
        for was, now in zip(notebook.cells, made.cells, strict=True)
        if was != now
    }


def test_a_template_that_reads_other_names_changes_only_its_line(notebook):
    config = {"url": "http://x/{{ fetch.rows }}/{{ amount }}"}
    assert changed(notebook, "get", config=config) == {
        "c2": CELLS[2].replace("{{ fetch.status }}", "{{ fetch.rows }}/{{ amount }}")
    }


def test_a_port_that_is_called_anew_changes_whoever_reads_it(notebook):
    config = {"conditions": [{"id": "fine", "expression": "value < amount"}]}
    assert changed(notebook, "by", config=config) == {
        "c3": CELLS[3].replace("id: ok", "id: fine").replace("300", "amount"),
        "c4": CELLS[4].replace("by.ok", "by.fine"),
    }


def test_python_that_infers_its_inputs_goes_on_inferring_them(notebook):
    assert changed(notebook, "both", body="amount + fetch") == {"c5": "%%flow both\namount + fetch"}


def test_python_whose_head_lists_its_inputs_keeps_to_them(notebook):
    assert changed(notebook, "last", body="x + 1") == {"c4": "%%flow last(x=by.ok)\nx + 1"}


def test_sql_reads_its_tables_anew(notebook):
    assert changed(notebook, "top", body="select * from both") == {
        "c6": "%%flow sql top\nselect * from both"
    }


def test_a_node_of_a_kind_that_is_not_there_stays_as_it_is(notebook):
    spec = read(notebook, REGISTRY).spec
    strange = replace(spec.node(NodeId("get")), kind="nowhere", config={"url": "{{ amount }}"})
    assert reread(spec, strange, REGISTRY) == strange


def test_a_setting_of_sql_stands_in_its_comments(notebook):
    node = read(notebook, REGISTRY).spec.node(NodeId("top"))
    said = with_setting(node, "result", "rows", REGISTRY)
    assert said.body == "--| result: rows\nselect * from amount"
    assert with_setting(said, "result", MISSING, REGISTRY).body == node.body


def test_nothing_changed_is_no_edit(notebook):
    spec = read(notebook, REGISTRY).spec
    assert revision(spec, spec.nodes[0]) is None
