"""What follows from what, one behaviour per test; `test_stimuli.py` tries everything at once."""

from __future__ import annotations

import pytest
from tests.run.histories import BOOM, Play
from tests.run.plans import n, plan_of

from flowbook.errors import IllegalTransition
from flowbook.events import (
    NodeStarted,
    RunCompleted,
    RunStatus,
    TriggerKind,
)
from flowbook.events.values import ErrorInfo
from flowbook.graph.choices import Backoff, BackoffKind
from flowbook.ids import NodeId, RunId
from flowbook.run.rules.decide import decide
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Abort, CloseRun, SetTimer
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import JournalFailed, Origin, Start, StepLogged, StepReturned


def test_a_run_out_of_time_stops_and_has_failed_naming_what_was_under_way():
    run = Play(n("a"), n("b", "a"), n("c", "b"), n("d")).returns("a").expires(60.0)
    assert {(type(o), o.step) for o in run.orders} == {(Abort, 1), (Abort, 3)}
    assert run.outcome("c") is Outcome.CANCELLED
    assert not run.state.over
    run.stops("b").stops("d")
    over = run.events[-1]
    assert (over.status, over.error.type, over.node) == (RunStatus.FAILED, "TimeoutError", None)
    assert over.error.message == "the run was not over after 60s; under way: b, d"
    assert fold(run.events).verdict is RunStatus.FAILED


def test_a_run_that_dies_while_it_stops_for_want_of_time_has_failed_all_the_same():
    run = Play(n("a")).expires().dies()
    assert (run.state.verdict, run.state.failure.type) == (RunStatus.FAILED, "TimeoutError")


def test_the_deadline_of_a_run_that_is_being_cancelled_or_over_means_nothing():
    cancelled = Play(n("a")).cancel().expires().stops("a")
    assert cancelled.state.verdict is RunStatus.CANCELLED
    assert Play(n("a")).returns("a").expires().state.verdict is RunStatus.SUCCEEDED


def test_a_run_withdrawn_before_its_turn_is_cancelled_with_nothing_begun():
    plan, at = plan_of(n("a"), n("b", "a")), 1.0
    state = RunState(plan)
    start = Start(at=at, run=RunId("r"), trigger=TriggerKind.MANUAL, withdrawn="not needed")
    decision = decide(plan, state, start)
    assert [type(order) for order in decision.instructions] == [CloseRun]
    assert not any(isinstance(event, NodeStarted) for event in decision.events)
    assert state.verdict is RunStatus.CANCELLED


def test_a_step_starts_once_everything_it_reads_is_there():
    run = Play(n("a"), n("b"), n("c", "a", "b"))
    assert run.launched == {"a", "b"}
    assert run.returns("a").launched == set()
    assert run.returns("b").launched == {"c"}
    run.returns("c")
    assert run.state.status is RunStatus.SUCCEEDED
    assert run.orders == [CloseRun()]


def test_an_empty_plan_succeeds_at_once():
    run = Play()
    assert run.story() == ["RunCreated", "RunCompleted"]
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_launch_names_the_event_that_must_be_durable_first():
    run = Play(n("a"))
    (launch,) = run.orders
    assert isinstance(run.events[launch.after], NodeStarted)


def test_a_failure_skips_what_follows_and_lets_the_rest_run():
    run = Play(n("a"), n("b"), n("c", "a"), n("d", "c"), n("e", "b"))
    run.fails("a")
    assert [run.outcome(x) for x in "cd"] == [Outcome.SKIPPED] * 2
    assert run.reason("d") == "upstream_failed"
    assert run.events[-1].cause == "a"
    run.returns("b").returns("e")
    assert run.state.status is RunStatus.FAILED
    last = run.events[-1]
    assert isinstance(last, RunCompleted)
    assert (last.node, last.error) == ("a", BOOM)


