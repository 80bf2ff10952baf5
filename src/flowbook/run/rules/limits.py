"""Who may start, where not everything that is ready may run at once.

A run whose flow says how many nodes run at a time, or whose nodes say what they need, has a *gate*.
A step that is ready queues there, by priority and then by when it came; what it holds while it
runs is counted as its phase changes, so the counts are a fold of the events like all else. The
queue is not: it is the ready steps that nothing but the limits keeps back, and a run that is taken
up offers them again.

Nobody is overtaken for ever: a step that has to wait keeps what it asks for from those behind it.
And nobody waits for more than there is: what needs more than that runs when nobody else has any.
A container holds nothing itself but its locks; the nodes inside hold the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeAlias

from flowbook.graph.flow_options import FlowOptions
from flowbook.plan.plan import Plan, Step
from flowbook.run.rules.phase import Phase

Demand: TypeAlias = tuple[tuple[str, float], ...]
"""What a step holds while it runs: resources with amounts."""

_SLOTS = "nodes"
NEED = "need "
"""What stands before the name of something that nodes need."""
_HOLDS = frozenset({Phase.RUNNING, Phase.TURNING, Phase.CANCELLING})
_NOTHING = 1e-9
"""Amounts are floats; less than this is none."""


@dataclass(slots=True)
class Gate:
    """The limits of one run, what is in use, and who waits: one heap for each demand there is."""

    options: FlowOptions = field(compare=False)
    capacity: dict[str, float] = field(compare=False)
    used: dict[str, float] = field(default_factory=dict)
    demands: dict[tuple[object, ...], Demand] = field(default_factory=dict, compare=False)
    queues: dict[Demand, list[tuple[int, int, int]]] = field(default_factory=dict, compare=False)
    queued: set[int] = field(default_factory=set, compare=False)
    came: int = field(default=0, compare=False)
    promised: dict[int, Demand] = field(default_factory=dict, compare=False)
    """What slots have been admitted to that wait for something outside of the run."""
    kept: dict[str, float] = field(default_factory=dict, compare=False)
    """How much that is of each."""

    def demand(self, step: Step) -> Demand:
        """What `step` holds while it runs."""
        options = step.options
        key = (step.inside is None, options.tags, options.needs, options.lock)
        known = self.demands.get(key)
        if known is None:
            locks = tuple((f"lock {name}", 1.0) for name in dict.fromkeys(options.lock))
            self.capacity.update(locks)
            known = self.demands[key] = (*(() if step.inside else self._asks(step)), *locks)
        return known

    def _asks(self, step: Step) -> Iterator[tuple[str, float]]:
        if self.options.max_concurrent is not None:
            yield _SLOTS, 1
        limited = dict(self.options.limits)
        yield from ((f"tag {tag}", 1) for tag in dict.fromkeys(step.options.tags) if tag in limited)
        yield from ((f"{NEED}{name}", amount) for name, amount in step.options.needs)

    def moved(self, i: int, step: Step, before: Phase, after: Phase) -> None:
        """Slot `i`, of `step`, went from one phase to another."""
        if i in self.promised:
            for name, amount in self.promised.pop(i):
                self.kept[name] -= amount
        way = (after in _HOLDS) - (before in _HOLDS)
        if way:
            for name, amount in self.demand(step):
                self.used[name] = self.used.get(name, 0) + way * amount

    def promise(self, i: int, step: Step) -> None:
        """Slot `i`, which was admitted, starts later: until it moves, nobody takes its place."""
        if i not in self.promised:
            for name, amount in self.demand(step):
                self.kept[name] = self.kept.get(name, 0) + amount
            self.promised[i] = self.demand(step)

    def offer(self, i: int, step: Step, priority: int) -> None:
        """Slot `i`, which is ready, may start as far as its inputs are concerned."""
        if i not in self.queued and i not in self.promised:
            self.queued.add(i)
            queue = self.queues.setdefault(self.demand(step), [])
            heappush(queue, (-priority, self.came, i))
            self.came += 1

    def admit(self, phases: Sequence[Phase], machine: Mapping[str, float]) -> int:
        """The slot that starts next, -1 when none may; O(log n) for n that wait.

        `machine`: how much there is of what the flow says nothing about.
        """
        kept: set[str] = set()
        for (_, _, i), demand in sorted(self._heads(phases)):
            lacking = [
                name for name, much in demand if name in kept or not self._fits(name, much, machine)
            ]
            if not lacking:
                heappop(self.queues[demand])
                self.queued.discard(i)
                return i
            kept.update(lacking, (name for name, _ in demand if name != _SLOTS))
        return -1

    def _heads(self, phases: Sequence[Phase]) -> Iterator[tuple[tuple[int, int, int], Demand]]:
        for demand, queue in self.queues.items():
            while queue and phases[queue[0][2]] is not Phase.READY:
                self.queued.discard(heappop(queue)[2])
            if queue:
                yield queue[0], demand

    def _fits(self, name: str, amount: float, machine: Mapping[str, float]) -> bool:
        used = self.used.get(name, 0) + self.kept.get(name, 0)
        there = self.capacity.get(name, machine.get(name))
        return there is None or used < _NOTHING or used + amount <= there + _NOTHING


def gate_of(plan: Plan) -> Gate | None:
    """The gate of a run of `plan`, None when it needs none."""
    options = plan.options
    if options.max_concurrent is None and not options.limits and not _needs(plan):
        return None
    capacity = {f"{NEED}{name}": much for name, much in options.capacity}
    capacity |= {f"tag {tag}": count for tag, count in options.limits}
    if options.max_concurrent is not None:
        capacity[_SLOTS] = options.max_concurrent
    return Gate(options, capacity)


def _needs(plan: Plan) -> bool:
    """True when a step says what it needs, or has a lock, inside of containers too."""
    blocks = (block for step in plan.steps if step.inside for block in step.inside.blocks.values())
    asking = any(step.options.needs or step.options.lock for step in plan.steps)
    return asking or any(_needs(block.plan) for block in blocks)
