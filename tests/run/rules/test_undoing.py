"""What undoes, what sets up and what tears down, on paper; then random flows that fail and die."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.run.histories import BOOM, Play
from tests.run.plans import box, n

from flowbook.events import (
    ItemsAdded,
    NodeCompleted,
    NodeStarted,
    RunCompleted,
    RunEnding,
    RunStatus,
    ScopeOpened,
)
from flowbook.graph.container import Policy, Turns
from flowbook.plan.plan import Join
from flowbook.run.rules.decide import decide
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Abort, Launch, SetTimer
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.stimulus import (
    CancelAsked,
    StepCancelled,
    StepRaised,
    StepReturned,
    StepUnfolded,
    TakenUp,
    TimerFired,
)

TRY = Policy(Turns.GUARDED, told="error")
MAP = Policy(Turns.EACH, window=2, stop=False, settle=True)
EACH = Policy(Turns.EACH)
GROUP = Policy()


def order(**ship):
    """Two steps that can be undone, and one that cannot."""
    return Play(
        n("reserve", compensate="release"),
        n("charge", "reserve", compensate="refund"),
        n("ship", "charge", **ship),
        n("release", "reserve"),
        n("refund", "charge", retries=1),
    )


def closing(run):
    end = run.events[-1]
    assert isinstance(end, RunCompleted)
    return end.status, end.compensated, end.uncompensated


# ---------------------------------------------------------------- undoing


def test_a_run_that_fails_undoes_what_completed_the_last_first_and_one_by_one():
    run = order().returns("reserve").returns("charge").fails("ship")
    assert run.launched == {"refund"}
    assert run.returns("refund").launched == {"release"}
    run.returns("release")
    assert closing(run) == (RunStatus.FAILED, ("charge", "reserve"), ())
    assert run.events[-1].node == "ship"
    assert run.state.failure == BOOM


def test_a_run_that_succeeds_undoes_nothing_and_waits_for_nothing():
    run = order().returns("reserve").returns("charge").returns("ship")
    assert closing(run) == (RunStatus.SUCCEEDED, (), ())
    assert run.outcome("refund") is Outcome.SKIPPED
    assert run.reason("refund") == "not_needed"
    assert not any(isinstance(event, RunEnding) for event in run.events)


def test_what_did_not_complete_is_not_undone():
    run = order().returns("reserve").fails("charge")
    assert run.launched == {"release"}
    assert closing(run.returns("release")) == (RunStatus.FAILED, ("reserve",), ())


def test_what_was_known_from_elsewhere_is_not_undone():
    run = Play(
        n("reserve", compensate="release"), n("ship", "reserve"), n("release"), given=("reserve",)
    ).fails("ship")
    assert closing(run) == (RunStatus.FAILED, (), ())


def test_a_cancelled_run_stops_first_and_then_undoes():
    run = order().returns("reserve").returns("charge").cancel()
    assert [type(one) for one in run.orders] == [Abort]
    assert run.stops("ship").launched == {"refund"}
    run.returns("refund").returns("release")
    assert closing(run) == (RunStatus.CANCELLED, ("charge", "reserve"), ())


def test_a_run_out_of_time_undoes_too_and_has_failed_of_its_time():
    run = order().returns("reserve").returns("charge").expires().stops("ship")
    run.returns("refund").returns("release")
    assert closing(run) == (RunStatus.FAILED, ("charge", "reserve"), ())
    assert run.state.failure.type == "TimeoutError"


def test_undoing_is_tried_again_and_what_cannot_be_undone_does_not_stop_the_others():
    run = order().returns("reserve").returns("charge").fails("ship").fails("refund")
    assert run.fires("refund").launched == {"refund"}
    assert run.fails("refund").launched == {"release"}
    run.returns("release")
    assert closing(run) == (RunStatus.FAILED, ("reserve",), ("charge",))
    assert run.events[-1].node == "ship"  # the failure is what it was


def test_asking_a_second_time_gives_up_on_undoing():
    run = order().returns("reserve").returns("charge").cancel().stops("ship").cancel()
    assert [type(one) for one in run.orders] == [Abort]
    run.stops("refund")
    assert closing(run) == (RunStatus.CANCELLED, (), ("charge", "reserve"))


def test_force_gives_up_on_it_at_once():
    run = order().returns("reserve").returns("charge").cancel(force=True).stops("ship")
    assert closing(run) == (RunStatus.CANCELLED, (), ("charge", "reserve"))


def test_a_run_that_failed_stays_failed_when_it_is_cancelled_while_it_undoes():
    run = order().returns("reserve").returns("charge").fails("ship").cancel()
    assert run.orders == []  # what undoes goes on
    run.returns("refund").returns("release")
    assert closing(run) == (RunStatus.FAILED, ("charge", "reserve"), ())


def test_its_time_does_not_run_out_while_it_undoes():
    run = order().returns("reserve").returns("charge").fails("ship").expires()
    assert run.orders == []
    assert run.returns("refund").returns("release").state.failure == BOOM


def test_a_paused_run_undoes_when_it_goes_on():
    run = order().returns("reserve").returns("charge").pause().fails("ship")
    assert run.phase("refund") is Phase.HELD
    assert run.unpause().launched == {"refund"}


def test_undoing_may_wait_for_something_outside():
    run = order().returns("reserve").returns("charge").fails("ship").suspends("refund")
    assert run.state.status is RunStatus.SUSPENDED
    assert run.resumes("refund").launched == {"refund"}


def test_a_join_that_has_enough_stops_a_branch_that_only_undoing_reads():
    run = Play(
        n("slow", compensate="undo"),
        n("fast"),
        n("first", "slow", "fast", join=Join(1, cancels=True)),
        n("undo", "slow"),
    ).returns("fast")
    assert Abort(0, 1) in run.orders
    assert closing(run.returns("first")) == (RunStatus.SUCCEEDED, (), ())


# ---------------------------------------------------------------- after a crash


def test_a_crash_while_it_undoes_repeats_nothing_that_was_journalled():
    run = order().returns("reserve").returns("charge").fails("ship").returns("refund").dies()
    assert run.launched == {"release"}
    run.returns("release")
    assert closing(run) == (RunStatus.FAILED, ("charge", "reserve"), ())
    assert [e.node for e in run.events if isinstance(e, NodeCompleted)].count("refund") == 1


def test_a_crash_before_anything_was_undone_undoes_everything():
    run = order().returns("reserve").returns("charge").fails("ship")
    failed = next(i for i, event in enumerate(run.events) if event.__class__ is RunEnding)
    assert run.dies(after=failed).launched == {"refund"}
    assert run.returns("refund").launched == {"release"}


def test_a_crash_while_a_cancelled_run_undoes_goes_on_undoing():
    run = order().returns("reserve").returns("charge").cancel().stops("ship").dies()
    assert run.launched == {"refund"}
    run.returns("refund").returns("release")
    assert closing(run) == (RunStatus.CANCELLED, ("charge", "reserve"), ())


def test_a_crash_before_what_was_told_to_stop_has_stopped():
    run = order().returns("reserve").returns("charge").cancel().dies()
    assert run.launched == {"refund"}


def test_a_crash_after_giving_up_ends_the_run():
    run = order().returns("reserve").returns("charge").cancel(force=True).dies()
    assert closing(run) == (RunStatus.CANCELLED, (), ("charge", "reserve"))


# ---------------------------------------------------------------- inside of containers


def paid(*more, **kept):
    return (n("pay", compensate="repay"), n("send", "pay"), n("repay", "pay"), *more)


def test_a_body_that_is_caught_is_undone_before_it_is_caught():
    run = Play(box("guard", TRY, *paid(), catch=[n("instead")]), n("b", "guard"))
    run.unfolds("guard").returns("guard.pay").fails("guard.send")
    assert run.launched == {"guard.repay"}
    assert run.returns("guard.repay").launched == {"guard.catch.instead"}
    run.returns("guard.catch.instead").returns("guard").returns("b")
    assert closing(run) == (RunStatus.SUCCEEDED, ("guard.pay",), ())


def test_an_item_of_a_map_that_fails_undoes_its_own_and_nothing_else():
    run = Play(box("each", MAP, *paid())).unfolds("each", 2)
    run.returns("each[0].pay").returns("each[1].pay").fails("each[1].send")
    assert run.launched == {"each[1].repay"}
    run.returns("each[0].send").returns("each[1].repay").returns("each")
    assert closing(run) == (RunStatus.SUCCEEDED, ("each[1].pay",), ())


def test_an_item_is_undone_before_it_begins_anew():
    again = Policy(Turns.EACH, window=2, stop=False, settle=True, retries=1)
    run = Play(box("each", again, *paid())).unfolds("each", 1)
    run.returns("each[0].pay").fails("each[0].send")
    assert run.launched == {"each[0].repay"}
    assert run.returns("each[0].repay").launched == {"each[0].pay"}
    run.returns("each[0].pay").returns("each[0].send").returns("each")
    assert closing(run) == (RunStatus.SUCCEEDED, ("each[0].pay",), ())


def test_turns_that_went_well_are_undone_when_what_is_around_them_fails():
    run = Play(box("each", EACH, *paid()), n("after", "each")).unfolds("each", 2)
    for i in range(2):
        run.returns(f"each[{i}].pay").returns(f"each[{i}].send")
    run.returns("each").fails("after")
    assert run.launched == {"each[1].repay"}
    assert run.returns("each[1].repay").launched == {"each[0].repay"}
    run.returns("each[0].repay")
    assert closing(run) == (RunStatus.FAILED, ("each[1].pay", "each[0].pay"), ())


def test_a_loop_that_fails_is_undone_before_it_is_tried_again():
    run = Play(box("each", EACH, *paid(), retries=1)).unfolds("each", 2)
    run.returns("each[0].pay").returns("each[0].send").returns("each[1].pay").fails("each[1].send")
    assert run.launched == {"each[1].repay"}
    assert run.returns("each[1].repay").launched == {"each[0].repay"}
    run.returns("each[0].repay")
    assert run.phase("each") is Phase.BACKOFF


def test_a_container_that_is_undone_as_a_whole_leaves_what_is_inside():
    group = box("trip", GROUP, *paid(), compensate="cancel_trip")
    run = Play(group, n("after", "trip"), n("cancel_trip", "trip")).unfolds("trip")
    run.returns("trip.pay").returns("trip.send").returns("trip").fails("after")
    assert run.launched == {"cancel_trip"}
    assert closing(run.returns("cancel_trip")) == (RunStatus.FAILED, ("trip",), ())


def test_a_container_that_did_not_complete_is_undone_by_what_is_inside():
    group = box("trip", GROUP, *paid(), compensate="cancel_trip")
    run = Play(group, n("cancel_trip", "trip")).unfolds("trip")
    run.returns("trip.pay").fails("trip.send").returns("trip.repay")
    assert closing(run) == (RunStatus.FAILED, ("trip.pay",), ())


def test_what_undoes_may_be_a_container():
    undo = box("undo", GROUP, n("first"), n("second", "first"), reads=("a",))
    run = Play(n("a", compensate="undo"), n("b", "a"), undo).returns("a").fails("b")
    assert run.launched == {"undo"}
    assert run.unfolds("undo").launched == {"undo.first"}
    assert run.cancel().orders == []
    run.returns("undo.first").returns("undo.second").returns("undo")
    assert closing(run) == (RunStatus.FAILED, ("a",), ())


def test_a_turn_that_is_left_for_the_failure_of_another_is_undone():
    stops = Policy(Turns.EACH, window=2, stop=True, settle=True)
    run = Play(box("each", stops, *paid())).unfolds("each", 2)
    run.returns("each[0].pay").returns("each[1].pay").fails("each[1].send")
    run.returns("each[1].repay").stops("each[0].send")
    assert run.launched == {"each[0].repay"}
    run.returns("each[0].repay").returns("each")
    assert closing(run) == (RunStatus.SUCCEEDED, ("each[1].pay", "each[0].pay"), ())


def test_a_container_out_of_time_is_undone_before_it_is_tried_again():
    run = Play(box("trip", GROUP, *paid(), timeout=1.0, retries=1)).unfolds("trip")
    run.returns("trip.pay").times_out("trip")
    assert [type(one) for one in run.orders] == [Abort]
    assert run.stops("trip.send").launched == {"trip.repay"}
    run.returns("trip.repay")
    assert run.phase("trip") is Phase.BACKOFF
    assert run.state.error[run.state.index["trip"]].type == "TimeoutError"


# ---------------------------------------------------------------- finally


def swept(**more):
    blocks = {"finally": [n("sweep")]}
    return Play(box("guard", TRY, n("risky"), **blocks, **more), n("b", "guard")).unfolds("guard")


def test_a_cancelled_run_finishes_what_it_guards():
    run = swept().cancel()
    assert run.stops("guard.risky").launched == {"guard.finally.sweep"}
    run.returns("guard.finally.sweep")
    assert run.state.status is RunStatus.CANCELLED
    assert run.outcome("guard.finally.sweep") is Outcome.SUCCEEDED


def test_a_finally_that_has_begun_goes_on_when_the_run_is_cancelled():
    run = swept().returns("guard.risky").cancel()
    assert run.orders == []
    assert run.returns("guard.finally.sweep").state.status is RunStatus.CANCELLED


def test_a_run_out_of_time_finishes_what_it_guards():
    run = swept().expires().stops("guard.risky")
    assert run.launched == {"guard.finally.sweep"}
    assert run.returns("guard.finally.sweep").state.failure.type == "TimeoutError"


def test_a_guard_out_of_time_finishes_and_then_fails():
    run = swept(timeout=1.0).times_out("guard").stops("guard.risky")
    assert run.launched == {"guard.finally.sweep"}
    run.returns("guard.finally.sweep")
    assert run.state.failure.type == "TimeoutError"
    assert run.outcome("guard") is Outcome.FAILED


def test_a_guard_inside_of_what_is_out_of_time_finishes():
    guard = box("guard", TRY, n("risky"), **{"finally": [n("sweep")]})
    run = Play(box("trip", GROUP, guard, timeout=1.0)).unfolds("trip").unfolds("trip.guard")
    run.times_out("trip").stops("trip.guard.risky")
    assert run.launched == {"trip.guard.finally.sweep"}
    run.returns("trip.guard.finally.sweep")
    assert run.state.failure.type == "TimeoutError"


def test_a_guard_that_nobody_needs_any_more_finishes():
    guard = box("guard", TRY, n("risky"), **{"finally": [n("sweep")]})
    first = n("first", "guard", "fast", join=Join(1, cancels=True))
    run = Play(guard, n("fast"), first).unfolds("guard").returns("fast").stops("guard.risky")
    assert run.launched == {"guard.finally.sweep"}
    run.returns("guard.finally.sweep").returns("first")
    assert run.state.status is RunStatus.SUCCEEDED
    assert run.reason("guard") == "not_needed"


def test_a_second_request_gives_up_on_finally():
    run = swept().cancel().stops("guard.risky").cancel().stops("guard.finally.sweep")
    assert run.state.status is RunStatus.CANCELLED
    assert run.outcome("guard.finally.sweep") is Outcome.CANCELLED


def test_a_finally_that_fails_leaves_a_cancelled_run_cancelled():
    run = swept().cancel().stops("guard.risky").fails("guard.finally.sweep")
    assert run.state.status is RunStatus.CANCELLED


def test_a_crash_while_a_cancelled_run_finishes():
    run = swept().cancel().stops("guard.risky").dies()
    assert run.launched == {"guard.finally.sweep"}
    assert run.returns("guard.finally.sweep").state.status is RunStatus.CANCELLED


def test_a_crash_before_a_cancelled_run_finishes():
    assert swept().cancel().dies().launched == {"guard.finally.sweep"}


# ---------------------------------------------------------------- setup and teardown


def lab(**more):
    return Play(
        n("connect", role="setup", **more),
        n("prepare", "connect", role="setup"),
        n("work"),
        n("more", "work", "connect"),
        n("close", "connect", role="teardown"),
        n("report", role="teardown"),
    )


def test_setup_comes_before_everything_else_and_teardown_after_it():
    run = lab()
    assert run.launched == {"connect"}
    assert run.returns("connect").launched == {"prepare"}
    assert run.returns("prepare").launched == {"work"}
    run.returns("work")
    assert run.returns("more").launched == {"close", "report"}
    assert run.events[-5].status is RunStatus.SUCCEEDED
    run.returns("report").returns("close")
    assert closing(run) == (RunStatus.SUCCEEDED, (), ())


def test_a_setup_that_fails_skips_all_but_teardown():
    run = lab().fails("connect")
    assert {run.outcome(one) for one in ("prepare", "work", "more")} == {Outcome.SKIPPED}
    assert run.launched == {"close", "report"}
    run.returns("report").returns("close")
    assert closing(run)[0] is RunStatus.FAILED
    assert run.events[-1].node == "connect"


def test_teardown_follows_a_failure_and_a_cancelling():
    run = lab().returns("connect").returns("prepare").fails("work")
    assert run.launched == {"close", "report"}
    run = lab().returns("connect").returns("prepare").cancel()
    assert run.stops("work").launched == {"close", "report"}
    assert run.cancel().stops("close").stops("report").state.status is RunStatus.CANCELLED


def test_a_teardown_that_fails_is_the_failure_of_a_run_that_went_well():
    run = lab().returns("connect").returns("prepare").returns("work").returns("more")
    run.returns("report").fails("close")
    assert closing(run)[0] is RunStatus.FAILED
    assert run.events[-1].node == "close"
    assert run.state.failure == BOOM


def test_a_teardown_that_fails_hides_no_other_failure():
    run = lab().returns("connect").returns("prepare").fails("work", final=True)
    run.returns("report").fails("close")
    assert run.events[-1].node == "work"


def test_undoing_comes_before_teardown():
    run = Play(
        n("pay", compensate="repay"), n("send", "pay"), n("repay"), n("close", role="teardown")
    ).returns("pay").fails("send")  # fmt: skip
    assert run.launched == {"repay"}
    assert run.returns("repay").launched == {"close"}


def test_a_crash_while_it_tears_down_repeats_nothing_that_was_journalled():
    run = lab().returns("connect").returns("prepare").returns("work").returns("more")
    run.returns("report").dies()
    assert run.launched == {"close"}
    assert closing(run.returns("close"))[0] is RunStatus.SUCCEEDED


def test_a_crash_after_setup_does_not_set_up_again():
    run = lab().returns("connect").returns("prepare").dies()
    assert run.launched == {"work"}
    early = lab().returns("connect")
    assert early.dies(after=len(early.events) - 2).launched == {"prepare"}


def test_a_run_that_succeeded_stays_so_when_it_is_cancelled_while_it_tears_down():
    run = lab().returns("connect").returns("prepare").returns("work").returns("more").cancel()
    assert run.orders == []
    assert closing(run.returns("report").returns("close"))[0] is RunStatus.SUCCEEDED


def test_a_run_withdrawn_before_its_turn_tears_nothing_down():
    plan = lab().plan
    from flowbook.events import TriggerKind
    from flowbook.run.rules.state import RunState
    from flowbook.run.rules.stimulus import Start

    state = RunState(plan)
    start = Start(at=0.0, run="r", trigger=TriggerKind.MANUAL, withdrawn="no")
    assert decide(plan, state, start).events[-1].status is RunStatus.CANCELLED


# ---------------------------------------------------------------- any flow, any end


@st.composite
def flows(draw):
    """A chain of steps and containers, each of which may be undone; then what undoes them."""
    nodes = []
    before = ()
    for i in range(draw(st.integers(1, 4))):
        undone = {"compensate": f"u{i}"} if draw(st.booleans()) else {}
        kind = draw(st.sampled_from(["step", "step", "group", "map", "try"]))
        if kind == "step":
            nodes.append(n(f"s{i}", *before, **undone))
        else:
            policy = {"group": GROUP, "map": MAP, "try": TRY}[kind]
            inside = (n(f"x{i}", compensate=f"v{i}"), n(f"y{i}", f"x{i}"), n(f"v{i}", f"x{i}"))
            more = {"finally": [n(f"f{i}")]} if kind == "try" and draw(st.booleans()) else {}
            nodes.append(box(f"s{i}", policy, *inside, reads=before, **more, **undone))
        nodes += [n(f"u{i}", f"s{i}")] if undone else []
        before = (f"s{i}",) if draw(st.booleans()) else ()
    return (*nodes, *([n("down", role="teardown")] if draw(st.booleans()) else []))


@settings(max_examples=1500, deadline=None, database=None)
@given(flows(), st.randoms(use_true_random=False))
def test_what_completed_is_undone_once_the_last_first(nodes, chance):
    run = Play(*nodes)
    orders = deque(run.orders)
    cancelled = 0

    def send(stimulus):
        orders.extend(run.send(stimulus).orders)

    while not run.state.over:
        if chance.random() < 0.05 and cancelled < 1:
            cancelled += 1
            send(CancelAsked(at=1.0))
        if chance.random() < 0.05:
            kept = chance.randint(1, len(run.events))
            run.events = run.events[:kept]
            run.state = fold(run.events, run.plan)
            cancelled = int(run.state.cancelling)
            orders.clear()
            send(TakenUp(at=1.0))
        if run.state.over:
            break
        order = orders.popleft()
        one = {"at": 2.0, "step": order.step, "attempt": getattr(order, "attempt", 0)}
        step = run.state.steps[order.step]
        if isinstance(order, Abort):
            send(StepCancelled(**one, ms=1.0))
        elif isinstance(order, SetTimer):
            send(TimerFired(**one))
        elif isinstance(order, Launch) and step.inside is not None:
            send(StepUnfolded(**one, total=2))
        elif isinstance(order, Launch) and chance.random() < 0.25:
            send(StepRaised(**one, ms=1.0, error=BOOM))
        else:
            send(StepReturned(**one, ms=1.0, outputs=dict.fromkeys(step.outputs)))
    the_accounts_are_right(run)


def the_accounts_are_right(run):
    undoes = {by: undone for undone, by in run.plan.compensations.items()}
    completed, undone = [], []
    for event in run.events:
        if isinstance(event, NodeCompleted) and event.node in run.plan.compensations:
            completed.append(_key(event, event.node))
        elif isinstance(event, NodeStarted) and event.node in undoes:
            what = _key(event, undoes[event.node])
            if event.attempt == 1:
                assert what not in undone
                undone.append(what)
            assert what in completed
    end = run.events[-1]
    assert len(set(end.compensated)) == len(end.compensated)
    assert set(end.compensated) | set(end.uncompensated) == set(undone)
    outer = [one for one in undone if "." not in one]
    assert outer == [one for one in reversed(completed) if one in outer]
    if end.status is not RunStatus.SUCCEEDED and end.node != "down":
        whole = {one for one in completed if "." not in one}
        inside = {one for one in completed if "." in one and _owner(one) not in whole}
        assert whole <= set(undone)
        assert inside <= set(undone)


def _key(event, node):
    return f"{event.scope}.{node}" if event.scope else node


def _owner(key):
    return key.partition(".")[0].partition("[")[0]


@pytest.mark.parametrize("after", range(2, 24))
def test_wherever_it_dies_it_ends_with_the_same_accounts(after):
    whole = order().returns("reserve").returns("charge").fails("ship")
    whole.returns("refund").returns("release")
    if after >= len(whole.events):
        return
    run = Play(*_nodes_of_order())
    run.events = whole.events[:after]
    run.dies()
    while not run.state.over:
        name = next(iter(run.launched))
        run.fails(name) if name == "ship" else run.returns(name)
    assert closing(run) == (RunStatus.FAILED, ("charge", "reserve"), ())


def _nodes_of_order():
    return (
        n("reserve", compensate="release"),
        n("charge", "reserve", compensate="refund"),
        n("ship", "charge"),
        n("release", "reserve"),
        n("refund", "charge", retries=1),
    )


def test_what_joins_all_that_settles_does_not_run_without_its_setup():
    join = n("report", "work", join=Join(0))
    run = Play(n("connect", role="setup"), n("work", "connect"), join).fails("connect")
    assert run.launched == set()
    assert run.reason("report") == "upstream_failed"
    assert run.state.status is RunStatus.FAILED


@pytest.mark.parametrize("end", ["times_out", "cancelled"])
def test_a_container_that_is_given_up_while_nothing_in_it_runs_tidies_all_the_same(end):
    guard = box("guard", Policy(Turns.GUARDED), n("ask"), **{"finally": [n("sweep")]})
    run = Play(guard, n("stop", cancels=("guard",))).unfolds("guard").suspends("guard.ask")
    run = run.times_out("guard") if end == "times_out" else run.returns("stop")
    assert run.launched == {"guard.finally.sweep"}
    run.returns("guard.finally.sweep")
    assert run.outcome("guard") is (Outcome.FAILED if end == "times_out" else Outcome.CANCELLED)


def test_items_may_be_added_to_a_container_that_stands_by():
    down = box("down", replace(MAP, grows=True), n("x"), role="teardown")
    run = Play(n("a"), down).offers("down").returns("a")
    assert run.launched == {"down"}
    assert [event.total for event in run.events if isinstance(event, ItemsAdded)] == [None]


def test_a_container_that_was_too_slow_tidies_in_another_process():
    guard = box("guard", Policy(Turns.GUARDED), n("x"), **{"finally": [n("sweep")]})
    run = Play(guard).unfolds("guard").times_out("guard").dies()
    assert run.launched == {"guard.finally.sweep"}
    assert run.returns("guard.finally.sweep").outcome("guard") is Outcome.FAILED


def test_a_turn_that_fails_with_all_that_is_in_it_begins_anew_once():
    inner = box("inner", replace(MAP, window=3), n("x"))
    outer = box("outer", replace(MAP, retries=1), inner)
    run = Play(outer, n("down", role="teardown")).unfolds("outer", 1).unfolds("outer[0].inner", 3)
    for at in range(3):
        run.suspends(f"outer[0].inner[{at}].x")
    run.times_out("outer[0].inner")
    began = [e for e in run.events if isinstance(e, ScopeOpened) and e.node == "outer"]
    assert len(began) == 2


def test_what_undoes_a_node_that_nobody_asked_for_is_not_needed():
    run = Play(n("a", compensate="b"), n("b"), n("c"), unasked=("a", "b")).returns("c")
    assert run.state.status is RunStatus.SUCCEEDED
    assert run.reason("b") == "not_needed"


def test_a_stop_that_comes_late_does_not_end_a_container_before_its_finally():
    guard = box("guard", Policy(Turns.GUARDED), n("x"), **{"finally": [n("sweep")]})
    run = Play(guard).unfolds("guard").cancel().stops("guard.x").stops("guard")
    assert run.phase("guard") is Phase.CANCELLING
    assert run.returns("guard.finally.sweep").state.status is RunStatus.CANCELLED
