"""How containers go about their turns, on paper; then random containers inside of each other."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.run.histories import Play
from tests.run.plans import N, box, n

from flowbook.events import RunStatus, ScopeClosed, ScopeLeft, ScopeOpened, SkipReason
from flowbook.graph.container import Policy, Turns
from flowbook.plan.plan import Join
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Abort, Consult, Gather
from flowbook.run.rules.phase import Outcome, Phase

EACH = Policy(Turns.EACH)
MAP = Policy(Turns.EACH, window=3, stop=False, settle=True)
WHILE = Policy(Turns.WHILE, most=3)
TRY = Policy(Turns.GUARDED)


def gathers(run, name):
    return [o.step for o in run.orders if isinstance(o, Gather)] == [run.state.index[name]]


def turns(run):
    """What was opened and how it was closed, in order."""
    return [
        (event.block, event.index, event.status.value if isinstance(event, ScopeClosed) else "…")
        for event in run.events
        if isinstance(event, ScopeOpened | ScopeClosed)
    ]


# ---------------------------------------------------------------- once


def test_a_group_runs_what_is_inside_once_and_gives_what_is_gathered():
    run = Play(n("a"), box("g", Policy(), n("x"), n("y", "x"), reads=("a",)), n("b", "g"))
    run.returns("a")
    assert run.launched == {"g"}
    run.unfolds("g")
    assert run.launched == {"g.x"}
    assert run.returns("g.x").launched == {"g.y"}
    assert gathers(run.returns("g.y"), "g")
    assert run.returns("g").launched == {"b"}
    assert run.returns("b").state.status is RunStatus.SUCCEEDED


def test_an_empty_group_is_over_at_once():
    assert gathers(Play(box("g", Policy())).unfolds("g"), "g")


def test_a_failure_inside_is_the_failure_of_the_group():
    run = Play(box("g", Policy(), n("x"), n("y", "x")), n("b", "g")).unfolds("g").fails("g.x")
    assert run.state.error[run.state.index["g"]] == run.state.error[run.state.index["g.x"]]
    assert run.outcome("g.y") is Outcome.SKIPPED
    assert run.outcome("b") is Outcome.SKIPPED
    assert run.state.status is RunStatus.FAILED
    assert run.events[-1].node == "g"


def test_a_group_that_fails_is_tried_again_as_a_whole():
    run = Play(box("g", Policy(), n("x"), retries=1)).unfolds("g").fails("g.x")
    assert run.phase("g") is Phase.BACKOFF
    run.fires("g").unfolds("g")
    assert run.launched == {"g.x"}
    run.returns("g.x").returns("g")
    assert run.state.status is RunStatus.SUCCEEDED


# ---------------------------------------------------------------- each


def test_a_loop_takes_its_items_one_after_the_other():
    run = Play(box("each", EACH, n("x"))).unfolds("each", 2)
    assert run.launched == {"each[0].x"}
    assert run.returns("each[0].x").launched == {"each[1].x"}
    assert gathers(run.returns("each[1].x"), "each")
    assert turns(run) == [
        ("", 0, "…"), ("", 0, "succeeded"), ("", 1, "…"), ("", 1, "succeeded")
    ]  # fmt: skip


def test_a_loop_over_nothing_is_over_at_once():
    assert gathers(Play(box("each", EACH, n("x"))).unfolds("each", 0), "each")


def test_the_first_failure_ends_a_loop():
    run = Play(box("each", EACH, n("x"))).unfolds("each", 3).fails("each[0].x")
    assert run.launched == set()
    assert run.state.status is RunStatus.FAILED


def test_a_map_keeps_its_window_full():
    run = Play(box("m", MAP, n("x"))).unfolds("m", 5)
    assert run.launched == {"m[0].x", "m[1].x", "m[2].x"}
    assert run.returns("m[1].x").launched == {"m[3].x"}
    assert run.fails("m[0].x").launched == {"m[4].x"}
    run.returns("m[4].x").returns("m[3].x")
    assert gathers(run.returns("m[2].x"), "m")
    turning = run.state.turning[run.state.index["m"]]
    assert (turning.succeeded, turning.failed) == (4, 1)
    assert run.returns("m").state.status is RunStatus.SUCCEEDED


def test_a_map_that_stops_leaves_the_others_and_gives_what_it_has():
    policy = Policy(Turns.EACH, window=3, stop=True, settle=True)
    run = Play(box("m", policy, n("x"))).unfolds("m", 9).returns("m[0].x").fails("m[1].x")
    assert {type(order) for order in run.orders} == {Abort}
    run.stops("m[2].x")
    assert gathers(run.stops("m[3].x"), "m")
    assert [how for _, _, how in turns(run) if how != "…"] == [
        "succeeded", "failed", "cancelled", "cancelled"
    ]  # fmt: skip


def test_a_failed_item_is_begun_anew_as_often_as_it_may():
    policy = Policy(Turns.EACH, window=2, stop=False, settle=True, retries=1)
    run = Play(box("m", policy, n("x"))).unfolds("m", 1).fails("m[0].x")
    assert run.launched == {"m[0].x"}
    turning = run.state.turning[0]
    assert gathers(run.fails("m[0].x"), "m")
    assert (turning.succeeded, turning.failed) == (0, 1)
    again = Play(box("m", policy, n("x"))).unfolds("m", 1).fails("m[0].x").returns("m[0].x")
    assert (again.state.turning[0].succeeded, again.state.turning[0].failed) == (1, 0)


def test_ten_thousand_empty_turns_are_no_recursion():
    run = Play(box("m", MAP)).unfolds("m", 10_000)
    assert gathers(run, "m")
    assert run.state.turning[0].succeeded == 10_000


# ---------------------------------------------------------------- while


def test_a_while_asks_before_every_turn():
    run = Play(box("w", WHILE, n("x"))).unfolds("w")
    assert run.orders == [Consult(0, 1, 0)]
    assert run.consulted("w", 0, go_on=True).launched == {"w[0].x"}
    assert run.returns("w[0].x").orders == [Consult(0, 1, 1)]
    assert gathers(run.consulted("w", 1, go_on=False), "w")


def test_a_while_that_never_ends_fails_at_its_guard():
    run = Play(box("w", WHILE, n("x"))).unfolds("w")
    for index in range(3):
        run.consulted("w", index, go_on=True).returns(f"w[{index}].x")
    run.consulted("w", 3, go_on=True)
    assert run.state.failure.type == "LoopLimit"
    assert "after 3 turns" in run.state.failure.message


def test_an_answer_that_comes_twice_counts_once():
    run = Play(box("w", WHILE, n("x"))).unfolds("w").consulted("w", 0, go_on=True)
    assert run.consulted("w", 0, go_on=True).orders == []


# ---------------------------------------------------------------- break and continue


def looped(policy, how):
    stop = N("stop", ("test",), ("stop",), leaves=how)
    inside = (n("test", outputs=("test", "on")), stop, n("rest", "test.on"))
    return Play(box("each", policy, *inside))


def test_continue_ends_the_turn_and_the_next_one_begins():
    run = looped(EACH, "continue").unfolds("each", 2).returns("each[0].test")
    assert run.launched == {"each[0].stop", "each[0].rest"}
    run.returns("each[0].stop")
    assert Abort(run.state.index["each[0].rest"], 1) in run.orders
    assert run.stops("each[0].rest").launched == {"each[1].test"}
    assert turns(run)[1] == ("", 0, "succeeded")


def test_break_ends_the_loop():
    run = looped(EACH, "break").unfolds("each", 5).returns("each[0].test")
    run.returns("each[0].stop")
    assert gathers(run.stops("each[0].rest"), "each")
    assert run.returns("each").state.status is RunStatus.SUCCEEDED


def test_what_had_not_begun_when_a_turn_was_left_is_skipped():
    stop = N("stop", (), ("stop",), leaves="continue")
    run = Play(box("each", EACH, stop, n("slow"), n("after", "slow"))).unfolds("each", 1)
    run.returns("each[0].stop")
    after = run.state.index["each[0].after"]
    assert run.state.reason[after] == SkipReason.TURN_LEFT.value
    assert gathers(run.stops("each[0].slow"), "each")


def test_break_leaves_what_is_between_it_and_its_loop():
    stop = N("stop", (), ("stop",), leaves="break")
    run = Play(box("each", EACH, box("g", Policy(), stop, n("y"))))
    run.unfolds("each", 3).unfolds("each[0].g").returns("each[0].g.stop")
    assert [e.why for e in run.events if isinstance(e, ScopeLeft)] == ["break", "break"]
    assert gathers(run.stops("each[0].g.y"), "each")
    assert run.outcome("each[0].g") is Outcome.CANCELLED


# ---------------------------------------------------------------- guarded


def guarded(**more):
    return Play(box("t", TRY, n("x"), **more), n("b", "t"))


def test_a_body_that_succeeds_is_not_caught_but_finished():
    run = guarded(**{"catch": [n("c")], "finally": [n("f")]}).unfolds("t").returns("t.x")
    assert run.launched == {"t.finally.f"}
    assert gathers(run.returns("t.finally.f"), "t")


def test_a_body_that_fails_is_caught_and_finished():
    run = guarded(**{"catch": [n("c")], "finally": [n("f")]}).unfolds("t").fails("t.x")
    assert run.launched == {"t.catch.c"}
    assert run.returns("t.catch.c").launched == {"t.finally.f"}
    assert gathers(run.returns("t.finally.f"), "t")
    assert run.returns("t").launched == {"b"}
    assert run.returns("b").state.status is RunStatus.SUCCEEDED


def test_without_a_catch_the_failure_goes_on_after_finally():
    run = guarded(**{"finally": [n("f")]}).unfolds("t").fails("t.x")
    assert run.launched == {"t.finally.f"}
    assert run.returns("t.finally.f").state.status is RunStatus.FAILED


def test_with_an_error_port_the_failure_leaves_by_it():
    told = Policy(Turns.GUARDED, told="error")
    run = Play(box("t", told, n("x"), outputs=("t", "error")), n("b", "t.error"))
    assert gathers(run.unfolds("t").fails("t.x"), "t")
    assert run.returns("t", "error").launched == {"b"}


def test_a_catch_that_fails_is_the_failure():
    run = guarded(**{"catch": [n("c")], "finally": [n("f")]}).unfolds("t").fails("t.x")
    run.fails("t.catch.c").returns("t.finally.f")
    assert run.state.error[run.state.index["t"]].message == "boom"
    assert run.state.status is RunStatus.FAILED


# ---------------------------------------------------------------- stopping


def test_a_cancelled_run_ends_what_is_inside_of_containers_and_then_them():
    run = Play(box("m", MAP, box("g", Policy(), n("x"), n("y", "x"))), n("b", "m"))
    run.unfolds("m", 4).unfolds("m[0].g").unfolds("m[1].g").returns("m[1].g.x")
    run.cancel()
    assert run.phase("m") is Phase.CANCELLING
    for name in ("m[0].g.x", "m[1].g.y", "m[2].g"):
        run.stops(name)
    assert run.outcome("m") is Outcome.CANCELLED
    assert run.state.status is RunStatus.CANCELLED


def test_a_container_that_takes_too_long_gives_up_everything_inside():
    run = Play(box("m", MAP, box("g", Policy(), n("x")), timeout=1.0), n("b", "m"))
    run.unfolds("m", 2).unfolds("m[0].g").times_out("m")
    assert {order.step for order in run.orders if isinstance(order, Abort)} == {
        run.state.index["m[0].g.x"], run.state.index["m[1].g"]
    }  # fmt: skip
    assert run.state.status is RunStatus.FAILED
    assert run.state.failure.type == "TimeoutError"
    assert run.returns("m[0].g.x").orders == []  # too late


def test_a_paused_run_holds_what_is_inside():
    run = Play(box("m", MAP, n("x"), n("y", "x"))).unfolds("m", 1).pause().returns("m[0].x")
    assert run.phase("m[0].y") is Phase.HELD
    assert run.unpause().launched == {"m[0].y"}


def test_a_run_suspended_inside_of_a_container_is_suspended():
    run = Play(box("g", Policy(), n("x"))).unfolds("g").suspends("g.x")
    assert run.state.status is RunStatus.SUSPENDED
    assert run.resumes("g.x").launched == {"g.x"}


# ---------------------------------------------------------------- taken up


def test_a_loop_goes_on_where_it_was():
    run = Play(box("each", EACH, n("x"), n("y", "x"))).unfolds("each", 3)
    run.returns("each[0].x").returns("each[0].y").returns("each[1].x").dies()
    assert run.launched == {"each[1].y"}
    run.returns("each[1].y").returns("each[2].x")
    assert gathers(run.returns("each[2].y"), "each")


@pytest.mark.parametrize("policy", [EACH, MAP, Policy(), TRY])
def test_a_run_taken_up_after_any_event_ends_as_it_would_have(policy):
    def play(run):
        waiting = True
        while waiting and not run.state.over:
            waiting = [
                run.state.key(i)
                for i, phase in enumerate(run.state.phase)
                if phase is Phase.RUNNING
            ]
            for name in waiting:
                if name.endswith(("box", "inner")):
                    run.unfolds(name, 3 if policy.counts or name.endswith("inner") else None)
                else:
                    run.returns(name)
            ready = [i for i, phase in enumerate(run.state.phase) if phase is Phase.TURNING]
            for i in ready:
                turning = run.state.turning[i]
                if not turning.active and run.state.phase[i] is Phase.TURNING:
                    run.returns(run.state.key(i))
                    waiting = True
        return run

    def fresh():
        inner = box("inner", EACH, n("y"))
        return Play(n("a"), box("box", policy, n("x"), inner, reads=("a",)), n("end", "box"))

    whole = play(fresh())
    assert whole.state.status is RunStatus.SUCCEEDED
    done = {name for name in whole.state.index if whole.outcome(name) is Outcome.SUCCEEDED}
    for cut in range(1, len(whole.events) - 1):
        run = fresh()
        run.events = list(whole.events)
        run = play(run.dies(cut))
        assert run.state.status is RunStatus.SUCCEEDED, cut
        assert {n for n in run.state.index if run.outcome(n) is Outcome.SUCCEEDED} == done


# ---------------------------------------------------------------- enough of them


def some(window=2, **more):
    policy = replace(MAP, window=window, **more)
    return Play(n("a"), box("each", policy, n("x"), reads=("a",)), n("b", "each")).returns("a")


def test_when_enough_went_well_the_others_are_given_up():
    run = some(enough=2, window=3).unfolds("each", 9).returns("each[1].x").returns("each[2].x")
    assert {o.index for o in run.events if isinstance(o, ScopeLeft)} == {0, 3}
    assert run.returns("each").launched == {"b"}
    assert run.returns("b").state.status is RunStatus.SUCCEEDED
    assert "each[4].x" not in run.state.index


def test_what_is_left_to_itself_goes_on_behind_what_follows():
    run = some(enough=1, outlasts=True).unfolds("each", 4).returns("each[0].x").returns("each")
    assert run.launched == {"b"}
    assert run.returns("b").state.status is RunStatus.RUNNING
    for at in (1, 3):
        run.returns(f"each[{at}].x")
    assert run.state.status is RunStatus.RUNNING
    assert run.fails("each[2].x").state.status is RunStatus.SUCCEEDED
    assert [run.outcome(f"each[{at}].x") for at in range(4)].count(Outcome.SUCCEEDED) == 3


def test_a_container_that_waits_for_none_of_its_turns_is_done_at_once():
    run = some(enough=0, outlasts=True).unfolds("each", 2)
    assert run.launched == {"each[0].x", "each[1].x"}
    assert gathers(run, "each")
    run.returns("each").returns("b").returns("each[1].x")
    assert run.state.status is RunStatus.RUNNING
    assert run.returns("each[0].x").state.status is RunStatus.SUCCEEDED


def test_whether_there_is_enough_is_asked_after_each_turn():
    run = some(asks=True).unfolds("each", 9).returns("each[1].x")
    assert [order.index for order in run.orders if isinstance(order, Consult)] == [1]
    assert run.consulted("each", 1, go_on=True).launched == {"each[2].x"}
    run.fails("each[0].x").consulted("each", 2, go_on=False)
    assert run.phase("each[2].x") is Phase.DONE
    assert gathers(run, "each")


def test_an_expression_that_fails_gives_up_the_turns_and_fails_the_container():
    run = some(asks=True).unfolds("each", 9).returns("each[1].x").fails("each")
    assert run.outcome("each[0].x") is Outcome.CANCELLED
    assert run.outcome("each") is Outcome.FAILED
    assert run.state.status is RunStatus.FAILED


def test_an_answer_that_comes_late_means_nothing():
    run = some(asks=True).unfolds("each", 9).returns("each[1].x").returns("each[0].x")
    assert run.consulted("each", 1, go_on=False).launched == set()
    assert run.phase("each") is Phase.TURNING


def test_fewer_than_enough_are_all_there_is():
    run = some(enough=2).unfolds("each", 2).returns("each[1].x").fails("each[0].x")
    assert gathers(run, "each")


def test_what_goes_on_behind_is_stopped_with_the_run():
    run = some(enough=0, outlasts=True).unfolds("each", 9).returns("each").cancel()
    run.stops("b").stops("each[0].x").stops("each[1].x")
    assert run.state.status is RunStatus.CANCELLED


def test_what_goes_on_behind_is_left_with_the_turn_around_it():
    lasting = box("in", replace(MAP, enough=0, outlasts=True), n("x"))
    stop = N("stop", ("in",), ("stop",), leaves="continue")
    run = Play(box("out", EACH, lasting, stop)).unfolds("out", 2).unfolds("out[0].in", 9)
    run.returns("out[0].in").returns("out[0].stop")
    for at in range(3):
        assert run.phase(f"out[0].in[{at}].x") is Phase.CANCELLING
        run.stops(f"out[0].in[{at}].x")
    assert run.launched == {"out[1].in"}


def test_another_process_goes_on_with_what_goes_on_behind():
    def fresh():
        run = some(enough=1, outlasts=True).unfolds("each", 5).returns("each[0].x").returns("each")
        return run.returns("b")

    whole = fresh()
    for at in range(1, 5):
        whole.returns(f"each[{at}].x")
    for cut in range(len(fresh().events), len(whole.events) - 1):
        run = fresh()
        run.events = list(whole.events)
        run.dies(cut)
        for at in range(1, 5):
            if run.phase(f"each[{at}].x") is Phase.RUNNING:
                run.returns(f"each[{at}].x")
        assert run.state.status is RunStatus.SUCCEEDED, cut


# ---------------------------------------------------------------- whenever one comes

ARRIVING = Policy(Turns.ARRIVING, window=2, stop=False)


def heard(*inside, **more):
    made = box("heard", ARRIVING, *(inside or (n("x"),)), reads=("a", "b", "c"), **more)
    return Play(n("a"), n("b"), n("c"), made, n("after", "heard"))


def test_there_is_a_turn_for_each_branch_as_soon_as_it_is_live():
    run = heard().returns("b")
    assert run.launched == {"heard"}
    assert run.unfolds("heard").launched == {"heard[1].x"}
    assert run.returns("a").launched == {"heard[0].x"}
    run.returns("heard[0].x").returns("heard[1].x")
    assert run.phase("heard") is Phase.TURNING
    assert run.returns("c").launched == {"heard[2].x"}
    assert gathers(run.returns("heard[2].x"), "heard")
    assert run.returns("heard").launched == {"after"}


def test_a_branch_that_is_dead_has_no_turn():
    run = heard().returns("a").unfolds("heard").returns("heard[0].x").fails("b")
    run.returns("c", "elsewhere")
    assert gathers(run, "heard")
    assert [event.index for event in run.events if isinstance(event, ScopeOpened)] == [0]


def test_what_comes_before_it_has_unfolded_is_not_lost():
    run = heard().returns("a").returns("b").returns("c").unfolds("heard")
    assert run.launched == {f"heard[{at}].x" for at in range(3)}


def test_a_turn_that_fails_lets_the_others_go_on_and_fails_the_container():
    run = heard().returns("a").unfolds("heard").fails("heard[0].x").returns("b").returns("c")
    run.returns("heard[1].x").returns("heard[2].x")
    assert run.outcome("heard") is Outcome.FAILED
    assert run.state.status is RunStatus.FAILED


def test_no_branch_at_all_skips_it():
    run = heard()
    for name in "abc":
        run.returns(name, "elsewhere")
    assert run.outcome("heard") is Outcome.SKIPPED


def test_another_process_takes_the_branches_that_are_left():
    def fresh():
        return heard().returns("a").unfolds("heard")

    whole = fresh().returns("b").returns("heard[0].x").returns("c")
    for cut in range(len(fresh().events), len(whole.events)):
        run = fresh()
        run.events = list(whole.events)
        run.dies(cut)
        while not run.state.over:
            busy = (Phase.RUNNING, Phase.TURNING)
            open_ = [name for name in run.state.index if run.phase(name) in busy]
            run.returns(max(open_, key=lambda name: (run.phase(name) is Phase.RUNNING, name)))
        assert run.state.status is RunStatus.SUCCEEDED, cut
        assert {run.outcome(f"heard[{at}].x") for at in range(3)} == {Outcome.SUCCEEDED}


# ---------------------------------------------------------------- anything


class Chaos:
    """Plays a plan to its end, letting chance choose what happens next."""

    def __init__(self, run, chance):
        self.run, self.chance = run, chance
        self.asked = []

    def play(self, most=4000):
        run, chance = self.run, self.chance
        for _ in range(most):
            self.asked += [o for o in run.orders if isinstance(o, Consult | Gather)]
            run.orders = []
            if run.state.over:
                return True
            moves = list(self.moves())
            if not moves:
                return False
            chance.choice(moves)()
        raise AssertionError("it does not end")

    def moves(self):
        run, state = self.run, self.run.state
        for i, phase in enumerate(state.phase):
            for move in self.moves_of(i, phase):
                yield partial(move, state.key(i))
        for order in self.asked:
            if state.phase[order.step] is Phase.TURNING:
                yield lambda order=order: self.answer(order)
        if self.chance.random() < 0.01:
            yield run.cancel
        if self.chance.random() < 0.02:
            yield run.unpause if state.paused else run.pause
        if state.paused:
            yield run.unpause

    def moves_of(self, i, phase):
        run, turning = self.run, self.run.state.turning.get(i)
        if phase is Phase.RUNNING:
            container = run.state.steps[i].inside is not None
            gives = self.unfold if container else run.returns
            return [gives, gives, run.fails]
        if phase is Phase.CANCELLING and (turning is None or not turning.active):
            return [run.stops]
        if phase is Phase.BACKOFF:
            return [run.fires]
        return []

    def unfold(self, name):
        self.run.unfolds(name, self.chance.randrange(4))

    def answer(self, order):
        self.asked.remove(order)
        name = self.run.state.key(order.step)
        if self.chance.random() < 0.05:
            self.run.fails(name)
        elif isinstance(order, Gather):
            self.run.returns(name)
        else:
            self.run.consulted(name, order.index, self.chance.random() < 0.6)


JOINS = st.sampled_from([None, None, Join(0), Join(1), Join(1, cancels=True)])


ENDS = st.sampled_from(["", "", "", "", "", "cancels", "completes", "succeeded", "failed"])


def reach(prefix):
    """Names that nodes beside a node, and around it, may have."""
    around = prefix.split("_")[:-1]
    boxes = ["_".join(around[: at + 1]) + "box" for at in range(len(around))]
    return [f"{prefix}{at}{kind}" for at in range(3) for kind in ("", "box")] + boxes


def nodes(draw, depth, prefix):
    """Some nodes, each reading some before it; names are unique in the whole plan."""
    made = []
    for at in range(draw(st.integers(0 if depth else 1, 3))):
        name = f"{prefix}{at}"
        reads = tuple(one.name for one in made if draw(st.booleans()))
        kind = draw(st.sampled_from(["node", "node", "box"])) if depth < 3 else "node"
        if kind == "node":
            leaves = draw(st.sampled_from(["", "", "", "break", "continue"])) if depth else ""
            join = draw(JOINS) if reads else None
            how = {"retries": 0, "priority": draw(st.integers(0, 1))}
            ends = "" if leaves else draw(ENDS)
            if ends in ("cancels", "completes"):
                how[ends] = tuple(draw(st.lists(st.sampled_from(reach(prefix)), min_size=1)))
                ends = ""
            more = {"leaves": leaves, "ends": ends, "join": join}
            made.append(N(name, reads, (name,), options=how, **more))
            continue
        policy = Policy(
            draw(st.sampled_from(list(Turns))),
            window=draw(st.integers(1, 3)),
            stop=draw(st.booleans()),
            settle=draw(st.booleans()),
            retries=draw(st.integers(0, 1)),
            most=draw(st.sampled_from([None, 2])),
            enough=draw(st.sampled_from([None, None, 0, 1])),
            asks=draw(st.booleans()),
            outlasts=draw(st.booleans()),
        )
        if policy.turns is not Turns.EACH:
            policy = replace(policy, enough=None, asks=False, outlasts=False)
        inside = nodes(draw, depth + 1, f"{name}_")
        more = {}
        if policy.turns is Turns.GUARDED:
            for block in ("catch", "finally"):
                if draw(st.booleans()):
                    more[block] = nodes(draw, depth + 1, f"{name}_{block}")
        made.append(box(name + "box", policy, *inside, reads=reads, **more))
    return made


@st.composite
def plans(draw):
    return nodes(draw, 0, "n")


def test_a_failure_behind_a_container_that_stops_at_the_first_is_the_last_of_it():
    stops = Policy(Turns.EACH, asks=True, outlasts=True)
    run = Play(box("each", stops, n("one")), n("after", "each")).unfolds("each", 3)
    run.returns("each[0].one").consulted("each", 1, True)
    run.returns("each").fails("each[1].one").returns("after")
    assert run.state.over
    assert run.state.turning[0].next == 2


@settings(max_examples=200, deadline=None)
@given(plans(), st.integers(0, 2**32), st.sampled_from([None, 1, 2]))
def test_containers_inside_of_containers_always_end_and_fold_to_what_they_are(inside, seed, most):
    chaos = Chaos(Play(*inside, max_concurrent=most), random.Random(seed))
    assert chaos.play()
    state = chaos.run.state
    assert fold(chaos.run.events, chaos.run.plan) == state
    assert all(phase is Phase.DONE for phase in state.phase)
    assert all(scope.status is not None for scope in state.scopes[1:])
    bare = fold(chaos.run.events)
    assert (bare.status, bare.phase, bare.outcome) == (state.status, state.phase, state.outcome)


@settings(max_examples=100, deadline=None)
@given(plans(), st.integers(0, 2**32), st.sampled_from([None, 1, 2]))
def test_they_end_though_their_process_dies_now_and_then(inside, seed, most):
    chance = random.Random(seed)
    run = Play(*inside, max_concurrent=most)
    for _ in range(4):
        chaos = Chaos(run, chance)
        for _ in range(chance.randrange(30)):
            chaos.asked += [o for o in run.orders if isinstance(o, Consult | Gather)]
            run.orders = []
            moves = list(chaos.moves())
            if run.state.over or not moves:
                break
            chance.choice(moves)()
        if run.state.over:
            break
        run.dies(max(1, len(run.events) - chance.randrange(5)))
    chaos = Chaos(run, chance)
    assert chaos.play()
    assert all(phase is Phase.DONE for phase in run.state.phase)