def test_a_dead_branch_skips_what_follows():
    run = Play(n("route", outputs=("hot", "wet")), n("h", "route.hot"), n("w", "route.wet"))
    assert run.returns("route", "hot").launched == {"h"}
    assert run.reason("w") == "branch_not_taken"
    run.returns("h")
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_tolerant_step_runs_with_what_is_live():
    run = Play(
        n("route", outputs=("hot", "wet")),
        n("h", "route.hot"),
        n("w", "route.wet"),
        n("join", "h", "w", tolerant=True),
        n("after", "join"),
    )
    run.returns("route", "wet")
    assert run.returns("w").launched == {"join"}


def test_a_tolerant_step_is_skipped_when_nothing_is_live():
    run = Play(
        n("route", outputs=("hot", "wet")),
        n("h", "route.hot"),
        n("w", "route.wet"),
        n("join", "h", "w", tolerant=True),
    )
    run.send(StepReturned(**run._at("route"), ms=1.0, outputs={}))
    assert run.reason("join") == "branch_not_taken"
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_failed_branch_skips_even_a_tolerant_step():
    run = Play(n("a"), n("b"), n("join", "a", "b", tolerant=True))
    run.returns("a").fails("b")
    assert run.reason("join") == "upstream_failed"


def test_a_failure_outweighs_a_dead_branch():
    run = Play(n("route", outputs=("x", "y")), n("bad"), n("c", "route.x", "bad"))
    run.returns("route", "y").fails("bad")
    assert run.reason("c") == "upstream_failed"


def test_skipping_a_long_chain_does_not_recurse():
    run = Play(n("s0"), *(n(f"s{i}", f"s{i - 1}") for i in range(1, 5000)))
    run.fails("s0")
    assert run.outcome("s4999") is Outcome.SKIPPED
    assert run.state.over


def test_a_failed_attempt_is_retried_after_its_backoff():
    run = Play(n("a", retries=1, backoff=Backoff(BackoffKind.FIXED, 2.0)))
    run.fails("a")
    assert run.orders == [SetTimer(0, 1, 2.0)]
    assert run.phase("a") is Phase.BACKOFF
    run.fires("a")
    assert [o.attempt for o in run.orders] == [2]
    run.returns("a")
    assert run.state.status is RunStatus.SUCCEEDED
    assert run.state.error == [None]


def test_the_last_attempt_fails_the_step():
    run = Play(n("a", retries=1)).fails("a").fires("a").fails("a")
    assert run.outcome("a") is Outcome.FAILED
    assert run.state.attempt == [2]


def test_a_growing_backoff_is_drawn_out_by_chance():
    growing = Backoff(BackoffKind.EXPONENTIAL, 1.0)
    run = Play(n("a", retries=2, backoff=growing)).fails("a", chance=0.5)
    assert run.orders == [SetTimer(0, 1, 1.05)]


def test_a_timeout_aborts_the_attempt_and_counts_as_one():
    run = Play(n("a", timeout=3.0, retries=1)).times_out("a")
    assert run.orders[0] == Abort(0, 1)
    run.fires("a").times_out("a")
    assert run.state.error[0].type == "TimeoutError"
    assert "3 s" in run.state.error[0].message
    assert run.state.status is RunStatus.FAILED


def test_what_a_given_up_attempt_returns_later_is_ignored():
    run = Play(n("a", timeout=3.0, retries=1)).times_out("a").fires("a")
    before = len(run.events)
    run.returns("a", attempt=1)
    assert len(run.events) == before
    run.returns("a")
    assert run.outcome("a") is Outcome.SUCCEEDED


def test_cancel_tells_what_runs_and_drops_what_does_not():
    run = Play(n("a"), n("b", "a"), n("c", retries=1)).fails("c").cancel()
    assert run.orders == [Abort(0, 1)]
    assert run.phase("a") is Phase.CANCELLING
    assert [run.outcome(x) for x in "bc"] == [Outcome.CANCELLED] * 2
    run.stops("a")
    assert run.state.status is RunStatus.CANCELLED


