"""What a run is performed with: what the engine lends to it, and what it is to perform."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flowbook.events import NodeCompleted, NodeReused
from flowbook.events.ports import Recording, Sink
from flowbook.graph.choices import On
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Plan, Step
from flowbook.run.past import Past
from flowbook.run.places.executors import Executor
from flowbook.run.values import Keeper
from flowbook.run.work import Carried, Tools, Work


@dataclass(frozen=True, slots=True)
class Stage:
    """What the engine lends to each of its runs."""

    loop: AbstractEventLoop
    sink: Sink
    keeper: Keeper
    tools: Tools
    clock: Callable[[], float]
    executors: Mapping[On, Executor]
    recording: Recording | None = None

    def told(self, text: str) -> str:
        """A text as it may be told."""
        return text if self.recording is None else self.recording.text(text)

    def redacts(self) -> bool:
        """True when something may have to be taken out of a text."""
        return self.recording is not None and self.recording.redacts

    def shown(self, data: dict[str, Any]) -> dict[str, Any]:
        """Plain data as it may be told."""
        return data if self.recording is None else self.recording.params(data)

    def recorded(self, recording: Recording) -> Stage:
        """This stage for one run that is recorded in its own way."""
        keeper = self.keeper.of(recording)
        return replace(self, sink=recording.sink, keeper=keeper, recording=recording)


@dataclass(frozen=True)
class Assignment:
    """What is to be performed: the plan, the code of its steps, the parameters.

    `past` is what another process had made of the run; `stored` are the events of steps whose
    outputs are given and lie in the store; `carried` is what containers have of an earlier run.
    """

    plan: Plan
    work: tuple[Work, ...]
    params: Mapping[PortName, Any]
    ambient: Context = field(repr=False)
    past: Past | None = None
    stored: Mapping[int, NodeCompleted | NodeReused] = field(default_factory=dict, repr=False)
    carried: Carried = field(default_factory=Carried, repr=False)

    @cached_property
    def cast(self) -> Mapping[NodeId, tuple[Work, On]]:
        """The code of every node and where it runs, of those inside of containers too."""
        found: dict[NodeId, tuple[Work, On]] = {}
        waiting = list(zip(self.plan.steps, self.work, strict=True))
        for step, work in waiting:  # grows while it is walked
            found[step.node] = (work, _place(step, work))
            for block in step.inside.blocks.values() if step.inside else ():
                waiting += [(inner, work.inside[inner.node]) for inner in block.plan.steps]
        return found


def _place(step: Step, work: Work) -> On:
    on = step.options.on
    if on is On.AUTO:
        return On.INLINE if work.is_async else On.THREAD
    return on
