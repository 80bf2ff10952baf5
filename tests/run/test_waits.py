"""Suspended nodes on a real engine: no thread, no early hour, each signal once."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from tests.run.conftest import Kept
from tests.run.plans import n, plan_of, works

from flowbook.errors import RunError, UsageError
from flowbook.events import NodeResumed, NodeStarted, NodeSuspended, RunStatus, TriggerKind
from flowbook.graph.suspension import Suspend, resumption
from flowbook.ids import RunId
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.waits import Letter


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.005)


def suspended(run):
    until(lambda: run.status is RunStatus.SUSPENDED)
    return run


class Clock:
    """Wall time that a test may set forward."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead


def asks(signal="go", **more):
    """A node that waits for a signal and gives all it is told."""

    def ask(context, inputs):
        came = context.resumption
        if came is None:
            return Suspend(f"waits for {signal}", signal=signal, **more)
        return came.by, came.payload, dict(came.data)

    return ask


# ---------------------------------------------------------------- signals


def test_a_node_that_wants_a_fresh_signal_leaves_an_earlier_one_to_others(start):
    calls = {"b": asks(fresh=True), "c": asks()}
    run = start(plan_of(n("a"), n("b", "a"), n("c", "b")), {**calls, "a": asks("open")})
    suspended(run).signal("go", 1)
    run.signal("open")
    until(lambda: run["b"].phase is Phase.SUSPENDED)
    assert run["b"].phase is Phase.SUSPENDED
    run.signal("go", 2)
    assert run.wait(20)["b"].output == ("signal", 2, {})
    assert run["c"].output == ("signal", 1, {})


def test_a_node_waits_for_a_signal_and_goes_on_with_what_came(start):
    run = suspended(start(plan_of(n("a"), n("b", "a")), {"a": asks(data={"order": 7})}))
    run.signal("go", {"amount": 12.5})
    assert run.wait(10)["a"].output == ("signal", {"amount": 12.5}, {"order": 7})
    assert run["a"].attempts == 1
    assert run["b"].output == "b"


def test_a_node_may_raise_what_it_could_return(start):
    def ask(context, inputs):
        if context.resumption is None:
            try:
                raise Suspend("deep down", signal="go")
            except Exception:
                return "swallowed"
        return context.resumption.payload

    run = suspended(start(plan_of(n("a")), {"a": ask}))
    run.signal("go", 1)
    assert run.wait(10)["a"].output == 1


@pytest.mark.parametrize("on", ["inline", "thread", "process"])
def test_a_node_waits_wherever_it_runs(start, on):
    def ask(context, inputs):
        came = context.resumption
        assert came == resumption()
        if came is None:
            raise Suspend(context.path, signal="go", data={"n": 1})
        return came.payload, came.data["n"], context.path

    run = suspended(start(plan_of(n("a", on=on)), {"a": ask}))
    assert run.state.waiting[0].reason == "a"
    run.signal("go", "came")
    assert run.wait(30)["a"].output == ("came", 1, "a")


def test_a_coroutine_waits(start):
    async def ask(context, inputs):
        return context.resumption.payload if context.resumption else Suspend(signal="go")

    run = suspended(start(plan_of(n("a")), {"a": ask}))
    run.signal("go", 5)
    assert run.wait(10)["a"].output == 5


def test_a_signal_that_comes_before_the_node_waits_is_kept_for_it(start):
    gate = threading.Event()

    def first(context, inputs):
        assert gate.wait(10)

    run = start(plan_of(n("first"), n("a", "first")), {"first": first, "a": asks()})
    run.signal("other", 0)
    run.signal("go", "early")
    gate.set()
    assert run.wait(10)["a"].output[1] == "early"


def test_signals_go_to_those_that_wait_the_longest_one_each(start):
    plan = plan_of(n("a"), n("b", "a"))

    def ask(context, inputs):
        return Suspend(signal="go") if context.resumption is None else context.resumption.payload

    run = suspended(start(plan, dict.fromkeys("ab", ask)))
    run.signal("go", 1)
    until(lambda: run["b"].phase is Phase.SUSPENDED)
    run.signal("go", 2)
    run.wait(10)
    assert [run[x].output for x in "ab"] == [1, 2]


