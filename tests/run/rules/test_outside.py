"""What steps wait for outside of their run: asked for once, and given back on every ending."""

from __future__ import annotations

from tests.run.histories import Play
from tests.run.plans import box, n, plan_of
from tests.run.rules.test_limits import started

from flowbook.events import RunStatus
from flowbook.graph.container import Policy, Turns
from flowbook.run.rules.instruction import Acquire, Release
from flowbook.run.rules.outside import Outside, is_tagged, outside_of
from flowbook.run.rules.stimulus import StepPermitted


class Permitted(Play):
    """A run on paper whose steps have to wait for permits; `wants` and `has` are of its steps."""

    def __init__(self, *nodes, tags=("gpu",), **flow):
        self.wants, self.has = [], set()
        self.tags = frozenset(tags)
        super().__init__(*nodes, **flow)

    def send(self, stimulus):
        if self.state.outside is None:
            self.state.outside = Outside(self.tags)
        super().send(stimulus)
        for order in self.orders:
            name = self.state.key(order.step) if hasattr(order, "step") else ""
            if isinstance(order, Acquire):
                self.wants.append(name)
            elif isinstance(order, Release):
                self.has.discard(name)
                self.wants = [one for one in self.wants if one != name]
        return self

    def permits(self, name):
        if name in self.wants:
            self.wants.remove(name)
            self.has.add(name)
        return self.send(StepPermitted(at=self.now, step=self.state.index[name]))


GPU = {"tags": ("gpu",)}


def test_only_what_is_limited_has_to_ask():
    run = Permitted(n("a", **GPU), n("b", tags=("http",)), n("c", limit=1), n("d", limit_key="x"))
    assert run.launched == {"b"}
    assert run.wants == ["a", "c", "d"]
    assert run.permits("c").launched == {"c"}


def test_a_step_asks_once_and_gives_back_when_it_is_done():
    run = Permitted(n("a", **GPU), n("b"), n("c", "b"))
    run.returns("b")
    assert run.wants == ["a"]
    run.permits("a")
    assert run.has == {"a"}
    assert run.returns("a").has == set()


def test_between_two_attempts_nothing_is_held():
    run = Permitted(n("a", retries=1, **GPU)).permits("a").fails("a")
    assert (run.has, run.wants) == (set(), [])
    assert run.fires("a").wants == ["a"]
    assert run.permits("a").returns("a").state.status is RunStatus.SUCCEEDED


def test_one_that_waits_for_outside_holds_nothing_and_asks_anew():
    run = Permitted(n("a", **GPU)).permits("a").suspends("a")
    assert run.has == set()
    assert run.resumes("a").wants == ["a"]
    assert run.permits("a").launched == {"a"}


def test_cancelling_takes_the_request_back():
    run = Permitted(n("a", **GPU), n("b", **GPU)).permits("a").cancel()
    assert run.wants == []
    assert run.has == {"a"}, "it has not stopped yet"
    assert run.stops("a").has == set()
    assert run.state.status is RunStatus.CANCELLED


def test_a_permit_that_comes_while_the_run_is_paused_is_given_back():
    run = Permitted(n("a", **GPU)).pause().permits("a")
    assert (run.launched, run.has) == (set(), set())
    assert run.unpause().wants == ["a"]
    assert run.permits("a").launched == {"a"}


def test_a_permit_that_nobody_waits_for_changes_nothing():
    run = Permitted(n("a", **GPU), n("b"))
    run.permits("a").returns("a")
    assert run.permits("a").orders == []


def test_whoever_waits_outside_keeps_its_place_inside():
    run = Permitted(n("a", **GPU), n("b"), n("c"), max_concurrent=2)
    assert run.launched == {"b"}
    assert run.returns("b").launched == {"c"}
    assert run.permits("a").launched == {"a"}


def test_who_is_not_admitted_inside_does_not_ask_outside():
    run = Permitted(n("a", **GPU), n("b", **GPU), max_concurrent=1)
    assert run.wants == ["a"]
    run.permits("a").returns("a")
    assert run.wants == ["b"]


def test_a_container_holds_its_own_limit_and_no_tags():
    each = Policy(Turns.EACH, window=2)
    run = Permitted(box("m", each, n("x", **GPU), limit=1, **GPU), n("e", "m"))
    assert run.wants == ["m"]
    run.permits("m").unfolds("m", 2)
    assert run.wants == ["m[0].x", "m[1].x"]
    run.permits("m[1].x").permits("m[0].x").returns("m[0].x").returns("m[1].x")
    assert run.has == {"m"}
    assert run.returns("m").has == set()


def test_a_container_of_which_only_the_tag_is_limited_does_not_ask():
    run = Permitted(box("m", Policy(Turns.EACH), n("x"), **GPU))
    assert run.launched == {"m"}


def test_a_run_that_is_limited_by_nothing_has_nothing_outside():
    plan = plan_of(n("a", tags=("http",)), n("b"))
    assert outside_of(plan, ["gpu"]) is None
    assert outside_of(plan, ["http"]) is not None
    assert is_tagged(plan)
    assert not is_tagged(plan_of(n("a")))


def test_a_thousand_ask_and_none_twice():
    run = Permitted(*[n(f"n{i}", **GPU) for i in range(1000)])
    assert len(run.wants) == 1000
    for i in range(1000):
        run.permits(f"n{i}").returns(f"n{i}")
    assert started(run) == [f"n{i}" for i in range(1000)]
