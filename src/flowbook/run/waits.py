"""What a run listens for while steps of it wait: one timer, and the signals nobody took yet.

A step that waits costs an entry here and nothing else. A signal is given to one step: the one
that waits for its name the longest. Until a step does, it is kept. It counts as taken when the
event that names it is durable, and not before: whoever sent it may rely on that.

Times are by the wall clock, which may jump or stand still while the machine sleeps; so the timer
looks again every second rather than trust one long sleep. Lives on the engine's loop.
"""

from __future__ import annotations

import heapq
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flowbook.graph.suspension import Resumption, Suspend
from flowbook.run.rules.instruction import Await
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import StepDue, StepResumed, StepSuspended, Stimulus
from flowbook.run.stage import Stage

_LOOK = 1.0
"""Seconds between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A signal to a run; `taken` is called when it is used up, durably.

    `at`: when it was sent, in seconds since the epoch.
    """

    id: str
    name: str
    payload: Any
    taken: Callable[[], None]
    at: float = 0.0


class Waits:
    """What the suspended steps of one run wait for."""

    def __init__(self, stage: Stage, state: RunState, feed: Callable[[Stimulus], None]) -> None:
        self._loop: AbstractEventLoop = stage.loop
        self._stage, self._state, self._feed = stage, state, feed
        self._due: list[tuple[float, int, int]] = []
        self._timer: TimerHandle | None = None
        self._listening: dict[str, list[tuple[int, int]]] = {}
        self._mail: dict[str, deque[Letter]] = {}
        self._known: dict[str, Letter] = {}
        self._plain: dict[int, tuple[Any, dict[str, Any]]] = {}
        """By step, the payload and data themselves, which may be told in part only."""

    # ------------------------------------------------------------ waiting

    def suspended(self, i: int, attempt: int, wish: Suspend) -> StepSuspended:
        """The stimulus that a step's wish to wait is."""
        now, stage = self._stage.clock(), self._stage
        self._plain[i] = (None, wish.data)
        return StepSuspended(
            at=now,
            step=i,
            attempt=attempt,
            reason=stage.told(wish.reason),
            until=_epoch(now, wish.until),
            signal=wish.signal,
            timeout_at=_epoch(now, wish.timeout),
            on_timeout=wish.on_timeout,
            data=stage.shown(wish.data),
            fresh=wish.fresh,
        )

    def begin(self, order: Await) -> None:
        """A step waits: set the timer, and see whether its signal is here already."""
        waits = self._state.waiting.get(order.step)
        if waits is None or waits.seq != order.since:
            return
        times = [at for at in (waits.until, waits.timeout_at) if at is not None]
        if times:
            heapq.heappush(self._due, (min(times), order.since, order.step))
            self._set_timer()
        if waits.signal:
            heapq.heappush(self._listening.setdefault(waits.signal, []), (order.since, order.step))
            if waits.signal in self._mail:
                self._loop.call_soon(self._match, waits.signal)  # when this decision is done

    def rest(self) -> None:
        """Nothing more will be waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due.clear()

    def _set_timer(self) -> None:
        if self._timer is None and self._due:
            left = max(0.0, self._due[0][0] - self._stage.clock())
            self._timer = self._loop.call_later(min(left, _LOOK), self._look)
        elif self._timer is not None and self._due[0][0] - self._stage.clock() < _LOOK:
            self._timer.cancel()
            self._timer = None
            self._set_timer()

    def _look(self) -> None:
        self._timer = None
        now = self._stage.clock()
        while self._due and self._due[0][0] <= now:
            _, since, i = heapq.heappop(self._due)
            if i in self._state.waiting:
                self._feed(StepDue(at=now, step=i, since=since))
        self._set_timer()

    # ------------------------------------------------------------ signals

    def deliver(self, letter: Letter) -> None:
        """Give a signal to a step that waits for it, now or later; one that came before is none."""
        if letter.id in self._known:
            return
        if letter.id in self._state.answered:  # by a process that did not come to say so
            letter.taken()
            return
        self._known[letter.id] = letter
        self._mail.setdefault(letter.name, deque()).append(letter)
        self._match(letter.name)

    def synced(self, durable: int) -> None:
        """What was decided up to event `durable` is kept."""
        answered = self._state.answered
        for known in [one for one in self._known if answered.get(one, durable + 1) <= durable]:
            self._known.pop(known).taken()

    def _match(self, name: str) -> None:
        mail, listening = self._mail.get(name), self._listening.get(name)
        choosy: list[tuple[int, int]] = []
        while mail and listening:
            since, i = heapq.heappop(listening)
            waits = self._state.waiting.get(i)
            if waits is None or waits.seq != since:
                continue
            letter = next((one for one in mail if not waits.fresh or one.at >= waits.at), None)
            if letter is None:
                choosy.append((since, i))
                continue
            mail.remove(letter)
            self._plain[i] = (letter.payload, self._plain.get(i, (None, waits.data))[1])
            told = self._stage.shown({"payload": letter.payload})["payload"]
            at, id_ = self._stage.clock(), letter.id
            self._feed(StepResumed(at=at, step=i, since=since, payload=told, signal=id_))
        for waiter in choosy:
            heapq.heappush(self._listening.setdefault(name, []), waiter)
        if not mail:
            self._mail.pop(name, None)
        if not listening:
            self._listening.pop(name, None)

    # ------------------------------------------------------------ going on

    def resumption(self, i: int) -> Resumption | None:
        """What came to the step in slot `i`, None when it never waited."""
        found = self._state.resumed.get(i)
        if found is None:
            return None
        waited, came = found
        payload, data = self._plain.get(i, (came.payload, waited.data))
        return Resumption(
            by=came.by,
            payload=payload if came.by == "signal" else None,
            data=data,
            since=datetime.fromtimestamp(waited.at, UTC),
            at=datetime.fromtimestamp(came.at, UTC),
            deadline=_when(waited.timeout_at),
        )

    def otherwise(self, i: int) -> Any:
        """What becomes of a step that waited in vain: `fail`, `continue`, or a value."""
        found = self._state.resumed.get(i)
        timed_out = found is not None and found[1].by == "timeout"
        return found[0].on_timeout if found is not None and timed_out else "continue"


def _epoch(now: float, given: datetime | timedelta | None) -> float | None:
    if given is None:
        return None
    return given.timestamp() if isinstance(given, datetime) else now + given.total_seconds()


def _when(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
