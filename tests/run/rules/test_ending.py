"""Nodes that cancel others, complete loops or stop the run, on paper.

(Random plans with such nodes among them are played in `tests/run/test_turns.py`.)
"""

from __future__ import annotations

import pytest
from tests.run.histories import Play
from tests.run.plans import N, box, n

from flowbook.events import CancelRequested, NodeCancelled, NodeStarted, RunStatus, ScopeLeft
from flowbook.graph.container import Policy, Turns
from flowbook.plan.plan import Join
from flowbook.run.rules.instruction import Abort, CloseRun, Gather
from flowbook.run.rules.phase import Outcome, Phase

MAP = Policy(Turns.EACH, window=2, stop=False, settle=True)


def cancelled(run):
    return {(e.node, e.cause) for e in run.events if isinstance(e, NodeCancelled)}


# ---------------------------------------------------------------- cancelling


def test_what_runs_is_given_up_and_what_follows_is_a_branch_not_taken():
    run = Play(n("a", cancels=("b",)), n("b"), n("c", "b")).returns("a")
    assert [type(order) for order in run.orders] == [Abort, CloseRun]
    assert cancelled(run) == {("b", "a")}
    assert (run.outcome("c"), run.reason("c")) == (Outcome.SKIPPED, "branch_not_taken")
    assert run.state.status is RunStatus.SUCCEEDED


def test_what_has_not_begun_never_does():
    run = Play(n("a", cancels=("c",)), n("b"), n("c", "b")).returns("a").returns("b")
    assert run.outcome("c") is Outcome.CANCELLED
    assert "c" not in {e.node for e in run.events if isinstance(e, NodeStarted)}


def test_a_node_that_is_over_stays_what_it_was():
    run = Play(n("a", cancels=("b",)), n("b"), n("c", "b"), n("d", "a")).returns("b").returns("a")
    assert run.outcome("b") is Outcome.SUCCEEDED
    assert run.phase("c") is Phase.RUNNING


def test_what_gives_up_a_pause_between_attempts_or_a_wait_is_not_tried_again():
    run = Play(n("a", cancels=("b", "c")), n("b", retries=3), n("c"))
    run.fails("b").suspends("c").returns("a")
    assert run.state.status is RunStatus.SUCCEEDED
    assert not run.state.waiting
    assert run.fires("b").launched == set()


def test_a_node_that_fails_cancels_nobody():
    run = Play(n("a", cancels=("b",)), n("b")).fails("a")
    assert run.phase("b") is Phase.RUNNING


def test_a_simple_merge_goes_on_with_the_branch_that_is_left():
    merge = N("m", ("a", "b"), ("m",), tolerant=True)
    assert Play(n("a", cancels=("b",)), n("b"), merge).returns("a").launched == {"m"}


def test_a_container_is_withdrawn_with_all_its_turns():
    run = Play(n("a", cancels=("g",)), box("g", MAP, n("x"), n("y", "x")), n("b", "g"))
    run.unfolds("g", 5).returns("g[0].x").returns("a")
    assert run.outcome("g") is Outcome.CANCELLED
    assert {run.outcome(f"g[{i}].{x}") for i in (0, 1) for x in "xy"} == {
        Outcome.CANCELLED,
        Outcome.SKIPPED,
        Outcome.SUCCEEDED,
    }
    assert run.outcome("b") is Outcome.SKIPPED
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_node_inside_cancels_what_is_in_its_own_turn():
    inside = (n("x", cancels=("y",)), n("y"))
    run = Play(box("g", MAP, *inside)).unfolds("g", 2).returns("g[1].x")
    assert run.outcome("g[1].y") is Outcome.CANCELLED
    assert run.phase("g[0].y") is Phase.RUNNING


def test_a_node_inside_may_withdraw_the_container_it_is_in():
    run = Play(box("g", MAP, n("x", cancels=("g",)), n("y")), n("b")).unfolds("g", 3)
    run.returns("g[0].x")
    assert (run.outcome("g"), run.outcome("g[0].x")) == (Outcome.CANCELLED, Outcome.SUCCEEDED)
    assert run.returns("b").state.status is RunStatus.SUCCEEDED


def test_the_last_node_of_all_may_cancel_what_else_is_open():
    run = Play(n("a", cancels=("b",)), n("b")).returns("a")
    assert run.story().count("RunCompleted") == 1


# ---------------------------------------------------------------- completing


