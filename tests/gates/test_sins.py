"""Every gate goes red for the sin it is there to stop, on a copy of the tree.

A gate that cannot fail is worse than none. Each test first sees its gate green on the copy, then
plants one sin, then wants the gate to fail *and to name the sin*.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Gate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the gates read."""
    built = shutil.ignore_patterns("__pycache__", "labextension", "static", "*_cache")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=built)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "tests" / "gates", tmp_path / "tests" / "gates", ignore=built)
    return tmp_path


@pytest.fixture
def gate(tree: Path) -> Gate:
    """Run a tool of this environment on the copy."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        here = str(Path(sys.executable).parent)
        env = os.environ | {
            "PATH": here + os.pathsep + os.environ["PATH"],
            "PYTHONPATH": str(tree / "src"),
            "NO_COLOR": "1",
        }
        return subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, check=False
        )

    return run


def module(tree: Path, name: str) -> Path:
    """The file of `flowbook.<name>`, whether that is a folder, a file or not there yet."""
    path = tree.joinpath("src", "flowbook", *name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def plant(path: Path, code: str) -> None:
    """Write `code` at the end of `path`, which may be new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n\n" + code + "\n")


FLOORS = {
    "an upward import": ("graph.spec", "import flowbook.run", "Floors"),
    "an upward import hidden in a function": (
        "graph.spec",
        "def sin():\n    from flowbook import store\n    return store",
        "Floors",
    ),
    "an upward import for types only": (
        "ids",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from flowbook import session",
        "Floors",
    ),
    "a door that uses a door": ("cli", "import flowbook.magics", "Floors"),
    "doing that knows remembering": ("run.sin", "import flowbook.store", "Floors"),
    "a node that opens the store": (
        "nodes.sin",
        "import flowbook.store",
        "A node knows only the node contract",
    ),
    "a store that knows flows": (
        "store.sin",
        "import flowbook.graph.spec",
        "The store knows facts, not flows",
    ),
    "a loop in a decision": ("run.rules.decide", "import asyncio", "Pure rooms do no I/O"),
    "a clock in a decision": ("run.rules.decide", "import time", "Pure rooms do no I/O"),
    "duckdb outside the store": ("export.sin", "import duckdb", "One owner per outside library"),
    "wasmtime outside the sandbox": ("cli.sin", "import wasmtime", "One owner per outside library"),
    "papermill outside export": ("session", "import papermill", "One owner per outside library"),
    "two modules in a circle": (
        "graph.sin",
        "import flowbook.graph.sinner",
        "No cycles between siblings, anywhere",
    ),
}


@pytest.mark.parametrize(("where", "code", "contract"), FLOORS.values(), ids=FLOORS)
def test_the_floors_stop(tree, gate, where, code, contract):
    before = gate("lint-imports", "--no-cache", "--no-logo")
    assert f"{contract} KEPT" in before.stdout
    assert before.returncode == 0, before.stdout
    plant(module(tree, where), code)
    if "flowbook.graph.sinner" in code:
        plant(module(tree, "graph.sinner"), "import flowbook.graph.sin")

    after = gate("lint-imports", "--no-cache", "--no-logo")
    assert after.returncode != 0
    assert f"{contract} BROKEN" in after.stdout, after.stdout


def test_the_floors_stop_a_room_without_a_floor(tree, gate):
    plant(module(tree, "utils"), "")
    after = gate("lint-imports", "--no-cache", "--no-logo")
    assert after.returncode != 0
    assert "not listed as layers:\n\n- flowbook.utils" in after.stdout


STYLE = {
    "eval": ('def sin(text: str) -> object:\n    """Sin."""\n    return eval(text)', "S307"),
    "exec": ('def sin(text: str) -> None:\n    """Sin."""\n    exec(text)', "S102"),
    "print": ('print("sin")', "T201"),
    "a swallowed exception": ("try:\n    ...\nexcept Exception:\n    ...", "BLE001"),
    "an import hidden in a function": (
        'def sin() -> object:\n    """Sin."""\n    import json\n    return json',
        "PLC0415",
    ),
    "a public function that says nothing": ("def sin() -> None:\n    return None", "D103"),
    "seven parameters": (
        'def sin(a: int, b: int, c: int, d: int, e: int, f: int, g: int) -> None:\n    """Sin."""',
        "PLR0913",
    ),
    "local time": ("import datetime\n\nNOW = datetime.datetime.now()", "DTZ005"),
    "code in a comment": ("# sin = eval(text)", "ERA001"),
}


@pytest.mark.parametrize(("code", "rule"), STYLE.values(), ids=STYLE)
def test_the_linter_stops(tree, gate, code, rule):
    target = module(tree, "ids")
    assert gate("ruff", "check", "--no-cache", str(target)).returncode == 0
    plant(target, code)
    after = gate("ruff", "check", "--no-cache", "--output-format=concise", str(target))
    assert after.returncode == 1
    assert f" {rule} " in after.stdout


def test_the_formatter_stops_what_it_did_not_write(tree, gate):
    target = module(tree, "ids")
    assert gate("ruff", "format", "--check", "--no-cache", str(target)).returncode == 0
    plant(target, "SIN = {'a':1}")
    assert gate("ruff", "format", "--check", "--no-cache", str(target)).returncode == 1


def test_the_type_checker_stops_an_untyped_function_and_a_wrong_type(tree, gate):
    target = module(tree, "ids")
    check = ("mypy", "--follow-imports=skip", str(target))  # one file: `poe types` reads them all
    assert gate(*check).returncode == 0
    plant(target, 'def sin(value):\n    return value\n\n\nWRONG: NodeId = RunId("r")')
    after = gate(*check)
    assert after.returncode == 1
    assert "[no-untyped-def]" in after.stdout
    assert "[assignment]" in after.stdout


def test_the_type_checker_reads_the_whole_package():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert config["tool"]["mypy"]["files"] == ["src"]
    assert config["tool"]["mypy"]["strict"] is True


def test_the_size_gate_stops_a_function_of_41_lines(tree, gate):
    command = (sys.executable, "tests/gates/size.py")
    before = gate(*command)
    assert before.returncode == 0, before.stdout
    plant(module(tree, "ids"), "def sin():\n" + "    pass\n" * 40)
    after = gate(*command)
    assert after.returncode == 1
    assert "sin has 41 lines" in after.stdout


def test_check_runs_every_gate():
    """A gate that `poe check` forgets is no gate."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tasks = config["tool"]["poe"]["tasks"]
    ways_out = {
        "fmt",
        "bench",
        "canvas",
        "expressions",
        "kills",
        "nodes",
        "patterns",
        "schedules",
        "speed",
        "check",
    }
    assert set(tasks["check"]["sequence"]) == set(tasks) - ways_out
