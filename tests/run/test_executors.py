"""One suite over every executor: the same promises wherever a node runs."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from tests.run.plans import n, plan_of

from flowbook.events import NodeCompleted, NodeLogged, NodeRetryScheduled, RunStatus
from flowbook.events.values import Usage
from flowbook.run.dask import ADDRESS
from flowbook.run.phase import Outcome
from flowbook.run.work import Tools

PLACES = ["inline", "thread", "process", "dask"]


@pytest.fixture(params=PLACES)
def place(request, monkeypatch):
    if request.param == "dask":
        monkeypatch.setenv(ADDRESS, request.getfixturevalue("cluster").scheduler_address)
    return request.param


async def double(context, inputs):
    await asyncio.sleep(0)
    return [context.node, context.attempt, context.idempotency_key]


async def sleepy(context, inputs):
    for _ in range(6000):
        await asyncio.sleep(0.01)
        if context.cancelled():
            return


def busy(context, inputs):
    while not context.cancelled():
        time.sleep(0.01)


def fails(context, inputs):
    deeper("no rows")


def deeper(text):
    try:
        _ = {}["rows"]
    except KeyError as cause:
        raise LookupError(text) from cause


def upper(expression, names):
    return expression.upper()


def test_a_result_comes_back(start, place):
    run = start(
        plan_of(n("a", on=place), n("b", "a", on=place)),
        {"a": lambda c, i: {"rows": [1, 2]}, "b": lambda c, i: len(i["a"]["rows"])},
    ).wait(20)
    assert run["b"].output == 2
    assert run["b"].duration >= 0


def test_coroutines_run_everywhere_and_know_who_they_are(start, place):
    run = start(plan_of(n("a", on=place)), {"a": double}).wait(20)
    assert run["a"].output == ["a", 1, f"{run.id}:a"]


def test_an_exception_brings_its_traceback_and_its_causes(start, place):
    run = start(plan_of(n("a", on=place)), {"a": fails}).wait(20)
    error = run["a"].error
    assert (error.type, error.message) == ("LookupError", "no rows")
    assert "in deeper" in error.traceback
    assert "KeyError: 'rows'" in error.traceback
    assert "flowbook/run" not in error.traceback


def test_an_exception_of_a_class_made_in_a_cell_survives(start, place):
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} {two}")

    def odd(context, inputs):
        raise Odd(1, 2)

    error = start(plan_of(n("a", on=place)), {"a": odd}).wait(20)["a"].error
    assert error.type.endswith("Odd")
    assert error.message == "1 2"
    assert "in odd" in error.traceback


def test_leaving_the_interpreter_fails_the_node_only(start, place):
    def leave(context, inputs):
        raise SystemExit(3)

    run = start(plan_of(n("a", on=place), n("b")), {"a": leave}).wait(20)
    assert run["a"].error.type == "SystemExit"
    assert run["b"].outcome is Outcome.SUCCEEDED


def test_a_timeout_fails_the_attempt(start, place):
    calls = {"a": sleepy if place == "inline" else busy}
    run = start(plan_of(n("a", on=place, timeout=0.4)), calls).wait(20)
    assert run["a"].error.type == "TimeoutError"


def test_cancel_stops_it(start, place):
    calls = {"a": sleepy if place == "inline" else busy}
    run = start(plan_of(n("a", on=place)), calls)
    time.sleep(0.3)
    run.cancel()
    assert run.wait(5).status is RunStatus.CANCELLED
    assert run["a"].outcome is Outcome.CANCELLED


def test_words_and_progress_come_back(start, place, capsys, kept):
    def talk(context, inputs):
        print("printed")
        context.log("logged")
        context.progress(1, 1)
        return context.evaluate("x", {})

    tools = Tools(evaluate=upper)
    run = start(plan_of(n("a", on=place)), {"a": talk}, sink=kept, tools=tools).wait(20)
    said = {e.stream: e.text for e in kept.events if isinstance(e, NodeLogged)}
    assert said == {"stdout": "printed\n", "log": "logged\n"}
    assert capsys.readouterr().out == "printed\n"
    assert run["a"].output == "X"


def test_what_calls_used_comes_back_with_the_attempt_that_made_them(start, place, kept):
    def ask(context, inputs):
        context.record_usage("acme", "small", prompt_tokens=context.attempt, cost=0.5)
        context.record_usage("acme", "large", completion_tokens=4, is_estimate=True)
        if context.attempt == 1:
            raise ConnectionError("busy")
        return "yes"

    start(plan_of(n("a", on=place, retries=1)), {"a": ask}, sink=kept).wait(20)
    ends = [e for e in kept.events if isinstance(e, NodeRetryScheduled | NodeCompleted)]
    large = Usage("acme", "large", 0, 4, 4, is_estimate=True)
    assert [event.usage for event in ends] == [
        (Usage("acme", "small", attempt, 0, attempt, cost=0.5), large) for attempt in (1, 2)
    ]


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
