"""From a run to a test that pytest runs, and runs of notebooks as tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from flowbook.cells.notebook import Cell, Notebook

CELLS = (
    "%%flow numbers(top=3)\nnumbers = list(range(top))",
    "%%flow total(numbers)\ntotal = sum(numbers)",
)


@pytest.fixture
def told(tmp_path):
    """Type a command, get what it says."""

    def told(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return told


def write(folder, *cells):
    notebook = Notebook.of(tuple(Cell.code(f"c{i}", text) for i, text in enumerate(cells)))
    (folder / "sums.ipynb").write_text(notebook.text())


def test_a_mocked_run_is_listed(tmp_path, told):
    write(tmp_path, *CELLS)
    (tmp_path / "numbers.json").write_text("[10, 20]")
    words = ("flowbook.cli", "test", "run", "sums.ipynb", "--mock", "numbers=@numbers.json")
    assert "30" in told(*words).stdout
    found = json.loads(told(*words, "--json").stdout)
    assert found["nodes"][1] == {
        "node": "total", "outcome": "succeeded", "output": 30, "told": "30",
    }  # fmt: skip


def test_a_test_that_fails_has_its_exit_code(tmp_path, told):
    write(tmp_path, *CELLS)
    words = ("flowbook.cli", "test", "run", "sums.ipynb")
    assert "unsupported operand" in told(*words, "--mock", 'numbers=["a"]', code=1).stdout
    assert "is no JSON" in told(*words, "--mock", "numbers=a", code=2).stderr
    assert "no node 'nombers'" in told(*words, "--mock", "nombers=1", code=2).stderr


def test_a_run_becomes_a_test_that_fails_when_the_flow_gives_something_else(tmp_path, told):
    write(tmp_path, *CELLS)
    told("flowbook.cli", "run", "sums.ipynb", "--no-report", "-p", "top=4")
    (run,) = json.loads(told("flowbook.cli", "history", "--json").stdout)["runs"]
    said = told("flowbook.cli", "test", "record", run["id"]).stdout
    assert said.splitlines() == ["tests/seen/sums", "tests/test_sums.py"]

    pytest_words = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:nbval", "tests")
    assert "1 passed" in told(*pytest_words).stdout
    rows = json.loads(told("flowbook.cli", "history", "--json").stdout)["runs"]
    assert len(rows) == 1  # what a test runs is kept in its own folder

    write(tmp_path, CELLS[0], CELLS[1].replace("sum(numbers)", "sum(numbers) + 1"))
    failed = told(*pytest_words, code=1).stdout
    assert "total gave something else than in the run that was seen" in failed
    assert ".total: 7 (int), expected 6 (int)" in failed

    assert "1 passed" in told(*pytest_words, "--flowbook-update").stdout
    assert "1 passed" in told(*pytest_words).stdout


def test_a_test_that_was_changed_by_hand_stays(tmp_path, told):
    write(tmp_path, *CELLS)
    told("flowbook.cli", "run", "sums.ipynb", "--no-report")
    (run,) = json.loads(told("flowbook.cli", "history", "--json").stdout)["runs"]
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sums.py").write_text("# mine\n")
    assert "(as it was)" in told("flowbook.cli", "test", "record", run["id"]).stdout
    assert (tmp_path / "tests" / "test_sums.py").read_text() == "# mine\n"


def test_a_run_is_tried_with_what_nodes_gave_before(tmp_path, told):
    write(tmp_path, *CELLS)
    told("flowbook.cli", "run", "sums.ipynb", "--no-report", "-p", "top=5")
    (run,) = json.loads(told("flowbook.cli", "history", "--json").stdout)["runs"]
    found = told("flowbook.cli", "test", "run", "sums.ipynb", "--seen", run["id"], "--json").stdout
    assert json.loads(found)["nodes"][1]["output"] == 10