def test_a_signal_counts_as_taken_only_when_the_event_is_durable(engines):
    sink = Kept(by_hand=True)
    engine, taken, stop = engines(sink), [], threading.Event()

    def sync():
        while not stop.is_set():
            for future in sink.futures:
                if not future.done() and not holding.is_set():
                    future.set_result(None)
            time.sleep(0.001)

    holding = threading.Event()
    threading.Thread(target=sync, daemon=True).start()
    plan = plan_of(n("a"))
    work = works(plan, {"a": asks()}, pure={"a"})
    run = engine.start(plan, work, {}, run_id=RunId("r"), trigger=TriggerKind.MANUAL)
    suspended(run)
    until(lambda: all(future.done() for future in sink.futures))
    holding.set()
    letter = Letter("s1", "go", 1, lambda: taken.append("s1"))
    run.deliver(letter)
    run.deliver(letter)  # seen twice, as a folder is that is looked at twice
    until(lambda: run["a"].outcome is Outcome.SUCCEEDED)
    assert taken == []
    holding.clear()
    run.wait(10)
    stop.set()
    assert taken == ["s1"]


def test_a_payload_that_is_no_plain_json_is_refused_where_it_is_sent(start):
    run = suspended(start(plan_of(n("a")), {"a": asks()}))
    with pytest.raises(UsageError, match="not plain JSON"):
        run.signal("go", object())
    assert run.status is RunStatus.SUSPENDED


def test_a_retry_after_the_wait_does_not_wait_again(start):
    tries = []

    def ask(context, inputs):
        if context.resumption is None:
            return Suspend(signal="go")
        tries.append(context.resumption.payload)
        if len(tries) < 3:
            raise ConnectionError("not yet")
        return "done"

    run = suspended(start(plan_of(n("a", retries=2)), {"a": ask}))
    run.signal("go", 7)
    assert run.wait(10)["a"].output == "done"
    assert tries == [7, 7, 7]


def test_a_node_waits_as_often_as_it_likes(start):
    def ask(context, inputs):
        came = context.resumption
        seen = [] if came is None else [*came.data["seen"], came.payload]
        return seen if len(seen) == 3 else Suspend(signal="go", data={"seen": seen})

    run = suspended(start(plan_of(n("a", retries=0)), {"a": ask}))
    for number in range(3):
        run.signal("go", number)
    assert run.wait(10)["a"].output == [0, 1, 2]
    assert [e.attempt for e in run.events() if isinstance(e, NodeStarted)] == [1] * 4


# ---------------------------------------------------------------- times


def test_a_wait_ends_when_it_is_time_and_not_before(start):
    clock = Clock()

    def nap(context, inputs):
        if context.resumption is None:
            return Suspend("a nap", until=3600)
        return context.resumption.by

    run = suspended(start(plan_of(n("a")), {"a": nap}, clock=clock))
    (wait,) = [e for e in run.events() if isinstance(e, NodeSuspended)]
    assert 3599 < wait.until - wait.at < 3601
    clock.ahead = 3500.0
    time.sleep(1.2)  # longer than it takes to notice
    assert run.status is RunStatus.SUSPENDED
    clock.ahead = 3601.0
    assert run.wait(10)["a"].output == "time"
    (came,) = [e for e in run.events() if isinstance(e, NodeResumed)]
    assert came.at >= wait.until


def test_a_short_wait_does_not_stand_behind_a_long_one(start):
    def nap(seconds):
        return lambda c, i: c.resumption.by if c.resumption else Suspend(until=seconds)

    run = start(plan_of(n("long"), n("short")), {"long": nap(3600), "short": nap(0.05)})
    until(lambda: run["short"].outcome is Outcome.SUCCEEDED, 5)
    assert run["long"].phase is Phase.SUSPENDED


def test_a_wait_in_vain_fails_for_good(start):
    plan = plan_of(n("a", retries=3), n("b", "a"))
    run = start(plan, {"a": asks(timeout=0.02)}).wait(10)
    assert run["a"].outcome is Outcome.FAILED
    assert run["a"].error.name == "WaitTimeout"
    assert "waits for go" in run["a"].error.message
    assert run["b"].outcome is Outcome.SKIPPED


