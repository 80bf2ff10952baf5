"""What a user holds of a run: values, waiting, interrupting, how it shows itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.run.plans import n, plan_of

import flowbook
from flowbook.errors import RunFailed, RunTimeout
from flowbook.events import (
    RunStatus,
)
from flowbook.graph.node import Outputs
from flowbook.run.rules.phase import Outcome


async def soon(context, inputs):
    return "soon"


def test_values_pass_by_reference(start):
    frame = object()
    plan = plan_of(n("a"), n("b", "a"))
    run = start(plan, {"a": lambda c, i: frame, "b": lambda c, i: i["a"]}).wait(5)
    assert run["b"].output is frame
    assert run["b"].inputs == run["a"].outputs == {"a": frame}
    assert run["a"].given == Outputs({"a": frame})
    assert run["a"].refs["a"].type == "object"
    assert run.status is RunStatus.SUCCEEDED


def test_a_failed_node_names_itself_and_its_line(start):
    def bad(context, inputs):
        raise ValueError("no rows")

    run = start(plan_of(n("a"), n("b", "a")), {"a": bad}, engine=None)
    run.wait(5)
    assert run.status is RunStatus.FAILED
    with pytest.raises(RunFailed, match=r"node 'a' failed.*no rows") as caught:
        run.raise_for_status()
    assert caught.value.error_type == "ValueError"
    assert "raise ValueError" in caught.value.traceback
    assert "perform.py" not in caught.value.traceback
    assert "executors.py" not in caught.value.traceback
    with pytest.raises(RunFailed):
        _ = run["a"].output
    assert run["b"].outcome is Outcome.SKIPPED


def test_waiting_has_a_deadline_and_the_run_goes_on(start):
    release = threading.Event()
    run = start(plan_of(n("a")), {"a": lambda c, i: release.wait(5)})
    with pytest.raises(RunTimeout) as caught:
        run.wait(0.05)
    assert caught.value.run_id == run.id
    release.set()
    assert run.wait(5).status is RunStatus.SUCCEEDED


def test_an_interrupted_wait_cancels_the_run(start, monkeypatch):
    async def asleep(context, inputs):
        await asyncio.sleep(60)

    run = start(plan_of(n("a")), {"a": asleep})
    real, calls = run.settled, iter([KeyboardInterrupt])

    def interrupted(timeout):
        for error in calls:
            raise error
        return real(timeout)

    monkeypatch.setattr(run, "settled", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert run.status is RunStatus.CANCELLED


def test_a_run_can_be_awaited(start):
    run = start(plan_of(n("a")), {"a": soon})

    async def cell():
        return await run

    assert asyncio.run(cell()) is run


def test_a_cancelled_await_cancels_the_run(start):
    async def asleep(context, inputs):
        await asyncio.sleep(60)

    run = start(plan_of(n("a")), {"a": asleep})

    async def cell():
        await asyncio.wait_for(asyncio.ensure_future(run._waited()), 0.1)

    with pytest.raises(TimeoutError):
        asyncio.run(cell())
    assert run.wait(5).status is RunStatus.CANCELLED


def test_a_run_shows_itself_as_text_and_as_a_table(start):
    def bad(context, inputs):
        raise ValueError("<none>")

    run = start(plan_of(n("a"), n("b", "a")), {"a": bad}).wait(5)
    assert "failed; 1 failed, 1 skipped" in repr(run)
    page = run._repr_html_()
    assert "ValueError: &lt;none&gt;" in page
    assert "upstream_failed" in page
    assert repr(run["b"]) == "<NodeRun b: skipped>"


SCRIPT = """
import sys, time
from flowbook.events import TriggerKind
from flowbook.events.ports import DevNull
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept
from tests.run.plans import n, plan_of, works

def hang(context, inputs):
    print("begun", flush=True)
    time.sleep(30)

plan = plan_of(n("a"))
run = Engine(DevNull(), Unkept()).start(
    plan, works(plan, {"a": hang}), {}, run_id="r", trigger=TriggerKind.CLI
)
try:
    run.wait()
except KeyboardInterrupt:
    print(run.status.value, flush=True)
"""


@pytest.mark.kill
def test_an_interrupt_leaves_even_a_hanging_node_behind():
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(Path(flowbook.__file__).parents[1])])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
    ) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=5)[0] == "cancelled\n"
        assert process.returncode == 0
