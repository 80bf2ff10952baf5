"""Runs whose process was lost in the middle of a decision, and other rare meetings inside of turns.

Each of these was found by `tests/schedules` first, and is told here in as few nodes as it takes.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.run.histories import REF, Play
from tests.run.plans import box, n

from flowbook.events import NodeLogged, RunStatus, ScopeLeft, ScopeOpened, SkipReason
from flowbook.events.values import ErrorInfo
from flowbook.graph.container import Policy, Turns
from flowbook.plan.plan import Join
from flowbook.run.rules.instruction import Abort, Consult, Gather, SetTimer
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.stimulus import JournalFailed, StepRecalled, StepStreamed, StepUsed

EACH = Policy(Turns.EACH)
MAP = Policy(Turns.EACH, window=3, stop=False, settle=True)
ANEW = Policy(Turns.EACH, window=3, stop=False, settle=True, retries=1)


def cut(run, kind, number=0):
    """How many events there are with the one that is the last to be on disk."""
    return [i for i, event in enumerate(run.events) if isinstance(event, kind)][number] + 1


def left():
    """A loop in whose first turn `out` breaks while `slow` runs."""
    loop = box("each", EACH, n("out", leaves="break"), n("slow"), n("after", "slow"))
    return Play(loop).unfolds("each", 3).returns("each[0].out")


def test_a_turn_that_was_left_is_over_though_nobody_is_there_to_stop():
    run = left()
    assert run.phase("each[0].slow") is Phase.CANCELLING
    run.dies()
    assert run.outcome("each[0].slow") is Outcome.CANCELLED
    assert [o for o in run.orders if isinstance(o, Gather)]
    assert run.returns("each").state.status is RunStatus.SUCCEEDED


def test_what_was_ready_in_a_turn_that_was_left_does_not_start():
    run = left()
    run.dies(cut(run, ScopeLeft))
    assert run.reason("each[0].after") == SkipReason.TURN_LEFT
    assert run.launched == set()


def test_a_break_counts_though_only_its_completion_was_journalled():
    run = left()
    run.dies(cut(run, ScopeLeft) - 1)
    assert run.launched == set()
    assert run.state.scopes[1].left == "break"
    assert len([e for e in run.events if isinstance(e, ScopeOpened)]) == 1


def test_a_container_that_took_too_long_has_failed_though_only_a_part_of_it_was_journalled():
    run = Play(box("m", MAP, n("x"), timeout=1.0)).unfolds("m", 5).times_out("m")
    run.dies(cut(run, ScopeLeft))
    assert run.state.status is RunStatus.FAILED
    assert run.state.failure.type == "TimeoutError"


def test_a_turn_ends_whose_last_node_is_skipped_when_the_run_is_taken_up():
    route = n("route", outputs=("x", "y"))
    run = Play(box("m", MAP, route, n("a", "route.y"), n("b", "route.y"))).unfolds("m", 1)
    run.returns("m[0].route", "x")
    assert run.events[-1].status is RunStatus.SUCCEEDED
    run.dies(-2)
    assert run.reason("m[0].b") == SkipReason.BRANCH_NOT_TAKEN
    assert [o for o in run.orders if isinstance(o, Gather)]


def test_a_condition_is_asked_once_by_a_run_that_is_taken_up():
    run = Play(box("w", Policy(Turns.WHILE), n("x"))).unfolds("w").consulted("w", 0, go_on=True)
    run.returns("w[0].x").dies(-1)
    assert [o.index for o in run.orders if isinstance(o, Consult)] == [1]


def test_a_node_that_waited_ends_its_turn_when_what_it_read_cannot_be_made_again():
    run = Play(box("g", Policy(), n("a"), n("b", "a"))).unfolds("g").returns("g.a")
    run.suspends("g.b").dies(again=["g.a"]).fails("g.a").resumes("g.b")
    assert run.reason("g.b") == SkipReason.UPSTREAM_FAILED
    assert run.state.status is RunStatus.FAILED


def test_so_does_one_that_was_between_two_attempts():
    run = Play(box("g", Policy(), n("a"), n("b", "a", retries=1))).unfolds("g").returns("g.a")
    run.fails("g.b").dies(again=["g.a"]).fails("g.a")
    assert run.fires("g.b").state.status is RunStatus.FAILED


def test_so_does_one_that_was_held_by_a_pause():
    run = Play(box("g", Policy(), n("a"), n("b", "a"))).unfolds("g").returns("g.a")
    run.dies(again=["g.a"]).pause().fails("g.a").unpause()
    assert run.state.status is RunStatus.FAILED


@pytest.mark.parametrize("again", [[], ["a"]])
def test_a_cancelled_run_that_is_taken_up_ends_its_turns_before_their_container(again):
    run = Play(n("a"), box("m", MAP, n("x"), reads=("a",))).returns("a").unfolds("m", 2)
    run.cancel().dies(again=again)
    assert run.state.status is RunStatus.CANCELLED
    assert [scope.status for scope in run.state.scopes[1:]] == [RunStatus.CANCELLED] * 2
    assert run.events[-2].node == "m"


# ---------------------------------------------------------------- with nothing lost


def test_a_run_that_waits_inside_of_a_container_is_cancelled_once():
    run = Play(box("g", Policy(), n("x"))).unfolds("g").suspends("g.x").cancel()
    assert run.story().count("RunCompleted") == 1
    assert run.state.status is RunStatus.CANCELLED


def test_a_full_disk_ends_every_turn():
    run = Play(box("m", MAP, n("x"))).unfolds("m", 2)
    run.send(JournalFailed(at=run.now, error=ErrorInfo("OSError", "disk full")))
    assert [scope.status for scope in run.state.scopes[1:]] == [RunStatus.CANCELLED] * 2
    assert run.state.status is RunStatus.FAILED


def test_what_a_node_of_a_turn_says_that_has_begun_anew_comes_too_late():
    inside = (n("x"), n("y", "x"), n("late"))
    run = Play(box("g", Policy(), *inside, timeout=1.0, retries=1)).unfolds("g")
    old = run.state.index["g.late"]
    run.times_out("g").fires("g").unfolds("g").returns("g.x")
    run.says("g.late", "in time\n")
    before = run.state.index["g.late"]
    assert before != old
    run.state.index["old"] = old  # its thread goes on
    run.says("old", "too late\n")
    assert [e.text for e in run.events if isinstance(e, NodeLogged)] == ["in time\n"]


def test_a_node_that_is_told_to_stop_before_it_is_recalled_has_stopped():
    run = Play(n("a", cache=True)).cancel()
    run.send(StepRecalled(**run._at("a"), outputs={"a": REF}))
    assert run.state.status is RunStatus.CANCELLED


def test_a_loser_that_somebody_else_reads_goes_on():
    one = n("one", "first", "second", join=Join(1))
    all_ = n("all", "first", "one", join=Join(1, cancels=True))
    run = Play(n("first"), n("second"), n("reader", "second"), one, all_).returns("first")
    assert run.phase("second") is Phase.RUNNING
    run.returns("second").returns("reader").returns("all")
    assert run.outcome("one") is Outcome.CANCELLED
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_pause_that_was_under_way_in_a_turn_begun_anew_is_set_once():
    run = Play(box("m", ANEW, n("x", retries=1))).unfolds("m", 1).fails("m[0].x")
    run.dies()
    assert [type(order) for order in run.orders] == [SetTimer]
    run.fires("m[0].x").fails("m[0].x")
    assert run.launched == {"m[0].x"}
    assert run.state.turning[0].tries == {0: 1}


# ---------------------------------------------------------------- who ends others, and who asks

ASKS = replace(MAP, asks=True)


def test_a_container_that_cannot_say_whether_it_has_enough_gives_its_turns_up():
    run = Play(box("m", ASKS, n("x"), retries=1)).unfolds("m", 3).returns("m[0].x").fails("m")
    assert {type(o) for o in run.orders} == {Abort, SetTimer}
    assert {s.status for s in run.state.scopes[2:]} == {RunStatus.CANCELLED}
    run.dies(cut(run, ScopeLeft))
    assert run.phase("m") is Phase.BACKOFF, "and the same if that is all that was journalled"


@pytest.mark.parametrize("answers", ["consulted", "fails"])
def test_an_answer_does_not_end_a_cancelled_container_before_its_turns(answers):
    run = Play(box("m", ASKS, n("x"))).unfolds("m", 2).returns("m[0].x").cancel()
    run.consulted("m", 1, go_on=False) if answers == "consulted" else run.fails("m")
    assert run.phase("m") is Phase.CANCELLING
    assert run.stops("m[1].x").state.status is RunStatus.CANCELLED
    assert run.outcome("m") is Outcome.CANCELLED


def test_a_join_that_was_cancelled_stops_nobody_when_the_run_is_taken_up():
    join = n("j", "b", "a", join=Join(1, cancels=True))
    run = Play(n("a", cancels=("j",)), n("b"), join).returns("a")
    assert run.phase("b") is Phase.RUNNING
    assert run.dies().launched == {"b"}


def test_a_node_of_a_turn_before_ends_nothing_of_the_next_when_the_run_is_taken_up():
    inner = box("in", Policy(), n("x", cancels=("y",)), n("y"))
    run = Play(box("g", Policy(), inner, n("z", "in"), retries=1)).unfolds("g").unfolds("g.in")
    run.returns("g.in.x").returns("g.in").fails("g.z").fires("g").unfolds("g").unfolds("g.in")
    run.dies()
    assert run.launched == {"g.in.x", "g.in.y"}


def test_what_an_attempt_used_before_its_turn_began_anew_is_told_of_no_other():
    run = Play(box("g", Policy(), n("x"), n("late", "x"), timeout=1.0, retries=1)).unfolds("g")
    old = run.returns("g.x").state.index["g.late"]
    run.times_out("g").fires("g").unfolds("g")
    seen = len(run.events)
    run.send(StepUsed(at=run.now, step=old, attempt=1, cpu_ms=5.0))
    run.send(StepStreamed(at=run.now, step=old, attempt=1, channel="data", value=REF))
    assert len(run.events) == seen


def test_behind_a_container_no_turn_begins_in_a_run_that_is_to_stop():
    tidy = box("tidy", Policy(Turns.GUARDED), n("x"), **{"finally": [n("sweep")]})
    lasting = box("each", replace(MAP, window=2, enough=0, outlasts=True), tidy)
    run = Play(lasting).unfolds("each", 3).unfolds("each[0].tidy").cancel()
    run.stops("each[1].tidy").stops("each[0].tidy.x").returns("each").dies()
    assert run.launched == {"each[0].tidy.finally.sweep"}
    assert "each[2].tidy" not in run.state.index
    assert run.returns("each[0].tidy.finally.sweep").state.status is RunStatus.CANCELLED
