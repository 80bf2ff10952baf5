"""What only Dask promises: a cluster found or started, late results dropped, lost workers named."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from tests.run.executor_suite import until
from tests.run.plans import n, plan_of

from flowbook.events import RunStatus
from flowbook.graph.choices import On
from flowbook.run.places.dask import ADDRESS
from flowbook.run.rules.phase import Outcome

ON_DASK = plan_of(n("a", on="dask"))


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
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    stuck.cancel()
    assert stuck.wait(30).status is RunStatus.CANCELLED
    until(lambda: not _alive(int((tmp_path / "pid").read_text())))
    assert start(ON_DASK, {}, engine=engine).wait(60)["a"].output == "a"


def test_an_attempt_that_is_given_up_before_it_was_heard_to_begin_is_killed_all_the_same(
    start, engines, tmp_path
):
    def deaf(context, inputs):
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(600)

    engine = engines()
    assert start(ON_DASK, {}, engine=engine).wait(60)["a"].output == "a"
    executor = engine._stage.executors[On.DASK]
    heard, late = executor._heard, []
    executor._client.unsubscribe_topic(executor.topic)
    executor._client.subscribe_topic(executor.topic, late.append)
    stuck = start(ON_DASK, {"a": deaf}, engine=engine)
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    stuck.cancel()
    assert stuck.wait(30).status is RunStatus.CANCELLED
    until(lambda: late)
    heard(late[0])
    until(lambda: not _alive(int((tmp_path / "pid").read_text())))


def test_a_node_of_a_shared_cluster_is_told_to_stop_though_the_engine_is_closed_at_once(
    start, engines, cluster, monkeypatch, tmp_path
):
    async def polite(context, inputs):
        (tmp_path / "begun").touch()
        while not context.cancelled():
            await asyncio.sleep(0.01)
        (tmp_path / "ended").touch()

    monkeypatch.setenv(ADDRESS, cluster.scheduler_address)
    engine = engines()
    run = start(ON_DASK, {"a": polite}, engine=engine)
    until((tmp_path / "begun").exists)
    client = engine._stage.executors[On.DASK]._client
    tell = client.run
    monkeypatch.setattr(client, "run", lambda *told, **how: (time.sleep(1.5), tell(*told, **how)))
    run.cancel()
    assert run.wait(30).status is RunStatus.CANCELLED
    engine.close()
    until((tmp_path / "ended").exists)


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
