"""Where a run waits for its turn: it begins once, when it is let in, or ends without beginning.

A run that nobody keeps waiting is let in at once. What a flow gives its runs in time is counted
from here, because waiting is not the run's fault.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from threading import Lock

from msgspec.structs import replace

from flowbook.events import Event, RunCreated
from flowbook.run.perform import Performance
from flowbook.run.places.loops import soon
from flowbook.run.rules.deadline import last_deadline
from flowbook.run.rules.instruction import Launch
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import CancelAsked, Expired, Lineage, Start, TakenUp


class Turnstile:
    """The way into one run; safe from any thread."""

    def __init__(
        self, performance: Performance, loop: AbstractEventLoop, begin: Start | TakenUp
    ) -> None:
        self._performance, self._loop, self._begin = performance, loop, begin
        self._lineage = begin.lineage if isinstance(begin, Start) else _known(performance.events[0])
        self._passing = Lock()
        self._passed = False
        self._why: Callable[[], str] = str
        self._moved: Callable[[], object] = bool

    @property
    def lineage(self) -> Lineage:
        """Where the run comes from, its last deadline as far as it is known, and its priority."""
        state = self._performance.state
        if state.deadline is None:
            return self._lineage
        return replace(self._lineage, deadline=last_deadline(state, self._performance.plan.options))

    @property
    def waiting(self) -> bool:
        """True until the run begins."""
        return not self._passed

    @property
    def why(self) -> str:
        """What the run waits for, for people; '' once it has begun."""
        return "" if self._passed else self._why()

    def queued(self, why: Callable[[], str], moved: Callable[[], object]) -> None:
        """It waits in a queue, which says `why`, and is told when its priority has `moved`."""
        self._why, self._moved = why, moved

    def prioritize(self, priority: int) -> bool:
        """Let it wait with another priority; False when it waits no longer, and keeps its own."""
        with self._passing:
            if self._passed:
                return False
            self._lineage = replace(self._lineage, priority=priority)
        self._moved()
        return True

    def open(self, *, withdrawn: str | None = None) -> bool:
        """Let the run in, or, with the reason why it is `withdrawn`, end it; True just once."""
        with self._passing:
            if self._passed:
                return False
            self._passed = True
        performance, begin = self._performance, self._begin
        if isinstance(begin, Start):
            now = performance.now()
            self._lineage = self._timed(now)
            begin = replace(begin, at=now, lineage=self._lineage, withdrawn=withdrawn)
        elif withdrawn is not None:
            performance.ask(CancelAsked(at=performance.now(), reason=withdrawn))
        performance.ask(begin)
        if not isinstance(begin, Start):
            soon(self._loop, _watch_turns, performance)
        deadline = performance.state.deadline or self._lineage.deadline
        if deadline is not None and withdrawn is None:
            watch(performance, self._loop, deadline)
        return True

    def _timed(self, now: float) -> Lineage:
        """With the nearer of the flow's own deadline, from now on, and the one it was given."""
        seconds, lineage = self._performance.plan.options.timeout, self._lineage
        if seconds is None:
            return lineage
        ends = now + seconds
        nearer = ends if lineage.deadline is None else min(ends, lineage.deadline)
        return replace(lineage, deadline=nearer)


def _known(created: Event) -> Lineage:
    """Where a run comes from that another process began."""
    if not isinstance(created, RunCreated):
        return Lineage()
    return Lineage(
        created.parent,
        created.calling_node,
        created.depth,
        created.deadline,
        created.priority,
        created.secrets,
        created.schedule,
        created.scheduled_for,
    )


def _watch_turns(performance: Performance) -> None:
    """Containers that another process has begun have all their time again."""
    state = performance.state
    for i in state.turning:
        if state.phase[i] is Phase.TURNING:
            performance.watch(Launch(i, state.attempt[i], 0))


def watch(performance: Performance, loop: AbstractEventLoop, deadline: float) -> None:
    """Tell the run at `deadline`, seconds since the epoch, and at the next; from any thread."""

    def expire() -> None:
        given, attempts = deadline - performance.state.created_at, performance.state.attempt
        spent = {
            i: ticket.ms()
            for i, ticket in performance.tickets.items()
            if ticket.attempt.context.attempt == attempts[i]  # else one that was given up
        }
        performance.feed(Expired(at=performance.now(), seconds=max(0.0, given), spent=spent))
        ends = performance.state.deadline
        if ends is not None and ends > deadline:
            watch(performance, loop, ends)

    def arm() -> None:
        alarm: TimerHandle = loop.call_later(max(0.0, deadline - performance.now()), expire)
        performance.over.add_done_callback(lambda _: soon(loop, alarm.cancel))

    soon(loop, arm)
