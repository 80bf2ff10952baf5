"""Runs on a real loop: what is performed, when it is durable, what the caller sees."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.run.conftest import Kept
from tests.run.plans import n, plan_of, works

import flowbook
from flowbook.errors import InvalidParameters, RunError, RunFailed, RunTimeout, UsageError
from flowbook.events import (
    NodeCompleted,
    NodeLogged,
    NodeStarted,
    RunCompleted,
    RunStatus,
    TriggerKind,
    ValueFormat,
    ValueRef,
)
from flowbook.graph.node import Outputs
from flowbook.ids import RunId
from flowbook.run.perform import NodeProgress
from flowbook.run.phase import Outcome
from flowbook.run.state import fold


async def soon(context, inputs):
    return "soon"


def test_values_pass_by_reference(start):
    frame = object()
    plan = plan_of(n("a"), n("b", "a"))
    run = start(plan, {"a": lambda c, i: frame, "b": lambda c, i: i["a"]}).wait(5)
    assert run["b"].output is frame
    assert run["b"].inputs == run["a"].outputs == {"a": frame}
    assert run["a"].given == Outputs({"a": frame})
    assert run["a"].refs["a"].type == "object"
    assert run.status is RunStatus.SUCCEEDED


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


def test_what_happened_is_what_the_sink_got(start, kept):
    run = start(plan_of(n("a"), n("b", "a")), {}, sink=kept).wait(5)
    assert kept.events == run.events()
    assert fold(kept.events, run._performance.plan) == run._performance.state == run.state
    assert isinstance(kept.events[-1], RunCompleted)


def test_a_failed_node_names_itself_and_its_line(start):
    def bad(context, inputs):
        raise ValueError("no rows")

    run = start(plan_of(n("a"), n("b", "a")), {"a": bad}, engine=None)
    run.wait(5)
    assert run.status is RunStatus.FAILED
    with pytest.raises(RunFailed, match=r"node 'a' failed.*no rows") as caught:
        run.raise_for_status()
    assert caught.value.error_type == "ValueError"
    assert "raise ValueError" in caught.value.traceback
    assert "perform.py" not in caught.value.traceback
    assert "executors.py" not in caught.value.traceback
    with pytest.raises(RunFailed):
        _ = run["a"].output
    assert run["b"].outcome is Outcome.SKIPPED


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


# ---------------------------------------------------------------- output commit


def wait_until(truth, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


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
        given={"a": Outputs({"a": 41})},
    ).wait(5)
    assert run["b"].output == 42
    assert run["a"].outcome is Outcome.REUSED


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


def test_waiting_has_a_deadline_and_the_run_goes_on(start):
    release = threading.Event()
    run = start(plan_of(n("a")), {"a": lambda c, i: release.wait(5)})
    with pytest.raises(RunTimeout) as caught:
        run.wait(0.05)
    assert caught.value.run_id == run.id
    release.set()
    assert run.wait(5).status is RunStatus.SUCCEEDED


def test_an_interrupted_wait_cancels_the_run(start, monkeypatch):
    async def asleep(context, inputs):
        await asyncio.sleep(60)

    run = start(plan_of(n("a")), {"a": asleep})
    real, calls = run.settled, iter([KeyboardInterrupt])

    def interrupted(timeout):
        for error in calls:
            raise error
        return real(timeout)

    monkeypatch.setattr(run, "settled", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert run.status is RunStatus.CANCELLED


def test_a_run_can_be_awaited(start):
    run = start(plan_of(n("a")), {"a": soon})

    async def cell():
        return await run

    assert asyncio.run(cell()) is run


def test_a_cancelled_await_cancels_the_run(start):
    async def asleep(context, inputs):
        await asyncio.sleep(60)

    run = start(plan_of(n("a")), {"a": asleep})

    async def cell():
        await asyncio.wait_for(asyncio.ensure_future(run._waited()), 0.1)

    with pytest.raises(TimeoutError):
        asyncio.run(cell())
    assert run.wait(5).status is RunStatus.CANCELLED


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


def test_a_run_shows_itself_as_text_and_as_a_table(start):
    def bad(context, inputs):
        raise ValueError("<none>")

    run = start(plan_of(n("a"), n("b", "a")), {"a": bad}).wait(5)
    assert "failed; 1 failed, 1 skipped" in repr(run)
    page = run._repr_html_()
    assert "ValueError: &lt;none&gt;" in page
    assert "upstream_failed" in page
    assert repr(run["b"]) == "<NodeRun b: skipped>"


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


SCRIPT = """
import sys, time
from flowbook.events import DevNull, TriggerKind
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept
from tests.run.plans import n, plan_of, works

def hang(context, inputs):
    print("begun", flush=True)
    time.sleep(30)

plan = plan_of(n("a"))
run = Engine(DevNull(), Unkept()).start(
    plan, works(plan, {"a": hang}), {}, run_id="r", trigger=TriggerKind.CLI
)
try:
    run.wait()
except KeyboardInterrupt:
    print(run.status.value, flush=True)
"""


@pytest.mark.kill
def test_an_interrupt_leaves_even_a_hanging_node_behind():
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(Path(flowbook.__file__).parents[1])])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
    ) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=5)[0] == "cancelled\n"
        assert process.returncode == 0
