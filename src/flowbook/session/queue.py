"""Runs that wait for their turn, because their flow says how many may go on at once.

The turn is the run's with the larger priority, then the one's that was started earlier. A queue
is this process's own; nothing of a run that waits is written down.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowbook.ids import FlowId
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run


@dataclass(slots=True)
class _Queue:
    going: int = 0
    waiting: list[tuple[int, int, Run]] = field(default_factory=list)


class Queues:
    """The queues of one project in this process, by flow; safe from any thread."""

    def __init__(self) -> None:
        self._queues: dict[FlowId, _Queue] = {}
        self._numbers = count()
        self._lock = Lock()

    def join(self, run: Run, plan: Plan, above: Collection[FlowId] = ()) -> None:
        """Let the run in when it has its turn.

        A run of a flow that is among those `above` it does not wait: they wait for it.
        """
        if plan.flow in above:
            run.entry.open()
            return
        most = plan.options.max_runs or 1
        with self._lock:
            queue = self._queues.setdefault(plan.flow, _Queue())
            entry = (-run.entry.lineage.priority, next(self._numbers), run)
            heapq.heappush(queue.waiting, entry)
        self._turn(plan.flow, most)

    def waiting(self, flow: FlowId) -> tuple[Run, ...]:
        """The runs of a flow that wait, the next one first."""
        with self._lock:
            queue = self._queues.get(flow, _Queue())
            return tuple(run for *_, run in sorted(queue.waiting) if run.entry.waiting)

    def _turn(self, flow: FlowId, most: int) -> None:
        """Let in as many as may go on now."""
        while (run := self._next(flow, most)) is not None:
            if run.entry.open():
                run.when_over(lambda: self._leave(flow, most))
            else:
                self._leave(flow, most)

    def _next(self, flow: FlowId, most: int) -> Run | None:
        with self._lock:
            queue = self._queues[flow]
            while queue.waiting and not queue.waiting[0][2].entry.waiting:
                heapq.heappop(queue.waiting)  # it was cancelled meanwhile
            if not queue.waiting or queue.going >= most:
                return None
            queue.going += 1
            return heapq.heappop(queue.waiting)[2]

    def _leave(self, flow: FlowId, most: int) -> None:
        with self._lock:
            self._queues[flow].going -= 1
        self._turn(flow, most)
