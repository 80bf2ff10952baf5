"""What a run does that is out of time and may have it again; and when it then is over at last."""

from __future__ import annotations

import pytest
from tests.run.histories import Play
from tests.run.plans import box, n

from flowbook.errors import IllegalTransition
from flowbook.events import NodeRetryScheduled, RunRetried, RunStatus
from flowbook.graph.container import Policy, Turns
from flowbook.run.rules.deadline import last_deadline
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Abort, SetTimer
from flowbook.run.rules.phase import Outcome, Phase

MINUTE = 60.0


def timed(*nodes, again=1, **more):
    return Play(*nodes, timeout=MINUTE, timeout_retries=again, **more)


def told(run, kind):
    return [event for event in run.events if isinstance(event, kind)]


def test_what_is_under_way_begins_anew_and_what_is_done_stays_done():
    run = timed(n("a"), n("b", "a"), n("c", "b"), n("d")).returns("a").expires()
    b, d = run.state.index["b"], run.state.index["d"]
    assert [type(o) for o in run.orders if o.step == b] == [Abort, SetTimer]
    assert {o.step for o in run.orders} == {b, d}
    (again,) = told(run, RunRetried)
    assert (again.attempt, again.lost, again.deadline) == (2, ("b", "d"), run.now + MINUTE)
    assert again.error.message == "the run was not over after 60s; under way: b, d"
    assert {one.ms for one in told(run, NodeRetryScheduled)} == {MINUTE * 1e3}
    assert run.fires("b").launched == {"b"}
    run.fires("d").returns("d").returns("b").returns("c")
    assert run.state.verdict is RunStatus.SUCCEEDED
    assert [run.state.attempt[run.state.index[name]] for name in "abcd"] == [1, 2, 1, 2]
    assert fold(run.events, run.plan) == run.state


def test_a_run_fails_when_it_has_had_all_its_attempts():
    run = timed(n("a"), again=2).expires().fires("a").expires().fires("a").expires(61.0).stops("a")
    assert run.state.verdict is RunStatus.FAILED
    assert [one.attempt for one in told(run, RunRetried)] == [2, 3]
    said = run.events[-1].error.message
    assert said == "the run was not over after 61s (attempt 3 of the run); under way: a"


def test_the_retries_of_a_node_are_not_used_up_by_those_of_its_run():
    run = timed(n("a", retries=1)).expires().fires("a")
    assert run.fails("a").phase("a") is Phase.BACKOFF
    assert run.fires("a").fails("a").outcome("a") is Outcome.FAILED


def test_the_deadline_of_whoever_calls_is_not_moved():
    run = timed(n("a"), ends=1_767_258_000.0 + 10.0).expires(10.0).stops("a")
    assert run.state.verdict is RunStatus.FAILED
    assert not told(run, RunRetried)


def test_what_waits_waits_on():
    waits = timed(n("a")).suspends("a", signal="paid", timeout_at=1_767_258_000.0 + 1e6).expires()
    assert waits.phase("a") is Phase.SUSPENDED
    assert told(waits, RunRetried)[0].lost == ()
    pausing = timed(n("a", retries=1)).fails("a").expires()
    assert pausing.phase("a") is Phase.BACKOFF
    assert pausing.orders == []


def test_a_turn_goes_on_with_its_node_begun_anew():
    each = box("each", Policy(Turns.EACH), n("work"))
    run = timed(each).unfolds("each", 2).returns("each[0].work")
    run.expires()
    assert told(run, RunRetried)[0].lost == ("each[1].work",)
    assert run.phase("each") is Phase.TURNING
    run.fires("each[1].work").returns("each[1].work").returns("each")
    assert run.state.verdict is RunStatus.SUCCEEDED


def test_what_cleans_up_is_left_alone():
    guard = box(
        "guard", Policy(Turns.GUARDED, told="error"), n("risky"), **{"finally": [n("sweep")]}
    )
    run = timed(guard).unfolds("guard").returns("guard.risky").expires()
    assert (told(run, RunRetried)[0].lost, run.phase("guard.finally.sweep")) == ((), Phase.RUNNING)


def test_a_paused_run_has_its_time_again_and_begins_nothing():
    run = timed(n("a")).pause().expires().fires("a")
    assert (run.launched, run.phase("a")) == (set(), Phase.HELD)
    assert run.unpause().launched == {"a"}


def test_another_process_goes_on_with_the_attempt_and_its_deadline():
    run = timed(n("a")).expires()
    ends = run.state.deadline
    run.dies()
    assert (run.state.tries, run.state.deadline) == (2, ends)
    assert run.expires(MINUTE).state.cancelling


def test_a_called_run_may_take_until_the_last_attempt_of_its_caller():
    run = timed(n("a"), again=2)
    assert last_deadline(run.state, run.plan.options) == run.state.deadline + 2 * MINUTE
    run.expires().expires()
    assert last_deadline(run.state, run.plan.options) == run.state.deadline
    bound = timed(n("a"), again=2, ends=1_767_258_000.0 + 10.0)
    assert last_deadline(bound.state, bound.plan.options) == 1_767_258_000.0 + 10.0
    assert last_deadline(Play(n("a")).state, Play(n("a")).plan.options) is None


@pytest.mark.parametrize(
    ("attempt", "lost", "stops"), [(3, (), False), (2, ("b",), False), (2, (), True)]
)
def test_the_fold_refuses_what_cannot_have_been(attempt, lost, stops):
    run = timed(n("a"), n("b", "a"))
    if stops:
        run.cancel()
    wrong = RunRetried(
        run=run.state.run, seq=run.state.seq, at=run.now, attempt=attempt, deadline=run.now + 1,
        error=told(timed(n("a")).expires(), RunRetried)[0].error, lost=lost,
    )  # fmt: skip
    with pytest.raises(IllegalTransition):
        fold([*run.events, wrong], run.plan)
