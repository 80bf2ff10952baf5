"""One run on a real loop: what is performed, what waits for the journal, what is heard."""

from __future__ import annotations

import itertools
import threading
import time

import pytest
from tests.run.conftest import Kept
from tests.run.plans import n, plan_of

from flowbook.errors import RunError, RunFailed, RunTimeout
from flowbook.events import (
    NodeCompleted,
    NodeLogged,
    NodeStarted,
    RunCompleted,
    RunRetried,
    RunStatus,
)
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.node import Outputs
from flowbook.run.perform import NodeProgress
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Outcome
from flowbook.run.work import Reuse


async def soon(context, inputs):
    return "soon"


def wait_until(truth, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


def test_what_happened_is_what_the_sink_got(start, kept):
    run = start(plan_of(n("a"), n("b", "a")), {}, sink=kept).wait(5)
    assert kept.events == run.events()
    assert fold(kept.events, run._performance.plan) == run._performance.state == run.state
    assert isinstance(kept.events[-1], RunCompleted)


def test_a_wrong_number_of_outputs_fails_the_node(start):
    run = start(plan_of(n("a", outputs=("x", "y"))), {"a": lambda c, i: 1}).wait(5)
    assert "expected 2 values for x, y" in run["a"].error.message


def test_a_router_and_a_merge(start):
    plan = plan_of(
        n("route", outputs=("hot", "wet")),
        n("h", "route.hot"),
        n("w", "route.wet"),
        n("join", "h", "w", tolerant=True),
    )
    calls = {
        "route": lambda c, i: Outputs({"hot": 7}, result={"matched": ["hot"]}),
        "h": lambda c, i: i["route_hot"] * 6,
        "join": lambda c, i: dict(i),
    }
    run = start(plan, calls).wait(5)
    assert run["join"].output == {"h": 42}
    assert run["route"].output == {"matched": ["hot"]}
    assert run["w"].outcome is Outcome.SKIPPED


def test_a_retry_runs_again_with_the_next_attempt(start):
    def flaky(context, inputs):
        if context.attempt == 1:
            raise OSError("503")
        return context.idempotency_key

    run = start(plan_of(n("a", retries=1)), {"a": flaky}).wait(5)
    assert run["a"].attempts == 2
    assert run["a"].output == f"{run.id}:a"


def test_independent_steps_overlap(start):
    both = threading.Barrier(2, timeout=5)
    run = start(
        plan_of(n("a"), n("b")),
        {"a": lambda c, i: both.wait() >= 0, "b": lambda c, i: both.wait() >= 0},
    ).wait(6)
    assert run.status is RunStatus.SUCCEEDED


def test_a_thousand_inline_steps_in_a_row_do_not_recurse(start):
    names = [f"s{i}" for i in range(1500)]
    chain = [n(names[0]), *(n(b, a) for a, b in itertools.pairwise(names))]
    run = start(plan_of(*chain), dict.fromkeys(names, soon), pure=names).wait(10)
    assert run.status is RunStatus.SUCCEEDED


def test_an_effect_waits_until_what_led_to_it_is_durable(start):
    sink, ran = Kept(by_hand=True), []
    run = start(plan_of(n("a")), {"a": lambda c, i: ran.append(1)}, sink=sink)
    wait_until(lambda: sink.batches)
    assert any(isinstance(event, NodeStarted) for event in sink.batches[0])
    time.sleep(0.05)
    assert ran == []
    sink.by_hand = False
    sink.futures[0].set_result(None)
    run.wait(5)
    assert ran == [1]


def test_an_attempt_that_was_given_up_while_it_waited_for_the_journal_never_begins(start):
    sink, ran = Kept(by_hand=True), []
    plan = plan_of(n("a"), flow=FlowOptions(timeout=0.1, timeout_retries=100))
    run = start(plan, {"a": lambda c, i: ran.append(c.attempt)}, sink=sink)
    wait_until(lambda: sum(isinstance(event, RunRetried) for event in run.events()) >= 2)
    sink.by_hand = False
    sink.futures[0].set_result(None)
    run.wait(5)
    assert run.status is RunStatus.SUCCEEDED
    assert len(ran) == 1
    assert ran[0] > 2


def test_pure_steps_run_ahead_of_the_journal_and_the_end_does_not(start):
    sink, ran = Kept(by_hand=True), []
    plan = plan_of(n("a"), n("b", "a"))
    calls = {name: lambda c, i: ran.append(c.node) for name in "ab"}
    run = start(plan, calls, sink=sink, pure="ab")
    wait_until(lambda: len(ran) == 2)
    wait_until(lambda: any(isinstance(e, RunCompleted) for e in sink.events))
    with pytest.raises(RunTimeout):
        run.wait(0.1)
    for future in sink.futures:
        future.set_result(None)
    run.wait(5)


def test_a_chain_of_pure_steps_costs_few_appends(start, kept):
    names = [f"s{i}" for i in range(200)]
    chain = [n(names[0]), *(n(b, a) for a, b in itertools.pairwise(names))]
    start(plan_of(*chain), dict.fromkeys(names, soon), sink=kept, pure=names).wait(5)
    assert len(kept.batches) < 40


def test_a_sink_that_fails_stops_the_run(start):
    sink = Kept(by_hand=True)
    run = start(plan_of(n("a"), n("b", "a")), {}, sink=sink)
    wait_until(lambda: sink.futures)
    sink.futures[0].set_exception(OSError("disk full"))
    run.wait(5)
    assert run.status is RunStatus.FAILED
    assert run["a"].outcome is Outcome.CANCELLED
    with pytest.raises(RunFailed, match="disk full"):
        run.raise_for_status()


def test_heavy_values_are_kept_in_a_thread_before_the_completion(start, kept):
    class Vault:
        def inline(self, value):
            return None

        def put(self, value):
            self.thread = threading.current_thread().name
            return ValueRef("abc", ValueFormat.BYTES, "bytes", size=len(value))

    vault = Vault()
    run = start(plan_of(n("a")), {"a": lambda c, i: b"1234"}, sink=kept, vault=vault).wait(5)
    assert vault.thread.startswith("flowbook-keeper")
    (done,) = [event for event in kept.events if isinstance(event, NodeCompleted)]
    assert done.outputs["a"].size == 4
    assert run["a"].output == b"1234"


def test_given_outputs_are_not_computed_again(start):
    run = start(
        plan_of(n("a"), n("b", "a")),
        {"a": lambda c, i: 1 / 0, "b": lambda c, i: i["a"] + 1},
        given={"a": Reuse(Outputs({"a": 41}))},
    ).wait(5)
    assert run["b"].output == 42
    assert run["a"].outcome is Outcome.REUSED


def test_prints_of_parallel_nodes_do_not_mix(start, capsys):
    def talk(context, inputs):
        for _ in range(5):
            print(context.node)
            time.sleep(0.002)

    run = start(plan_of(n("a"), n("b")), {"a": talk, "b": talk}).wait(5)
    assert (run["a"].logs, run["b"].logs) == ("a\n" * 5, "b\n" * 5)
    assert sorted(capsys.readouterr().out.split()) == ["a"] * 5 + ["b"] * 5


def test_what_a_node_prints_is_journalled_before_its_end_and_bounded(start, kept, capsys):
    def talk(context, inputs):
        print("x" * 300_000)
        context.log("never recorded")

    start(plan_of(n("a")), {"a": talk}, sink=kept).wait(5)
    kinds = [type(event) for event in kept.events]
    assert kinds.index(NodeLogged) < kinds.index(NodeCompleted)
    text = "".join(event.text for event in kept.events if isinstance(event, NodeLogged))
    assert 200_000 <= len(text) < 201_000
    assert "records no more" in text
    assert len(capsys.readouterr().out) == 300_001


def test_listeners_hear_events_and_progress_and_cannot_break_the_run(start, caplog):
    heard = []
    go = threading.Event()

    def work(context, inputs):
        go.wait(5)
        context.progress(1, 2, "half")

    run = start(plan_of(n("a")), {"a": work})

    def bad(notice):
        raise RuntimeError("view is gone")

    leave = run.subscribe(bad)
    run.subscribe(heard.append)
    go.set()
    run.wait(5)
    leave()
    assert any(isinstance(one, NodeProgress) and one.progress.text == "half" for one in heard)
    assert isinstance(heard[-1], RunCompleted)
    assert "view is gone" in caplog.text


def test_waiting_for_a_thread_does_not_count_as_running(start):
    plan = plan_of(*(n(name, timeout=0.6) for name in "abcd"))
    calls = {name: lambda c, i: time.sleep(0.2) for name in "abcd"}
    run = start(plan, calls, max_workers=1).wait(5)
    assert run.status is RunStatus.SUCCEEDED


def test_cancel_reaches_an_attempt_that_still_waits_for_the_journal(start):
    sink, begun, let_go = Kept(), threading.Event(), threading.Event()

    def hang(context, inputs):
        begun.set()
        let_go.wait(5)

    run = start(plan_of(n("a", timeout=0.2, retries=1)), {"a": hang}, sink=sink)
    assert begun.wait(5)
    sink.by_hand = True
    wait_until(lambda: run["a"].attempts == 2)
    run.cancel()
    wait_until(lambda: run.state.over)
    sink.by_hand = False
    for future in sink.futures:
        if not future.done():
            future.set_result(None)
    assert run.wait(5).status is RunStatus.CANCELLED
    let_go.set()


def test_an_end_that_could_not_be_recorded_is_no_quiet_success(start):
    sink = Kept(by_hand=True)
    run = start(plan_of(n("a")), {}, sink=sink, pure="a")
    wait_until(lambda: any(isinstance(event, RunCompleted) for event in sink.events))
    for future in sink.futures[:-1]:
        future.set_result(None)
    sink.futures[-1].set_exception(OSError("disk full"))
    with pytest.raises(RunError, match="could not be recorded: disk full"):
        run.wait(5)
