"""Checkpoints: when there is one, and that nothing begins before it is on disk."""

from __future__ import annotations

import time

import pytest
from tests.run.conftest import Kept
from tests.run.histories import Play
from tests.run.plans import box, n, plan_of
from tests.run.test_perform import wait_until

from flowbook.events import CheckpointReached, RunStatus
from flowbook.graph.container import Policy, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Launch
from flowbook.run.rules.stimulus import CheckpointDue
from flowbook.run.rules.upkeep import Flush, Remind


def reached(run):
    return [(e.why, e.node) for e in run.events if isinstance(e, CheckpointReached)]


def due(run):
    run.now += 300
    return run.send(CheckpointDue(at=run.now))


def reminders(run):
    return [order for order in run.orders if isinstance(order, Remind)]


def test_a_node_has_one_behind_it_before_anything_goes_on():
    run = Play(n("a", checkpoint=True), n("b", "a")).returns("a")
    assert reached(run) == [("node", "a")]
    assert [type(order) for order in run.orders] == [Flush, Launch]
    assert run.orders[0].until == next(
        event.seq for event in run.events if isinstance(event, CheckpointReached)
    )
    assert reached(run.returns("b")) == [("node", "a")]


@pytest.mark.parametrize("turns", [Turns.EACH, Turns.WHILE])
def test_a_loop_has_one_behind_so_many_turns(turns):
    run = Play(box("w", Policy(turns, checkpoint_every=2), n("x"))).unfolds("w", 5)
    for index in range(5):
        if turns is Turns.WHILE:
            run.consulted("w", index, go_on=True)
        run.returns(f"w[{index}].x")
    if turns is Turns.WHILE:
        run.consulted("w", 5, go_on=False)
    run.returns("w")
    assert reached(run) == [("turns", "w")] * 2
    assert fold(run.events, run.plan) == run.state


def test_failed_items_count_once_however_often_they_begin():
    policy = Policy(Turns.EACH, 1, stop=False, settle=True, retries=1, checkpoint_every=2)
    run = Play(box("m", policy, n("x"))).unfolds("m", 2).fails("m[0].x").fails("m[0].x")
    assert reached(run) == []
    assert reached(run.fails("m[1].x").fails("m[1].x")) == [("turns", "m")]


def test_where_nothing_is_asked_there_is_none():
    run = Play(box("m", Policy(Turns.EACH), n("x"))).unfolds("m", 1).returns("m[0].x").returns("m")
    assert (reached(run), reminders(run), run.state.status) == ([], [], RunStatus.SUCCEEDED)


def test_one_comes_when_it_is_time_if_anything_has_happened():
    run = Play(n("a"), n("b", "a"), checkpoint_interval=300.0)
    assert [order.delay for order in reminders(run)] == [300.0]
    run.orders = []
    due(run)
    assert reached(run) == [("interval", None)]
    assert [order.delay for order in reminders(run)] == [300.0]
    assert reached(due(due(run))) == [("interval", None)]
    assert len(reached(due(run.returns("a")))) == 2


def test_a_process_that_takes_over_is_reminded_too():
    run = Play(n("a"), checkpoint_interval=60.0).dies()
    assert [order.delay for order in reminders(run)] == [60.0]


def test_a_pure_node_waits_for_the_checkpoint_before_it(start):
    sink, ran = Kept(by_hand=True), []
    plan = plan_of(n("a"), n("b", "a", checkpoint=True), n("c", "b"))
    calls = {name: lambda c, i: ran.append(c.node) for name in "abc"}
    run = start(plan, calls, sink=sink, pure="abc")
    wait_until(lambda: any(isinstance(event, CheckpointReached) for event in sink.events))
    time.sleep(0.05)
    assert ran == ["a", "b"]
    sink.by_hand = False
    for future in tuple(sink.futures):
        if not future.done():
            future.set_result(None)
    run.wait(5)
    assert ran == ["a", "b", "c"]


def test_time_passes_in_a_real_run(start):
    gate = []
    plan = plan_of(n("a"), flow=FlowOptions(checkpoint_interval=0.02))

    def slow(context, inputs):
        wait_until(lambda: gate)

    run = start(plan, {"a": slow})
    wait_until(lambda: any(isinstance(event, CheckpointReached) for event in run.events()))
    gate.append(1)
    assert run.wait(5).status is RunStatus.SUCCEEDED