def test_an_exception_while_cancelling_is_no_failure_and_is_not_retried():
    run = Play(n("a", retries=3)).cancel().fails("a")
    assert run.outcome("a") is Outcome.CANCELLED
    assert run.state.status is RunStatus.CANCELLED


def test_a_result_that_comes_while_cancelling_is_kept():
    run = Play(n("a"), n("b", "a")).cancel().returns("a")
    assert run.outcome("a") is Outcome.SUCCEEDED
    assert run.state.status is RunStatus.CANCELLED


def test_cancelling_twice_is_cancelling_once():
    run = Play(n("a")).cancel().cancel()
    assert run.story().count("CancelRequested") == 1


def test_a_step_that_stops_by_itself_skips_what_follows():
    run = Play(n("a"), n("b", "a")).stops("a")
    assert run.reason("b") == "upstream_cancelled"
    assert run.state.status is RunStatus.CANCELLED


def test_a_given_step_is_not_run():
    run = Play(n("a"), n("b", "a"), given=("a",))
    assert run.outcome("a") is Outcome.REUSED
    assert run.launched == {"b"}


def test_a_replay_says_what_it_replays_and_what_was_given_by_hand():
    origin = Origin(RunId("before"), 7, NodeId("c"))
    run = Play(n("a"), n("b", "a"), n("c", "b"), given=("a",), by_hand=("b",), origin=origin)
    created, first, second = run.events[:3]
    assert (created.origin, created.origin_seq, created.origin_node) == ("before", 7, "c")
    assert (first.by_hand, second.by_hand) == (False, True)
    assert run.launched == {"c"}


def test_a_pause_holds_what_becomes_ready_and_resuming_starts_it():
    run = Play(n("a"), n("b", "a"), n("c", retries=1))
    run.fails("c").pause().returns("a").fires("c")
    assert run.launched == set()
    assert [run.phase(x) for x in "bc"] == [Phase.HELD] * 2
    run.unpause()
    assert run.launched == {"b", "c"}
    assert run.state.attempt == [1, 1, 2]


def test_a_suspended_step_suspends_the_run_until_it_is_resumed():
    run = Play(n("a"), n("b", "a")).suspends("a")
    assert run.state.status is RunStatus.SUSPENDED
    assert run.resumes("a").launched == {"a"}
    assert run.state.status is RunStatus.RUNNING
    run.returns("a").returns("b")
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_run_that_cannot_be_recorded_fails_at_once():
    run = Play(n("a"), n("b", "a"))
    run.send(JournalFailed(at=1.0, error=ErrorInfo("OSError", "disk full")))
    assert run.orders == [Abort(0, 1), CloseRun()]
    assert run.state.status is RunStatus.FAILED
    assert run.state.failure.message == "disk full"
    assert run.returns("a").orders == []


def test_text_is_logged_only_for_steps_that_have_started():
    run = Play(n("a"), n("b", "a"))
    for step in (0, 1):
        run.send(StepLogged(at=1.0, step=step, stream="stdout", text="hi\n"))
    assert [e.node for e in run.events if type(e).__name__ == "NodeLogged"] == ["a"]


# ---------------------------------------------------------------- taken up by another process


def test_a_recovered_run_starts_again_what_was_under_way_and_nothing_else():
    run = Play(n("a"), n("b", "a"), n("c", "a"), n("d", "b")).returns("a").returns("c").dies()
    assert run.launched == {"b"}
    recovered, started = run.events[-2:]
    assert (recovered.lost, recovered.again, recovered.pid) == (("b",), (), 7)
    assert (started.node, started.attempt) == ("b", 2)
    run.returns("b").returns("d")
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_lost_attempt_does_not_count_against_the_retries():
    run = Play(n("a", retries=1)).dies().dies()
    assert run.state.attempt == [3]
    run.fails("a")
    assert run.phase("a") is Phase.BACKOFF
    run.fires("a").fails("a")
    assert run.outcome("a") is Outcome.FAILED


