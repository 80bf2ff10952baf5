"""A run is asked to stop, to hold and to go on by a process that does not perform it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress

import pytest
from tests.session.children.slow import flow_of, slow_runs, until

import flowbook
from flowbook.errors import RunTimeout, StoreError, UsageError
from flowbook.events import (
    CancelRequested,
    NodeCompleted,
    NodeStarted,
    NodeSuspended,
    RunCreated,
    RunPaused,
    RunResumed,
    RunStatus,
)
from flowbook.session.project import Project
from flowbook.store.audit import acting
from flowbook.store.signals import Control


def at(project, run_id, kind, node=None):
    """Number of the run's event of that kind."""
    (found,) = [
        event.seq
        for event in project.history.events(run_id)
        if isinstance(event, kind) and node in (None, getattr(event, "node", None))
    ]
    return found


def completed(project, run_id, node):
    return any(
        isinstance(event, NodeCompleted) and event.node == node
        for event in project.history.events(run_id)
    )


# ---------------------------------------------------------------- two processes


def test_a_run_of_another_process_is_cancelled_with_the_reason(tmp_path, project):
    with slow_runs(tmp_path) as (process, (run_id,)):
        request = project.cancel(run_id, "it is too slow")
        assert (request.here, request.pid) == (False, process.pid)
        request.wait(30)
        assert process.stdout.readline() == "cancelled\n"
    assert project.history.run(run_id).status is RunStatus.CANCELLED
    (asked,) = [one for one in project.history.events(run_id) if isinstance(one, CancelRequested)]
    assert asked.reason == "it is too slow"
    assert project.store.signals.runs() == ()


def test_a_paused_run_starts_nothing_until_it_is_resumed(tmp_path, project):
    with slow_runs(tmp_path) as (process, (run_id,)):
        project.pause(run_id).wait(30)
        (tmp_path / "go").touch()
        until(lambda: completed(project, run_id, "first"))
        assert project.history.run(run_id).status is RunStatus.RUNNING
        project.pause(run_id).wait(30)  # it is paused already
        project.resume(run_id).wait(30)
        assert process.stdout.readline() == "succeeded\n"
    order = [
        at(project, run_id, RunPaused),
        at(project, run_id, NodeCompleted, "first"),
        at(project, run_id, RunResumed),
        at(project, run_id, NodeStarted, "second"),
    ]
    assert order == sorted(order)


def test_a_paused_run_is_cancelled_like_any_other(tmp_path, project):
    with slow_runs(tmp_path) as (process, (run_id,)):
        project.pause(run_id).wait(30)
        project.cancel(run_id).wait(30)
        assert process.stdout.readline() == "cancelled\n"


def test_of_three_runs_in_one_process_only_the_one_named_is_cancelled(tmp_path, project):
    with slow_runs(tmp_path, 3) as (process, (first, second, third)):
        project.cancel(second).wait(30)
        assert {run: project.history.run(run).status.value for run in (first, second, third)} == {
            first: "running",
            second: "cancelled",
            third: "running",
        }
        (tmp_path / "go").touch()
        assert process.stdout.readline() == "succeeded cancelled succeeded\n"


def test_what_is_asked_of_two_runs_at_once_reaches_both(tmp_path, project):
    with slow_runs(tmp_path, 3) as (process, (first, second, third)):
        for request in [project.cancel(first), project.pause(second), project.cancel(third)]:
            request.wait(30)
        (tmp_path / "go").touch()
        project.resume(second)
        assert process.stdout.readline() == "cancelled succeeded cancelled\n"


def test_the_audit_knows_who_cancelled_the_run_of_another_process(tmp_path, project):
    with slow_runs(tmp_path) as (process, (run_id,)):
        with acting(actor="ann", source="10.0.0.7"):
            project.cancel(run_id, "wrong month").wait(30)
        process.wait(30)
    (entry,) = project.store.audit.search(action="CANCELLED").entries
    assert (entry.actor, entry.run_id, entry.flow) == ("ann", run_id, "slow")
    assert entry.metadata == {"source": "10.0.0.7", "reason": "wrong month", "pid": process.pid}


def test_a_wait_that_is_too_short_says_so_and_the_request_stands(tmp_path, project):
    with slow_runs(tmp_path) as (process, (run_id,)):
        os.kill(process.pid, signal.SIGSTOP)
        request = project.cancel(run_id)
        with pytest.raises(RunTimeout, match=f"process {process.pid} on .* was asked to cancel"):
            request.wait(0.2)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout.readline() == "cancelled\n"


def test_a_run_that_ends_before_it_hears_ends_the_wait(tmp_path, project):
    with slow_runs(tmp_path) as (process, (run_id,)):
        (tmp_path / "go").touch()
        request = project.pause(run_id) if not completed(project, run_id, "second") else None
        process.wait(30)
        if request is not None:
            with pytest.raises(UsageError, match=r"over \(succeeded"):
                project.cancel(run_id)
            assert project.store.signals.runs() == ()


# ---------------------------------------------------------------- its process is killed


@pytest.mark.kill
def test_what_was_asked_of_a_process_that_is_killed_does_not_end_the_recovered_run(
    tmp_path, project
):
    with slow_runs(tmp_path) as (process, (run_id,)):
        os.kill(process.pid, signal.SIGSTOP)  # it lives, and hears nothing more
        request = project.cancel(run_id)
        project.store.signals.send(run_id, "approve")
        process.kill()
        process.wait()
    with pytest.raises(UsageError, match=f"is lost: process {process.pid}") as lost:
        request.wait(30)
    assert f"flow.recover('{run_id}')" in lost.value.hint
    (tmp_path / "go").touch()
    (run,) = flow_of(project).recover(run_id)
    assert run.wait().status is RunStatus.SUCCEEDED
    until(lambda: project.store.signals.runs() == ())


