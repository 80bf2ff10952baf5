"""Bringing a flow to the latest versions is one edit, which undo takes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.graph.edits import apply, inverse, label
from flowbook.graph.migration import migration
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.ids import CellId, FlowId
from flowbook.nodes.python import PythonNode


class Fetch(Node):
    kind = "fetch"


class FetchTwo(Node):
    kind = "fetch"
    type_version = 2

    @classmethod
    def migrate(cls, old):
        config = dict(old.config)
        if config.get("address") == "nowhere":
            raise ValueError("nobody lives there")
        return replace(old, config={"url": config.pop("address"), **config})


KINDS = Registry([PythonNode, Fetch, FetchTwo])
CELLS = (
    "%%flow fetch.v1 get(city='Oslo') --retries 3\n# where\naddress: '{{ city }}'  # found\nx: 1",
    "%%flow fetch other\nurl: y",
    "%%flow stranger.v1 s\nwhat: ever",
    "%%flow count(get)\nlen(get)",
)


def notebook(*cells: str) -> Notebook:
    return Notebook(tuple(Cell.code(CellId(f"c{i}"), text) for i, text in enumerate(cells)), {})


def flow(*cells: str):
    return read(notebook(*cells), KINDS, FlowId("tour")).spec


def test_only_nodes_of_an_older_version_change():
    before = flow(*CELLS)
    edit = migration(before, KINDS)
    assert label(edit) == "Migrate 1 node"
    after = apply(before, edit)
    assert [node.kind for node in after.nodes] == ["fetch", "fetch", "stranger.v1", "python"]
    assert after.nodes[0].config == {"url": "{{ city }}", "x": 1}
    assert after.nodes[1:] == before.nodes[1:]


def test_undo_takes_it_back():
    before = flow(*CELLS)
    edit = migration(before, KINDS)
    assert apply(apply(before, edit), inverse(before, edit)) == before


def test_a_flow_that_is_there_needs_no_edit():
    assert migration(flow(*CELLS[1:]), KINDS) is None


def test_what_was_written_without_a_version_can_be_said_to_be_older():
    before = flow("%%flow fetch get\naddress: x")
    assert migration(before, KINDS) is None
    after = apply(before, migration(before, KINDS, {"fetch": 1}))
    assert after.nodes[0].config == {"url": "x"}


def test_the_cell_changes_where_the_node_does_and_keeps_its_comments():
    book = notebook(*CELLS)
    edit = migration(read(book, KINDS).spec, KINDS)
    (change,) = patch(book, edit, KINDS)
    assert change.source.split("\n")[0] == "%%flow fetch get(city='Oslo') --retries 3"
    assert "address" not in change.source
    again = read(apply_patches(book, [change]), KINDS).spec
    assert again.nodes[0].config == {"url": "{{ city }}", "x": 1}


def test_a_version_that_cannot_take_over_changes_nothing():
    with pytest.raises(UsageError, match="nobody lives there"):
        migration(flow(CELLS[0], "%%flow fetch.v1 b\naddress: nowhere"), KINDS)
