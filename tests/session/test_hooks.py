"""Hooks hear of runs and cannot break them; a failed run starts the flow that handles it."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time

import pytest

from flowbook.errors import RunTimeout
from flowbook.events import RunStatus, TriggerKind
from flowbook.graph.flow import Flow


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@pytest.fixture
def flow(project):
    made = Flow("hooked", host=project)

    @made.node
    def half(n: int = 2):
        return 1 / n

    return made


def test_hooks_hear_of_the_runs_they_wait_for_in_a_thread_of_their_own(flow):
    heard = []

    @flow.on_complete
    def over(run):
        heard.append(("over", run.status, threading.current_thread().name))

    flow.on_error(lambda run: heard.append(("error", run.status, "")))
    flow.run()
    until(lambda: len(heard) == 1)
    flow.run(n=0)
    until(lambda: len(heard) == 3)
    assert [(what, status.value) for what, status, _ in heard] == [
        ("over", "succeeded"),
        ("over", "failed"),
        ("error", "failed"),
    ]
    assert heard[0][2] == "flowbook-hooks"


def test_a_run_out_of_time_is_stopped_and_its_hooks_are_told(project):
    late = Flow("late", host=project, timeout="200ms")
    heard = []
    late.on_error(heard.append)

    @late.node
    async def slow():
        await asyncio.sleep(60)

    run = late.run()
    until(lambda: heard == [run])
    assert run.status is RunStatus.FAILED
    with pytest.raises(RunTimeout, match="under way: slow"):
        run.raise_for_status()


def test_what_a_hook_raises_is_logged_and_the_others_hear_all_the_same(flow, caplog):
    heard = []

    @flow.on_complete
    def broken(run):
        raise RuntimeError("no network")

    flow.on_complete(heard.append)
    with caplog.at_level(logging.ERROR):
        run = flow.run()
        until(lambda: heard == [run])
    assert run.status is RunStatus.SUCCEEDED
    assert "no network" in caplog.text


def test_a_hook_that_is_defined_again_takes_the_place_of_the_first(flow):
    heard = []
    for word in ("first", "second"):

        @flow.on_complete
        def tell(run, word=word):
            heard.append(word)

    flow.on_complete(lambda _: heard.append("third"))
    flow.on_complete(lambda _: heard.append("fourth"))
    flow.run()
    until(lambda: len(heard) == 3)
    assert heard == ["second", "third", "fourth"]


def test_a_run_that_comes_to_sleep_is_heard_of(project):
    from flowbook.run.rules.stimulus import StepSuspended

    flow, heard, gate = Flow("sleepy", host=project), [], threading.Event()

    @flow.node
    def asleep():
        gate.wait(10)

    flow.on_sleep(heard.append)
    run = flow.start()
    until(lambda: run["asleep"].attempts == 1)
    run._performance.ask(StepSuspended(at=time.time(), step=0, attempt=1, reason="approval"))
    until(lambda: heard == [run])
    assert run.status is RunStatus.SUSPENDED
    gate.set()
    run.cancel()
    run.wait(10)


SCRIPT = """
import sys, time
from pathlib import Path
from flowbook import Flow, project

folder = Path(sys.argv[1])
alarm = Flow("alarm", host=project(folder))
flow = Flow("last", host=project(folder), on_failure="alarm")

@alarm.node
def told(error: str = ""):
    (folder / "handled").write_text(error)

@flow.node
def broken():
    raise ValueError("no rows")

@flow.on_error
def hear(run):
    (folder / "heard").write_text(run.status.value)

flow.run()
"""


def test_a_scripts_last_run_is_told_of_before_the_interpreter_ends(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, script, tmp_path], env=env, check=True, timeout=60)
    assert (tmp_path / "heard").read_text() == "failed"
    assert "no rows" in (tmp_path / "handled").read_text()


# ---------------------------------------------------------------- the flow that handles failures


def handler(project, name="alarm", **options):
    made = Flow(name, host=project, **options)

    @made.node
    def told(failed_run_id: str = "", node: str | None = None, error: str | None = None):
        return {"run": failed_run_id, "node": node, "error": error}

    return made


def test_a_failed_run_starts_the_flow_that_handles_it(project):
    alarm = handler(project)
    flow = Flow("risky", host=project, on_failure="alarm")

    @flow.node
    def half(n: int = 0):
        return 1 / n

    run = flow.run()
    until(lambda: alarm.host.last_run(alarm) is not None)
    handled = alarm.last_run().wait(10)
    told = handled["told"].output
    assert (told["run"], told["node"]) == (run.id, "half")
    assert "ZeroDivisionError" in told["error"]
    row = project.history.run(handled.id)
    assert (row.trigger, row.parent, row.depth) == (TriggerKind.EVENT, run.id, 1)
    flow.run(n=1)
    assert len(project.history.runs(flow="alarm").runs) == 1


def test_a_flow_is_not_started_for_its_own_failure(project, caplog):
    flow = Flow("sorry", host=project, on_failure="sorry")

    @flow.node
    def broken():
        raise ValueError

    with caplog.at_level(logging.WARNING):
        flow.run()
        until(lambda: "left to nobody" in caplog.text)
    assert len(project.history.runs().runs) == 1


def test_handlers_that_fail_each_other_come_to_an_end(project, caplog):
    for name, other in (("one", "two"), ("two", "one")):
        flow = Flow(name, host=project, on_failure=other)

        @flow.node
        def broken():
            raise ValueError

        globals()[name] = flow  # held, as a module holds its flows
    with caplog.at_level(logging.WARNING):
        globals()["one"].run()
        until(lambda: "left to nobody" in caplog.text, 30)
    assert len(project.history.runs(limit=50).runs) == 10


def test_a_handler_that_is_not_there_is_logged(project, caplog):
    flow = Flow("risky", host=project, on_failure="nobody")

    @flow.node
    def broken():
        raise ValueError

    with caplog.at_level(logging.ERROR):
        flow.run()
        until(lambda: "nobody.ipynb" in caplog.text)
