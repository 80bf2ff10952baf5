"""Runs that wait outlive their processes: what comes meanwhile is kept, and used once."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
from tests.session.children.waits import flow_of, ledger, until, waiting_run

import flowbook
from flowbook.errors import RunError, UsageError
from flowbook.events import NodeResumed, NodeSuspended, RunRecovered, RunStatus
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.graph.suspension import Suspend, resumption
from flowbook.nodes.containers import MapNode
from flowbook.session import listening
from flowbook.session.project import Project
from flowbook.session.waiting import is_due
from flowbook.store.audit import acting


@pytest.fixture
def lost(tmp_path):
    """The id of a suspended run whose process was killed."""
    with waiting_run(tmp_path, "stay") as (process, run):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return run


def open_again(folder):
    project = Project(folder)
    return project, flow_of(project, folder)


def decide_all(project, run):
    project.signal(run, "paid", {"amount": 12.5})
    for person in ("Ada", "Bob"):
        project.approve(run, "ask", by=person, comment=f"{person} agrees")


# ---------------------------------------------------------------- without a process


@pytest.mark.kill
def test_a_run_that_was_killed_while_it_waited_goes_on_with_what_came_meanwhile(tmp_path, lost):
    project, flow = open_again(tmp_path)
    assert project.history.run(lost).status is RunStatus.SUSPENDED
    decide_all(project, lost)
    (run,) = flow.recover().wait(30)
    assert (run.id, run.status) == (lost, RunStatus.SUCCEEDED)
    assert run["after"].output == 12.5
    assert [one["by"] for one in run["ask"].output["decisions"]] == ["Ada", "Bob"]
    assert ledger(tmp_path) == ["before", "asked", "paid", "after"]
    events = project.history.events(lost)
    used = [event.signal for event in events if isinstance(event, NodeResumed) and event.signal]
    assert len(used) == len(set(used)) == 3
    assert len(flow.recover()) == 0
    until(lambda: project.store.signals.pending(lost) == ())
    project.close()


@pytest.mark.kill
def test_a_process_that_exits_leaves_its_run_suspended(tmp_path):
    with waiting_run(tmp_path, "exit") as (process, run):
        assert process.wait(30) == 0
    project, _flow = open_again(tmp_path)
    assert project.history.run(run).status is RunStatus.SUSPENDED
    decide_all(project, run)
    with waiting_run(tmp_path, "recover") as (process, again):
        assert again == run
        assert process.stdout.readline() == "succeeded\n"
    assert ledger(tmp_path) == ["before", "asked", "paid", "after"]
    project.close()


@pytest.mark.kill
def test_a_run_outlives_several_deaths_and_each_signal_is_used_once(tmp_path, lost):
    project, flow = open_again(tmp_path)
    project.approve(lost, "ask", by="Ada")
    with waiting_run(tmp_path, "recover") as (process, _):
        until(lambda: project.store.signals.pending(lost) == ())
        os.kill(process.pid, signal.SIGKILL)
    project.approve(lost, "ask", by="Bob")
    project.signal(lost, "paid", {"amount": 1})
    (run,) = flow.recover().wait(30)
    assert run.status is RunStatus.SUCCEEDED
    assert [one["by"] for one in run["ask"].output["decisions"]] == ["Ada", "Bob"]
    events = project.history.events(lost)
    assert sum(isinstance(event, RunRecovered) for event in events) == 2
    assert sum(isinstance(e, NodeResumed) and e.node == "ask" for e in events) == 2
    assert ledger(tmp_path) == ["before", "asked", "paid", "after"]
    project.close()


@pytest.mark.kill
def test_a_signal_whose_file_outlived_its_use_is_not_used_again(tmp_path, lost):
    project, flow = open_again(tmp_path)
    project.approve(lost, "ask", by="Ada")
    (approval,) = project.store.signals.pending(lost)
    (path,) = (tmp_path / ".flowbook").rglob(f"{approval.id}.json")
    kept = path.read_bytes()
    with waiting_run(tmp_path, "recover") as (process, _):
        until(lambda: project.store.signals.pending(lost) == ())
        os.kill(process.pid, signal.SIGKILL)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(kept)  # as if that process had died before it could remove it
    (run,) = flow.recover()
    until(lambda: project.store.signals.pending(lost) == ())
    until(lambda: run.status is RunStatus.SUSPENDED)
    (wait,) = (one for one in project.waiting(lost) if one.node == "ask")
    assert [one["by"] for one in wait.data["decisions"]] == ["Ada"]
    project.close()


@pytest.mark.kill
def test_a_time_that_passed_meanwhile_has_come(tmp_path, lost):
    project, flow = open_again(tmp_path)
    (nap,) = (e for e in project.history.events(lost) if getattr(e, "until", None))
    until(lambda: datetime.now(UTC).timestamp() > nap.until)
    (run,) = flow.recover()
    until(lambda: run["nap"].outcome is not None)
    assert run["nap"].output == "time"
    came = [e for e in run.events() if isinstance(e, NodeResumed) and e.node == "nap"]
    assert len(came) == 1
    assert came[0].at >= nap.until
    project.close()


def test_a_project_that_closes_lets_go_of_its_suspended_runs(tmp_path):
    project, flow = open_again(tmp_path)
    run = flow.start()
    until(lambda: run["nap"].outcome is not None and run.status is RunStatus.SUSPENDED)
    project.signal(run.id, "much later", 1)
    project.close()
    with pytest.raises(RunError, match="let go"):
        run.wait(1)
    project, flow = open_again(tmp_path)
    assert [one.name for one in project.store.signals.pending(run.id)] == ["much later"]
    decide_all(project, run.id)
    (again,) = flow.recover().wait(30)
    assert (again.id, again.status) == (run.id, RunStatus.SUCCEEDED)
    project.close()


# ---------------------------------------------------------------- asking


@pytest.fixture
def asked(project, tmp_path, monkeypatch):
    """A run of this process that waits."""
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.01)
    run = flow_of(project, tmp_path).start()
    until(lambda: run["nap"].outcome is not None and run.status is RunStatus.SUSPENDED)
    yield run
    run.cancel()
    run.settled(10)


def test_what_waits_is_listed_with_what_it_waits_for(project, asked):
    found = {one.node: one for one in project.waiting()}
    assert sorted(found) == ["ask", "paid"]
    assert (found["paid"].reason, found["paid"].signal) == ("payment of order 3", "paid")
    assert found["ask"].data["prompt"] == "Ship it?"
    assert abs(found["ask"].since - datetime.now(UTC)) < timedelta(minutes=1)
    assert found["ask"].to_json()["until"] is None
    assert project.waiting(asked.id) == project.waiting()
    asked.cancel()
    asked.wait(10)
    assert project.waiting() == ()


def test_a_run_is_due_when_its_time_or_its_signal_is_there(project, asked):
    now = datetime.now(UTC)
    assert not is_due(project, asked.id, now)
    project.store.signals.send("another", "paid")
    assert not is_due(project, asked.id, now)


def test_a_run_goes_on_with_a_signal_from_anywhere(project, asked):
    project.signal(asked.id, "paid", {"amount": 4})
    until(lambda: asked["after"].outcome is not None)
    assert asked["after"].output == 4
    until(lambda: project.store.signals.pending(asked.id) == ())


def test_the_audit_says_who_decided_and_why(project, asked):
    with acting(actor="Ada", source="test"):
        project.approve(asked.id, "ask", comment="fine")
    project.approve(asked.id, "ask", approved=False, by="Bob", comment="too much")
    until(lambda: asked["ask"].outcome is not None)
    given = asked["ask"].output
    assert (given["approved"], given["by"], given["comment"]) == (False, "Bob", "too much")
    entries = {one.actor: one for one in project.store.audit.search(run=asked.id).entries}
    assert {name: one.action for name, one in entries.items()} == {
        "Ada": "APPROVED",
        "Bob": "REJECTED",
    }
    assert entries["Ada"].metadata["reason"] == "fine"
    assert (entries["Ada"].metadata["node"], entries["Ada"].metadata["source"]) == ("ask", "test")


def test_only_approvers_decide_and_only_what_is_asked(project, asked):
    with pytest.raises(UsageError, match="none of the approvers of 'ask': Ada, Bob"):
        project.approve(asked.id, "ask", by="Eve")
    with pytest.raises(UsageError, match=r"'paid' .* waits for no approval") as refused:
        project.approve(asked.id, "paid", by="Ada")
    assert refused.value.hint == "these do: ask"
    with pytest.raises(UsageError, match=r"'before' .* has ended"):
        project.approve(asked.id, "before", by="Ada")
    assert project.store.audit.search(run=asked.id).entries == ()
    assert project.store.signals.pending(asked.id) == ()


def test_a_run_that_is_over_takes_no_signal(project, asked):
    asked.cancel()
    asked.wait(10)
    with pytest.raises(UsageError, match="is over"):
        project.signal(asked.id, "paid")
    with pytest.raises(UsageError, match=r"is over .*: nobody waits for 'ask'"):
        project.approve(asked.id, "ask", by="Ada")
    with pytest.raises(UsageError, match="no run 'nobody'"):
        project.signal("nobody", "paid")


def test_what_every_run_understands_is_no_signal_of_the_users(project, asked):
    with pytest.raises(UsageError, match="no signal of yours"):
        project.signal(asked.id, "cancel")


def test_a_flow_signals_too(project, asked, tmp_path):
    flow = flowbook.Flow("waits", host=project)
    flow.signal(asked.id, "paid", {"amount": 9})
    until(lambda: asked["after"].outcome is not None)
    assert asked["after"].output == 9


def test_a_wait_is_counted_in_the_history_until_it_ends(project, asked):
    def row():
        return project.history.run(asked.id).status

    assert row() is RunStatus.SUSPENDED
    asked.cancel()
    asked.wait(10)
    assert row() is RunStatus.CANCELLED
    _names, rows = project.history.table(
        "select count(*) filter (kind = 'NODE_SUSPENDED') - count(*) filter "
        "(kind = 'NODE_RESUMED') from events where run_id = ?",
        [asked.id],
    )
    assert rows == [(0,)]
    assert any(isinstance(event, NodeSuspended) for event in asked.events())


def looped(project):
    """A flow that asks about each of three items, all at once."""
    flow = flowbook.Flow("looped", host=project)

    @flow.node
    def numbers():
        return [1, 2, 3]

    wired = (InputSpec("items", wire=Wire("numbers")),)
    flow.add(MapNode(NodeSpec("each", kind="map", inputs=wired, config={"max_concurrent": 3})))

    @flow.node(inside="each")
    def asked(item):
        came = resumption()
        return Suspend(signal=f"about {item}") if came is None else came.payload

    @flow.node(inside="each")
    def told(asked, index):
        return f"{index}: {asked}"

    return flow


def test_nodes_inside_of_containers_wait_across_processes(tmp_path):
    project = Project(tmp_path)
    run = looped(project).start()
    until(lambda: run.status is RunStatus.SUSPENDED)
    assert [(one.node, one.signal) for one in project.waiting()] == [
        (f"each[{index}].asked", f"about {index + 1}") for index in range(3)
    ]
    project.signal(run.id, "about 2", "two")
    until(lambda: "each[1].told" in run.state.index and run["each[1].told"].outcome is not None)
    until(lambda: run.status is RunStatus.SUSPENDED)
    project.close()
    project = Project(tmp_path)
    project.signal(run.id, "about 1", "one")
    (again,) = looped(project).recover()
    project.signal(run.id, "about 3", "three")
    assert again.wait(30).status is RunStatus.SUCCEEDED
    assert again["each"].outputs["each_values"] == ["0: one", "1: two", "2: three"]
    project.close()
