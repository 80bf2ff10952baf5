"""Who may start where not everything may at once: on paper, on an engine, and at random."""

from __future__ import annotations

import threading

from tests.run.histories import Play
from tests.run.plans import box, n, plan_of

from flowbook.events import NodeStarted, RunStatus, TriggerKind
from flowbook.graph.container import Policy, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.ids import RunId
from flowbook.plan.plan import Join
from flowbook.run.rules.decide import decide
from flowbook.run.rules.instruction import Launch
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import Start


def started(run):
    return [event.node for event in run.events if isinstance(event, NodeStarted)]


def test_no_more_run_at_once_than_the_flow_says():
    run = Play(*[n(x) for x in "abcd"], max_concurrent=2)
    assert run.launched == {"a", "b"}
    assert run.phase("c") is Phase.READY
    assert run.returns("b").launched == {"c"}
    assert run.fails("a").launched == {"d"}


def test_a_tag_limits_the_nodes_that_have_it_and_no_others():
    run = Play(
        n("a", tags=("gpu",)), n("b", tags=("gpu",)), n("c"), n("d", tags=("http",)),
        limits=(("gpu", 1),),
    )  # fmt: skip
    assert run.launched == {"a", "c", "d"}
    assert run.returns("c").launched == set()
    assert run.returns("a").launched == {"b"}


def test_needs_are_held_against_what_there_is():
    run = Play(
        n("a", needs=(("mem", 6),)), n("b", needs=(("mem", 6),)), n("c", needs=(("mem", 2),)),
        capacity=(("mem", 10),),
    )  # fmt: skip
    assert run.launched == {"a"}, "c would overtake b, which came before it"
    assert run.returns("a").launched == {"b", "c"}


def test_who_needs_more_than_there_is_runs_alone():
    run = Play(
        n("a", needs=(("gpu", 1),)), n("b", needs=(("gpu", 9),)), n("c", needs=(("gpu", 1),)),
        capacity=(("gpu", 2),),
    )  # fmt: skip
    assert run.launched == {"a"}
    assert run.returns("a").launched == {"b"}
    assert run.returns("b").launched == {"c"}


def test_what_nobody_counts_is_no_limit():
    run = Play(n("a", needs=(("tape", 1),)), n("b", needs=(("tape", 1),)))
    assert run.launched == {"a", "b"}


def test_what_a_flow_does_not_say_is_what_the_machine_has():
    run = Play(n("a", needs=(("cpu", 3),)), n("b", needs=(("cpu", 3),)))
    assert run.launched == {"a", "b"}
    state = RunState(run.plan, machine={"need cpu": 4})
    begin = Start(at=0.0, run=RunId("r"), trigger=TriggerKind.MANUAL)
    assert [type(o) for o in decide(run.plan, state, begin).instructions] == [Launch]


def test_the_higher_priority_starts_first_and_equals_in_their_order():
    run = Play(
        n("a"), n("b"), n("c", priority=5), n("d", "a", priority=5), n("e", priority=-1),
        max_concurrent=1,
    )  # fmt: skip
    assert started(run) == ["c"]
    run.returns("c").returns("a").returns("d").returns("b").returns("e")
    assert started(run) == ["c", "a", "d", "b", "e"]
    assert run.state.status is RunStatus.SUCCEEDED


def test_nodes_in_a_container_have_its_priority_too():
    each = Policy(Turns.EACH, window=1)
    run = Play(box("m", each, n("x"), priority=2), n("a", priority=1), n("b"), max_concurrent=1)
    run.unfolds("m", 2)  # while it turns it takes no place
    assert run.state.gate.used == {"nodes": 1}
    assert started(run) == ["m", "a"]
    run.returns("a").returns("m[0].x").returns("m[1].x")
    assert started(run) == ["m", "a", "x", "x", "b"]


def test_a_retry_queues_like_everybody_else():
    run = Play(n("a", retries=1), n("b"), max_concurrent=1).fails("a")
    assert run.launched == {"b"}
    assert run.fires("a").launched == set()
    assert run.returns("b").launched == {"a"}


def test_one_that_waits_for_outside_gives_its_place_up():
    run = Play(n("a"), n("b"), max_concurrent=1).suspends("a")
    assert run.launched == {"b"}
    assert run.resumes("a").launched == set()
    assert run.returns("b").launched == {"a"}


