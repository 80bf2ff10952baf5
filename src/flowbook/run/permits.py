"""The permits of one run: what its steps wait for outside of it, asked for and given back.

What a permit is for is worked out here, where the values are: the key of a step's limit is an
expression over its inputs. One that fails makes its step fail, as the step's own code would.
Lives on the engine's loop.
"""

from __future__ import annotations

from collections.abc import Callable

from flowbook.errors import UsageError
from flowbook.run.containers import Containers
from flowbook.run.places.loops import soon
from flowbook.run.recall import KEY, NoKey, evaluated
from flowbook.run.rules.instruction import Acquire, Release
from flowbook.run.rules.outside import Outside, is_tagged, outside_of
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import StepPermitted, Stimulus
from flowbook.run.stage import Assignment, Stage
from flowbook.run.values import nest
from flowbook.run.work import Permit, Wish


def awaited(stage: Stage, assignment: Assignment) -> Outside | None:
    """What the steps of a run may have to wait for outside of it."""
    permits, plan = stage.tools.permits, assignment.plan
    if permits is None:
        return None
    return outside_of(plan, permits.tags() if is_tagged(plan) else ())


class StepPermits:
    """What the steps of one run have asked for and hold. `feed` tells the run that it has one."""

    def __init__(
        self,
        stage: Stage,
        state: RunState,
        containers: Containers,
        feed: Callable[[Stimulus], None],
    ) -> None:
        self._stage, self._state, self._feed = stage, state, feed
        self._containers = containers
        self._permits: dict[int, Permit] = {}
        self._asked: dict[int, object] = {}
        self.refused: dict[int, Exception] = {}
        """The steps whose key could not be worked out: they are let in, to fail of it."""

    def acquire(self, order: Acquire) -> None:
        """Ask for what the step needs."""
        i, permits = order.step, self._stage.tools.permits
        try:
            wish = self._wish(i, order.priority)
        except UsageError as refused:
            self.refused[i] = refused
            self._permitted(i)
            return
        if permits is None:
            self._permitted(i)
            return
        asked = self._asked[i] = object()
        loop = self._stage.loop
        self._permits[i] = permits.wish(wish, lambda: soon(loop, self._came, i, asked))

    def release(self, order: Release) -> None:
        """Give back what the step has, or wants."""
        self._asked.pop(order.step, None)
        self.refused.pop(order.step, None)
        permit = self._permits.pop(order.step, None)
        if permit is not None:
            permit.give_back()

    def release_all(self) -> None:
        """The run goes on here no longer."""
        self._asked.clear()
        while self._permits:
            self._permits.popitem()[1].give_back()

    def _came(self, i: int, asked: object) -> None:
        if self._asked.get(i) is asked:
            self._permitted(i)

    def _permitted(self, i: int) -> None:
        self._feed(StepPermitted(at=self._stage.clock(), step=i))

    def _wish(self, i: int, rank: int) -> Wish:
        state = self._state
        step, outside = state.steps[i], state.outside
        tags = () if outside is None else outside.shared(step)
        most = step.options.at_once
        key = self._key(i, step.options.limit_key) if step.options.limit_key else ""
        return Wish(state.run, state.key(i), tags, most, key, rank)

    def _key(self, i: int, expression: str) -> str:
        evaluate = self._stage.tools.evaluate
        turn = self._containers.names(self._state.scope[i])
        names = nest({**turn, **self._containers.inputs(i)})
        try:
            return evaluated(lambda: evaluate(expression, names))[KEY].decode()
        except NoKey as none:
            raise UsageError(
                f"limit_key {expression!r}: {none}", hint="name plain data, such as order.customer"
            ) from None
