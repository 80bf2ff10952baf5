"""`flowbook edit` changes the cells it has to, shows them, and writes whole or not at all."""

from __future__ import annotations

import json

import pytest
from tests.cells.conftest import notebook_of

from flowbook.cells.notebook import Notebook
from flowbook.cli import edit as editing

SOURCES = (
    "#:parameters\ncity: str = 'Oslo'  # where\ntop: int = 3",
    "%%flow fetch(days: int = 7) --retries 2  --pure\nrows = [city]\nn = days",
    "%%flow clean( data = fetch.rows )\ndata",
    "%%flow map each\nover: '{{ clean }}'",
)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "tour.ipynb"
    found.write_text(notebook_of(*SOURCES).text())
    return found


def sources(path):
    return [cell.source for cell in Notebook.parse(path.read_text()).cells]


def test_a_renaming_is_shown_as_a_patch_and_written(ask, path):
    code, out, err = ask("edit", "tour.ipynb", "rename", "fetch", "download")
    assert (code, err) == (0, "Rename fetch to download: 2 cells written\n")
    assert out.splitlines()[:5] == [
        "--- tour.ipynb cell c1",
        "+++ tour.ipynb cell c1",
        "@@ -1,3 +1,3 @@",
        "-%%flow fetch(days: int = 7) --retries 2  --pure",
        "+%%flow download(days: int = 7) --retries 2  --pure",
    ]
    assert sources(path)[2] == "%%flow clean( data = download.rows )\ndata"
    assert sources(path)[0] == SOURCES[0].removeprefix("#:parameters\n")


def test_a_dry_run_writes_nothing(ask, path):
    before = path.read_bytes()
    code, out, err = ask("edit", "tour.ipynb", "rm", "clean", "--dry-run")
    assert (code, err) == (0, "Remove clean: 1 cell would change\n")
    assert "-%%flow clean( data = fetch.rows )" in out
    assert path.read_bytes() == before


def test_options_change_where_they_stand(ask, path):
    assert ask("edit", "tour.ipynb", "set", "fetch", "--retries", "5", "--timeout", "30s")[0] == 0
    head = sources(path)[1].partition("\n")[0]
    assert head == "%%flow fetch(days: int = 7) --retries 5  --pure --timeout 30s"


def test_wires_are_drawn_and_cut(ask, path):
    assert ask("edit", "tour.ipynb", "connect", "fetch.n", "clean.data")[0] == 0
    assert sources(path)[2].startswith("%%flow clean( data = fetch.n )")
    assert ask("edit", "tour.ipynb", "disconnect", "clean.data")[0] == 0
    assert sources(path)[2].startswith("%%flow clean( data )")


def test_a_node_moves_into_a_container_and_out(ask, path):
    assert ask("edit", "tour.ipynb", "move", "clean", "--in", "each")[0] == 0
    assert sources(path)[2].startswith("%%flow clean( data = fetch.rows ) --in each")
    assert ask("edit", "tour.ipynb", "move", "clean", "--in", "")[0] == 0
    assert sources(path)[2].startswith("%%flow clean( data = fetch.rows )\n")


def test_parameters_change_in_their_cell_or_in_a_head(ask, path):
    assert ask("edit", "tour.ipynb", "param", "city=7")[0] == 0
    assert sources(path)[0] == "city: str = '7'  # where\ntop: int = 3"
    assert ask("edit", "tour.ipynb", "param", "days=14")[0] == 0
    assert sources(path)[1].startswith("%%flow fetch(days: int = 14) --retries 2  --pure")


def test_json_is_the_edit_and_its_patches(ask, path):
    code, out, err = ask("edit", "tour.ipynb", "rm", "clean", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "edit": {"type": "REMOVE_NODE", "node": "clean"},
        "patches": [{"type": "DELETE_CELL", "cell": "c2"}],
        "written": True,
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["renam", "a", "b"], "did you mean 'rename'?"),
        (["rename", "fetch"], "write it as: rename OLD NEW"),
        (["rm", "fetsh"], "did you mean 'fetch'?"),
        (["set", "fetch", "--retires", "3"], "did you mean 'retries'?"),
        (["set", "fetch"], "write it as: set NODE --option value"),
        (["connect", "fetch", "clean.data"], "write fetch.rows or fetch.n"),
        (["connect", "fetch.n", "clean"], "write clean.input"),
        (["move", "fetch", "--to", "each"], "write it as: move NODE --in CONTAINER"),
        (["param", "ctiy=x"], "did you mean 'city'?"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(ask, path, words, told):
    before = path.read_bytes()
    code, out, err = ask("edit", "tour.ipynb", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert path.read_bytes() == before


def test_a_file_that_somebody_else_changed_is_left_alone(ask, path, monkeypatch):
    made = editing.edit_of

    def meanwhile(*asked):
        path.write_text(notebook_of("%%flow other").text())
        return made(*asked)

    monkeypatch.setattr(editing, "edit_of", meanwhile)
    code, _, err = ask("edit", "tour.ipynb", "rm", "clean")
    assert code == 2
    assert "was changed by somebody else meanwhile" in err
    assert sources(path) == ["%%flow other"]
