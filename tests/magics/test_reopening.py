"""A kernel dies in the middle of a run; the next one goes on with it when its cells are there."""

from __future__ import annotations

import time

import pytest
from tests.magics.conftest import Kernel

from flowbook.events import RunStatus
from flowbook.session.project import Project

pytestmark = [pytest.mark.kernel, pytest.mark.kill]

SLOW = """%%flow slow(numbers) --pure
import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.01)
slow = sum(numbers) + offset"""


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def test_a_lost_run_goes_on_when_the_cells_say_again_what_they_said_then(tmp_path):
    (tmp_path / ".flowbook").mkdir()
    project, first = Project(tmp_path), Kernel(tmp_path)
    first.run("%load_ext flowbook\n%flow mode define")
    first.run("offset = 10", cell="names")
    first.run("%%flow numbers --pure\nnumbers = [1, 2]", cell="numbers")
    first.run(SLOW, cell="slow")
    first.run("%flow run --bg")
    running = "SELECT run_id FROM node_runs WHERE node = 'slow' AND status = 'running'"
    until(lambda: project.history.table(running)[1])
    ((lost,),) = project.history.table(running)[1]
    first.close()  # it is killed
    until(lambda: project.history.run(lost).status is RunStatus.FAILED)

    second = Kernel(tmp_path)
    second.run("%load_ext flowbook\n%flow mode define")
    second.run("offset = 10", cell="names")
    second.run("%%flow numbers --pure\nnumbers = [1, 2]", cell="numbers")
    second.run("flowbook_done = __import__('flowbook').project().reopening.settled()")
    assert project.history.run(lost).status is RunStatus.FAILED  # a part of the flow is not there
    second.run(SLOW, cell="slow")
    until(lambda: project.history.run(lost).status is RunStatus.RUNNING)
    (tmp_path / "go").touch()
    until(lambda: project.history.run(lost).status is RunStatus.SUCCEEDED)
    second.close()
    project.close()
