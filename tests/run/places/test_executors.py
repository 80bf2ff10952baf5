"""One suite over every executor: the same promises wherever a node runs."""

from __future__ import annotations

import importlib.util
import threading
import time

import pytest
from tests.run.executor_suite import PLACES, ExecutorSuite
from tests.run.plans import n, plan_of

from flowbook.events import RunStatus
from flowbook.run.places.dask import ADDRESS
from flowbook.run.rules.phase import Outcome


class TestEveryExecutor(ExecutorSuite):
    @pytest.fixture(params=PLACES, ids=lambda place: place.on)
    def place(self, request, monkeypatch):
        if request.param.on == "dask":
            if importlib.util.find_spec("distributed") is None:
                pytest.skip("Dask is not installed")
            cluster = request.getfixturevalue("cluster")
            monkeypatch.setenv(ADDRESS, cluster.scheduler_address)
        return request.param


# ---------------------------------------------------------------- what only one place promises


def test_functions_run_in_threads_and_coroutines_on_the_loop_by_themselves(start):
    def where(context, inputs):
        return threading.current_thread().name

    async def where_async(context, inputs):
        return threading.current_thread().name

    run = start(plan_of(n("a"), n("b")), {"a": where, "b": where_async}).wait(5)
    assert run["a"].output.startswith("flowbook-node")
    assert run["b"].output == "flowbook-engine"


def test_a_hanging_thread_does_not_take_a_place_for_ever(start, engines):
    let_go = threading.Event()
    engine = engines(max_workers=1)
    hung = start(plan_of(n("a")), {"a": lambda c, i: let_go.wait(20)}, engine=engine)
    time.sleep(0.1)
    hung.cancel()
    hung.wait(5)
    assert start(plan_of(n("a")), {}, engine=engine).wait(5).status is RunStatus.SUCCEEDED
    let_go.set()


def test_an_attempt_that_waits_for_a_thread_is_cancelled_at_once(start, engines):
    let_go = threading.Event()
    engine = engines(max_workers=1)
    first = start(plan_of(n("a")), {"a": lambda c, i: let_go.wait(20)}, engine=engine)
    time.sleep(0.1)
    second = start(plan_of(n("a")), {"a": lambda c, i: 1 / 0}, engine=engine)
    time.sleep(0.05)
    second.cancel()
    assert second.wait(5).status is RunStatus.CANCELLED
    assert first.status is RunStatus.RUNNING
    let_go.set()
    first.wait(5)


def test_a_result_that_was_whole_when_cancel_came_is_kept(start):
    begun, go = threading.Event(), threading.Event()

    def whole(context, inputs):
        begun.set()
        go.wait(5)
        return 42

    run = start(plan_of(n("a"), n("b", "a")), {"a": whole})
    assert begun.wait(5)
    run.cancel()
    time.sleep(0.05)
    go.set()
    assert run.wait(5).status is RunStatus.CANCELLED
    assert run["a"].output == 42
    assert run["b"].outcome is Outcome.CANCELLED
