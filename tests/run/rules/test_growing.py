"""Items that are added to a container, and turns of it that are known, on paper."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.run.histories import REF, Play
from tests.run.plans import N, box, n
from tests.run.rules.test_turns import Chaos

from flowbook.events import ItemsAdded, NodeStarted, RunStatus, ScopeReused
from flowbook.graph.container import Policy, Turns
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.growing import container_seen, refusal
from flowbook.run.rules.instruction import Consult, Gather
from flowbook.run.rules.known import ItemsGiven, KnownTurn
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import TakenUp

MAP = Policy(Turns.EACH, window=2, stop=False, settle=True, grows=True)
LOOP = Policy(Turns.EACH, grows=True)


def turning(run, name="m"):
    return run.state.turning[run.state.index[name]]


def why_not(run, name="m"):
    return refusal(run.state, run.state.index[name])


def added(run):
    return [event for event in run.events if isinstance(event, ItemsAdded)]


def mapped(policy=MAP, *more):
    return Play(box("m", policy, n("x")), *more)


# ---------------------------------------------------------------- items from outside


def test_items_that_are_added_run_behind_those_there_were():
    run = mapped().unfolds("m", 2).offers("m", 2)
    assert run.launched == set()  # the window is full
    assert run.returns("m[1].x").launched == {"m[2].x"}
    assert run.returns("m[0].x").launched == {"m[3].x"}
    assert (turning(run).total, added(run)[0].total) == (4, 4)


def test_they_begin_at_once_where_there_is_room():
    assert mapped().unfolds("m", 1).offers("m").launched == {"m[1].x"}


def test_items_may_be_added_before_the_container_has_its_own():
    run = Play(n("a"), box("m", MAP, n("x"), reads=("a",))).offers("m", 2)
    assert [event.total for event in added(run)] == [None]
    run.returns("a").unfolds("m", 3)  # of which two are those
    assert turning(run).total == 3


@pytest.mark.parametrize(
    ("so_far", "why"),
    [
        (lambda run: run.unfolds("m", 1).returns("m[0].x"), "is being gathered"),
        (lambda run: run.unfolds("m", 0), "is being gathered"),
        (lambda run: run.unfolds("m", 1).returns("m[0].x").returns("m"), "it is over (succeeded)"),
        (lambda run: run.unfolds("m", 3).cancel(), "it is being cancelled"),
    ],
)
def test_a_map_that_is_gathering_or_over_takes_no_items(so_far, why):
    run = so_far(mapped(MAP, n("b", "m")))
    before = list(run.events)
    assert why in why_not(run)
    assert run.offers("m", 2).events == before


def test_one_that_has_failed_or_is_broken_takes_none():
    stops = replace(MAP, stop=True)
    run = mapped(stops).unfolds("m", 3).fails("m[0].x")
    assert "has failed" in why_not(run)
    leave = N("stop", (), ("stop",), leaves="break")
    run = Play(box("m", MAP, leave, n("x"))).unfolds("m", 3).returns("m[0].stop")
    assert "a break" in why_not(run)


def test_what_goes_over_no_items_takes_none():
    run = Play(box("g", Policy(), n("x")), n("a"))
    assert "goes over no items" in why_not(run, "g")
    assert "goes over no items" in why_not(run, "a")


# ---------------------------------------------------------------- items from inside


def gives(run, step, container="m", count=1):
    i = run.state.index[container]
    given = ItemsGiven(i, REF, count, run.state.key(run.state.index[step]))
    return run.returns(step, added=(given,))


def test_a_node_adds_items_by_what_it_returns():
    run = gives(mapped().unfolds("m", 1), "m[0].x", count=3)
    assert run.launched == {"m[1].x", "m[2].x"}
    assert added(run)[0].by == "m[0].x"


def test_the_items_are_written_before_the_node_is_done():
    run = gives(mapped().unfolds("m", 1), "m[0].x")
    story = run.story()
    assert story.index("ItemsAdded") < story.index("NodeCompleted")


def test_a_node_that_runs_again_adds_nothing_twice():
    """The process died between the two: the items are there, the completion is not."""
    run = gives(mapped().unfolds("m", 1), "m[0].x", count=2)
    cut = run.story().index("ItemsAdded") + 1
    run = gives(run.dies(cut), "m[0].x", count=2)
    assert turning(run).total == 3
    assert len(added(run)) == 1


def test_a_node_outside_that_comes_too_late_fails():
    run = mapped(MAP, n("late")).unfolds("m", 1).returns("m[0].x")
    gives(run, "late")
    error = run.state.error[run.state.index["late"]]
    assert "no items can be added to 'm'" in error.message


def test_a_node_means_the_nearest_container_of_that_name():
    inner = box("m", MAP, n("y"))
    run = (
        Play(box("o", MAP, n("x"), inner), box("m2", MAP, n("z"))).unfolds("o", 1).unfolds("m2", 1)
    )
    at = run.state.index["o[0].x"]
    assert container_seen(run.state, at, "m") == run.state.index["o[0].m"]
    assert container_seen(run.state, at, "o") == run.state.index["o"]
    assert container_seen(run.state, at, "m2") == run.state.index["m2"]
    assert container_seen(run.state, at, "x") is None


# ---------------------------------------------------------------- known turns


def test_turns_that_are_known_do_not_run():
    run = mapped().unfolds("m", 5, known=(0, 2, 3))
    assert run.launched == {"m[1].x", "m[4].x"}
    assert turning(run).succeeded == 3
    assert [event.index for event in run.events if isinstance(event, ScopeReused)] == [0, 2, 3]
    run.returns("m[1].x").fails("m[4].x").returns("m")
    assert run.state.status is RunStatus.SUCCEEDED


def test_where_all_are_known_it_gathers_at_once():
    run = mapped().unfolds("m", 2, known=(0, 1, 7))
    assert [type(order) for order in run.orders] == [Gather]


def test_a_loop_goes_on_behind_the_turns_that_are_known():
    run = mapped(LOOP).unfolds("m", 3, known=(0, 1))
    assert run.launched == {"m[2].x"}
    run = Play(box("w", Policy(Turns.WHILE, most=5), n("x"))).unfolds("w", known=(0, 1))
    assert run.orders == [Consult(0, 1, 2)]


def test_a_process_that_takes_over_says_what_is_known_and_was_not_written():
    run = mapped().unfolds("m", 4, known=(0, 2))
    cut = run.story().index("ScopeReused") + 1  # of two, one was written
    run.dies(cut)
    run = mapped().unfolds("m", 4, known=(0, 2))
    run.events = run.events[:cut]
    run.state = fold(run.events, run.plan)
    known = {0: {0: KnownTurn({"m": REF}), 2: KnownTurn({"m": REF})}}
    run.send(TakenUp(at=run.now, known=known))
    assert run.launched == {"m[1].x", "m[3].x"}
    assert turning(run).succeeded == 2


# ---------------------------------------------------------------- anything


class Growing(Chaos):
    """Adds items now and then, from outside and from inside."""

    def moves(self):
        yield from super().moves()
        run, state = self.run, self.run.state
        if self.chance.random() < 0.2 and len(added(run)) < 8:
            for i in state.turning:
                yield lambda i=i: run.offers(state.key(i), self.chance.randrange(1, 3))

    def unfold(self, name):
        total = self.chance.randrange(6)
        known = [index for index in range(total) if self.chance.random() < 0.4]
        more = sum(e.count for e in self.run.state.added.get(self.run.state.index[name], ()))
        self.run.unfolds(name, total + more, known=known)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(0, 1))
def test_every_item_ends_once_whenever_it_came(seed, window, retries):
    policy = Policy(Turns.EACH, window, stop=False, settle=True, retries=retries, grows=True)
    inside = box("m", policy, n("x"), n("y", "x"))
    chaos = Growing(Play(inside, n("end", "m")), random.Random(seed))
    assert chaos.play()
    state = chaos.run.state
    assert fold(chaos.run.events, chaos.run.plan) == state
    assert all(phase is Phase.DONE for phase in state.phase)
    if state.status is not RunStatus.CANCELLED and 0 in state.turning:
        turned = state.turning[0]
        assert sorted(index for _, index in turned.scopes) == list(range(turned.total))
        assert turned.succeeded + turned.failed == turned.total
        known = {f"m[{e.index}]" for e in chaos.run.events if isinstance(e, ScopeReused)}
        started = {e.scope for e in chaos.run.events if isinstance(e, NodeStarted) and e.scope}
        assert not known & started
