"""A flow that was read from a notebook is written back into it."""

from __future__ import annotations

import json

import pytest

import flowbook
from flowbook.graph.edits import RenameNode, SetOptions
from flowbook.graph.options import Options

CELLS = [
    {"cell_type": "markdown", "id": "m", "metadata": {}, "source": ["# Title\n", "text  "]},
    {"cell_type": "code", "id": "a", "metadata": {"x": 1}, "execution_count": 4,
     "outputs": [{"output_type": "stream", "name": "stdout", "text": ["hi\n"]}],
     "source": ["%%flow  load( n = 3 )  --retries 2\n", "rows = [n]\n", "\n"]},
    {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": None, "outputs": [],
     "source": ["%%flow use\n", "len(rows)"]},
]  # fmt: skip


@pytest.fixture
def path(tmp_path):
    document = {"nbformat_minor": 5, "nbformat": 4, "metadata": {"mine": [1]}, "cells": CELLS}
    found = tmp_path / "tour.ipynb"
    found.write_text(json.dumps(document, indent=2).replace("\n", "\r\n"), newline="")
    return found


def test_a_flow_that_did_not_change_is_written_as_the_very_bytes(path):
    before = path.read_bytes()
    flow = flowbook.project(path.parent).read_notebook(path)
    flow.to_notebook(path)
    assert path.read_bytes() == before


def test_only_the_cells_of_changed_nodes_are_written(path):
    flow = flowbook.project(path.parent).read_notebook(path)
    flow.apply(SetOptions("load", Options(retries=5)))
    flow.apply(RenameNode("use", "uses"))
    flow.to_notebook(path)
    cells = json.loads(path.read_text())["cells"]
    assert "".join(cells[1]["source"]) == "%%flow  load( n = 3 )  --retries 5\nrows = [n]\n\n"
    assert "".join(cells[2]["source"]) == "%%flow uses\nlen(rows)"
    assert (cells[0], cells[1]["outputs"]) == (CELLS[0], CELLS[1]["outputs"])