def test_attempts_that_failed_before_still_count():
    growing = Backoff(BackoffKind.EXPONENTIAL, 1.0)
    run = Play(n("a", retries=2, backoff=growing)).fails("a").fires("a").dies()
    assert run.fails("a").orders == [SetTimer(0, 3, 2.0)]
    run.fires("a").fails("a")
    assert run.outcome("a") is Outcome.FAILED


def test_a_step_lets_one_held_node_begin_and_the_run_stays_paused():
    run = Play(n("a"), n("b", "a"), n("c", "a"), n("d", "b")).pause().returns("a")
    assert run.launched == set()
    assert run.steps("c").launched == {"c"}
    assert run.steps().launched == {"b"}
    run.returns("b")
    assert (run.launched, run.state.paused, run.phase("d")) == (set(), True, Phase.HELD)
    run.returns("c").unpause()
    assert run.launched == {"d"}
    assert fold(run.events).phase == run.state.phase


def test_a_step_takes_the_most_urgent_node_and_does_nothing_where_none_is_held():
    run = Play(n("a"), n("b", "a"), n("c", "a", priority=5)).pause().steps()
    assert run.launched == set()
    assert run.returns("a").steps().launched == {"c"}
    assert run.steps("a").launched == set()
    assert run.unpause().steps("b").launched == set()


def test_a_step_keeps_to_the_limits_of_the_run():
    run = Play(n("a"), n("b", "a"), n("c", "a"), max_concurrent=1).pause().returns("a")
    assert run.steps("b").launched == {"b"}
    assert run.steps("c").launched == set()
    assert run.returns("b").launched == {"c"}


def test_a_run_that_begins_paused_begins_nothing_until_it_is_stepped():
    plan, _ = plan_of(n("a"), n("b")), 1.0
    state = RunState(plan)
    start = Start(at=1.0, run=RunId("r"), trigger=TriggerKind.MANUAL, paused=True)
    decision = decide(plan, state, start)
    assert decision.instructions == []
    assert set(state.phase) == {Phase.HELD}


def test_a_pause_before_the_next_attempt_goes_on_where_it_was():
    run = Play(n("a", retries=1, backoff=Backoff(BackoffKind.FIXED, 12.0))).fails("a").dies()
    assert run.orders == [SetTimer(0, 1, 2.0)]
    long_over = Play(n("a", retries=1, backoff=Backoff(BackoffKind.FIXED, 4.0))).fails("a").dies()
    assert long_over.orders == [SetTimer(0, 1, 0.0)]


def test_a_clock_that_went_backwards_does_not_draw_a_pause_out():
    run = Play(n("a", retries=1, backoff=Backoff(BackoffKind.FIXED, 4.0))).fails("a")
    run.now -= 3600
    assert run.dies().orders == [SetTimer(0, 1, 4.0)]


def test_what_was_settled_but_not_journalled_is_decided_anew():
    run = Play(n("a"), n("b", "a"), n("c", "b")).returns("a")
    completed = run.story().index("NodeCompleted")
    assert run.dies(after=completed + 1).launched == {"b"}
    assert run.returns("b").launched == {"c"}


def test_only_the_end_was_not_journalled():
    run = Play(n("a")).returns("a").dies(after=-1)
    assert run.orders == [CloseRun()]
    assert run.state.status is RunStatus.SUCCEEDED


def test_branches_that_were_not_taken_stay_so():
    run = Play(n("r", outputs=("x", "y")), n("hot", "r.x"), n("wet", "r.y"), n("end", "hot"))
    run.returns("r", "x").dies()
    assert run.launched == {"hot"}
    assert run.outcome("wet") is Outcome.SKIPPED
    assert run.returns("hot").launched == {"end"}


