"""`flowbook recover`: what is safe goes on, what is not is named."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time

import pytest

from flowbook.events import RunStatus
from flowbook.server.reopening import reopen
from flowbook.session.project import Project
from flowbook.session.project import project as project_of

pytestmark = pytest.mark.kill

CELLS = {
    "safe": ("%%flow slow --pure", "wait_for_go()"),
    "unsafe": ("%%flow slow", "wait_for_go()"),
}
SETUP = """%%flow setup
def wait_for_go():
    import pathlib, time
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return 7"""


def notebook(folder, name):
    head, body = CELLS[name]
    sources = (SETUP, f"{head}\n{body}", "%%flow last\nlast = slow + 1")
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": text, "outputs": [],
         "execution_count": None}
        for i, text in enumerate(sources)
    ]  # fmt: skip
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (folder / f"{name}.ipynb").write_text(text)


def flowbook(folder, *words, **how):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "flowbook.cli", *words]
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **how
    )  # fmt: skip


def killed(folder, name):
    """The id of a run of a notebook whose process was killed in the middle of `slow`."""
    notebook(folder, name)
    child = flowbook(folder, "run", f"{name}.ipynb")
    (folder / ".flowbook").mkdir(exist_ok=True)
    project, deadline = Project(folder), time.monotonic() + 30
    running = "SELECT run_id FROM node_runs WHERE node = 'slow' AND status = 'running'"
    while not (found := project.history.table(running)[1]):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.stderr.read()
        time.sleep(0.02)
    child.kill()
    child.communicate()
    project.close()
    return found[0][0]


def test_what_is_safe_goes_on_and_what_is_not_is_named(tmp_path):
    safe, unsafe = killed(tmp_path, "safe"), killed(tmp_path, "unsafe")
    (tmp_path / "go").touch()
    done = flowbook(tmp_path, "recover")
    out, err = done.communicate(timeout=60)
    assert done.returncode == 2, err
    assert f"{safe}  safe  succeeded" in out
    assert f"run {safe} of 'safe' goes on (was lost)" in err
    assert f"run {unsafe} was stopped in the middle of slow, which may have had effects" in err
    rest = flowbook(tmp_path, "recover", "--all")
    out, err = rest.communicate(timeout=60)
    assert (rest.returncode, f"{unsafe}  unsafe  succeeded" in out) == (0, True)
    project = Project(tmp_path)
    assert {row.status for row in project.history.runs().runs} == {RunStatus.SUCCEEDED}
    project.close()


def test_the_server_lets_go_on_what_may_and_does_not_wait_for_it(tmp_path, monkeypatch):
    safe = killed(tmp_path, "safe")
    project = Project(tmp_path)
    log = logging.getLogger("tests.server")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    thread = reopen(str(tmp_path), log)
    deadline = time.monotonic() + 30
    while project.history.run(safe).status is not RunStatus.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert project.history.run(safe).pid != os.getpid()
    (tmp_path / "go").touch()
    while project.history.run(safe).status is not RunStatus.SUCCEEDED:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    thread.join(30)
    project.close()
    project_of(tmp_path).close()


def test_the_server_has_nothing_to_look_for_where_nothing_ran(tmp_path):
    assert reopen(str(tmp_path), logging.getLogger("tests.server")) is None