@pytest.mark.kill
@pytest.mark.parametrize("control", Control)
def test_a_lost_run_is_refused_with_what_to_do(tmp_path, project, control):
    with slow_runs(tmp_path) as (process, (run_id,)):
        process.kill()
        process.wait()
    with pytest.raises(UsageError, match=f"run {run_id} is lost") as refused:
        getattr(project, control.value)(run_id)
    assert f"flowbook history recover {run_id}" in refused.value.hint
    assert project.store.signals.runs() == ()
    assert project.store.audit.search().entries == ()


@pytest.mark.kill
def test_a_run_is_asked_and_its_process_killed_at_the_same_moment(tmp_path, project):
    with slow_runs(tmp_path, 3) as (process, runs):
        killer = threading.Timer(0.05, process.kill)
        killer.start()
        for run_id in runs:
            with suppress(UsageError):  # it is lost by now
                project.cancel(run_id)
        killer.join()
        process.wait()
    (tmp_path / "go").touch()
    flow_of(project).recover().wait()
    assert {project.history.run(run).status for run in runs} <= {
        RunStatus.SUCCEEDED,
        RunStatus.CANCELLED,
    }
    until(lambda: project.store.signals.runs() == ())


# ---------------------------------------------------------------- in this process


@pytest.fixture
def gate(tmp_path):
    """Lets `first` go on."""
    return tmp_path / "go"


def test_a_run_of_this_process_is_asked_directly_and_nobody_is_accounted_for(project):
    run = flow_of(project).start()
    request = project.cancel(run.id, "enough")
    assert (request.here, request.pid) == (True, os.getpid())
    request.wait(30)
    assert run.status is RunStatus.CANCELLED
    assert not (project.path / ".flowbook" / "signals").exists()
    assert project.store.audit.search(action="CANCELLED").entries == ()


def test_a_run_of_this_process_is_paused_and_resumed(project, gate):
    run = flow_of(project).start()
    project.pause(run.id).wait(30)
    assert run.state.paused
    project.resume(run.id).wait(30)
    gate.touch()
    assert run.wait().status is RunStatus.SUCCEEDED


def test_a_run_without_a_journal_is_asked_by_its_own_process(project):
    flow = flowbook.Flow("unwritten", host=project, journal="off")

    @flow.node
    async def forever():
        await asyncio.Event().wait()

    run = flow.start()
    project.pause(run.id).wait(30)
    project.cancel(run.id).wait(30)
    assert run.status is RunStatus.CANCELLED


@pytest.mark.parametrize("control", Control)
def test_a_run_that_is_over_is_refused_with_how_it_ended(project, gate, control):
    gate.touch()
    run = flow_of(project).run()
    with pytest.raises(UsageError, match=rf"over \(succeeded at .* UTC\).* to {control}"):
        getattr(project, control.value)(run.id)
    assert not (project.path / ".flowbook" / "signals").exists()


def test_a_run_that_failed_is_refused_with_its_error(project):
    flow = flowbook.Flow("broken", host=project)

    @flow.node
    def broken():
        return 1 / 0

    run = flow.run()
    with pytest.raises(UsageError, match=r"over \(failed at .*: ZeroDivisionError: division"):
        project.cancel(run.id)


def test_an_unknown_run_is_refused_and_nothing_is_written(tmp_path):
    project = Project(tmp_path)
    with pytest.raises(UsageError, match="no run 'nope'"):
        project.cancel("nope")
    assert list(tmp_path.iterdir()) == []


def test_a_reason_that_cannot_be_written_is_refused_before_anything_is(tmp_path, project):
    with slow_runs(tmp_path) as (_process, (run_id,)):
        with pytest.raises(StoreError, match="cannot be written"):
            project.cancel(run_id, "\ud800")
        assert project.store.signals.runs() == ()


# ---------------------------------------------------------------- runs that wait


@pytest.fixture
def suspended(tmp_path):
    """`suspended()`: another project object of the folder, and its run that waits."""
    run_id = "0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90"
    created = RunCreated(
        run=run_id, seq=0, at=1.0, flow="slow", version="v", trigger="manual", nodes=("a",)
    )
    started = NodeStarted(run=run_id, seq=1, at=1.0, node="a", attempt=1, on="thread")
    waits = NodeSuspended(run=run_id, seq=2, at=1.0, node="a", reason="approval")
    writer = Project(tmp_path)
    writer.store.sink.append([created, started, waits]).result()
    yield writer, run_id
    writer.close()


def test_a_run_that_waits_is_asked_while_its_process_lives(suspended):
    project, run_id = suspended
    assert project.history.run(run_id).status is RunStatus.SUSPENDED
    project.cancel(run_id, "no longer needed")
    (sent,) = project.store.signals.pending(run_id)
    assert (sent.control, sent.payload) == (Control.CANCEL, {"reason": "no longer needed"})


def test_a_run_that_waits_without_a_process_is_lost(suspended, tmp_path):
    writer, run_id = suspended
    writer.close()
    reader = Project(tmp_path)
    with pytest.raises(UsageError, match="is lost") as refused:
        reader.cancel(run_id)
    assert refused.value.hint.endswith(", and cancel the run that this gives")
    reader.close()
