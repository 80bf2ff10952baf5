"""Processes of one project share its limits: no more at once, in order, and nobody for the dead."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.session.children import limited

from flowbook.errors import UsageError
from flowbook.events import RunStatus
from flowbook.graph.flow import Flow
from flowbook.session.project import Project

CHILD = Path(limited.__file__)


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@pytest.fixture
def child(project):
    """Starts a process that runs a flow of so many nodes with the tag `gpu`."""
    begun = []

    def begin(name, nodes=1, priority=0):
        process = subprocess.Popen(
            [sys.executable, str(CHILD), str(project.path), name, str(nodes), str(priority)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        word, run_id = process.stdout.readline().split()
        assert word == "started"
        process.run_id = run_id
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def ledger(project):
    try:
        text = (project.path / "ledger").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [tuple(line.split()[:2]) for line in text.splitlines()]


def begun(project):
    return [name for sign, name in ledger(project) if sign == "+"]


def let_go(project):
    (project.path / "go").touch()


def most_at_once(project):
    now = most = 0
    for sign, _ in ledger(project):
        now += 1 if sign == "+" else -1
        most = max(most, now)
    return most


def waiting(project, *, nodes=False):
    return [one.run for one in project.queue().waiting if (one.node is not None) is nodes]


def test_processes_run_no_more_nodes_with_a_tag_than_the_project_says(project, child):
    project.store.settings.set("limits", "gpu=2")
    processes = [child(f"f{i}", 3) for i in range(3)]
    until(lambda: len(project.queue().waiting) == 7)
    assert len(begun(project)) == 2
    assert {one.waits_for for one in project.queue().waiting} == {"gpu=2 of the project"}
    let_go(project)
    for process in processes:
        assert process.communicate(timeout=30)[0] == "succeeded\n"
    assert len(begun(project)) == 9
    assert most_at_once(project) == 2


def test_processes_run_no_more_runs_than_the_project_says_in_the_order_of_priority(project, child):
    project.store.settings.set("limits", "runs=1")
    first = child("first")
    until(lambda: begun(project) == ["first.0"])
    low = child("low", priority=-1)
    until(lambda: waiting(project) == [low.run_id])
    high = child("high", priority=3)
    until(lambda: waiting(project) == [high.run_id, low.run_id])
    assert [one.priority for one in project.queue().waiting] == [3, -1]
    assert {one.waits_for for one in project.queue().waiting} == {"runs=1 of the project"}
    let_go(project)
    for process in (first, low, high):
        assert process.communicate(timeout=30)[0] == "succeeded\n"
    assert begun(project) == ["first.0", "high.0", "low.0"]
    assert most_at_once(project) == 1


@pytest.mark.kill
def test_what_a_killed_process_had_goes_to_the_next_at_once(project, child):
    project.store.settings.set("limits", "gpu=1,runs=2")
    first = child("first")
    until(lambda: begun(project) == ["first.0"])
    second = child("second")
    until(lambda: waiting(project, nodes=True) == [second.run_id])
    third = child("third")
    until(lambda: waiting(project) == [third.run_id])
    first.kill()
    first.wait()
    until(lambda: begun(project) == ["first.0", "second.0"])
    until(lambda: waiting(project) == [])
    let_go(project)
    for process in (second, third):
        assert process.communicate(timeout=30)[0] == "succeeded\n"


@pytest.mark.kill
def test_whoever_dies_while_it_waits_is_in_nobodys_way(project, child):
    project.store.settings.set("limits", "gpu=1")
    first = child("first")
    until(lambda: begun(project) == ["first.0"])
    second = child("second", priority=9)
    until(lambda: waiting(project, nodes=True) == [second.run_id])
    third = child("third")
    until(lambda: len(waiting(project, nodes=True)) == 2)
    second.kill()
    second.wait()
    let_go(project)
    assert first.communicate(timeout=30)[0] == "succeeded\n"
    assert third.communicate(timeout=30)[0] == "succeeded\n"
    assert begun(project) == ["first.0", "third.0"]


def test_a_limit_that_is_raised_or_taken_back_lets_others_in(project, child):
    project.store.settings.set("limits", "gpu=1")
    process = child("f", 4)
    until(lambda: len(project.queue().waiting) == 3)
    project.store.settings.set("limits", "gpu=2")
    until(lambda: len(begun(project)) == 2)
    project.store.settings.set("limits", None)
    until(lambda: len(begun(project)) == 4)
    let_go(project)
    assert process.communicate(timeout=30)[0] == "succeeded\n"


def test_a_run_that_waits_in_another_process_can_be_cancelled_and_prioritized(project, child):
    project.store.settings.set("limits", "runs=1")
    first = child("first")
    until(lambda: begun(project) == ["first.0"])
    second, third = child("second"), child("third")
    until(lambda: len(waiting(project)) == 2)
    project.prioritize(third.run_id, 5)
    until(lambda: waiting(project) == [third.run_id, second.run_id])
    with pytest.raises(UsageError, match=f"run {second.run_id} is queued"):
        project.pause(second.run_id)
    with pytest.raises(UsageError, match="does not wait for its turn: it is running"):
        project.prioritize(first.run_id, 5)
    project.cancel(second.run_id, "not today").wait(20)
    assert project.history.run(second.run_id).status is RunStatus.CANCELLED
    (entry,) = project.store.audit.search(action="CANCELLED").entries
    assert (entry.run_id, entry.metadata["reason"]) == (second.run_id, "not today")
    let_go(project)
    assert second.communicate(timeout=30)[0] == "cancelled\n"
    assert third.communicate(timeout=30)[0] == "succeeded\n"
    assert first.communicate(timeout=30)[0] == "succeeded\n"
    assert project.history.events(third.run_id)[0].priority == 5


@pytest.mark.kill
def test_a_run_that_is_taken_up_waits_for_its_turn_too(project, child):
    project.store.settings.set("limits", "runs=1")
    lost = child("lost")
    until(lambda: begun(project) == ["lost.0"])
    lost.kill()
    lost.wait()
    busy = child("busy")
    until(lambda: begun(project) == ["lost.0", "busy.0"])
    (run,) = project.recover(limited.flow_of(project, "lost", 1))
    assert run.status is RunStatus.QUEUED
    assert run.waits_for == "runs=1 of the project"
    let_go(project)
    assert busy.communicate(timeout=30)[0] == "succeeded\n"
    assert run.wait(30).status is RunStatus.SUCCEEDED
    assert most_at_once(project) == 2, "the first one never said that it ended"


@pytest.mark.kill
def test_a_run_that_is_taken_up_can_be_cancelled_while_it_waits(project, child):
    project.store.settings.set("limits", "runs=1")
    lost = child("lost")
    until(lambda: begun(project) == ["lost.0"])
    lost.kill()
    lost.wait()
    child("busy")
    until(lambda: begun(project) == ["lost.0", "busy.0"])
    (run,) = project.recover(limited.flow_of(project, "lost", 1))
    run.cancel("never mind")
    assert run.wait(10).status is RunStatus.CANCELLED
    assert begun(project) == ["lost.0", "busy.0"]


# ---------------------------------------------------------------- in one process


def test_runs_that_others_start_are_part_of_those(project):
    project.store.settings.set("limits", "runs=1")
    inner, outer = Flow("inner", host=project), Flow("outer", host=project)

    @inner.node
    def one():
        return 1

    outer.call(inner, name="sub")
    assert outer.start().wait(20).status is RunStatus.SUCCEEDED


def test_a_node_that_calls_a_flow_leaves_its_tag_to_the_nodes_of_that(project):
    project.store.settings.set("limits", "gpu=1")
    inner, outer = Flow("inner", host=project), Flow("outer", host=project)

    @inner.node(tags=["gpu"])
    def one():
        return 1

    outer.call(inner, name="sub", options={"tags": "gpu"})
    assert outer.start().wait(20).status is RunStatus.SUCCEEDED


def test_a_node_with_two_limited_tags_has_both_or_none(project):
    project.store.settings.set("limits", "gpu=1,api=1")
    flow, lock, now, most = Flow("both", host=project), threading.Lock(), set(), []

    def work(tags, name):
        def run():
            with lock:
                most.append(now & set(tags))
                now.update(tags)
            time.sleep(0.01)  # long enough for others to be seen beside it
            with lock:
                now.difference_update(tags)

        run.__name__ = name
        flow.node(tags=tags)(run)

    for i in range(4):
        work(["gpu"], f"gpu{i}")
        work(["api"], f"api{i}")
        work(["gpu", "api"], f"both{i}")
    assert flow.start().wait(30).status is RunStatus.SUCCEEDED
    assert most == [set()] * 12


@pytest.mark.parametrize("how", ["succeeds", "fails", "is cancelled", "times out", "suspends"])
def test_however_a_node_ends_its_place_is_free(project, how):
    from flowbook import Suspend

    project.store.settings.set("limits", "gpu=1,runs=1")
    flow, gate, there = Flow("ending", host=project), threading.Event(), threading.Event()
    calls = []

    @flow.node(tags=["gpu"], timeout="300ms" if how == "times out" else None)
    def work():
        there.set()
        calls.append(how)
        if how == "fails":
            raise ValueError(how)
        if how == "suspends" and len(calls) == 1:
            return Suspend(signal="go")
        if how in ("is cancelled", "times out"):
            gate.wait(10)
        return how

    run = flow.start()
    assert there.wait(10)
    if how == "is cancelled":
        run.cancel()
        gate.set()
    if how == "suspends":
        until(lambda: run.status is RunStatus.SUSPENDED)
        until(lambda: {one.limit for one in project.queue().held} == {"runs"})
        run.signal("go")
    run.wait(10)
    gate.set()
    until(lambda: project.queue().held == ())


def test_a_run_that_nothing_limits_makes_no_files_and_no_thread(project):
    flow = Flow("plain", host=project)

    @flow.node(tags=["gpu"])
    def work():
        return 1

    assert flow.run().status is RunStatus.SUCCEEDED
    assert not project.store.slots.layout.limits.exists()
    assert not [one for one in threading.enumerate() if one.name == "flowbook-limits"]


def test_closing_a_project_takes_its_board_and_bell_down(tmp_path):
    project = Project(tmp_path)
    project.store.settings.set("limits", "runs=1")
    flow, gate = Flow("gated", host=project), threading.Event()

    @flow.node
    def work():
        gate.wait(10)

    runs = [flow.start(), flow.start()]
    until(lambda: waiting(project) == [runs[1].id])
    gate.set()
    for run in runs:
        run.wait(10)
    project.close()
    left = {path.suffix for path in project.store.slots.layout.limits.iterdir()}
    assert left == {".slot", ".json", ".lock"}
