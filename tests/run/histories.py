"""Runs on paper, and the golden histories made of them.

`python -m tests.run.histories` writes `tests/golden/runs/*.json`: the nodes, the events and the
view they fold to. Python's and TypeScript's reducers are held against the same files.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
from tests.run.plans import N, box, n, plan_of

from flowbook.events import TriggerKind, encode
from flowbook.events.values import ErrorInfo, Usage, ValueFormat, ValueRef
from flowbook.graph.container import Policy, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.ids import CellId, NodeId, RunId
from flowbook.plan.plan import Join
from flowbook.run.critical import critical_path
from flowbook.run.rules.decide import decide
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.instruction import Launch
from flowbook.run.rules.known import ItemsGiven, KnownTurn
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import (
    CancelAsked,
    Expired,
    Given,
    ItemsOffered,
    Lineage,
    NextAsked,
    Origin,
    PauseAsked,
    ResumeAsked,
    Start,
    StepCancelled,
    StepConsulted,
    StepDue,
    StepLogged,
    StepRaised,
    StepResumed,
    StepReturned,
    StepStreamed,
    StepSuspended,
    StepTimedOut,
    StepUnfolded,
    StepUsed,
    TakenUp,
    TimerFired,
)
from flowbook.run.view import view

GOLDEN = Path(__file__).parents[1] / "golden" / "runs"

REF = ValueRef(
    "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    ValueFormat.JSON,
    "int",
    size=1,
    inline=msgspec.Raw(b"1"),
)
ORIGIN = RunId("019b7952-1e80-7000-8000-000000000000")
BOOM = ErrorInfo(
    "ValueError",
    "boom",
    traceback="Traceback (most recent call last):\n  …\nValueError: boom\n",
    cell=CellId("c1"),
    line=3,
)


class Play:
    """A run on paper: stimuli by node name, every event kept."""

    def __init__(
        self,
        *nodes: N,
        given: tuple[str, ...] = (),
        by_hand: tuple[str, ...] = (),
        origin: Origin | None = None,
        unasked: tuple[str, ...] = (),
        ends: float | None = None,
        **flow,
    ) -> None:
        plan = plan_of(*nodes, flow=FlowOptions(**flow))
        self.plan = replace(plan, unasked=tuple(plan.index[name] for name in unasked))
        self.state = RunState(self.plan)
        self.events = []
        self.now = 1_767_258_000.0
        self.orders = []
        places = {
            self.plan.index[name]: Given({name: REF}, by_hand=name in by_hand)
            for name in (*given, *by_hand)
        }
        self.send(
            Start(
                at=self.now,
                run=RunId("019b7952-1e80-7000-8000-000000000001"),
                trigger=TriggerKind.MANUAL,
                given=places,
                origin=origin,
                lineage=Lineage(deadline=self._deadline(ends)),
            )
        )

    def _deadline(self, given):
        """The nearer of the one given and that of the flow."""
        seconds = self.plan.options.timeout
        own = None if seconds is None else self.now + seconds
        return min((one for one in (own, given) if one is not None), default=None)

    def send(self, stimulus):
        decision = decide(self.plan, self.state, stimulus)
        self.events += decision.events
        self.orders = decision.instructions
        return self

    def _at(self, name):
        i = self.state.index[name]
        self.now += 0.5
        return {"at": self.now, "step": i, "attempt": self.state.attempt[i]}

    def returns(self, name, *ports, **more):
        outputs = dict.fromkeys(ports or self.state.steps[self.state.index[name]].outputs, REF)
        return self.send(StepReturned(**{**self._at(name), "ms": 12.5, "outputs": outputs, **more}))

    def offers(self, name, count=1, by=None, ref=REF):
        """Somebody adds items to a container."""
        given = ItemsGiven(self.state.index[name], ref, count, by)
        return self.send(ItemsOffered(at=self.now, items=given))

    def unfolds(self, name, total=None, known=()):
        turns = {index: KnownTurn({name: REF}, ORIGIN) for index in known}
        return self.send(StepUnfolded(**self._at(name), total=total, known=turns))

    def consulted(self, name, index, go_on):
        return self.send(StepConsulted(**self._at(name), index=index, go_on=go_on))

    def fails(self, name, **more):
        return self.send(StepRaised(**{**self._at(name), "ms": 1.0, "error": BOOM, **more}))

    def times_out(self, name):
        return self.send(StepTimedOut(**self._at(name), ms=1.0))

    def fires(self, name):
        return self.send(TimerFired(**self._at(name)))

    def stops(self, name):
        return self.send(StepCancelled(**self._at(name), ms=1.0))

    def suspends(self, name, **more):
        return self.send(StepSuspended(**self._at(name), **{"reason": "approval", **more}))

    def resumes(self, name, **more):
        return self.send(StepResumed(at=self.now, step=self.state.index[name], **more))

    def due(self, name, seconds, since=None):
        """The clock that a wait of that step was set by is looked at `seconds` later."""
        step = self.state.index[name]
        if since is None:
            since = self.state.waiting[step].seq
        self.now += seconds
        return self.send(StepDue(at=self.now, step=step, since=since))

    def pause(self):
        return self.send(PauseAsked(at=self.now))

    def steps(self, name=None):
        """Somebody lets one step that is held begin."""
        step = None if name is None else self.state.index[name]
        return self.send(NextAsked(at=self.now, step=step))

    def unpause(self):
        return self.send(ResumeAsked(at=self.now))

    def says(self, name, text):
        step = self.state.index[name]
        return self.send(StepLogged(at=self.now, step=step, stream="stdout", text=text))

    def streams(self, name, channel, chunks=1):
        of = {"at": self.now, "step": self.state.index[name]}
        attempt = self.state.attempt[of["step"]]
        return self.send(
            StepStreamed(**of, attempt=attempt, channel=channel, chunks=chunks, value=REF)
        )

    def used(self, name, attempt, **amounts):
        step = self.state.index[name]
        return self.send(StepUsed(at=self.now, step=step, attempt=attempt, **amounts))

    def cancel(self, **more):
        return self.send(CancelAsked(at=self.now, reason="enough", **more))

    def expires(self, seconds=60.0):
        self.now += seconds
        spent = {i: 1e3 * seconds for i, one in enumerate(self.state.phase) if one is Phase.RUNNING}
        return self.send(Expired(at=self.now, seconds=seconds, spent=spent))

    def dies(self, after=None, again=()):
        """The process is gone, with what was not journalled; another takes the run up."""
        self.events = self.events[:after]
        self.state = fold(self.events, self.plan)
        self.now += 10.0
        steps = tuple(self.state.index[name] for name in again)
        return self.send(TakenUp(at=self.now, again=steps, host="here", pid=7))

    @property
    def launched(self):
        return {self.state.key(o.step) for o in self.orders if isinstance(o, Launch)}

    def outcome(self, name):
        return self.state.outcome[self.state.index[name]]

    def phase(self, name):
        return self.state.phase[self.state.index[name]]

    def reason(self, name):
        return self.state.reason[self.state.index[name]]

    def story(self):
        return [type(event).__name__ for event in self.events]


def _branches():
    return (
        n("season", outputs=("hot", "wet")),
        n("hot_days", "season.hot"),
        n("wet_days", "season.wet"),
    )


def _race():
    first = n("first", "after", "fast", join=Join(1, cancels=True))
    return Play(n("slow"), n("after", "slow"), n("fast"), first)


def _histories():
    """Each history by its name."""
    yield (
        "success_chain",
        Play(n("a"), n("b", "a"), n("c", "b")).returns("a").returns("b").returns("c"),
    )
    yield (
        "retry_then_success",
        Play(n("fetch", retries=2))
        .says("fetch", "503\n")
        .fails("fetch")
        .fires("fetch")
        .says("fetch", "200\n")
        .returns("fetch"),
    )
    yield (
        "some_nodes_only",
        Play(n("a"), n("b", "a"), n("c", "a"), n("d", "b", "c"), unasked=("c", "d"))
        .returns("a")
        .returns("b"),
    )
    yield (
        "streamed",
        Play(n("ask", retries=1))
        .streams("ask", "token", chunks=3)
        .fails("ask")
        .used("ask", 1, cpu_ms=2.5, memory=1_000)
        .fires("ask")
        .streams("ask", "data")
        .used("ask", 1, usage=(Usage("acme", "small", 3, 1, 4),))
        .returns("ask"),
    )
    first = Play(
        n("slow"),
        n("after", "slow"),
        n("fast"),
        n("first", "after", "fast", join=Join(1, cancels=True)),
    )
    yield "first_of_two", first.returns("fast").returns("first")
    yield "waiting_to_retry", Play(n("a"), n("fetch", retries=2)).fails("fetch")
    yield (
        "failure_skips_downstream",
        Play(n("a"), n("b", "a"), n("c", "b"), n("other"), n("last", "other"))
        .fails("a")
        .returns("other")
        .returns("last"),
    )
    yield "last_attempt_fails", Play(n("a", retries=1)).fails("a").fires("a").fails("a")
    yield "router_dead_branch", Play(*_branches()).returns("season", "hot").returns("hot_days")
    yield (
        "merge_with_dead_branch",
        Play(*_branches(), n("highlights", "hot_days", "wet_days", tolerant=True))
        .returns("season", "wet")
        .returns("wet_days")
        .returns("highlights"),
    )
    yield (
        "merge_of_dead_branches",
        Play(*_branches(), n("highlights", "hot_days", "wet_days", tolerant=True)).returns(
            "season", outputs={}
        ),
    )
    yield "cancelling", Play(n("a"), n("b", "a"), n("c")).returns("c").cancel()
    yield "cancelled", Play(n("a"), n("b", "a"), n("c")).returns("c").cancel().stops("a")
    yield "reused", Play(n("a"), n("b", "a"), given=("a",)).returns("b")
    origin = Origin(ORIGIN, 7, NodeId("c"))
    replayed = Play(n("a"), n("b", "a"), n("c", "b"), given=("a",), by_hand=("b",), origin=origin)
    yield "replayed", replayed.returns("c")
    yield "timeout", Play(n("slow", timeout=2.0), n("b", "slow")).times_out("slow")
    yield "suspended", Play(n("approve"), n("b", "approve")).suspends("approve")
    yield (
        "suspended_and_resumed",
        Play(n("approve"), n("b", "approve"))
        .suspends("approve")
        .resumes("approve")
        .returns("approve")
        .returns("b"),
    )
    paused = Play(n("a"), n("b", "a"), n("c", retries=1)).fails("c").pause().returns("a")
    yield "paused", paused.fires("c")
    resumed = Play(n("a"), n("b", "a")).pause().returns("a").unpause()
    yield "paused_and_resumed", resumed.returns("b")
    asked = {"reason": "Ship it?", "signal": "approval:ask", "data": {"prompt": "Ship it?"}}
    first = Play(n("ask", retries=1), n("b", "ask")).suspends(
        "ask", timeout_at=1_767_259_000.0, **asked
    )
    yes = {
        "payload": {"approved": True, "by": "Ada"},
        "signal": "019b7952-1e80-7000-8000-00000000000a",
    }
    again = first.resumes("ask", **yes).suspends("ask", timeout_at=1_767_259_000.0, **asked)
    yield "suspended_again", again
    late = Play(n("nap")).suspends("nap", until=1_767_258_600.0, on_timeout="continue")
    yield "resumed_by_the_clock", late.due("nap", 600.0).returns("nap")
    vain = Play(n("ask"), n("b", "ask")).suspends("ask", timeout_at=1_767_258_010.0)
    yield "waited_in_vain", vain.due("ask", 10.0).fails("ask", final=True)
    yield "cancelled_while_suspended", Play(n("approve")).suspends("approve").cancel()
    yield (
        "out_of_time",
        Play(n("a"), n("b", "a"), n("c")).returns("a").expires().stops("b").stops("c"),
    )
    yield "running", Play(n("a"), n("b", "a"), n("c", "a")).returns("a").returns("b")
    yield "empty", Play()
    yield from _histories_of_recoveries()


def _histories_of_recoveries():
    twice = Play(n("a"), n("b", "a", retries=1), n("c"), timeout=60.0, timeout_retries=2)
    yield (
        "out_of_time_and_begun_again",
        twice.returns("a").expires().fires("b").fires("c").returns("c").expires().fires("b"),
    )
    lost = Play(n("a"), n("b", "a"), n("c", "a"), n("d", "b")).returns("a").says("b", "half\n")
    yield "lost_and_recovered", lost.dies().returns("b").returns("c").returns("d")
    yield (
        "recovered_while_paused",
        Play(n("a"), n("b", "a"), n("c")).returns("a").pause().dies(),
    )
    yield (
        "recovered_without_a_value",
        Play(n("a"), n("b", "a"), n("c", "b")).returns("a").returns("b").dies(again=["b"]),
    )


_MAP = Policy(Turns.EACH, window=3, stop=False, settle=True)
_GROWS = replace(_MAP, grows=True)
_AGAIN = Policy(Turns.EACH, window=2, stop=False, settle=True, retries=1)
_EACH = Policy(Turns.EACH)


def _map(policy=_MAP):
    inside = (n("fetch"), n("clean", "fetch"))
    return Play(n("cities"), box("each", policy, *inside, reads=("cities",)), n("total", "each"))


def _nested():
    group = box("tidy", Policy(), n("trim"), n("sort", "trim"), reads=("read",))
    return Play(box("each", _EACH, n("read"), group)).unfolds("each", 2)


def _guarded():
    blocks = {"catch": [n("fallback")], "finally": [n("sweep")]}
    return Play(box("guard", Policy(Turns.GUARDED), n("risky"), **blocks), n("b", "guard"))


def _histories_of_containers():
    going = _map().returns("cities").unfolds("each", 5).returns("each[1].fetch")
    yield "map_under_way", going.fails("each[0].fetch").returns("each[2].fetch")
    whole = _map().returns("cities").unfolds("each", 3)
    whole.returns("each[1].fetch").fails("each[0].fetch").returns("each[2].fetch")
    whole.returns("each[2].clean").returns("each[1].clean").returns("each")
    yield "map_with_failures", whole.returns("total")
    yield "map_not_begun", _map()
    anew = _map(_AGAIN).returns("cities").unfolds("each", 3).returns("each[0].fetch")
    yield "map_item_begun_anew", anew.fails("each[0].clean").returns("each[1].fetch")
    yield "map_cancelled", _cancelled_map()
    retried = _map().returns("cities").unfolds("each", 4, known=(1, 3)).returns("each[0].fetch")
    yield "map_with_known_items", retried.returns("each[0].clean").fails("each[2].fetch")
    grown = _map(_GROWS).returns("cities").offers("each", 2).unfolds("each", 5).offers("each", 4)
    yield "map_that_grows", grown.returns("each[0].fetch").returns("each[0].clean")
    lost = _map().returns("cities").unfolds("each", 4).returns("each[0].fetch")
    lost.returns("each[0].clean").returns("each[1].fetch").says("each[2].fetch", "half\n")
    yield "map_recovered", lost.dies().returns("each[1].clean")
    paused = _map().returns("cities").unfolds("each", 2).pause()
    yield "map_paused", paused.returns("each[1].fetch")
    nested = _nested().returns("each[0].read").unfolds("each[0].tidy")
    nested.returns("each[0].tidy.trim").returns("each[0].tidy.sort").returns("each[0].tidy")
    yield "group_in_a_loop", nested.returns("each[1].read").unfolds("each[1].tidy")
    group = Play(box("tidy", Policy(), n("trim"), n("sort"), retries=1)).unfolds("tidy")
    group.returns("tidy.sort").fails("tidy.trim").fires("tidy")
    yield "group_tried_again", group.unfolds("tidy").returns("tidy.trim")
    caught = _guarded().unfolds("guard").fails("guard.risky")
    caught.returns("guard.catch.fallback").returns("guard.finally.sweep").returns("guard")
    yield "caught_and_finished", caught.returns("b")
    yield "body_without_failure", _guarded().unfolds("guard").returns("guard.risky")
    asked = Play(box("until", Policy(Turns.WHILE, most=9), n("step"))).unfolds("until")
    asked.consulted("until", 0, go_on=True).returns("until[0].step")
    asked.consulted("until", 1, go_on=True).returns("until[1].step")
    yield "while", asked.consulted("until", 2, go_on=False).returns("until")
    yield "broken", _broken("break").stops("each[0].rest").returns("each")
    yield "continued", _broken("continue")
    yield from _histories_of_endings()
    waits = Play(box("g", Policy(), n("x"))).unfolds("g").suspends("g.x")
    yield "suspended_inside", waits
    yield "left_while_it_waited", _left_while_it_waited()


def _histories_of_endings():
    ends = n("decided", cancels=("b",), completes=("each",))
    ended = Play(ends, n("b"), n("c", "b"), box("each", _MAP, n("x")), n("total", "each"))
    ended.unfolds("each", 9).returns("each[1].x").returns("decided").returns("each")
    yield "cancelled_and_completed_by_a_node", ended
    lasting = replace(_MAP, enough=1, outlasts=True)
    left = _map(lasting).returns("cities").unfolds("each", 4).returns("each[1].fetch")
    left.returns("each[1].clean").returns("each").returns("total").fails("each[0].fetch")
    yield "map_left_to_go_on", left.suspends("each[3].fetch")
    arriving = Policy(Turns.ARRIVING, window=2, stop=False)
    heard = Play(n("a"), n("b"), box("heard", arriving, n("x"), reads=("a", "b")), n("c", "heard"))
    heard.returns("b").unfolds("heard").returns("heard[1].x").returns("a").returns("heard[0].x")
    yield "branches_one_by_one", heard.returns("heard")
    stop = N("enough", ("a",), ("enough",), ends="failed")
    stopped = Play(n("a"), stop, n("b"), n("c", "b")).returns("a")
    yield "stopped_by_a_node", stopped.returns("enough", reason="no stock").stops("b")


def _cancelled_map():
    run = _map().returns("cities").unfolds("each", 9).returns("each[0].fetch").cancel()
    return run.stops("each[1].fetch").stops("each[0].clean").stops("each[2].fetch")


def _left_while_it_waited():
    stop = N("stop", (), ("stop",), leaves="continue")
    run = Play(box("each", _EACH, stop, n("approve"))).unfolds("each", 2)
    return run.suspends("each[0].approve").returns("each[0].stop")


def _broken(how):
    stop = N("stop", ("test",), ("stop",), leaves=how)
    inside = (n("test", outputs=("test", "on")), stop, n("rest", "test.on"), n("last", "rest"))
    run = Play(box("each", _EACH, *inside)).unfolds("each", 3).returns("each[0].test")
    return run.returns("each[0].stop")


def _saga(**ship):
    return Play(
        n("reserve", compensate="release"),
        n("charge", "reserve", compensate="refund"),
        n("ship", "charge", **ship),
        n("release", "reserve"),
        n("refund", "charge", retries=1),
        n("close", role="teardown"),
    )


def _histories_of_undoing():
    undone = _saga().returns("reserve").returns("charge").fails("ship").fails("refund")
    yield "undoing", undone.fires("refund")
    undone = _saga().returns("reserve").returns("charge").fails("ship").returns("refund")
    yield "undone", undone.fails("release").returns("close")
    yield "nothing_to_undo", _saga().returns("reserve").returns("charge").returns("ship")
    given_up = _saga().returns("reserve").returns("charge").cancel().stops("ship").cancel()
    yield "undoing_given_up", given_up.stops("refund")
    lost = _saga().returns("reserve").returns("charge").cancel().stops("ship").dies()
    yield "undoing_recovered", lost.returns("refund").returns("release").returns("close")
    lab = Play(n("connect", role="setup"), n("work"), n("close", "connect", role="teardown"))
    yield "setting_up", lab
    lab = Play(n("connect", role="setup"), n("work"), n("close", "connect", role="teardown"))
    yield "torn_down_in_vain", lab.returns("connect").returns("work").fails("close")
    guarded = _guarded().unfolds("guard").cancel().stops("guard.risky")
    yield "cancelled_and_finishing", guarded
    guarded = _guarded().unfolds("guard").returns("guard.risky").cancel()
    yield "cancelled_while_it_finished", guarded.returns("guard.finally.sweep")
    inside = (n("pay", compensate="repay"), n("send", "pay"), n("repay", "pay"))
    each = Play(box("each", _MAP, *inside)).unfolds("each", 3).returns("each[0].pay")
    each.returns("each[0].send").returns("each[1].pay").fails("each[1].send")
    yield "item_undone", each.returns("each[1].repay").cancel().stops("each[2].pay")


def _stepped():
    """A run that is paused, and one of whose nodes was let go."""
    play = Play(n("a"), n("b", "a"), n("c", "a")).pause().returns("a")
    yield "stepped", play.steps("c")


def containers():
    """The runs with containers among them, each by its name."""
    return list(_histories_of_containers())


def goldens():
    """The text of each golden file, by its name."""
    for name, play in (*_histories(), *_stepped(), *containers(), *_histories_of_undoing()):
        golden = {
            "name": name,
            "nodes": [step.node for step in play.plan.steps],
            "events": [json.loads(encode(event)) for event in play.events],
            "view": view(fold(play.events)),
            "critical": [
                {"node": one.node, "status": one.status, "ms": one.ms, "wait": one.wait_ms}
                for one in critical_path(play.events)
            ],
        }
        yield name, json.dumps(golden, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in goldens():
        (GOLDEN / f"{name}.json").write_text(text, encoding="utf-8")
