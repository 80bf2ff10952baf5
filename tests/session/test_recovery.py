"""A process is killed in the middle of a run; the next one goes on, and nothing is done twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.session.children import calling, perish

import flowbook
from flowbook.errors import UsageError
from flowbook.events import (
    NodeCompleted,
    NodeScheduled,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    RunCreated,
    RunPaused,
    RunRecovered,
    RunStatus,
)
from flowbook.graph.edits import SetFlowOptions
from flowbook.graph.flow_options import parse_flow_options
from flowbook.session import start
from flowbook.session.project import Project
from flowbook.session.recovery import _refuse_unrecorded
from flowbook.store.audit import acting
from flowbook.store.layout import Layout
from flowbook.store.turn import turn

CHILD = Path(perish.__file__)
MOMENTS = random.Random(20261121).sample(range(1, 31), 22)
"""An undisturbed run has about thirty of them."""


def child(folder, moment, *words):
    return subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(moment), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


def opened(folder):
    """The project of a folder in which a process has died, and its flow."""
    perish.FOLDER, perish.FATE = folder, perish.Fate(0)
    project = Project(folder)
    return project, perish.flow_of(project)


def outputs(run):
    return {
        node: run[node].output.to_dict("list") if node == "table" else run[node].output
        for node in run.state.nodes
        if run[node].outcome in ("succeeded", "reused")
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    project, flow = opened(tmp_path_factory.mktemp("undisturbed"))
    run = flow.run().raise_for_status()
    expected = outputs(run)
    project.close()
    return expected


def journalled(project, run_id):
    return {
        event.node for event in project.history.events(run_id) if isinstance(event, NodeCompleted)
    }


@pytest.mark.kill
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_goes_on_and_no_journalled_node_is_run_twice(tmp_path, moment, undisturbed):
    assert child(tmp_path, moment).returncode in (-9, 0)  # 0: it came through before that moment
    project, flow = opened(tmp_path)
    before = Counter(perish.effects(tmp_path))
    done = {row.id: journalled(project, row.id) for row in project.history.runs().runs}
    recovered = flow.recover().wait()
    assert recovered.refused == {}
    for run in recovered:
        assert outputs(run) == undisturbed
        after = Counter(perish.effects(tmp_path))
        assert {node: after[node] for node in done[run.id]} == {
            node: before[node] for node in done[run.id]
        }
        events = project.history.events(run.id)
        assert [event.seq for event in events] == list(range(len(events)))
        assert sum(isinstance(event, RunRecovered) for event in events) == 1
        assert isinstance(events[-1], RunCompleted)
    assert {row.status for row in project.history.runs().runs} <= {RunStatus.SUCCEEDED}
    assert len(flow.recover()) == 0
    project.close()


@pytest.mark.kill
def test_a_run_outlives_many_deaths(tmp_path, undisturbed):
    child(tmp_path, 8)
    for _ in range(3):
        child(tmp_path, 9, "recover")
    project, flow = opened(tmp_path)
    (row,) = project.history.runs().runs
    before, done = Counter(perish.effects(tmp_path)), journalled(project, row.id)
    for run in flow.recover().wait():
        assert outputs(run) == undisturbed
    after = Counter(perish.effects(tmp_path))
    assert {node: after[node] for node in done} == {node: before[node] for node in done}
    assert [row.id for row in project.history.runs().runs] == [row.id]
    assert project.history.run(row.id).status is RunStatus.SUCCEEDED
    project.close()


# ---------------------------------------------------------------- lost, without a process to kill


class Halfway:
    """A flow whose run stops being written at some event, as if its process had died then."""

    def __init__(self, folder):
        self.folder = folder
        self.done = []

    def flow(self, host, *, second="two", pure=False):
        flow = flowbook.Flow("halfway", host=host)
        done = self.done

        @flow.node(pure=pure)
        def one(n: int = 3):
            done.append("one")
            return Opaque(n) if pure is not None and n > 10 else n

        if second == "two":

            @flow.node(retries=1)
            def two(n=one):
                done.append("two")
                return int(n) * 2

        else:

            @flow.node(retries=1)
            def two(n=one):
                done.append("another two")
                return int(n) * 3

        @flow.node
        def three(n=two):
            done.append("three")
            return n + 1

        return flow

    def lost(self, until, *, pure=False, then=(), **params):
        """Run it and keep what was journalled up to the first event that `until` accepts."""
        whole = Project(self.folder / "whole")
        run = self.flow(whole, pure=pure).run(**params)
        events = whole.history.events(run.id)
        spec, version = self.flow(whole, pure=pure).spec(), events[0].version
        whole.close()
        self.done.clear()
        last = next(i for i, event in enumerate(events) if until(event))
        part = Project(self.folder / "part")
        kept = events[: last + 1]
        for make in then:
            kept.append(make(kept[-1]))
        part.store.record_flow("halfway", version, flowbook_json(spec))
        part.store.sink.append(kept).result()
        part.close()  # the writer's life ends here: to everybody else its process is gone
        return run.id


class Opaque(int):
    """A value that no store keeps."""


def flowbook_json(spec):
    from flowbook.graph.codec import encode

    return encode(spec)


def started(node):
    return lambda event: isinstance(event, NodeStarted) and event.node == node


@pytest.fixture
def halfway(tmp_path):
    return Halfway(tmp_path)


@pytest.fixture
def part(tmp_path):
    project = Project(tmp_path / "part")
    yield project
    project.close()


def test_a_lost_run_is_finished_under_its_own_id(halfway, part):
    lost = halfway.lost(started("two"))
    flow = halfway.flow(part)
    (run,) = flow.recover()
    assert run.id == lost
    assert run.wait().raise_for_status()["three"].output == 7
    assert halfway.done == ["two", "three"]
    assert run["two"].attempts == 2
    row = part.history.run(lost)
    assert (row.status, row.pid, row.error) == (RunStatus.SUCCEEDED, os.getpid(), None)


def test_a_recovery_is_accounted_for_in_the_name_of_whoever_asked_for_it(halfway, part):
    lost = halfway.lost(started("two"))
    flow = halfway.flow(part)
    flow.apply(SetFlowOptions(parse_flow_options({"audit": True})))
    with acting(actor="ann", source="cli"):
        (run,) = flow.recover()
    run.wait()
    told = part.store.audit.search(run=lost).entries
    assert [one.action for one in told] == ["SUCCEEDED", "RECOVERED"]
    assert {(one.actor, one.metadata["source"]) for one in told} == {("ann", "cli")}


def test_a_run_is_not_taken_hold_of_while_a_deletion_decides(halfway, part):
    lost = halfway.lost(started("two"))
    layout = Layout(part.path / ".flowbook")
    found = []
    with turn(layout):
        taker = threading.Thread(target=lambda: found.append(part.own(lost)))
        taker.start()
        taker.join(0.2)
        assert found == []
    taker.join(30)
    with found[0]:
        pass


def test_what_was_done_before_is_read_from_the_store_when_somebody_looks(halfway, part):
    halfway.lost(started("three"))
    (run,) = halfway.flow(part).recover().wait()
    assert not run["one"].at_hand
    assert run["one"].output == 3
    assert run["two"].inputs == {"n": 3}
    assert halfway.done == ["three"]


def test_what_is_held_says_where_each_value_is_and_loads_none(halfway, part):
    halfway.lost(started("three"))
    (run,) = halfway.flow(part).recover().wait()
    (one,) = run["one"].held_outputs.values()
    assert part.store.vault.get(one) == 3
    assert run["two"].held_inputs == {"n": one}
    assert run["three"].held_inputs == {"n": 6}
    assert run["three"].held_outputs == {"three": 7}
    assert not run["one"].at_hand


def test_there_may_be_nothing_to_recover(part, halfway):
    flow = halfway.flow(part)
    assert repr(flow.recover()) == "nothing to recover"
    flow.run()
    assert len(flow.recover()) == 0
    assert len(part.recover()) == 0


def test_a_run_that_is_over_is_refused(part, halfway):
    flow = halfway.flow(part)
    run = flow.run()
    with pytest.raises(UsageError, match=r"over \(succeeded\)"):
        flow.recover(run.id)
    with pytest.raises(UsageError, match="no run 'nope'"):
        flow.recover("nope")


def test_a_run_whose_process_lives_is_refused_with_its_pid(part, halfway):
    gate = threading.Event()
    flow = flowbook.Flow("slow", host=part)

    @flow.node
    def wait():
        return gate.wait(30)

    run = flow.start()
    until(lambda: part.history.runs().runs)
    until(lambda: any(isinstance(one, NodeStarted) for one in part.history.events(run.id)))
    try:
        with pytest.raises(UsageError, match="this process on"):
            flow.recover(run.id)
        assert len(flow.recover()) == 0
    finally:
        gate.set()
        run.wait()


def test_a_run_is_recovered_with_its_own_flow_only(halfway, part):
    lost = halfway.lost(started("two"))
    other = flowbook.Flow("other", host=part)
    with pytest.raises(UsageError, match="one of flow 'halfway', not of 'other'"):
        other.recover(lost)
    assert len(other.recover()) == 0


def test_a_flow_that_has_changed_is_refused_and_the_nodes_that_differ_are_named(halfway, part):
    lost = halfway.lost(started("three"))
    changed = halfway.flow(part, second="another")
    with pytest.raises(UsageError, match="node two is another") as refused:
        changed.recover(lost)
    assert "run the flow again" in refused.value.hint
    recovered = changed.recover()
    assert (len(recovered), set(recovered.refused)) == (0, {lost})
    assert lost in repr(recovered)
    assert halfway.done == []
    assert len(part.history.events(lost)) == 9
    (run,) = halfway.flow(part).recover().wait()
    assert run.status is RunStatus.SUCCEEDED


def test_moving_a_node_changes_nothing(tmp_path, part):
    def flow_of(host, *names):
        flow = flowbook.Flow("free", host=host)
        for name in names:
            body = f"def {name}():\n    return '{name}'\n"
            flow.add(flowbook.graph.spec.NodeSpec(name, outputs=(name,), body=body))
        return flow

    whole = Project(tmp_path / "whole")
    run = flow_of(whole, "a", "b", "c").run()
    events = whole.history.events(run.id)
    whole.close()
    first = next(i for i, event in enumerate(events) if isinstance(event, NodeCompleted))
    done = events[first].node
    earlier = Project(tmp_path / "part")
    earlier.store.sink.append(events[: first + 1]).result()
    earlier.close()
    (again,) = flow_of(part, "c", "b", "a").recover().wait()
    assert again.status is RunStatus.SUCCEEDED
    assert {name: again[name].attempts for name in "abc"} == {**dict.fromkeys("abc", 2), done: 1}


def test_a_value_that_is_gone_is_made_again_by_a_pure_node(halfway, part):
    halfway.lost(started("two"), pure=True, n=11)
    (run,) = halfway.flow(part, pure=True).recover().wait()
    assert run["three"].output == 23
    assert halfway.done == ["one", "two", "three"]
    (told,) = [event for event in run.events() if isinstance(event, RunRecovered)]
    assert (told.lost, told.again) == (("two",), ("one",))


def test_a_node_with_effects_is_run_again_only_when_told_to(halfway, part):
    lost = halfway.lost(started("two"), n=11)
    flow = halfway.flow(part)
    with pytest.raises(UsageError, match=r"values that are gone \(one: .*Opaque") as refused:
        flow.recover(lost)
    assert "again=True" in refused.value.hint
    assert halfway.done == []
    (run,) = flow.recover(lost, again=True)
    assert run.wait()["three"].output == 23
    assert halfway.done == ["one", "two", "three"]


def test_a_value_that_nobody_reads_any_more_may_be_gone(halfway, part):
    halfway.lost(started("three"), n=11)
    (run,) = halfway.flow(part).recover().wait()
    assert run.status is RunStatus.SUCCEEDED
    with pytest.raises(flowbook.RunError, match="cannot be brought back"):
        run["one"].output  # noqa: B018 - asking raises
    assert halfway.done == ["three"]


def test_a_paused_run_stays_paused_until_it_is_resumed(halfway, part):
    def paused(last):
        return RunPaused(run=last.run, seq=last.seq + 1, at=last.at)

    halfway.lost(started("two"), then=[paused])
    (run,) = halfway.flow(part).recover()
    until(lambda: any(isinstance(event, RunRecovered) for event in run.events()))
    assert run["two"].phase == "held"
    assert halfway.done == []
    run.resume()
    assert run.wait().status is RunStatus.SUCCEEDED


def suspended(last):
    return NodeSuspended(run=last.run, seq=last.seq + 1, at=last.at, node="two", reason="ok?")


def test_a_suspended_run_of_a_dead_process_is_taken_up_and_stays_suspended(halfway, part):
    lost = halfway.lost(started("two"), then=[suspended])
    assert part.history.run(lost).status is RunStatus.SUSPENDED
    (run,) = halfway.flow(part).recover(lost)
    assert run.state.status is RunStatus.SUSPENDED
    assert halfway.done == []
    run.cancel()
    assert run.wait().status is RunStatus.CANCELLED


def test_a_suspended_run_of_a_living_process_is_flows_of_it(halfway, part):
    lost = halfway.lost(started("two"))
    last = part.history.events(lost)[-1]
    part.store.sink.append([suspended(last)]).result()  # we took it up, and we live
    with pytest.raises(UsageError, match="performs it"):
        halfway.flow(part).recover(lost)
    assert halfway.flow(part).recover().runs == ()


def test_only_who_gets_hold_of_the_run_takes_it_up(halfway, part):
    lost = halfway.lost(started("two"))
    held = []

    @contextmanager
    def hold(run_id):
        held.append(run_id)
        yield
        held.remove(run_id)

    part.own = lambda _: None
    flow = halfway.flow(part)
    with pytest.raises(UsageError, match="just been taken up by another process"):
        flow.recover(lost)
    part.own = hold
    (run,) = flow.recover()
    run.wait()
    until(lambda: not held)  # it is let go on the engine's thread
    assert halfway.done == ["two", "three"]


def test_of_two_projects_of_one_folder_one_takes_the_run_up(halfway, part, tmp_path):
    lost = halfway.lost(started("two"))
    held = start.owned(tmp_path / "part" / ".flowbook", lost)
    with held, pytest.raises(UsageError, match="just been taken up by another process"):
        halfway.flow(part).recover(lost)
    (run,) = halfway.flow(part).recover(lost)
    assert run.wait().status is RunStatus.SUCCEEDED


def test_a_refused_run_is_let_go(halfway, part):
    lost = halfway.lost(started("two"))
    held = []

    @contextmanager
    def hold(run_id):
        held.append(run_id)
        try:
            yield
        finally:
            held.remove(run_id)

    part.own = hold
    with pytest.raises(UsageError, match="has changed"):
        halfway.flow(part, second="another").recover(lost)
    assert held == []


def test_the_project_recovers_every_flow_it_knows(halfway, part):
    lost = halfway.lost(started("two"))
    with pytest.raises(UsageError, match="not known here"):
        part.recover(run_id=lost)
    flow = halfway.flow(part)
    part.live.of(flow)
    (run,) = part.recover(run_id=lost)
    run.wait()
    assert run.id == lost
    assert flow.last_run() is run


def test_of_flows_with_one_name_the_one_that_has_not_changed_goes_on(halfway, part):
    halfway.lost(started("two"))
    flows = [halfway.flow(part, second="another"), halfway.flow(part)]
    for flow in flows:
        part.live.of(flow)
    (run,) = part.recover().wait()
    assert run["three"].output == 7


def test_a_flow_flows_of_the_default_project_is_known_to_it(halfway, part, monkeypatch):
    monkeypatch.setattr("flowbook.graph.host._Default.factory", lambda: part)
    halfway.lost(started("two"))
    flow = halfway.flow(None)
    assert [run.wait().status for run in part.recover()] == [RunStatus.SUCCEEDED]
    assert flow.last_run().status is RunStatus.SUCCEEDED


def test_watchers_hear_of_a_recovered_run(halfway, part):
    halfway.lost(started("two"))
    heard = []
    part.watch(lambda flow, run: heard.append((flow, run)))
    flow = halfway.flow(part)
    (run,) = flow.recover().wait()
    assert heard == [(flow, run)]


def test_a_journal_with_a_hole_is_refused(halfway, part):
    def later(last):
        return NodeScheduled(run=last.run, seq=last.seq + 5, at=last.at, node="three")

    lost = halfway.lost(started("two"), then=[later])
    with pytest.raises(flowbook.StoreError, match="a part of its journal is missing"):
        halfway.flow(part).recover(lost)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"journal": "summary"}, "journal=summary"),
        ({"sensitive_fields": ("city",)}, "parameters city were redacted"),
        ({"log_inputs": False}, "parameters city were redacted"),
    ],
)
def test_what_was_not_recorded_is_not_guessed(options, why):
    plan = SimpleNamespace(options=parse_flow_options(options))
    params = {"city": "[redacted]"} if "journal" not in options else {"city": "Oslo"}
    created = RunCreated(
        run="r", seq=0, at=1.0, flow="f", version="v", trigger="cli", nodes=(), params=params
    )
    with pytest.raises(UsageError, match=why):
        _refuse_unrecorded(plan, created)


# ---------------------------------------------------------------- runs that call others


def killed_while_it_calls(folder, *key, at="slow"):
    """The ids of a run and of its sub-run, whose process was killed in the middle of both."""
    process = subprocess.Popen(
        [sys.executable, calling.__file__, str(folder), *key],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    ledger = folder / "ledger"
    until(lambda: ledger.exists() and at in ledger.read_text(), 30)
    process.kill()
    process.wait()
    project = Project(folder)
    sub = project.history.runs(flow="inner").runs[0]
    (run,) = project.history.runs(flow="outer").runs
    return project, run, sub


def ledger_of(folder):
    return Counter(line.split()[0] for line in (folder / "ledger").read_text().splitlines())


@pytest.mark.kill
@pytest.mark.parametrize("which", ["the caller alone", "both", "all, whatever the order"])
def test_a_run_killed_while_it_calls_goes_on_with_the_same_sub_run(tmp_path, which):
    project, run, sub = killed_while_it_calls(tmp_path)
    assert (sub.parent, sub.error[:4], run.error[:4]) == (run.id, "lost", "lost")
    (tmp_path / "go").touch()
    inner, outer = calling.flows_of(project)
    if which == "the caller alone":
        outer.recover(run.id).wait(30)
    elif which == "both":
        inner.recover().wait(30)
        outer.recover().wait(30)
    else:
        assert project.recover().wait(30).refused == {}
    assert project.history.run(run.id).status is RunStatus.SUCCEEDED
    assert [row.id for row in project.history.runs(flow="inner").runs] == [sub.id]
    assert ledger_of(tmp_path) == {"first": 1, "slow": 2, "after": 1}
    project.close()


@pytest.mark.kill
def test_a_turn_killed_while_it_calls_goes_on_with_the_same_sub_run(tmp_path):
    project, run, sub = killed_while_it_calls(tmp_path, "turns", at="slow1")
    assert (sub.parent, sub.calling_node, sub.error[:4]) == (run.id, "each[1].sub", "lost")
    before = [row.id for row in project.history.children(run.id)]
    (tmp_path / "go").touch()
    _, outer = calling.turns_of(project)
    (again,) = outer.recover(run.id)
    records = again.wait(30).raise_for_status()["each"].outputs["each_values"]
    assert [record["child_run_id"] for record in records] == before
    assert ledger_of(tmp_path) == {"slow0": 1, "slow1": 2}
    project.close()


@pytest.mark.kill
def test_a_sub_run_that_was_over_is_not_run_again(tmp_path):
    project, run, sub = killed_while_it_calls(tmp_path)
    (tmp_path / "go").touch()
    inner, outer = calling.flows_of(project)
    inner.recover(sub.id).wait(30)
    project.close()
    project = Project(tmp_path)  # it knows nothing of that any more
    _, outer = calling.flows_of(project)
    (again,) = outer.recover(run.id)
    assert again.wait(30)["after"].output == 2
    assert ledger_of(tmp_path) == {"first": 1, "slow": 2, "after": 1}
    project.close()


@pytest.mark.kill
def test_a_lost_sub_run_goes_on_as_the_version_it_was_begun_with(tmp_path):
    project, run, sub = killed_while_it_calls(tmp_path)
    inner, outer = calling.flows_of(project)

    @inner.node
    def first():
        return 10

    (tmp_path / "go").touch()
    (again,) = outer.recover(run.id)
    assert again.wait(30).raise_for_status()["after"].output == 2
    assert [row.id for row in project.history.runs(flow="inner").runs] == [sub.id]
    project.close()


@pytest.mark.kill
def test_a_lost_sub_run_whose_code_is_gone_fails_its_node_and_says_so(tmp_path):
    project, run, sub = killed_while_it_calls(tmp_path)
    _, outer = calling.flows_of(project)
    outer.called["inner"] = other = flowbook.Flow("inner", host=project)

    @other.node
    def first():
        return 10

    (again,) = outer.recover(run.id)
    error = again.wait(30)["sub"].error
    assert "first, slow: the functions of that version are not in this process" in error.message
    assert [row.id for row in project.history.runs(flow="inner").runs] == [sub.id]
    project.close()


@pytest.mark.kill
def test_a_start_with_the_key_of_a_lost_run_goes_on_with_it(tmp_path):
    process = subprocess.Popen(
        [sys.executable, calling.__file__, str(tmp_path), "nightly"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    ledger = tmp_path / "ledger"
    until(lambda: ledger.exists() and "slow" in ledger.read_text(), 30)
    process.kill()
    process.wait()
    (tmp_path / "go").touch()
    project = Project(tmp_path)
    _, outer = calling.flows_of(project)
    (row,) = project.history.runs(flow="outer").runs
    assert row.key == "nightly"
    run = outer.run(key="nightly")
    assert (run.id, run.status) == (row.id, RunStatus.SUCCEEDED)
    assert ledger_of(tmp_path)["first"] == 1
    project.close()
