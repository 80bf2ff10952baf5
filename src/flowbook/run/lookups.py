"""The attempts of one run that wait for an answer of the cache, before anything is launched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowbook.events import ValueRef
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.plan.plan import Step
from flowbook.run.recall import Recalled, cache_key
from flowbook.run.stimulus import Launch, StepRecalled, Stimulus
from flowbook.run.values import Keeper
from flowbook.run.work import Memoir, Work


class Lookups:
    """Asks before a step with `cache` is run; lives on the engine's loop.

    `run` goes on with an attempt that was not found, `feed` tells the run of one that was.
    `values` is where the run keeps its outputs, by step. `keys` are the cache keys known so far.
    """

    def __init__(
        self,
        keeper: Keeper,
        memoir: Memoir | None,
        values: list[Outputs | None],
        run: Callable[[Launch], None],
        feed: Callable[[Stimulus], None],
    ) -> None:
        self.keys: dict[int, str] = {}
        self._keeper, self._memoir, self._values = keeper, memoir, values
        self._run, self._feed = run, feed
        self._waiting: set[int] = set()

    def ask(
        self,
        order: Launch,
        step: Step,
        work: Work,
        outputs: Sequence[Mapping[PortName, ValueRef]],
        params: Mapping[PortName, Any],
        now: Callable[[], float],
    ) -> bool:
        """Look the attempt up; False when there is nothing to ask, and it is to be run."""
        if self._memoir is None or not step.options.cache:
            return False
        key = cache_key(step, work, outputs, params)
        if key is None:
            return False
        self.keys[order.step] = key
        self._waiting.add(order.step)
        self._keeper.recall(self._memoir, key, lambda hit: self._answered(order, hit, now))
        return True

    def forget(self, step: int) -> bool:
        """Stop waiting for the step's answer; False when nobody does."""
        waits = step in self._waiting
        self._waiting.discard(step)
        return waits

    def _answered(self, order: Launch, hit: Recalled | None, now: Callable[[], float]) -> None:
        if not self.forget(order.step):
            return  # the attempt was told to stop meanwhile
        if hit is None:
            self._run(order)
            return
        self._values[order.step] = hit.outputs
        self._feed(
            StepRecalled(
                at=now(),
                step=order.step,
                attempt=order.attempt,
                outputs=hit.event.outputs,
                source=hit.event.run,
            )
        )
