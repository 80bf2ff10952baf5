"""Steps that join branches: on paper, and then on an engine."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from tests.run.histories import Play
from tests.run.plans import box, n, plan_of

from flowbook.events import NodeCancelled, NodeStarted, RunCompleted, RunStatus, SkipReason
from flowbook.graph.container import Policy, Turns
from flowbook.plan.plan import Join
from flowbook.run.given import given
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Abort, Launch
from flowbook.run.rules.phase import Outcome, Phase

ANY, LEAVE, TWO, SETTLED = Join(1, cancels=True), Join(1), Join(2, cancels=True), Join(0)


def race(join=ANY, *more):
    return Play(n("a"), n("b"), n("c"), n("j", "a", "b", "c", join=join), *more)


def starts(run, name):
    return sum(isinstance(event, NodeStarted) and event.node == name for event in run.events)


def reads(run, name):
    """What the node is given, where everything gave 1."""
    i = run.state.index[name]
    base = run.state.scopes[run.state.scope[i]].base
    step = run.state.steps[i]
    live = {b.input: 1 for b in step.bindings if run.state.outputs[base + b.source.step]}
    return given(run.state, i, live)


# ---------------------------------------------------------------- any, and some


def test_the_first_of_any_starts_the_join():
    run = race().returns("b")
    assert run.launched == {"j"}
    assert reads(run, "j") == {"b": 1}


def test_what_only_the_join_was_waiting_for_is_stopped():
    run = race().returns("b")
    assert [o.step for o in run.orders if isinstance(o, Abort)] == [0, 2]
    assert (run.outcome("a"), run.reason("a")) == (Outcome.CANCELLED, "not_needed")
    assert [e.cause for e in run.events if isinstance(e, NodeCancelled)] == ["j", "j"]
    assert run.returns("j").state.status is RunStatus.SUCCEEDED


def test_what_a_loser_returns_later_is_ignored():
    run = race().returns("b")
    before = len(run.events)
    run.returns("a")
    assert len(run.events) == before
    assert starts(run, "j") == 1


def test_a_branch_that_others_read_too_runs_on():
    run = Play(n("a"), n("b"), n("j", "a", "b", join=ANY), n("other", "b")).returns("a")
    assert run.phase("b") is Phase.RUNNING
    assert run.returns("b").launched == {"other"}
    assert starts(run, "j") == 1


def test_everything_behind_a_loser_is_stopped_or_not_begun():
    run = Play(
        n("fast"), n("s1"), n("s2", "s1"), n("s3", "s1"), n("s4", "s2", "s3"),
        n("j", "fast", "s4", join=ANY),
    ).returns("fast")  # fmt: skip
    assert run.outcome("s1") is Outcome.CANCELLED
    assert [run.outcome(x) for x in ("s2", "s3", "s4")] == [Outcome.SKIPPED] * 3
    assert {run.reason(x) for x in ("s2", "s3", "s4")} == {"not_needed"}


def test_a_loser_in_the_same_decision_is_not_even_launched():
    run = Play(n("a"), n("k", "a"), n("j", "a", "k", join=ANY)).returns("a")
    assert run.launched == {"j"}
    assert not [order for order in run.orders if isinstance(order, Abort)]


def test_losers_may_be_left_to_run_on():
    run = race(LEAVE).returns("b")
    assert run.launched == {"j"}
    run.returns("j").returns("a")
    assert run.state.status is RunStatus.RUNNING
    assert reads(run, "j") == {"b": 1}
    assert run.returns("c").state.status is RunStatus.SUCCEEDED
    assert starts(run, "j") == 1


def test_a_number_waits_for_as_many():
    run = race(TWO).returns("c")
    assert run.launched == set()
    assert run.returns("a").launched == {"j"}
    assert reads(run, "j") == {"a": 1, "c": 1}
    assert run.outcome("b") is Outcome.CANCELLED


def test_failures_are_handled_as_long_as_enough_can_come():
    run = race(TWO).fails("a").returns("b").returns("c")
    assert run.launched == {"j"}
    run.returns("j")
    assert run.outcome("a") is Outcome.FAILED
    assert (run.state.status, run.state.failure) == (RunStatus.SUCCEEDED, None)


def test_a_join_that_can_never_have_enough_is_skipped_at_once():
    run = race(TWO).fails("a").fails("b")
    skipped = next(e for e in run.events if getattr(e, "reason", None))
    assert (skipped.node, skipped.reason, skipped.cause) == ("j", SkipReason.UPSTREAM_FAILED, "a")
    assert run.phase("c") is Phase.RUNNING
    run.returns("c")
    assert run.state.status is RunStatus.FAILED
    assert run.events[-1].node == "a"


def test_a_join_of_branches_that_were_not_taken_is_skipped_for_that():
    run = Play(n("r", outputs=("x", "y")), n("j", "r.x", "r.y", join=ANY)).returns("r", outputs={})
    assert (run.outcome("j"), run.reason("j")) == (Outcome.SKIPPED, "branch_not_taken")
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_container_that_loses_is_given_up_with_all_inside():
    each = Policy(Turns.EACH, window=2)
    run = Play(n("a"), box("m", each, n("x")), n("j", "a", "m", join=ANY)).unfolds("m", 3)
    run.returns("a")
    assert run.outcome("m") is Outcome.CANCELLED
    assert run.outcome("m[0].x") is Outcome.CANCELLED
    assert run.returns("j").state.status is RunStatus.SUCCEEDED
    assert fold(run.events, run.plan) == run.state


def test_what_leaves_a_container_is_no_loser():
    inside = (n("a"), n("b"), n("j", "a", "b", join=ANY))
    run = Play(box("g", Policy(), *inside, gives=("b", "j"))).unfolds("g").returns("g.a")
    assert run.phase("g.b") is Phase.RUNNING


def test_a_loser_that_waits_for_its_next_attempt_or_outside_is_stopped():
    run = Play(n("a"), n("b", retries=2), n("c"), n("j", "a", "b", "c", join=ANY))
    run.fails("b").suspends("c").returns("a")
    assert run.outcome("b") is run.outcome("c") is Outcome.CANCELLED
    assert run.state.suspended == 0
    assert run.fires("b").launched == set()


def test_losers_of_a_result_that_is_known_are_not_begun():
    run = Play(n("a"), n("b"), n("j", "a", "b", join=ANY), n("k", "j"), given=("j",))
    assert run.launched == {"k"}
    assert run.outcome("a") is Outcome.SKIPPED


def test_a_join_that_is_paused_takes_what_had_come():
    run = race(LEAVE).pause().returns("a").returns("b").unpause()
    assert run.launched == {"j"}
    assert reads(run, "j") == {"a": 1}


# ---------------------------------------------------------------- however they ended


def test_a_settled_step_is_told_how_each_input_ended():
    run = Play(n("a"), n("b"), n("c", "b"), n("j", "a", "c", join=SETTLED), n("k", "j"))
    run.returns("a").fails("b")
    assert run.launched == {"j"}
    told = reads(run, "j")
    assert told["a"] == {"status": "fulfilled", "value": 1, "index": 0}
    assert told["c"]["status"] == "rejected"
    assert told["c"]["index"] == 1
    assert (told["c"]["reason"]["type"], told["c"]["reason"]["node"]) == ("ValueError", "b")
    run.returns("j").returns("k")
    assert run.outcome("b") is Outcome.FAILED
    assert run.state.status is RunStatus.SUCCEEDED
    assert next(e for e in run.events if isinstance(e, RunCompleted)).node is None


def test_a_branch_that_was_not_taken_has_a_record_too():
    run = Play(n("a"), n("r", outputs=("x",)), n("b", "r.x"), n("j", "a", "b", join=SETTLED))
    run.returns("a").returns("r", outputs={})
    assert run.launched == {"j"}
    assert reads(run, "j")["b"]["reason"]["type"] == "Skipped"


def test_a_settled_step_no_branch_of_which_was_taken_is_skipped():
    run = Play(n("r", outputs=("x", "y")), n("j", "r.x", join=SETTLED)).returns("r", "y")
    assert (run.outcome("j"), run.reason("j")) == (Outcome.SKIPPED, "branch_not_taken")


def test_a_failure_that_one_reader_does_not_handle_is_the_runs():
    run = Play(n("a"), n("j", "a", join=SETTLED), n("k", "a")).fails("a").returns("j")
    assert run.state.status is RunStatus.FAILED


def test_a_step_that_fails_over_the_failures_of_others_is_to_blame():
    run = Play(n("a"), n("j", "a", join=SETTLED)).fails("a").fails("j")
    assert run.state.status is RunStatus.FAILED
    assert run.events[-1].node == "j"
    assert run.state.first_failed == "j"


def test_a_turn_whose_failure_is_handled_inside_succeeds():
    inside = (n("a"), n("j", "a", join=SETTLED))
    run = Play(box("g", Policy(), *inside), n("k", "g")).unfolds("g").fails("g.a").returns("g.j")
    assert run.returns("g").launched == {"k"}
    assert run.returns("k").state.status is RunStatus.SUCCEEDED


# ---------------------------------------------------------------- taken up


def test_losers_whose_end_was_not_recorded_are_not_run_again():
    run = race().returns("b")
    cut = next(i for i, e in enumerate(run.events) if isinstance(e, NodeStarted) and e.node == "j")
    run.dies(cut)
    assert run.launched == {"j"}
    assert run.outcome("a") is Outcome.CANCELLED or run.outcome("a") is Outcome.SKIPPED
    assert run.returns("j").state.status is RunStatus.SUCCEEDED


def test_an_input_that_is_lost_is_made_again_before_the_join():
    run = race().returns("b").dies(again=["b"])
    assert run.launched == {"b"}
    assert run.returns("b").launched == {"j"}
    assert reads(run, "j") == {"b": 1}


def test_an_input_that_cannot_be_made_again_leaves_the_join_without():
    run = race().returns("b").dies(again=["b"]).fails("b")
    assert (run.outcome("j"), run.reason("j")) == (Outcome.SKIPPED, "upstream_failed")
    assert run.state.status is RunStatus.FAILED


def test_two_inputs_that_a_left_turn_skips_are_one_reason():
    loop = Policy(Turns.EACH)
    inside = (n("stop", leaves="break"), n("a", "stop"), n("b", "stop"), n("c", "a", "b"))
    run = Play(box("each", loop, *inside)).unfolds("each", 1).returns("each[0].stop")
    assert run.reason("each[0].c") == "turn_left"


# ---------------------------------------------------------------- on an engine


def test_a_race_is_over_when_the_first_is_there(start):
    async def slow(context, inputs):
        await asyncio.sleep(60)

    def stubborn(context, inputs):
        time.sleep(3)

    plan = plan_of(n("a"), n("b"), n("c"), n("j", "a", "b", "c", join=ANY))
    calls = {"a": slow, "b": lambda c, i: "first", "c": stubborn, "j": lambda c, i: dict(i)}
    before = time.monotonic()
    run = start(plan, calls).wait(10)
    assert time.monotonic() - before < 2.5
    assert run["j"].output == {"b": "first"}
    assert run["j"].inputs == {"b": "first"}
    assert run.status is RunStatus.SUCCEEDED
    assert run["a"].outcome is Outcome.CANCELLED


def test_a_late_arrival_is_not_given_to_the_next_attempt(start):
    late = threading.Event()
    seen = []

    def second(context, inputs):
        late.wait(5)
        return "late"

    def joins(context, inputs):
        seen.append(dict(inputs))
        late.set()
        if len(seen) == 1:
            while run["b"].outcome is None:
                time.sleep(0.001)
            raise ValueError("once more")

    plan = plan_of(n("a"), n("b"), n("j", "a", "b", join=LEAVE, retries=1))
    run = start(plan, {"b": second, "j": joins})
    run.wait(10)
    assert seen == [{"a": "a"}, {"a": "a"}]


def test_settled_records_reach_the_code(start):
    def boom(context, inputs):
        raise ValueError("no")

    plan = plan_of(n("a"), n("b"), n("j", "a", "b", join=SETTLED))
    run = start(plan, {"a": boom, "j": lambda c, i: dict(i)}).wait(5)
    told = run["j"].output
    assert told["b"] == {"status": "fulfilled", "value": "b", "index": 1}
    assert told["a"]["reason"]["message"] == "no"
    assert run.raise_for_status() is run


@pytest.mark.parametrize("join", [ANY, TWO, SETTLED])
def test_a_join_that_waits_is_in_the_fold_as_it_is_live(join):
    run = race(join).returns("a").fails("b")
    assert fold(run.events, run.plan) == run.state
    assert all(not isinstance(order, Launch) or order.attempt == 1 for order in run.orders)
