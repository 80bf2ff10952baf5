"""A run's past: only what is still read is brought back, and what cannot be is made again."""

from __future__ import annotations

import pytest
from tests.run.histories import REF, Play
from tests.run.plans import n, works

from flowbook.errors import UsageError, ValueUnavailable
from flowbook.events import RunRecovered, RunStatus
from flowbook.run.past import bring_past


class Shelves:
    """A vault that gives what it has, and remembers what it was asked."""

    def __init__(self, *gone):
        self.gone, self.asked = gone, []

    def inline(self, value):
        return REF

    def touch(self, ref):
        return True

    def get(self, ref):
        self.asked.append(ref)
        if len(self.asked) in self.gone:
            raise ValueUnavailable("the int cannot be brought back: gone", ref=ref, reason="gone")
        return 1


def past(play, vault):
    return bring_past(play.plan, play.events, vault)


def test_only_outputs_that_an_open_step_reads_are_brought_back():
    play = Play(n("a"), n("b", "a"), n("c", "b")).returns("a").returns("b")
    vault = Shelves()
    found = past(play, vault)
    assert [(i, dict(outputs.ports)) for i, outputs in found.values.items()] == [(1, {"b": 1})]
    assert list(found.stored) == [0]
    assert len(vault.asked) == 1
    assert found.gone == {}


def test_a_run_that_is_being_cancelled_needs_nothing():
    vault = Shelves()
    play = Play(n("a"), n("b", "a"), n("c", "b")).returns("a").cancel()
    found = past(play, vault)
    assert (dict(found.values), vault.asked) == ({}, [])


def test_what_is_made_again_needs_its_own_inputs():
    play = Play(n("a"), n("b", "a"), n("c", "b")).returns("a").returns("b")
    found = past(play, Shelves(1, 2))
    assert list(found.gone) == [1]
    assert list(found.values) == [0]
    assert found.stored == {}


def test_a_port_that_nobody_reads_may_be_gone():
    play = Play(n("a", outputs=("x", "y")), n("b", "a.y")).returns("a", "x", "y")
    found = past(play, Shelves(1))
    assert dict(found.values[0].ports) == {"y": 1}
    assert list(found.stored) == [0]  # whoever wants the whole has to ask the store
    assert found.gone == {}


def test_a_step_that_was_run_again_and_failed_has_no_outputs_any_more():
    play = Play(n("a"), n("b", "a")).returns("a").dies(again=["a"]).fails("a", final=True)
    assert past(play, Shelves()).stored == {}


def test_an_engine_goes_on_from_the_past(engines, kept):
    play = Play(n("a"), n("b", "a"), n("c", "b")).returns("a")
    engine = engines(kept, Shelves())
    calls = {"b": lambda _, inputs: inputs["a"] + 1, "c": lambda _, inputs: inputs["b"] * 10}
    run = engine.take_up(play.plan, works(play.plan, calls), {}, past(play, Shelves()))
    assert run.wait().status is RunStatus.SUCCEEDED
    assert run["c"].output == 20
    assert run["a"].output == 1
    assert isinstance(kept.events[0], RunRecovered)
    assert kept.events[0].seq == len(play.events)
    assert run.events() == [*play.events, *kept.events]


def test_an_engine_refuses_a_run_it_performs_itself(engines, kept):
    play = Play(n("a"))
    engine = engines(kept, Shelves())
    held = []
    works_ = works(play.plan, {"a": lambda context, _: held.append(context) or wait_for(held)})
    first = engine.take_up(play.plan, works_, {}, past(play, Shelves()))
    with pytest.raises(UsageError, match="performed here already"):
        engine.take_up(play.plan, works_, {}, past(play, Shelves()))
    held.append("go")
    first.wait()


def wait_for(held):
    import time

    while "go" not in held:
        time.sleep(0.005)


def test_a_callback_is_called_once_the_run_is_over(start):
    play = Play(n("a"))
    called = []
    run = start(play.plan, {}).wait()
    run.when_over(lambda: called.append(run.status))
    assert called == [RunStatus.SUCCEEDED]
