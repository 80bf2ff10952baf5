"""Steps that wait, on paper: what ends a wait, once, and what a step goes on with."""

from __future__ import annotations

from tests.run.histories import Play
from tests.run.plans import n

from flowbook.events import NodeStarted, RunStatus
from flowbook.run.rules.instruction import Await
from flowbook.run.rules.phase import Outcome, Phase


def test_a_resumed_step_goes_on_with_the_attempt_that_waited():
    run = Play(n("a", retries=1)).suspends("a").resumes("a")
    assert [e.attempt for e in run.events if type(e) is NodeStarted] == [1, 1]
    assert run.fails("a").fires("a").launched == {"a"}
    assert run.state.attempt == [2]
    run.suspends("a").resumes("a").fails("a")
    assert run.outcome("a") is Outcome.FAILED  # one retry, however often it waited


def test_what_came_stays_with_a_step_until_it_waits_anew():
    run = Play(n("a", retries=1)).suspends("a", data={"n": 1}).resumes("a", payload=7, signal="s")
    waited, came = run.fails("a").fires("a").state.resumed[0]
    assert (waited.data, came.payload, came.by) == ({"n": 1}, 7, "signal")
    assert run.suspends("a").state.resumed == {}


def test_a_signal_is_used_once():
    run = Play(n("a"), n("b")).suspends("a").suspends("b").resumes("a", signal="s")
    assert run.resumes("b", signal="s").orders == []
    assert run.phase("b") is Phase.SUSPENDED
    assert run.dies().resumes("b", signal="s").orders == []


def test_a_signal_for_an_earlier_wait_of_a_step_is_none():
    run = Play(n("a")).suspends("a")
    since = run.state.waiting[0].seq
    run.resumes("a").suspends("a")
    assert run.resumes("a", since=since).orders == []
    assert run.due("a", 999, since=since).orders == []


def test_a_wait_never_ends_early():
    run = Play(n("a"))
    run.suspends("a", until=run.now + 60)
    assert run.due("a", 30).orders == [Await(0, run.state.waiting[0].seq)]
    assert run.due("a", 40).launched == {"a"}
    assert run.state.resumed[0][1].by == "time"


def test_a_wait_in_vain_is_resumed_by_its_timeout():
    run = Play(n("a"))
    run.suspends("a", timeout_at=run.now + 60).due("a", 60)
    assert run.state.resumed[0][1].by == "timeout"


def test_another_process_listens_for_what_the_lost_one_waited_for():
    run = Play(n("a"), n("b")).suspends("a", signal="x").dies()
    assert Await(0, run.state.waiting[0].seq) in run.orders


def test_a_step_that_had_been_resumed_and_not_begun_keeps_its_attempt_and_what_came():
    run = Play(n("a")).suspends("a").pause().resumes("a", payload=1, signal="s")
    assert run.phase("a") is Phase.HELD
    run.dies().unpause()
    assert run.launched == {"a"}
    assert (run.state.attempt, run.state.resumed[0][1].payload) == ([1], 1)


def test_a_step_lost_after_it_was_resumed_gets_what_came_again():
    run = Play(n("a")).suspends("a").resumes("a", payload=1, signal="s").dies()
    assert run.launched == {"a"}
    assert (run.state.attempt, run.state.resumed[0][1].payload) == ([2], 1)


def test_a_cancelled_step_waits_no_more_before_it_is_cancelled():
    run = Play(n("a"), n("b", "a")).suspends("a").cancel()
    assert run.story()[-5:] == [
        "CancelRequested", "NodeResumed", "NodeCancelled", "NodeCancelled", "RunCompleted",
    ]  # fmt: skip
    assert (run.state.waiting, run.state.suspended) == ({}, 0)


def test_a_paused_run_is_cancelled_while_a_step_waits():
    run = Play(n("a"), n("b")).suspends("a").pause().returns("b").cancel()
    assert run.state.status is RunStatus.CANCELLED
