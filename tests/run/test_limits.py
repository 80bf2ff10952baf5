"""Who may start where not everything may at once: on paper, on an engine, and at random."""

from __future__ import annotations

import threading
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.run.histories import BOOM, REF, Play
from tests.run.plans import box, n, plan_of

from flowbook.events import NodeStarted, RunStatus, TriggerKind
from flowbook.graph.container import Policy, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.ids import RunId
from flowbook.plan.plan import FromStep, Join
from flowbook.run.decide import decide
from flowbook.run.evolve import evolve, fold
from flowbook.run.limits import machine
from flowbook.run.phase import Outcome, Phase
from flowbook.run.state import RunState
from flowbook.run.stimulus import (
    Abort,
    Await,
    CancelAsked,
    CloseRun,
    Launch,
    PauseAsked,
    ResumeAsked,
    SetTimer,
    Start,
    StepCancelled,
    StepRaised,
    StepResumed,
    StepReturned,
    StepSuspended,
    StepTimedOut,
    TakenUp,
    TimerFired,
)


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


def test_processors_and_memory_are_known_of_the_machine():
    assert machine()["need cpu"] >= 1
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


# ---------------------------------------------------------------- everything at once

TAGS = ("gpu", "http")


@st.composite
def plans(draw):
    nodes = []
    for i in range(draw(st.integers(1, 8))):
        reads = draw(st.lists(st.sampled_from(range(i)), max_size=4)) if i else []
        ports = draw(st.sampled_from([("x",), ("x", "y")]))
        froms = [f"s{j}.{draw(st.sampled_from(nodes[j].outputs))}" for j in reads]
        reads = froms = list(dict.fromkeys(froms))
        join = None
        if reads and draw(st.booleans()):
            join = Join(draw(st.integers(0, len(reads))), draw(st.booleans()))
            join = Join(0) if not join.need else join
        nodes.append(
            n(
                f"s{i}",
                *froms,
                outputs=ports,
                join=join,
                tags=tuple(draw(st.sets(st.sampled_from(TAGS)))),
                needs=draw(st.sampled_from([(), (("mem", 1),), (("mem", 2), ("gpus", 0.5))])),
                priority=draw(st.integers(-1, 1)),
                retries=draw(st.integers(0, 1)),
            )
        )
    most = draw(st.sampled_from([None, 1, 2, 3]))
    limits = draw(st.sampled_from([(), (("gpu", 1),), (("gpu", 1), ("http", 2))]))
    flow = FlowOptions(max_concurrent=most, limits=limits, capacity=(("mem", 2), ("gpus", 1)))
    return plan_of(*nodes, flow=flow)


def inputs(state, i):
    return [b.source for b in state.steps[i].bindings if isinstance(b.source, FromStep)]


def is_live(state, source):
    return source.port in state.outputs[source.step]


def may_start(state, i):
    """By the rule, said anew: what a step waits for, from what its inputs gave."""
    sources, join = inputs(state, i), state.steps[i].join
    done = sum(state.phase[one.step] is Phase.DONE for one in sources)
    live = sum(is_live(state, one) for one in sources)
    if join is None:
        return live == len(sources)
    return live >= join.need if join.need else done == len(sources)


def in_use(state):
    running = [i for i, ph in enumerate(state.phase) if ph in (Phase.RUNNING, Phase.CANCELLING)]
    used = {"nodes": len(running)}
    for i in running:
        for tag in state.steps[i].options.tags:
            used[f"tag {tag}"] = used.get(f"tag {tag}", 0) + 1
        for name, amount in state.steps[i].options.needs:
            used[f"need {name}"] = used.get(f"need {name}", 0) + amount
    return used


def within(state):
    flow, used = state.plan.options, in_use(state)
    there = {"nodes": flow.max_concurrent or 99}
    there |= {f"tag {tag}": count for tag, count in flow.limits}
    there |= {f"need {name}": amount for name, amount in flow.capacity}
    return all(used.get(name, 0) <= amount for name, amount in there.items())


