"""Checkpoints of a real run: listed, gone back to, and relied on after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.session.children import nested

from flowbook import Flow
from flowbook.events import CheckpointReached, NodeStarted
from flowbook.session.project import Project

BOUND = 60
CHILD = Path(nested.__file__)


@pytest.fixture
def ran(project):
    """A loop with checkpoints, run to its end; which items it was asked for since."""
    flow, asked = Flow("walks", host=project), []

    @flow.node(checkpoint=True)
    def base():
        return 10

    with flow.foreach("walk", [1, 2, 3, 4, 5], checkpoint_every=2):

        @flow.node
        def step(item, last, base):
            asked.append(item)
            return item * base + (last or 0)

    @flow.node
    def end(walk):
        return walk[-1]

    run = flow.start().wait(BOUND)
    asked.clear()
    return flow, run, asked


def test_they_are_listed_with_what_they_are_for(ran):
    flow, run, _ = ran
    points = flow.checkpoints(run)
    assert [(point.node, point.why) for point in points] == [
        ("base", "node"), ("walk", "turns"), ("walk", "turns"), ("walk", ""), ("end", ""),
    ]  # fmt: skip
    assert "turns" in repr(points)
    assert points[1].to_json()["why"] == "turns"


def test_a_loop_goes_on_at_the_turn_a_checkpoint_is_behind(ran):
    flow, run, asked = ran
    point = flow.checkpoints(run)[2]
    again = flow.restore(run, point).wait(BOUND)
    assert asked == [5]
    assert (again["walk"].output, again["end"].output) == (run["walk"].output, 150)
    flow.restore(run, flow.checkpoints(run)[1]).wait(BOUND)
    assert asked == [5, 3, 4, 5]


def test_any_event_inside_of_a_loop_can_be_gone_back_to(ran):
    flow, run, asked = ran
    seqs = [e.seq for e in run.events() if isinstance(e, NodeStarted) and e.node == "step"]
    flow.replay(run, at=seqs[3]).wait(BOUND)
    assert asked == [4, 5]


def test_one_is_made_now_and_then(project):
    flow = Flow("slow", host=project, checkpoint_interval="20ms")
    seen = []

    @flow.node
    def waits():
        while not any(isinstance(event, CheckpointReached) for event in seen[0].events()):
            pass

    @flow.node(pure=True)
    def first():
        return 1

    run = flow.start()
    seen.append(run)
    run.wait(BOUND)
    assert "interval" in [point.why for point in flow.checkpoints(run)]
    assert run.status == "succeeded"


@pytest.mark.kill
@pytest.mark.parametrize("fatal", [2, 12, 23, 31, 40])
def test_nothing_before_a_checkpoint_is_executed_again(tmp_path, fatal):
    """Pure nodes that run ahead of a journal that promises nothing; one line of the ledger each."""
    child = subprocess.run(
        [sys.executable, str(CHILD), str(tmp_path), "loop", str(fatal)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert child.returncode == -9
    project = Project(tmp_path)
    ledger = nested.Ledger(tmp_path)
    flow = nested.FLOWS["loop"](project, ledger)
    (run,) = flow.recover().wait(BOUND)
    assert run["walk"].output[-1] == sum(range(40))
    counted = Counter(ledger.lines())
    safe = ["before", *(f"step{n}" for n in range((fatal - 2) // 10 * 10))]
    assert {name: counted[name] for name in safe} == dict.fromkeys(safe, 1)
    assert len(counted) == 41
    project.close()