def test_a_loop_is_completed_with_the_turns_that_are_over():
    run = Play(n("a", completes=("g",)), box("g", MAP, n("x")), n("b", "g"))
    run.unfolds("g", 9).returns("g[0].x").returns("a")
    assert [order for order in run.orders if isinstance(order, Gather)] != []
    assert {e.why for e in run.events if isinstance(e, ScopeLeft)} == {"completed"}
    assert run.returns("g").launched == {"b"}
    assert run.returns("b").state.status is RunStatus.SUCCEEDED


def test_a_turn_that_completes_its_own_loop_counts():
    run = Play(box("g", MAP, n("x", completes=("g",)), n("y", "x"))).unfolds("g", 9)
    run.returns("g[1].x")
    assert run.state.turning[run.state.index["g"]].succeeded == 1
    assert run.returns("g").state.status is RunStatus.SUCCEEDED


def test_a_loop_that_has_not_begun_is_cancelled():
    run = Play(n("a", completes=("g",)), n("b"), box("g", MAP, n("x"), reads=("b",))).returns("a")
    assert run.outcome("g") is Outcome.CANCELLED


def test_a_while_whose_condition_is_being_asked_asks_no_more():
    run = Play(n("a", completes=("g",)), box("g", Policy(Turns.WHILE), n("x"))).unfolds("g")
    run.consulted("g", 0, go_on=True).returns("g[0].x").returns("a")
    assert run.consulted("g", 1, go_on=True).launched == set()
    assert run.returns("g").state.status is RunStatus.SUCCEEDED


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.CANCELLED, RunStatus.FAILED])
def test_a_stop_ends_the_run_at_once_as_it_says(status):
    stop = N("s", ("a",), ("s",), ends=status.value)
    run = Play(n("a"), n("b"), n("c", "b"), stop).returns("a").returns("s", reason="enough")
    [asked] = [e for e in run.events if isinstance(e, CancelRequested)]
    assert (asked.node, asked.status, asked.reason) == ("s", status, "enough")
    assert run.outcome("c") is Outcome.CANCELLED
    run.stops("b")
    assert run.state.status is status
    error = run.events[-1].error
    assert (error and (error.type, error.message)) == (
        ("Stopped", "enough") if status is RunStatus.FAILED else None
    )
    assert run.events[-1].node == ("s" if status is RunStatus.FAILED else None)


def test_a_stop_inside_of_a_container_ends_the_run_too():
    stop = N("s", ("x",), ("s",), ends="succeeded")
    run = Play(box("g", MAP, n("x"), stop), n("b", "g")).unfolds("g", 2).returns("g[0].x")
    run.returns("g[0].s").stops("g[1].x")
    assert run.state.status is RunStatus.SUCCEEDED
    assert run.events[0].nodes == ("g", "b")


def test_a_run_that_succeeded_by_a_stop_forgives_what_failed_before():
    stop = N("s", ("a",), ("s",), ends="succeeded")
    run = Play(n("a"), n("b"), stop).fails("b").returns("a").returns("s")
    assert run.state.status is RunStatus.SUCCEEDED


# ---------------------------------------------------------------- after a crash


def test_what_was_not_recorded_is_ended_by_the_next_process():
    def fresh():
        stop = N("s", ("d",), ("s",), ends="succeeded")
        inside = box("g", MAP, n("x"))
        any_of = N("j", ("b", "c"), ("j",), join=Join(1))
        ends = n("a", cancels=("b",), completes=("g",))
        return Play(ends, n("b"), n("c"), inside, any_of, n("d", "j"), stop, n("e"))

    run = fresh().unfolds("g", 3).returns("a").returns("g").returns("c").returns("j").returns("d")
    whole = run.returns("s").stops("e")
    assert whole.state.over
    at = whole.story().index("NodeCompleted") + 1  # with which `a` is done
    for cut in range(at, len(whole.events) - 1):
        run = fresh()
        run.events = list(whole.events)
        run.dies(cut)
        assert run.outcome("b") is Outcome.CANCELLED, cut
        assert run.state.turning[run.state.index["g"]].broken, cut
        while not run.state.over:
            busy = (Phase.RUNNING, Phase.TURNING, Phase.CANCELLING)
            name = next(name for name in run.state.index if run.phase(name) in busy)
            (run.stops if run.phase(name) is Phase.CANCELLING else run.returns)(name)
        assert run.state.status is RunStatus.SUCCEEDED, cut
