"""However often and wherever a flow is started with one key: one run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.session.children import keyed

from flowbook.events import RunStatus
from flowbook.graph.flow import Flow
from flowbook.graph.flow_edits import SetFlowOptions
from flowbook.graph.flow_options import FlowOptions
from flowbook.run.handle import Run
from flowbook.session.keys import hold_name
from flowbook.session.project import Project
from flowbook.session.recorded import RecordedRun
from flowbook.session.start import owned


def child(folder, key, *words):
    return subprocess.Popen(
        [sys.executable, keyed.__file__, str(folder), key, *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_many_processes_that_start_one_key_at_once_one_runs_it(tmp_path):
    children = [child(tmp_path, "2026-05-01") for _ in range(6)]
    for one in children:
        assert one.stdout.readline() == "ready\n"
    for one in children:  # all are loaded: now they race
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60)[0].split() for one in children]
    assert len({run for run, *_ in told}) == 1
    assert {tuple(rest) for _, *rest in told} == {("succeeded", "7")}
    assert len((tmp_path / "ledger").read_text().splitlines()) == 1


def test_of_many_threads_that_start_one_key_at_once_one_runs_it(project):
    flow = keyed.flow_of(project)
    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda _: flow.run(key="k"), range(16)))
    assert len({run.id for run in runs}) == 1
    assert len(project.history.runs().runs) == 1


def test_a_second_start_while_the_first_goes_on_is_given_the_same_run(project):
    gate, flow = threading.Event(), Flow("slow", host=project)

    @flow.node
    def gated():
        return gate.wait(10)

    first = flow.start(key="k")
    assert flow.start(key="k") is first
    assert flow.start(key="other") is not first
    gate.set()
    assert first.wait(10).status is RunStatus.SUCCEEDED


def test_a_start_after_the_first_run_is_over_finds_it_with_its_outputs(project):
    flow = keyed.flow_of(project)
    first = flow.run(key="k")
    again = flow.run(key="k")
    assert isinstance(again, RecordedRun)
    assert (again.id, again.status, again["effect"].output) == (first.id, "succeeded", 7)
    assert again.raise_for_status().flow == "nightly"


def test_keys_of_two_flows_have_nothing_to_do_with_each_other(project):
    one, two = Flow("one", host=project), Flow("two", host=project)
    assert one.run(key="k").id != two.run(key="k").id


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
def test_a_run_that_did_not_succeed_frees_its_key(project, how):
    flow, hope, begun, gate = (
        Flow("hopeful", host=project),
        [],
        threading.Event(),
        threading.Event(),
    )

    @flow.node
    def maybe():
        begun.set()
        gate.wait(10)
        if not hope:
            raise ValueError("not yet")

    first = flow.start(key="k")
    assert begun.wait(10)
    if how == "is cancelled":
        first.cancel()
    gate.set()
    first.wait(10)
    hope.append(True)
    second = flow.run(key="k")
    assert isinstance(second, Run)
    assert (second.id != first.id, second.status) == (True, RunStatus.SUCCEEDED)


@pytest.mark.parametrize(
    ("ttl", "same"), [("1h", True), ("0.001s", False), ("until-terminal", False)]
)
def test_a_key_stands_for_its_run_as_long_as_its_flow_says(project, ttl, same):
    flow = keyed.flow_of(project)
    flow.apply(SetFlowOptions(Flow("o", host=project, key_ttl=ttl).options))
    first, second = flow.run(key="k"), flow.run(key="k")
    assert (first.id == second.id) is same


def test_a_process_that_dies_with_the_key_in_hand_blocks_nobody(tmp_path):
    one = child(tmp_path, "k", "hold")
    one.stdout.readline()
    assert owned(tmp_path / ".flowbook", hold_name("nightly", "k")) is None
    one.kill()
    one.communicate()
    project = Project(tmp_path)
    assert keyed.flow_of(project).run(key="k").status is RunStatus.SUCCEEDED
    project.close()


def test_a_flow_with_a_parameter_called_key_is_given_that(project):
    flow = Flow("own", host=project)

    @flow.node
    def echo(key: str = "none"):
        return key

    first, second = flow.run(key="a"), flow.run(key="a")
    assert (first["echo"].output, first.id == second.id) == ("a", False)
    assert project.start(flow, {"key": "b"}, key="k").wait(10).id == (
        project.start(flow, {"key": "b"}, key="k").id
    )
    assert FlowOptions().key_ttl is None
