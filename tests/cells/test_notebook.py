"""A notebook comes back as it was, byte for byte, and changes only where it was changed."""

from __future__ import annotations

import json
from dataclasses import replace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.notebook import Cell, Notebook
from flowbook.errors import UsageError
from flowbook.graph.spec import Position
from flowbook.ids import CellId


def written_by_nbformat(*sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    cells.append(nbformat.v4.new_markdown_cell("# Ünïcode\n\nend", id="text"))
    return nbformat.v4.writes(nbformat.v4.new_notebook(cells=cells)) + "\n"


def test_an_unchanged_notebook_is_the_same_bytes_whatever_wrote_it():
    text = '{"nbformat":4, "nbformat_minor": 5,"metadata":{},"cells":[ ],"x": 1e2}'
    assert Notebook.parse(text).text() == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3))
def test_a_rewritten_notebook_is_what_nbformat_writes(sources):
    text = written_by_nbformat(*sources)
    assert replace(Notebook.parse(text), raw=None).text() == text


def test_a_change_of_one_cell_changes_the_lines_of_that_cell_only():
    text = written_by_nbformat("a = 1", "b = 2")
    notebook = Notebook.parse(text)
    cells = (replace(notebook.cells[0], source="a = 3"), *notebook.cells[1:])
    assert notebook.with_cells(cells).text() == text.replace("a = 1", "a = 3")
    assert notebook.with_cells(notebook.cells).text() == text


def test_what_we_do_not_know_travels_along():
    document = json.loads(written_by_nbformat("a"))
    document["future"] = {"x": 1}
    document["cells"][0] |= {"future": 2, "outputs": [{"output_type": "stream", "text": "hi"}]}
    notebook = Notebook.parse(json.dumps(document))
    cells = (*notebook.cells, Cell.markdown(CellId("new"), "hello"))
    found = json.loads(notebook.with_cells(cells).text())
    assert found["cells"][-1]["source"] == ["hello"]
    assert found | {"cells": found["cells"][:-1]} == document


def test_cells_without_an_id_get_the_same_one_each_time_and_old_formats_stay_valid():
    document = json.loads(written_by_nbformat("a", "a"))
    document["nbformat_minor"] = 4
    for cell in document["cells"]:
        del cell["id"]
    text = json.dumps(document)
    first, again = Notebook.parse(text), Notebook.parse(text)
    assert first.cells == again.cells
    assert len({cell.id for cell in first.cells}) == 3
    nbformat.validate(nbformat.reads(replace(first, raw=None).text(), as_version=4))
    assert '"id"' not in replace(first, raw=None).text()


def test_two_cells_of_one_id_are_told_apart():
    document = json.loads(written_by_nbformat("a", "b"))
    document["cells"][1]["id"] = "c0"
    assert len({cell.id for cell in Notebook.parse(json.dumps(document)).cells}) == 3


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"cells": 1}',
     '{"cells": [3], "nbformat": 4}', '{"cells": [], "nbformat": 3}',
     '{"cells": [], "nbformat": 4, "metadata": [1]}',
     '{"cells": [{"cell_type": "code", "metadata": 3}], "nbformat": 4}'],
)  # fmt: skip
def test_what_is_no_notebook_is_refused(text):
    with pytest.raises(UsageError, match="notebook"):
        Notebook.parse(text)


def test_a_position_lives_in_metadata_beside_what_others_keep_there():
    cell = Cell.code(CellId("a"), "x", {"tags": ["t"], "flowbook": {"note": 1}})
    placed = cell.placed(Position(1.0, 2.5))
    assert placed.position == Position(1.0, 2.5)
    assert placed.tags == ("t",)
    assert placed.placed(None) == cell


@pytest.mark.parametrize("place", [None, [1], ["a", "b"], [True, False], {"x": 1}])
def test_a_position_that_is_none_is_ignored(place):
    assert Cell.code(CellId("a"), "x", {"flowbook": {"position": place}}).position is None
