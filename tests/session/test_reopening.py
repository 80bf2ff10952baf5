"""Runs that died with their process go on when the project is opened again, if that is safe."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from tests.session.children import reopened

import flowbook
from flowbook.events import NodeStarted, RunRecovered, RunStatus
from flowbook.session.project import Project

pytestmark = pytest.mark.kill


@contextmanager
def process(folder, *words):
    child = subprocess.Popen(
        [sys.executable, reopened.__file__, str(folder), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


def ledger(folder):
    path = folder / "ledger"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def killed(folder, what):
    """The id of a run whose process was killed while its node `slow` was under way, or waited."""
    with process(folder, what) as child:
        run = child.stdout.readline().strip()
        project = Project(folder)
        until(lambda: ("slow", "suspended" if what == "nap" else "running") in states(project, run))
        project.close()
        child.kill()
        child.wait()
    return run


def states(project, run):
    return project.history.table("SELECT node, status FROM node_runs WHERE run_id = ?", [run])[1]


@contextmanager
def open_again(folder, name, **how):
    project = Project(folder)
    told = []
    project.reopening.tell = told.append
    try:
        yield project, reopened.flow_of(project, name, **how), told
    finally:
        project.close()


def test_a_run_of_pure_nodes_goes_on_beside_the_first_run_and_says_so(tmp_path):
    lost = killed(tmp_path, "pure")
    with open_again(tmp_path, "pure") as (project, flow, told):
        fresh = flow.run(n=2)
        assert fresh["last"].output == 8  # the lost one waits yet: it was not waited for
        assert project.reopening.settled()
        (run,) = project.reopening.taken
        assert run.id == lost
        (tmp_path / "go").touch()
        assert run.wait(30)["last"].output == 4
        assert told == [
            f"run {lost} of 'pure' goes on (was lost); to stop it: flowbook history cancel {lost}"
        ]
        flow.run(n=2)
        assert len(project.reopening.taken) == 1
    assert ledger(tmp_path)["last"] == 3


def test_a_node_with_effects_that_was_under_way_waits_for_a_word(tmp_path):
    lost = killed(tmp_path, "effects")
    (tmp_path / "go").touch()
    with open_again(tmp_path, "effects") as (project, flow, told):
        flow.run(n=2)
        assert project.reopening.settled()
        assert project.reopening.taken == []
        (line,) = told
        assert f"run {lost} of 'effects' waits for a word" in line
        assert "in the middle of slow, which may have had effects" in line
        assert f"flow.recover({lost!r})" in line
        assert ledger(tmp_path)["slow"] == 2  # once by each process
        (run,) = flow.recover(lost).wait(30)
        assert run["last"].output == 4


def test_a_run_whose_time_came_while_nobody_was_there_is_woken(tmp_path):
    lost = killed(tmp_path, "nap")
    with open_again(tmp_path, "nap") as (project, flow, told):
        flow.start(n=2)
        until(lambda: project.reopening.taken)  # its time may not quite have come at first
        (run,) = project.reopening.taken
        assert (run.id, run.wait(30)["last"].output) == (lost, 4)
        assert told[0].startswith(f"run {lost} of 'nap' goes on (what it waited for has come)")
    assert ledger(tmp_path)["first"] == 2


@pytest.mark.parametrize(("word", "lines"), [("ask", 1), ("off", 0)])
def test_the_setting_keeps_runs_from_going_on_by_themselves(tmp_path, word, lines):
    lost = killed(tmp_path, "pure")
    with open_again(tmp_path, "pure") as (project, flow, told):
        project.store.settings.set("recover", word, flow="pure")
        flow.run(n=2)
        assert project.reopening.settled()
        assert len(told) == lines
        assert all("its process is gone" in line and lost in line for line in told)
        assert project.history.run(lost).error.startswith("lost: ")


def test_of_many_processes_that_open_at_once_one_takes_the_run(tmp_path):
    lost = killed(tmp_path, "pure")
    (tmp_path / "go").touch()
    with process(tmp_path, "open", "pure") as one, process(tmp_path, "open", "pure") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)
        said = one.stderr.read() + two.stderr.read()
    project = Project(tmp_path)
    events = project.history.events(lost)
    assert sum(isinstance(event, RunRecovered) for event in events) == 1
    assert project.history.run(lost).status is RunStatus.SUCCEEDED
    assert said.count("goes on (was lost)") == 1
    assert [event.seq for event in events] == list(range(len(events)))
    project.close()


def test_a_process_that_took_a_run_up_stays_until_it_is_over(tmp_path):
    lost = killed(tmp_path, "pure")
    with process(tmp_path, "open", "pure") as child:
        until(lambda: ledger(tmp_path)["slow"] == 3)  # its own, which ends, and the lost one
        project = Project(tmp_path)
        until(lambda: len(project.history.runs(status="succeeded").runs) == 1)
        assert child.poll() is None
        (tmp_path / "go").touch()
        assert child.wait(30) == 0
    assert project.history.run(lost).status is RunStatus.SUCCEEDED
    project.close()


def test_what_kills_its_process_every_time_is_not_begun_again_and_again(tmp_path):
    lost = killed(tmp_path, "pure")
    with process(tmp_path, "open", "pure") as child:
        project = Project(tmp_path)
        until(lambda: isinstance(project.history.events(lost)[-1], NodeStarted))
        until(lambda: any(isinstance(e, RunRecovered) for e in project.history.events(lost)))
        project.close()
        child.kill()
        child.wait()
    (tmp_path / "go").touch()
    with open_again(tmp_path, "pure") as (project, flow, told):
        flow.run(n=2)
        assert project.reopening.settled()
        assert project.reopening.taken == []
        mine = [line for line in told if lost in line]
        assert "has not got on since it was taken up last" in mine[0]


def test_a_flow_that_has_changed_says_what_is_another_and_what_to_do(tmp_path):
    lost = killed(tmp_path, "pure")
    (tmp_path / "go").touch()
    with open_again(tmp_path, "pure", factor=3) as (project, flow, told):
        flow.run(n=2)
        assert project.reopening.settled()
        (line,) = told
        assert "node last is another" in line
        assert "bring it back as it was" in line
        assert project.history.run(lost).error.startswith("lost: ")


def test_a_run_goes_on_with_the_version_it_began_with_while_the_flow_has_moved_on(tmp_path):
    lost = killed(tmp_path, "pure")
    (tmp_path / "go").touch()
    with open_again(tmp_path, "pure") as (project, flow, _told):

        @flow.node
        def last(slow):
            return slow * 100

        assert flow.run(n=2)["last"].output == 400
        assert project.reopening.settled()
        (run,) = project.reopening.taken
        assert (run.id, run.wait(30)["last"].output) == (lost, 4)
        assert flow.run(n=2)["last"].output == 400  # the flow itself is what it was


def test_a_folder_without_a_history_costs_no_thread(tmp_path):
    project = Project(tmp_path)
    flow = flowbook.Flow("new", host=project)

    @flow.node
    def one():
        return 1

    flow.run()
    flow.run()
    assert project.reopening._thread is None
    project.close()
