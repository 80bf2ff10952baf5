"""`flowbook sync` on files."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cli.sync import command
from flowbook.ids import CellId


@pytest.fixture
def paths(tmp_path):
    notebook = tmp_path / "report.ipynb"
    cells = ("%%flow fetch\nrows = [1, 2]", "%%flow total\nsum(rows)")
    book = Notebook.of(tuple(Cell.code(CellId(f"c{at}"), one) for at, one in enumerate(cells)))
    notebook.write_text(book.text())
    return notebook, tmp_path / "flows" / "report.py"


def sync(*words):
    return CliRunner().invoke(command, [str(word) for word in words], standalone_mode=False)


def test_a_notebook_becomes_a_module_and_an_edit_goes_back(paths):
    notebook, module = paths
    before = notebook.read_text()
    assert sync(notebook, "--to", module).return_value == 0
    assert notebook.read_text() == before
    module.write_text(module.read_text().replace("[1, 2]", "[1, 2, 3]"))
    assert sync(notebook, "--to", module).return_value == 0
    document = json.loads(notebook.read_text())
    assert "".join(document["cells"][0]["source"]) == "%%flow fetch\nrows = [1, 2, 3]"
    done = sync(notebook, "--to", module, "--json")
    assert json.loads(done.stdout) == {"changed": [], "written": True}


def test_a_module_becomes_a_notebook(paths):
    notebook, module = paths
    sync(notebook, "--to", module)
    notebook.unlink()
    assert sync(notebook, "--to", module).return_value == 0
    assert "%%flow total" in notebook.read_text()


def test_check_shows_what_would_be_written_and_writes_nothing(paths):
    notebook, module = paths
    assert sync(notebook, "--to", module, "--check").return_value == 1
    assert not module.exists()
    sync(notebook, "--to", module)
    assert sync(notebook, "--to", module, "--check").return_value == 0
    edited = module.read_text().replace("sum(rows)", "max(rows)")
    module.write_text(edited)
    done = sync(notebook, "--to", module, "--check")
    assert done.return_value == 1
    assert "max(rows)" in done.stdout
    assert module.read_text() == edited


def test_what_is_refused_names_both_files(paths):
    notebook, module = paths
    sync(notebook, "--to", module)
    text = module.read_text().replace("sum(rows)", "print(rows)")
    module.write_text(text.replace("@flow.node\ndef total", "def total"))
    done = sync(notebook, "--to", module)
    assert "report.py: line" in str(done.exception)
    assert "is no node" in str(done.exception)
