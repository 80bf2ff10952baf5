"""What every executor promises, as tests: a new one is a line in `PLACES`.

Nodes that have to wait are coroutines, for these run everywhere; they tell by files, which reach
everywhere too. They use nothing of this module, which would have to be imported where they run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.run.plans import n, plan_of

from flowbook.events import (
    NodeCompleted,
    NodeLogged,
    NodeRetryScheduled,
    NodeStreamed,
    RunCompleted,
    RunStatus,
)
from flowbook.events.values import Usage
from flowbook.run.rules.phase import Outcome
from flowbook.run.work import Tools


@dataclass(frozen=True)
class Place:
    """An executor, and what of its promises depends on what it is.

    `remote`: nodes leave this interpreter. `kills`: what does not stop is killed. `died`: how a
    node's error tells that its worker died, where each node has one that may.
    """

    on: str
    remote: bool = False
    kills: bool = False
    died: str = ""


PLACES = (
    Place("inline"),
    Place("thread"),
    Place("process", remote=True, kills=True, died="exit code 9"),
    Place("dask", remote=True),
)


def until(true, seconds=30):
    """Wait for a condition, and not for a time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def polite(folder):
    """A node that stops when it is told to."""

    async def node(context, inputs):
        (folder / "begun").touch()
        while not context.cancelled():
            await asyncio.sleep(0.01)

    return node


def deaf(folder):
    """A node that does not hear, and whose first attempt goes on until it is let go."""

    async def node(context, inputs):
        if context.attempt > 1:
            return "second"
        (folder / "begun").touch()
        while not (folder / "go").exists():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        print("too late")
        (folder / "late").touch()
        return "first"

    return node


def fails(context, inputs):
    deeper("no rows")


def deeper(text):
    try:
        _ = {}["rows"]
    except KeyError as cause:
        raise LookupError(text) from cause


