"""Two kernels, a job and the live panel on one project at once: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from tests.server.conftest import ask, serving
from tests.server.test_live import following

import flowbook

EACH = 6
"""Runs of each kernel."""
ENV = {**os.environ, "PYTHONPATH": str(Path(flowbook.__file__).parents[1])}
MAIN = "from flowbook.cli import main; main()"
SETUP = """
import flowbook
project = flowbook.project('.')
flow = flowbook.Flow({name!r}, host=project)
@flow.node
def load(top: int = 3): return list(range(top))
@flow.node
def total(load): return sum(load)
"""
RUNS = "print(*(flow.run(top=n).id for n in range({count})))"


def typed(folder, *words):
    """What a command said, of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *words],
        cwd=folder, env=ENV, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


@contextmanager
def kernel(folder):
    """A function that has a kernel run code, and gives what it printed."""
    manager, client = start_new_kernel(cwd=str(folder), env=ENV)

    def run(code):
        said = []

        def hear(message):
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])

        told = client.execute_interactive(code, output_hook=hear, timeout=120)
        assert told["content"]["status"] == "ok", told["content"]
        return "".join(said)

    try:
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def asking(work):
    """A thread that asks a kernel; jupyter_client gives it an event loop, and leaves that open."""

    def done():
        try:
            work()
        finally:
            asyncio.get_event_loop().close()

    return threading.Thread(target=done)


@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # jupyter_client leaves its sockets
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_two_kernels_a_job_and_who_looks_on(tmp_path):
    cells = ["%load_ext flowbook", "%%flow load\n[1, 2]", "%%flow total(load)\nsum(load)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    nbformat.write(notebook, tmp_path / "sums.ipynb")
    job = typed(tmp_path, "export", "sums.ipynb", "--to", "jobs").strip()
    made = {}
    with serving(tmp_path) as base, kernel(tmp_path) as one, kernel(tmp_path) as other:
        for name, run in (("one", one), ("other", other)):
            run(SETUP.format(name=name))
        with following(base) as live:
            work = [
                asking(lambda: made.update(one=one(RUNS.format(count=EACH)))),
                asking(lambda: made.update(other=other(RUNS.format(count=EACH)))),
                threading.Thread(
                    target=lambda: made.update(job=typed(tmp_path, "job", "run", job, "--json"))
                ),
            ]
            for thread in work:
                thread.start()
            while any(thread.is_alive() for thread in work):
                listed = [one["id"] for one in ask("GET", f"{base}/runs?limit=100").json()["runs"]]
                assert len(listed) == len(set(listed))
                work[-1].join(0.2)
            of_job = json.loads(made["job"])["run"]["id"]
            wanted = {*made["one"].split(), *made["other"].split(), of_job}
            assert len(wanted) == 2 * EACH + 1
            live.hear_until(lambda: all(live.status(run) == "succeeded" for run in wanted))
        assert {run for run, _status in live.told} == wanted
        over = [run for run, status in live.told if status == "succeeded"]
        assert sorted(over) == sorted(wanted)  # each is told to be over once
        for run in wanted:
            events = ask("GET", f"{base}/runs/{run}/events?limit=200").json()["events"]
            assert [event["seq"] for event in events] == list(range(len(events)))
            kinds = [event["kind"] for event in events]
            assert (kinds[0], kinds[-1]) == ("RUN_CREATED", "RUN_COMPLETED")
            assert kinds.count("NODE_COMPLETED") == 2
    project = flowbook.project(tmp_path)
    assert {row.id for row in project.history.runs(limit=100).runs} == wanted
    report = project.store.verify()
    assert report.ok, report
    project.close()
