"""What only Dask promises: a cluster found or started, late results dropped, lost workers named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.run.plans import n, plan_of

from flowbook.events import RunStatus
from flowbook.run.dask import ADDRESS
from flowbook.run.phase import Outcome

ON_DASK = plan_of(n("a", on="dask"))


@pytest.fixture
def shared(cluster, monkeypatch):
    monkeypatch.setenv(ADDRESS, cluster.scheduler_address)


def test_a_result_that_comes_after_the_cancel_is_dropped(start, engines, shared, tmp_path):
    begun, late = tmp_path / "begun", tmp_path / "late"

    def deaf(context, inputs):
        begun.touch()
        time.sleep(1.2)
        print("late words")
        late.touch()
        return 42

    engine = engines()
    run = start(ON_DASK, {"a": deaf}, engine=engine)
    _until(begun.exists)
    run.cancel()
    assert run.wait(5).status is RunStatus.CANCELLED
    assert not late.exists()
    _until(late.exists)
    again = start(ON_DASK, {"a": lambda c, i: "next"}, engine=engine).wait(20)
    assert again["a"].output == "next"
    assert run["a"].outcome is Outcome.CANCELLED
    assert not run["a"].logs


def test_a_node_that_asks_learns_of_the_cancel(start, shared, tmp_path):
    def polite(context, inputs):
        (tmp_path / "begun").touch()
        while not context.cancelled():
            time.sleep(0.01)
        (tmp_path / "heeded").touch()

    run = start(ON_DASK, {"a": polite})
    _until((tmp_path / "begun").exists)
    run.cancel()
    assert run.wait(5)["a"].outcome is Outcome.CANCELLED
    assert (tmp_path / "heeded").exists()


def test_an_interrupt_of_the_kernel_does_not_reach_the_node(start, shared):
    def interrupted(context, inputs):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        return "whole"

    assert start(ON_DASK, {"a": interrupted}).wait(20)["a"].output == "whole"


def test_large_inputs_and_results_travel(start, shared):
    plan = plan_of(n("a", on="dask"), n("b", "a", on="dask"))
    calls = {"a": lambda c, i: bytes(20_000_000), "b": lambda c, i: len(i["a"])}
    assert start(plan, calls).wait(20)["b"].output == 20_000_000


def test_our_own_workers_are_killed_when_they_must_be_and_replaced(start, engines, tmp_path):
    def die(context, inputs):
        (tmp_path / "lives").open("a").write("x")
        os.kill(os.getpid(), 9)

    def deaf(context, inputs):
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(60)

    engine = engines()
    run = start(plan_of(n("a", on="dask"), n("b", on="dask")), {"a": die}, engine=engine).wait(60)
    assert run["a"].outcome is Outcome.FAILED
    assert "that ran node 'a' died" in run["a"].error.message
    assert (tmp_path / "lives").read_text() == "x"
    assert run["b"].output == "b"
    stuck = start(ON_DASK, {"a": deaf}, engine=engine)
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    stuck.cancel()
    assert stuck.wait(30).status is RunStatus.CANCELLED
    _until(lambda: not _alive(int((tmp_path / "pid").read_text())))
    assert start(ON_DASK, {}, engine=engine).wait(60)["a"].output == "a"


def test_without_the_library_the_node_says_what_to_install(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    error = start(ON_DASK, {}).wait(20)["a"].error
    assert error.type == "flowbook.errors.UsageError"
    assert 'pip install "flowbook[dask]"' in error.hint


def test_the_library_loads_with_the_first_dask_node_only():
    code = "import flowbook, flowbook.run.engine, sys; print('distributed' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
