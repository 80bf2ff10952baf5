"""What a shell gets when it asks, from a real process; and that the scripts are of that shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from flowbook.session.project import project
from flowbook.tour.first import write_first


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A project in which a flow has run."""
    folder = tmp_path_factory.mktemp("project")
    made = write_first(folder, "first")
    opened = project(folder)
    run = opened.load(made.notebook).flow.run()
    return folder, run.id


def complete(folder, *words: str) -> list[str]:
    """What is offered for the last word."""
    env = {
        **os.environ,
        "_FLOWBOOK_COMPLETE": "zsh_complete",
        "COMP_WORDS": " ".join(("flowbook", *words)),
        "COMP_CWORD": str(len(words)),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "flowbook.cli"],
        env=env, cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()[1::3]


def test_commands_and_choices_are_completed(place):
    assert complete(place[0], "hist") == ["history"]
    assert complete(place[0], "export", "first.ipynb", "--target", "k") == ["kubernetes"]


def test_runs_are_those_of_the_history(place):
    folder, run = place
    assert complete(folder, "history", "show", "") == [run]
    assert complete(folder, "history", "show", "nosuch") == []


def test_flows_are_those_that_have_run(place):
    assert complete(place[0], "history", "--flow", "f") == ["first"]


def test_nodes_are_those_of_the_run_or_of_the_notebook(place):
    folder, run = place
    assert set(complete(folder, "history", "show", run, "--node", "")) == {
        "readings",
        "warm",
        "summary",
    }
    assert complete(folder, "test", "run", "first.ipynb", "--only", "w") == ["warm"]


def test_where_nothing_has_run_nothing_is_made(tmp_path):
    assert complete(tmp_path, "history", "show", "") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_of_its_shell(ask, tmp_path, shell):
    code, out, err = ask("completions", shell)
    assert code == 0
    assert "flowbook" in err
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(out)
    ended = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