def test_a_wait_in_vain_goes_on_if_it_may(start):
    run = start(plan_of(n("a")), {"a": asks(timeout=0.02, on_timeout="continue")}).wait(10)
    assert run["a"].output == ("timeout", None, {})


def test_a_wait_in_vain_gives_a_value_instead(start):
    run = start(plan_of(n("a")), {"a": asks(timeout=0.02, on_timeout={"yes": False})}).wait(10)
    assert run["a"].output == {"yes": False}


def test_a_nodes_timeout_does_not_run_while_it_waits(start):
    def nap(context, inputs):
        return context.resumption.by if context.resumption else Suspend(until=0.4)

    run = start(plan_of(n("a", timeout=0.2)), {"a": nap}).wait(10)
    assert run["a"].output == "time"


# ---------------------------------------------------------------- what it holds


def test_a_thousand_nodes_wait_without_a_thread(start):
    names = [f"n{i}" for i in range(1000)]
    calls = {name: asks(signal=name) for name in names}
    before = set(threading.enumerate())
    run = start(plan_of(*map(n, names)), calls, max_workers=4)
    until(lambda: run.status is RunStatus.SUSPENDED, 60)
    fresh = set(threading.enumerate()) - before
    workers = [thread for thread in fresh if thread.name.startswith("flowbook-node")]
    assert len(workers) <= 4
    done = start(plan_of(n("other")), {}, max_workers=4)
    assert done.wait(10).status is RunStatus.SUCCEEDED
    for name in names:
        run.signal(name, name)
    run.wait(60)
    assert {run[name].output[1] for name in names} == set(names)
    counts = Counter(e.node for e in run.events() if isinstance(e, NodeResumed))
    assert set(counts.values()) == {1}


def test_no_worker_is_held_while_a_node_waits(start):
    plan = plan_of(n("a"), n("b"))
    run = start(plan, {"a": asks(), "b": lambda c, i: "ran"}, max_workers=1)
    until(lambda: run["b"].outcome is Outcome.SUCCEEDED)
    assert suspended(run)["a"].phase is Phase.SUSPENDED


# ---------------------------------------------------------------- stopping


def test_cancel_ends_a_wait_at_once(start):
    run = suspended(start(plan_of(n("a"), n("b", "a")), {"a": asks(timeout=3600)}))
    run.cancel("enough")
    assert run.wait(5).status is RunStatus.CANCELLED
    (came,) = [e for e in run.events() if isinstance(e, NodeResumed)]
    assert came.by == "cancel"


def test_what_comes_while_the_run_is_paused_is_held(start):
    run = suspended(start(plan_of(n("a")), {"a": asks()}))
    run.pause()
    run.signal("go", 1)
    until(lambda: run["a"].phase is Phase.HELD)
    run.resume()
    assert run.wait(10)["a"].output[1] == 1


def test_a_paused_run_that_waits_is_cancelled(start):
    run = suspended(start(plan_of(n("a")), {"a": asks()}))
    run.pause()
    run.cancel()
    assert run.wait(5).status is RunStatus.CANCELLED


def test_an_engine_that_closes_leaves_suspended_runs_suspended(engines):
    sink = Kept()
    engine = engines(sink)
    gate, plan = threading.Event(), plan_of(n("a"))
    waits, busy = (
        engine.start(plan, works(plan, {"a": call}), {}, run_id=RunId(name), trigger="manual")
        for name, call in {"waits": asks(), "busy": lambda c, i: gate.wait(10)}.items()
    )
    suspended(waits)
    engine.close()
    gate.set()
    assert busy.status is RunStatus.CANCELLED
    assert waits.status is RunStatus.SUSPENDED
    assert [e for e in sink.events if e.run == "waits"][
        -1
    ].__struct_config__.tag == "NODE_SUSPENDED"
    with pytest.raises(RunError, match="let go of it"):
        waits.wait(1)
    assert engine.runs == ()


def test_a_run_that_was_let_go_does_nothing_more(start):
    run = suspended(start(plan_of(n("a")), {"a": asks(timeout=0.3)}))
    run.let_go()
    assert run.settled(5)
    count = len(run.events())
    run.signal("go", 1)
    run.cancel()
    time.sleep(0.5)
    assert len(run.events()) == count
