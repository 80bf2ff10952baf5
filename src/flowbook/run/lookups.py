"""The attempts of one run that wait for an answer of the cache, before anything is launched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from flowbook.events import Event, NodeCompleted, NodeReused
from flowbook.events.values import ValueRef
from flowbook.graph.node import Outputs
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import Step
from flowbook.run.recall import Answer, NoKey, bring_back, contents, evaluated, key_of
from flowbook.run.rules.instruction import Launch
from flowbook.run.rules.stimulus import StepRecalled, Stimulus
from flowbook.run.values import Keeper, inputs_of, nest
from flowbook.run.work import Tools, Work

OFF, NOT_YET, AFRESH = "cache is off", "not asked yet", "asked to run again"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the cache said of a node: `hit`, from the run `source`; else `why` not.

    `key` is what it was looked up under, None when it has none.
    """

    hit: bool
    source: RunId | None
    why: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Asking:
    """What is looked up: a step of that flow, where it stands and what it reads.

    `base` is the first slot of its scope, `outputs` are the references of the scope's steps, and
    `names` what parameters stand for there.
    """

    flow: FlowId
    step: Step
    work: Work
    base: int
    outputs: Sequence[Mapping[PortName, ValueRef]]
    names: Mapping[PortName, Any]


class Told(TypedDict, total=False):
    """Those fields of the event that ends a step that are about the cache."""

    cache_key: str
    cache_parts: dict[str, str]
    cache_miss: str | None


class Lookups:
    """Asks before a step with `cache` is run; lives on the engine's loop.

    `run` goes on with an attempt that was not found, `feed` tells the run of one that was.
    `values` is where the run keeps its outputs, by step. `answers` are those got so far.
    """

    def __init__(
        self,
        keeper: Keeper,
        tools: Tools,
        values: list[Outputs | None],
        run: Callable[[Launch], None],
        feed: Callable[[Stimulus], None],
    ) -> None:
        self.answers: dict[int, Answer] = {}
        self._keeper, self._tools, self._values = keeper, tools, values
        self._run, self._feed = run, feed
        self._waiting: set[int] = set()

    def ask(self, order: Launch, asked: Asking, now: Callable[[], float]) -> bool:
        """Look the attempt up; False when there is nothing to ask, and it is to be run."""
        step, memoir = asked.step, self._tools.memoir
        if memoir is None or not step.options.cache:
            return False
        try:
            read = self._reader(asked)
        except NoKey as none:
            self.answers[order.step] = Answer(why=str(none))
            return False

        def look() -> Answer:
            try:
                key = key_of(step, asked.work, read())
            except NoKey as none:
                return Answer(why=str(none))
            if asked.work.afresh:
                return Answer(key, AFRESH)
            return bring_back(memoir, self._keeper.recalled, step, asked.flow, key, now())

        self._waiting.add(order.step)
        self._keeper.recall(look, lambda answer: self._answered(order, answer, now))
        return True

    def _reader(self, asked: Asking) -> Callable[[], dict[str, bytes]]:
        """What gives the content a step reads; `NoKey` now or then. An expression may take long."""
        expression, evaluate = asked.step.options.cache_key, self._tools.evaluate
        if not expression:
            read = contents(asked.step, asked.outputs, asked.names)
            return lambda: read
        names = nest(inputs_of(asked.step, asked.base, self._values, asked.names))
        return lambda: evaluated(lambda: evaluate(expression, names))

    def told(self, step: int) -> Told:
        """What the event of a step that was run says of the cache."""
        asked = self.answers.get(step)
        if asked is None:
            return {}
        if asked.key is None:
            return {"cache_miss": asked.why}
        parts = dict(asked.key.parts)
        return {"cache_key": asked.key.digest, "cache_parts": parts, "cache_miss": asked.why}

    def forget(self, step: int) -> bool:
        """Stop waiting for the step's answer; False when nobody does."""
        waits = step in self._waiting
        self._waiting.discard(step)
        return waits

    def _answered(self, order: Launch, answer: Answer, now: Callable[[], float]) -> None:
        if not self.forget(order.step):
            return  # the attempt was told to stop meanwhile
        self.answers[order.step] = answer
        if answer.event is None:
            self._run(order)
            return
        self._values[order.step] = answer.outputs
        self._feed(
            StepRecalled(
                at=now(),
                step=order.step,
                attempt=order.attempt,
                outputs=answer.event.outputs,
                source=answer.event.run,
                result=answer.event.result,
                cache_key=answer.event.cache_key,
            )
        )


def lookup_of(events: Sequence[Event], node: NodeId, asked: Answer, scope: str = "") -> Lookup:
    """What a run's events say of asking for `node`; `asked` is what they do not say yet."""
    for event in reversed(events):
        if not isinstance(event, NodeReused | NodeCompleted):
            continue
        if (event.node, event.scope) != (node, scope):
            continue
        if isinstance(event, NodeReused):
            hit = event.cache_key is not None
            why = "hit" if hit else "given by an earlier run"
            return Lookup(hit, event.source, why, event.cache_key)
        if event.cache_miss:
            return Lookup(False, None, event.cache_miss, event.cache_key)
    return Lookup(False, None, asked.why, None if asked.key is None else asked.key.digest)
