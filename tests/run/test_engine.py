"""The engine as a whole: its loop, its parameters, many runs, no threads, closing."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.run.plans import n, plan_of, works

from flowbook.errors import InvalidParameters, UsageError
from flowbook.events import (
    RunStatus,
    TriggerKind,
)
from flowbook.ids import RunId
from flowbook.run.rules.phase import Outcome


async def soon(context, inputs):
    return "soon"


def test_parameters_reach_steps_and_defaults_fill_in(start):
    plan = plan_of(n("a", params=("city", "days")), params={"city": "Seattle", "days": 3})
    run = start(plan, {"a": lambda c, i: (i["city"], i["days"])}, params={"city": "Oslo"}).wait(5)
    assert run["a"].output == ("Oslo", 3)
    assert run.params == {"city": "Oslo", "days": 3}


def test_a_parameter_without_a_value_is_refused(start):
    from dataclasses import replace

    from flowbook.graph.spec import ParamSpec
    from flowbook.ids import PortName

    plan = replace(plan_of(n("a")), params=(ParamSpec(PortName("city")),))
    with pytest.raises(InvalidParameters, match="city"):
        start(plan, {})


# ---------------------------------------------------------------- output commit


# ---------------------------------------------------------------- waiting, cancelling, hearing


def test_cancel_ends_a_run_soon_whatever_its_nodes_do(start):
    begun = threading.Event()

    def stubborn(context, inputs):
        begun.set()
        time.sleep(3)

    async def asleep(context, inputs):
        await asyncio.sleep(60)

    run = start(plan_of(n("a"), n("b"), n("c", "a")), {"a": stubborn, "b": asleep})
    assert begun.wait(5)
    before = time.monotonic()
    run.cancel("enough")
    run.wait(5)
    assert time.monotonic() - before < 2
    assert run.status is RunStatus.CANCELLED
    assert [run[x].outcome for x in "abc"] == [Outcome.CANCELLED] * 3


def test_without_threads_a_run_lives_on_the_current_loop(engines):
    plan = plan_of(n("a"), n("b", "a"))

    async def cell():
        engine = engines(threads=False)
        run = engine.start(
            plan,
            works(plan, {"a": soon, "b": lambda c, i: threading.current_thread()}),
            {},
            run_id=RunId("r"),
            trigger=TriggerKind.CELL,
        )
        with pytest.raises(UsageError, match="await run"):
            run.wait()
        return await run

    assert asyncio.run(cell())["b"].output is threading.main_thread()


def test_closing_the_engine_cancels_what_runs(start, engines):
    async def asleep(context, inputs):
        await asyncio.sleep(60)

    engine = engines()
    run = start(plan_of(n("a")), {"a": asleep}, engine=engine)
    engine.close()
    assert run.status is RunStatus.CANCELLED
    assert engine.runs == ()


def test_many_runs_share_an_engine(start, engines):
    engine = engines()
    plan = plan_of(n("a"), n("b", "a"))
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: start(plan, {"a": soon}, engine=engine).wait(5), range(12)))
    assert {run.status for run in runs} == {RunStatus.SUCCEEDED}
