"""SIGTERM that comes to a job by steps, between the cells of two nodes or within one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from tests.cells.conftest import notebook_of

NOTE = 'with open("attempts", "a") as file:\n    file.write("{}\\n")\n'
CELLS = (
    "#:parameters\nfactor: int = 3",
    f"%%flow first(factor)\n{NOTE.format('first')}factor * 10",
    f"%%flow second(first)\nimport asyncio, pathlib\n{NOTE.format('second')}"
    "while not pathlib.Path('gate').exists():\n    await asyncio.sleep(0.02)\nfirst + 1",
    f"%%flow third(second)\n{NOTE.format('third')}second * 2",
)
HELD = """\
import pathlib, sys, time
from flowbook.export import engine

execute = engine.JobClient.execute_cell

def held(self, cell, index, **settings):
    due = cell.source == "%flow step second" and pathlib.Path("gate").exists()
    if due and not pathlib.Path("between").exists():
        pathlib.Path("between").touch()
        while self._watch.brake.why is None:
            time.sleep(0.02)
    return execute(self, cell, index, **settings)

engine.JobClient.execute_cell = held
"""
JOB = "from flowbook.cli.__main__ import main\nmain()\n"
PAPERMILL = "from papermill.cli import papermill\npapermill()\n"

pytestmark = [pytest.mark.kernel, pytest.mark.kill]


class Job:
    """A job by steps in a folder of its own, which can be held before its second node."""

    def __init__(self, folder):
        self.folder = folder
        self.between = folder / "between"
        (folder / "tour.ipynb").write_text(notebook_of(*CELLS).text())
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        self.call("export", "tour.ipynb", "--to", "jobs", "--layout", "steps")

    def call(self, *words):
        return subprocess.run(
            [sys.executable, "-m", "flowbook.cli", *words], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=150,
        )  # fmt: skip

    def terminated(self, program, *words, within=False):
        """The exit code of a job that was told SIGTERM between the cells of two nodes.

        `within`: not so, but while the second of them is under way.
        """
        if not within:
            (self.folder / "gate").touch()
        (self.folder / "held.py").write_text(HELD + program)
        process = subprocess.Popen(
            [sys.executable, "held.py", *words], cwd=self.folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 120
            while "second" not in self.attempts() if within else not self.between.exists():
                assert time.monotonic() < deadline, "it never came there"
                assert process.poll() is None, "it ended before it came there"
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            return process.wait(60)
        finally:
            process.kill()
            process.wait(20)

    def attempts(self):
        path = self.folder / "attempts"
        return path.read_text().split() if path.exists() else []

    def rows(self):
        return json.loads(self.call("history", "--json").stdout)["runs"]


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("said", [("--key", "k"), ("--resume",)])
def test_a_job_by_steps_that_is_told_to_stop_is_cancelled_and_may_be_begun_again(
    tmp_path, said, within
):
    job = Job(tmp_path)
    words = ("job", "run", "jobs/tour.ipynb", *said, "--output", "out.ipynb")
    assert job.terminated(JOB, *words, within=within) == 143
    (row,) = job.rows()
    assert row["status"] == "cancelled"
    assert job.attempts() == ["first", "second"][: 2 if within else 1]
    saved = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    first, *_ = (one for one in saved.cells if ran_a_step(one))
    assert first.outputs[-1].data["text/plain"] == "30"
    (tmp_path / "gate").touch()
    done = job.call(*words)
    assert done.returncode == 0, done.stderr
    again, stopped = job.rows()
    assert (stopped["id"], stopped["status"]) == (row["id"], "cancelled")
    assert (again["status"], again["key"]) == ("succeeded", row["key"])
    saved = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    gave = [one.outputs[-1].data["text/plain"] for one in saved.cells if ran_a_step(one)]
    assert gave == ["30", "31", "62"]


def ran_a_step(cell):
    return "flowbook-step" in cell.metadata.get("tags", ()) and cell.outputs


def test_papermill_that_is_told_to_stop_between_two_nodes_cancels_the_run(tmp_path):
    job = Job(tmp_path)
    words = ("jobs/tour.ipynb", "out.ipynb", "--engine", "flowbook", "--no-progress-bar")
    assert job.terminated(PAPERMILL, *words) == 1
    (row,) = job.rows()
    assert row["status"] == "cancelled"
    assert job.attempts() == ["first"]
