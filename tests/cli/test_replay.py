"""A run of a notebook is replayed by the next process that is asked to."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from flowbook.cells.notebook import Cell, Notebook

CELLS = (
    "%%flow numbers(top=3)\nopen('ledger', 'a').write('numbers ')\nnumbers = list(range(top))",
    "%%flow total(numbers)\nopen('ledger', 'a').write('total ')\nsum(numbers)",
)


@pytest.fixture
def told(tmp_path):
    """Type a command, get what it says."""

    def told(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "flowbook.cli", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return told


@pytest.fixture
def ran(tmp_path, told):
    """A notebook in a folder of the project, and the id of a run of it."""
    (tmp_path / ".flowbook").mkdir()
    (tmp_path / "reports").mkdir()
    write(tmp_path, *CELLS)
    told("run", "reports/sums.ipynb", "--no-report")
    (run,) = json.loads(told("history", "--json").stdout)["runs"]
    return run["id"]


OPEN = ("history", "open", "--node", "total", "--shell")


def write(folder, *cells):
    notebook = Notebook.of(tuple(Cell.code(f"c{i}", text) for i, text in enumerate(cells)))
    (folder / "reports" / "sums.ipynb").write_text(notebook.text())


def test_checkpoints_and_a_replay_from_one_of_them(tmp_path, told, ran):
    points = json.loads(told("history", "checkpoints", ran, "--json").stdout)["checkpoints"]
    assert [(one["node"], one["done"]) for one in points] == [("numbers", 1), ("total", 2)]
    assert "numbers" in told("history", "checkpoints", ran).stdout
    done = told("history", "replay", ran, "--at", str(points[0]["seq"]), "--json")
    row = json.loads(done.stdout)["run"]
    assert (row["origin"], row["origin_seq"]) == (ran, points[0]["seq"])
    assert (row["status"], row["trigger"]) == ("succeeded", "cli")
    assert "numbers  taken" in done.stderr
    assert (tmp_path / "reports" / "ledger").read_text() == "numbers total total "


def test_a_parameter_and_a_changed_cell_run_what_depends_on_them(tmp_path, told, ran):
    done = told("history", "replay", ran, "-p", "top=4")
    assert done.stdout.endswith("sums  succeeded\n")
    write(tmp_path, CELLS[0], CELLS[1].replace("sum(", "max("))
    plan = json.loads(told("history", "replay", ran, "--from", "total", "--check", "--json").stdout)
    assert [(one["node"], one["fate"]) for one in plan["nodes"]] == [
        ("numbers", "taken"),
        ("total", "runs"),
    ]
    assert plan["nodes"][1]["changes"] == ["code changed"]
    told("history", "replay", ran, "--from", "total", "--as-run")
    assert (tmp_path / "reports" / "ledger").read_text() == "numbers total " * 2 + "total "
    (tmp_path / "reports" / "sums.ipynb").rename(tmp_path / "moved.ipynb")
    refused = told("history", "replay", ran, code=2)
    assert "no notebook sums.ipynb" in refused.stderr
    told("history", "replay", ran, "--notebook", "moved.ipynb", "--at", "0", code=2)


def test_what_cannot_be_is_refused_with_what_to_do(told, ran):
    assert "has no event 99" in told("history", "replay", ran, "--at", "99", code=2).stderr
    assert "no run" in told("history", "replay", "nope", code=2).stderr
    assert "no node" in told("history", "replay", ran, "--from", "totl", code=2).stderr


MAPPED = (
    "%%flow items\nitems = [1, 2, 3]",
    "%%flow map each(items=items.items)",
    "%%flow worked --in each\nimport os\nopen('ledger', 'a').write(f'{item} ')\n"
    "assert item != 2 or os.path.exists('mended')\nitem * 10",
)


def test_failed_items_run_again_and_new_ones_with_them(tmp_path, told, ran):
    write(tmp_path, *MAPPED)
    told("run", "reports/sums.ipynb", "--no-report")
    run = json.loads(told("history", "--json").stdout)["runs"][0]["id"]
    (tmp_path / "reports" / "mended").touch()
    (tmp_path / "reports" / "ledger").unlink()
    done = told("history", "replay", run, "--failed", "--add", "each=[4, 5]")
    assert "2 of its items are taken" in done.stderr
    assert sorted((tmp_path / "reports" / "ledger").read_text().split()) == ["2", "4", "5"]
    refused = told("history", "replay", run, "--add", "each=4", code=2)
    assert "write a list" in refused.stderr


def test_two_runs_are_compared(told, ran):
    other = json.loads(told("history", "replay", ran, "-p", "top=5", "--json").stdout)["run"]["id"]
    text = told("history", "diff", ran, other, code=1).stdout
    assert "parameter top: 3 → 5" in text
    assert "they part at numbers (parameter top)" in text
    found = json.loads(told("history", "diff", ran, other, "--json", "--quick", code=1).stdout)
    assert (found["first"], found["params"]) == (["numbers"], [{"name": "top", "a": 3, "b": 5}])
    assert "alike" in told("history", "diff", ran, ran).stdout
    refused = told("history", "diff", ran, other, "--key", "id", "--whole-rows", code=2)
    assert "exclude each other" in refused.stderr


def test_a_moment_is_opened_and_its_code_run_in_a_shell(tmp_path, told, ran):
    found = json.loads(told("history", "open", ran, "--node", "total", "--json").stdout)
    assert {one["name"]: one["from"] for one in found["names"]}["numbers"] == "numbers"
    shell = subprocess.run(
        [sys.executable, "-m", "flowbook.cli", *OPEN, ran],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "IPY_TEST_SIMPLE_PROMPT": "1"},
        input="print('sum', here.run(), len(numbers))\nexit\n",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "sum 3 3" in shell.stdout, shell.stderr


def test_where_a_run_failed_is_told(tmp_path, told, ran):
    write(tmp_path, CELLS[0], "%%flow total(numbers)\n1 / numbers[0]")
    told("run", "reports/sums.ipynb", "--no-report", code=1)
    run = json.loads(told("history", "--json").stdout)["runs"][0]["id"]
    said = told("history", "failing", run)
    assert "total (cell c1, line 2): ZeroDivisionError" in said.stdout
    assert "numbers: list" in said.stdout
    assert f"%flow open {run} --failed" in said.stderr
    assert json.loads(told("history", "failing", run, "--json").stdout)["node"] == "total"
    assert "did not fail" in told("history", "failing", ran, code=2).stderr