class JoinsAndLimits(RuleBasedStateMachine):
    """Random plans with joins, limits and priorities under random stimuli, in time and late."""

    @initialize(plan=plans())
    def begin(self, plan):
        self.plan = plan
        self.state = RunState(plan)
        self.events = []
        self.live, self.timers = set(), set()
        self.closed = 0
        self.again = set()
        self.send(Start(at=0.0, run=RunId("r"), trigger=TriggerKind.MANUAL))

    def send(self, stimulus):
        before = fold(self.events, self.plan)
        decision = decide(self.plan, self.state, stimulus)
        for event in decision.events:
            if isinstance(event, NodeStarted):
                i = before.index[event.node]
                assert may_start(before, i)
                self.nobody_with_the_same_asks_and_more_priority_waits(before, i)
            evolve(before, event)
            assert within(before)
        self.events += decision.events
        for order in decision.instructions:
            if isinstance(order, Launch):
                assert (order.step, order.attempt) not in self.live, "launched twice"
                self.live.add((order.step, order.attempt))
            elif isinstance(order, SetTimer):
                self.timers.add((order.step, order.attempt))
            elif isinstance(order, CloseRun):
                self.closed += 1
            else:
                assert isinstance(order, Abort | Await)

    def nobody_with_the_same_asks_and_more_priority_waits(self, state, i):
        if state.gate is None:
            return
        mine = state.steps[i].options
        for other, phase in enumerate(state.phase):
            theirs = state.steps[other].options
            if (
                phase is Phase.READY
                and may_start(state, other)
                and (theirs.tags, theirs.needs) == (mine.tags, mine.needs)
            ):
                assert theirs.priority <= mine.priority

    def attempt(self, data, pool):
        step, attempt = data.draw(st.sampled_from(sorted(pool)))
        return {"at": 1.0, "step": step, "attempt": attempt}

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def an_attempt_ends(self, data):
        one = self.attempt(data, self.live)
        ports = self.plan.steps[one["step"]].outputs
        ends = [StepReturned, StepReturned, StepRaised, StepTimedOut, StepCancelled, StepSuspended]
        end = data.draw(st.sampled_from(ends))
        if end is StepReturned:
            some = data.draw(st.sets(st.sampled_from(ports)))
            self.send(StepReturned(**one, ms=1.0, outputs=dict.fromkeys(some, REF)))
        elif end is StepRaised:
            self.send(StepRaised(**one, ms=1.0, error=BOOM))
        elif end is StepSuspended:  # the same attempt is launched again when it goes on
            self.live.discard((one["step"], one["attempt"]))
            self.send(StepSuspended(**one, reason="approval"))
        else:
            self.send(end(**one, ms=1.0))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def a_timer_fires(self, data):
        self.send(TimerFired(**self.attempt(data, self.timers)))

    @rule(data=st.data())
    def something_comes_from_outside(self, data):
        step = data.draw(st.integers(0, len(self.plan.steps) - 1))
        self.send(StepResumed(at=1.0, step=step))

    @rule(stimulus=st.sampled_from([PauseAsked(at=1.0), ResumeAsked(at=1.0)]))
    def somebody_pauses_or_resumes(self, stimulus):
        self.send(stimulus)

    @rule(always=st.integers(0, 9))
    def somebody_cancels(self, always):
        if always == 0:
            self.send(CancelAsked(at=1.0))

    @rule(data=st.data())
    def the_process_dies_and_another_goes_on(self, data):
        kept = data.draw(st.integers(1, len(self.events)))
        self.events = self.events[:kept]
        self.state = fold(self.events, self.plan)
        self.live, self.timers = set(), set()
        self.closed = int(self.state.over)
        gave = (Outcome.SUCCEEDED, Outcome.REUSED)
        done = [i for i, end in enumerate(self.state.outcome) if end in gave]
        again = data.draw(st.sets(st.sampled_from(done))) if done else set()
        self.send(TakenUp(at=1.0, again=tuple(sorted(again))))

    @invariant()
    def live_state_is_the_fold_of_the_events(self):
        if hasattr(self, "plan"):
            assert fold(self.events, self.plan) == self.state

    @invariant()
    def what_may_run_and_has_room_does(self):
        if not hasattr(self, "plan") or self.state.paused or self.state.over:
            return
        if Phase.RUNNING not in self.state.phase and Phase.CANCELLING not in self.state.phase:
            for i, phase in enumerate(self.state.phase):
                assert phase is not Phase.READY or not may_start(self.state, i)

    @invariant()
    def a_join_that_is_decided_does_not_wait(self):
        if not hasattr(self, "plan") or self.state.over:
            return
        for i, phase in enumerate(self.state.phase):
            if phase is Phase.WAITING and self.plan.steps[i].join is not None:
                assert not may_start(self.state, i)

    @invariant()
    def the_run_closes_once_and_only_when_every_step_is_done(self):
        if hasattr(self, "plan"):
            done = all(phase is Phase.DONE for phase in self.state.phase)
            assert self.state.over == done == (self.closed == 1)

    def teardown(self):
        if hasattr(self, "plan"):
            ends_from_here(self.plan, self.events)


def ends_from_here(plan, events):
    """With nobody in the way, the run ends."""
    state = fold(events, plan)
    orders = deque()

    def send(stimulus):
        orders.extend(decide(plan, state, stimulus).instructions)

    send(TakenUp(at=2.0))
    send(ResumeAsked(at=2.0))
    for i, phase in enumerate(state.phase):
        if phase is Phase.SUSPENDED:
            send(StepResumed(at=2.0, step=i))
    while orders:
        order = orders.popleft()
        if isinstance(order, SetTimer):
            send(TimerFired(at=2.0, step=order.step, attempt=order.attempt))
        elif isinstance(order, Launch):
            ports = dict.fromkeys(plan.steps[order.step].outputs, REF)
            ended = {"at": 3.0, "step": order.step, "attempt": order.attempt}
            send(StepReturned(**ended, ms=1.0, outputs=ports))
    assert state.over
    assert state.gate is None or all(abs(used) < 1e-9 for used in state.gate.used.values())


JoinsAndLimits.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, database=None
)
TestJoinsAndLimits = JoinsAndLimits.TestCase


@given(plan=plans(), data=st.data())
@settings(max_examples=100, deadline=None, database=None)
def test_a_join_starts_once_unless_it_is_tried_again(plan, data):
    state, events, orders = RunState(plan), [], deque()

    def send(stimulus):
        decision = decide(plan, state, stimulus)
        events.extend(decision.events)
        orders.extend(decision.instructions)

    send(Start(at=0.0, run=RunId("r"), trigger=TriggerKind.MANUAL))
    while orders:
        number = data.draw(st.integers(0, len(orders) - 1))
        order = orders[number]
        del orders[number]
        if isinstance(order, Launch):
            ports = dict.fromkeys(plan.steps[order.step].outputs, REF)
            ended = {"at": 3.0, "step": order.step, "attempt": order.attempt}
            send(StepReturned(**ended, ms=1.0, outputs=ports))
    assert state.status is RunStatus.SUCCEEDED
    names = [event.node for event in events if isinstance(event, NodeStarted)]
    assert len(names) == len(set(names))
    for i, step in enumerate(plan.steps):
        if step.join is not None and step.join.need and step.node in names:
            assert len(state.taken[i]) >= step.join.need
