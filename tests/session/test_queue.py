"""So many runs of a flow at once; the others wait for their turn."""

from __future__ import annotations

import threading
import time

import pytest

from flowbook.events import RunStatus
from flowbook.graph.flow import Flow
from flowbook.run.stimulus import Lineage
from flowbook.session.start import Start


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@pytest.fixture
def gated(project):
    """A flow of which one run goes on at once, until its gate opens; and what it did, in order."""
    flow, gate, begun = Flow("gated", host=project, max_runs=1), threading.Semaphore(0), []

    @flow.node
    def wait(name: str = ""):
        begun.append(name)
        gate.acquire(timeout=10)

    return flow, gate, begun


def test_runs_beyond_the_limit_wait_and_begin_in_the_order_they_came(project, gated):
    flow, gate, begun = gated
    runs = [flow.start(name=name) for name in "abc"]
    until(lambda: begun == ["a"])
    assert [run.status.value for run in runs] == ["running", "queued", "queued"]
    assert project.queues.waiting("gated") == (runs[1], runs[2])
    assert project.history.runs(flow="gated").runs[-1].id == runs[0].id
    for _ in runs:
        gate.release()
    assert [run.wait(10).status for run in runs] == [RunStatus.SUCCEEDED] * 3
    assert begun == ["a", "b", "c"]


def test_the_larger_priority_goes_first(project, gated):
    flow, gate, begun = gated
    first = flow.start(name="first")
    until(lambda: begun == ["first"])
    runs = [
        project.start(flow, {"name": name}, Start(lineage=Lineage(priority=priority)))
        for name, priority in (("low", -1), ("plain", 0), ("high", 9), ("also high", 9))
    ]
    for _ in range(5):
        gate.release()
    for run in (first, *runs):
        run.wait(10)
    assert begun == ["first", "high", "also high", "plain", "low"]


def test_a_run_cancelled_while_it_waits_gives_its_turn_to_the_next(gated):
    flow, gate, begun = gated
    runs = [flow.start(name=name) for name in "abc"]
    until(lambda: begun == ["a"])
    runs[1].cancel()
    assert runs[1].wait(10).status is RunStatus.CANCELLED
    gate.release()
    gate.release()
    assert runs[2].wait(10).status is RunStatus.SUCCEEDED
    assert begun == ["a", "c"]


def test_a_flow_that_calls_itself_does_not_wait_for_itself(project):
    flow = Flow("down", host=project, max_runs=1)

    @flow.node(outputs=("more", "done"))
    def split(n: int = 2):
        from flowbook import Outputs

        return Outputs({"more" if n else "done": n - 1})

    flow.call(flow, name="again", inputs={"n": split.more})
    assert flow.run().status is RunStatus.SUCCEEDED
    assert flow.run().status is RunStatus.SUCCEEDED


def test_sub_runs_wait_for_their_turn_too(project):
    inner, outer = Flow("inner", host=project, max_runs=2), Flow("outer", host=project)
    going, most, lock = [0], [0], threading.Lock()

    @inner.node
    def busy():
        with lock:
            going[0] += 1
            most[0] = max(most[0], going[0])
        time.sleep(0.02)  # long enough for others to be seen beside it
        with lock:
            going[0] -= 1

    for i in range(8):
        outer.call(inner, name=f"sub{i}")
    assert outer.run().status is RunStatus.SUCCEEDED
    assert most[0] <= 2