def test_a_run_that_was_cancelled_ends_so():
    run = Play(n("a"), n("b", "a"), n("c")).cancel().dies()
    assert run.orders == [CloseRun()]
    assert run.state.status is RunStatus.CANCELLED


def test_a_request_to_cancel_stands_even_if_nothing_else_of_it_was_journalled():
    run = Play(n("a"), n("b", "a"), n("c", retries=1)).fails("c").cancel()
    asked = run.story().index("CancelRequested")
    run.dies(after=asked + 1)
    assert run.state.outcome == [Outcome.CANCELLED] * 3


def test_a_paused_run_stays_paused():
    run = Play(n("a"), n("b", "a"), n("c")).returns("a").pause().dies()
    assert run.launched == set()
    assert [run.phase(x) for x in "bc"] == [Phase.HELD] * 2
    assert run.unpause().launched == {"b", "c"}


def test_a_suspended_step_stays_suspended():
    run = Play(n("a"), n("b", "a")).suspends("a").dies()
    assert run.state.status is RunStatus.SUSPENDED
    assert run.launched == set()
    assert run.resumes("a").launched == {"a"}


def test_what_a_step_gave_is_made_again_before_anybody_reads_it():
    run = Play(n("a"), n("b", "a"), n("c", "b", "a")).returns("a").returns("b")
    assert run.dies(again=["a", "b"]).launched == {"a"}
    assert [run.phase(x) for x in "bc"] == [Phase.READY] * 2
    assert run.returns("a").launched == {"b"}
    assert run.returns("b").launched == {"c"}
    assert run.state.attempt == [2, 2, 2]
    run.returns("c")
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_step_that_is_run_again_has_all_its_retries():
    run = Play(n("a", retries=1), n("b", "a")).fails("a").fires("a").returns("a")
    run.dies(again=["a"]).fails("a")
    assert run.phase("a") is Phase.BACKOFF


def test_a_step_that_fails_when_run_again_skips_who_was_under_way():
    reads_a = (n("b", "a"), n("c", "a", retries=1), n("d", "a"))
    run = Play(n("a"), *reads_a).returns("a").fails("c").suspends("d").dies(again=["a"])
    run.fails("a")
    assert run.reason("b") == "upstream_failed"
    run.fires("c").resumes("d")
    assert [run.reason(x) for x in "cd"] == ["upstream_failed"] * 2
    assert run.state.status is RunStatus.FAILED


def test_a_pause_that_ends_before_its_input_is_made_again_waits_for_it():
    run = Play(n("a"), n("c", "a", retries=1)).returns("a").fails("c").dies(again=["a"])
    assert run.fires("c").launched == set()
    assert run.returns("a").launched == {"c"}


def test_an_event_that_cannot_follow_tells_the_story():
    run = Play(n("a")).returns("a")
    with pytest.raises(IllegalTransition) as caught:
        fold([*run.events, run.events[-1]], run.plan)
    assert caught.value.story[-2:] == (run.events[-1], run.events[-1])


def test_an_attempt_that_failed_for_good_is_not_retried():
    run = Play(n("a", retries=3)).fails("a", final=True)
    assert run.outcome("a") is Outcome.FAILED
    assert run.state.attempt == [1]


def test_a_retry_waits_as_long_as_the_other_side_asks():
    fixed = Backoff(BackoffKind.FIXED, 0.5)
    run = Play(n("a", retries=1, backoff=fixed)).fails("a", wait=4.0)
    assert run.orders == [SetTimer(0, 1, 4.0)]


def test_what_was_not_asked_for_stays_so_when_another_process_goes_on():
    nodes = (n("a"), n("b", "a"), n("c", "a"), n("d", "b", "c"))
    play = Play(*nodes, unasked=("c", "d")).returns("a").dies()
    assert play.launched == {"b"}
    play.returns("b")
    assert play.state.status is RunStatus.SUCCEEDED
    assert [play.reason(name) for name in "cd"] == ["not_asked", "not_asked"]