def test_one_that_is_stopping_keeps_its_place_until_it_has_stopped():
    loop = Policy(Turns.EACH, window=2, stop=True, settle=True)
    run = Play(box("m", loop, n("x")), n("b"), max_concurrent=2).unfolds("m", 2)
    assert run.state.gate.used == {"nodes": 2}


def test_losers_free_their_places():
    run = Play(n("a"), n("b"), n("j", "a", "b", join=Join(1, cancels=True)), n("c"),
               max_concurrent=2).returns("a")  # fmt: skip
    assert run.launched == {"c", "j"}
    assert run.outcome("b") is Outcome.CANCELLED


def test_a_pause_lets_nobody_through_and_its_end_does():
    run = Play(n("a"), n("b", priority=1), n("c"), max_concurrent=1).pause().returns("b")
    assert run.launched == set()
    assert run.unpause().launched == {"a"}
    assert run.returns("a").launched == {"c"}


def test_a_run_that_is_taken_up_keeps_to_its_limits():
    run = Play(n("a"), n("b"), n("c", priority=1), max_concurrent=1).dies()
    assert run.launched == {"c"}
    assert run.returns("c").launched == {"a"}


def test_a_lock_is_held_from_the_beginning_of_a_container_to_its_end():
    a = box("a", Policy(), n("x"), n("y", "x"), lock=("till",))
    b = box("b", Policy(), n("z"), lock=("till",))
    run = Play(a, b, n("c")).unfolds("a").returns("a.x")
    assert "b" not in started(run)
    assert run.returns("a.y").returns("c").phase("b") is Phase.READY
    assert run.returns("a").launched == {"b"}
    assert run.unfolds("b").launched == {"b.z"}
    run.returns("b.z").returns("b")
    assert run.state.status is RunStatus.SUCCEEDED


def test_a_lock_is_held_while_what_is_inside_waits_for_outside():
    run = Play(box("a", Policy(), n("x"), lock=("till",)), n("b", lock=("till",))).unfolds("a")
    assert run.suspends("a.x").launched == set()
    assert run.resumes("a.x").returns("a.x").returns("a").launched == {"b"}


def test_a_lock_that_a_process_had_is_held_by_the_next():
    run = Play(box("a", Policy(), n("x"), lock=("till",)), n("b", lock=("till",))).unfolds("a")
    assert run.dies().launched == {"a.x"}
    assert run.fails("a.x").launched == {"b"}


def test_several_locks_are_had_together_or_not_at_all():
    run = Play(n("a", lock=("x",)), n("b", lock=("x", "y")), n("c", lock=("y",)))
    assert run.launched == {"a"}  # `c` would overtake `b`
    assert run.returns("a").launched == {"b"}
    assert run.returns("b").launched == {"c"}


def test_flows_without_limits_have_no_gate():
    assert Play(n("a", priority=3, tags=("gpu",)), n("b")).state.gate is None


def test_a_thousand_wait_in_line():
    run = Play(*[n(f"n{i}") for i in range(1000)], max_concurrent=1)
    for i in range(1000):
        run.returns(f"n{i}")
    assert started(run) == [f"n{i}" for i in range(1000)]


# ---------------------------------------------------------------- on an engine


def test_branches_without_limits_overlap(start):
    together = threading.Barrier(3)
    plan = plan_of(n("a"), n("b"), n("c"))
    run = start(plan, dict.fromkeys("abc", lambda c, i: together.wait(5) >= 0)).wait(10)
    assert run.status is RunStatus.SUCCEEDED


def test_an_engine_keeps_to_the_limit_and_uses_it(start):
    lock, now, most = threading.Lock(), [0], [0]
    pair = threading.Barrier(2)

    def work(context, inputs):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        pair.wait(5)  # two at a time, or nobody gets past
        with lock:
            now[0] -= 1

    names = [f"n{i}" for i in range(8)]
    plan = plan_of(*[n(x, tags=("gpu",)) for x in names], flow=FlowOptions(limits=(("gpu", 2),)))
    run = start(plan, dict.fromkeys(names, work)).wait(20)
    assert run.status is RunStatus.SUCCEEDED
    assert most[0] == 2