class ExecutorSuite:
    """The same promises wherever a node runs; a subclass has a fixture `place`."""

    @pytest.fixture
    def perform(self, start, place):
        """`perform(call)`: a run of one node, or of nodes named as arguments, in that place."""

        def begin(call=None, engine=None, sink=None, tools=None, **given):
            calls = given.pop("calls", None) or {"a": call}
            options = {"on": place.on, **given}
            plan = plan_of(*[n(name, **options) for name in calls])
            made = {"sink": sink, "tools": tools} if engine is None else {}
            return start(plan, calls, engine=engine, **{k: v for k, v in made.items() if v})

        return begin

    # ------------------------------------------------------------ results and errors

    def test_a_result_comes_back(self, start, place):
        plan = plan_of(n("a", on=place.on), n("b", "a", on=place.on))
        calls = {"a": lambda c, i: {"rows": [1, 2]}, "b": lambda c, i: len(i["a"]["rows"])}
        run = start(plan, calls).wait(60)
        assert run["b"].output == 2
        assert run["b"].duration >= 0

    def test_large_inputs_and_results_travel(self, start, place):
        plan = plan_of(n("a", on=place.on), n("b", "a", on=place.on))
        calls = {"a": lambda c, i: bytes(20_000_000), "b": lambda c, i: len(i["a"])}
        assert start(plan, calls).wait(60)["b"].output == 20_000_000

    def test_coroutines_run_everywhere_and_know_who_they_are(self, perform):
        async def who(context, inputs):
            await asyncio.sleep(0)
            return [context.run_id, context.node, context.path, context.idempotency_key]

        run = perform(who).wait(60)
        assert run["a"].output == [run.id, "a", "a", f"{run.id}:a"]

    def test_an_attempt_knows_its_number_and_keeps_its_key(self, perform, kept):
        def third(context, inputs):
            if context.attempt < 3:
                raise ConnectionError(context.idempotency_key)
            return context.idempotency_key

        run = perform(third, sink=kept, retries=2).wait(60)
        failed = [e.error.message for e in kept.events if isinstance(e, NodeRetryScheduled)]
        assert [*failed, run["a"].output] == [f"{run.id}:a"] * 3
        assert run.status is RunStatus.SUCCEEDED

    def test_an_exception_brings_its_traceback_and_its_causes(self, perform):
        error = perform(fails).wait(60)["a"].error
        assert (error.type, error.message) == ("LookupError", "no rows")
        assert "in deeper" in error.traceback
        assert "KeyError: 'rows'" in error.traceback
        assert "flowbook/run" not in error.traceback

    def test_an_exception_of_a_class_made_in_a_cell_survives(self, perform):
        class Odd(Exception):
            def __init__(self, one, two):
                super().__init__(f"{one} {two}")

        def odd(context, inputs):
            raise Odd(1, 2)

        error = perform(odd).wait(60)["a"].error
        assert error.type.endswith("Odd")
        assert error.message == "1 2"
        assert "in odd" in error.traceback

    def test_leaving_the_interpreter_fails_the_node_only(self, perform):
        def leave(context, inputs):
            raise SystemExit(3)

        run = perform(calls={"a": leave, "b": lambda c, i: "b"}).wait(60)
        assert run["a"].error.type == "SystemExit"
        assert run["b"].outcome is Outcome.SUCCEEDED

    def test_a_worker_that_dies_fails_its_node_and_not_the_engine(self, perform, place):
        if not place.died:
            pytest.skip("it has no worker of its own")
        run = perform(calls={"a": lambda c, i: os._exit(9), "b": lambda c, i: "b"}).wait(60)
        assert place.died in run["a"].error.message
        assert run["b"].output == "b"

    def test_an_interrupt_of_the_kernel_does_not_reach_the_node(self, perform, place):
        if not place.remote:
            pytest.skip("an interrupt of the kernel is one of this interpreter")

        def interrupted(context, inputs):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            return "whole"

        assert perform(interrupted).wait(60)["a"].output == "whole"

    # ------------------------------------------------------------ at once, and no longer

    def test_nodes_overlap(self, perform, tmp_path):
        def meets(own, other):
            async def node(context, inputs):
                (tmp_path / own).touch()
                while not (tmp_path / other).exists():
                    await asyncio.sleep(0.01)
                return True

            return node

        run = perform(calls={"a": meets("a", "b"), "b": meets("b", "a")}).wait(60)
        assert [run[x].output for x in "ab"] == [True, True]

    def test_a_node_that_asks_learns_of_the_cancel(self, perform, tmp_path):
        run = perform(polite(tmp_path))
        until((tmp_path / "begun").exists)
        run.cancel()
        assert run.wait(5).status is RunStatus.CANCELLED
        assert run["a"].outcome is Outcome.CANCELLED

    def test_a_timeout_fails_the_attempt(self, perform, tmp_path):
        run = perform(polite(tmp_path), timeout=0.4).wait(60)
        assert run["a"].error.type == "TimeoutError"

    def test_what_comes_after_a_cancel_is_dropped(self, perform, place, engines, kept, tmp_path):
        engine = engines(kept)
        run = perform(deaf(tmp_path), engine=engine)
        until((tmp_path / "begun").exists)
        run.cancel()
        assert run.wait(60).status is RunStatus.CANCELLED
        self.goes_on(place, tmp_path)
        assert perform(lambda c, i: "next", engine=engine).wait(60)["a"].output == "next"
        assert run["a"].outcome is Outcome.CANCELLED
        assert not run["a"].logs
        assert isinstance([e for e in kept.events if e.run == run.id][-1], RunCompleted)

    def test_what_comes_after_a_timeout_is_not_the_result(self, perform, place, tmp_path):
        patience = 3.0 if place.kills else 0.4  # the second attempt needs a new worker
        run = perform(deaf(tmp_path), timeout=patience, retries=1).wait(60)
        self.goes_on(place, tmp_path)
        assert run["a"].output == "second"
        assert not run["a"].logs

    def goes_on(self, place, folder):
        """Let the first attempt of a deaf node end, where it still goes on."""
        Path(folder / "go").touch()
        if not place.kills:
            until((folder / "late").exists)

    # ------------------------------------------------------------ what it tells

    def test_words_and_progress_come_back(self, perform, capsys, kept):
        def talk(context, inputs):
            print("printed")
            context.log("logged")
            context.progress(1, 1)
            return context.evaluate("x", {})

        tools = Tools(evaluate=lambda expression, names: expression.upper())
        run = perform(talk, sink=kept, tools=tools).wait(60)
        said = {e.stream: e.text for e in kept.events if isinstance(e, NodeLogged)}
        assert said == {"stdout": "printed\n", "log": "logged\n"}
        assert capsys.readouterr().out == "printed\n"
        assert run["a"].output == "X"

    def test_what_a_node_streams_comes_back_before_its_end(self, perform, kept):
        def tell(context, inputs):
            context.token("from ")
            context.token("afar")
            context.emit({"page": 1})
            context.artefact("a.txt", "hello")
            return 1

        run = perform(tell, sink=kept).wait(60)
        assert (run["a"].stream.end, run["a"].stream.tokens) == ("from afar", 2)
        told = [e.channel for e in kept.events if isinstance(e, NodeStreamed)]
        assert sorted(told) == ["artefact", "data", "token"]
        assert isinstance(kept.events[-1], RunCompleted)

    def test_what_calls_used_comes_back_with_the_attempt_that_made_them(self, perform, kept):
        def ask(context, inputs):
            context.record_usage("acme", "small", prompt_tokens=context.attempt, cost=0.5)
            context.record_usage("acme", "large", completion_tokens=4, is_estimate=True)
            if context.attempt == 1:
                raise ConnectionError("busy")
            return "yes"

        perform(ask, sink=kept, retries=1).wait(60)
        ends = [e for e in kept.events if isinstance(e, NodeRetryScheduled | NodeCompleted)]
        large = Usage("acme", "large", 0, 4, 4, is_estimate=True)
        assert [event.usage for event in ends] == [
            (Usage("acme", "small", attempt, 0, attempt, cost=0.5), large) for attempt in (1, 2)
        ]
