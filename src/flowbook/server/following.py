"""What changes in the history, told to all who follow it: one look for all of them.

A `Follower` sees by the store's pulse, a few times a second and in a thread, whether anything has
happened anywhere, in any process; only then it looks into the store, once, and finds out which runs
are others than before. Every such moment has a *position*: the time of it in microseconds, larger
than all before it. Who has taken all up to a position, and says so when he comes again, hears of
every further change once. That holds as long as somebody follows, and a while longer; beyond that,
and over a restart of the server, what has changed since is looked up by its time, and some of it
may be told again.

While nobody follows nothing is looked at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from flowbook.alerts.rule import LAB
from flowbook.events import RunStatus
from flowbook.ids import RunId
from flowbook.server.listing import listed
from flowbook.server.place import Place
from flowbook.store.changed import MOST_RUNS, Changes, Pulse, changed, pulse
from flowbook.store.layout import Layout
from flowbook.store.notices import DeliveryRow
from flowbook.store.rows import RunRow

LOOK: Final = 0.2
"""Seconds between two looks at the pulse."""
LEISURE: Final = 4
"""So many times as long as a look into the store took, there is none."""
SLACK: Final = 5_000_000
"""Microseconds by which what happened may be seen too late."""
STAY: Final = 60.0
"""Seconds for which it goes on when nobody follows, for those who come again."""
MOST_KEPT: Final = 4 * MOST_RUNS
MOST_TOLD: Final = 200
"""Notices of rules that are kept for those who come again."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who follows: up to which position he has heard, and of which runs he wants events.

    `events` waits to be told, by run; `watched` is the number of the last event of each.
    """

    position: int
    watched: dict[str, int] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    reset: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class News:
    """What a listener is to hear. `reset`: more has changed than is told: begin anew."""

    position: int
    runs: list[dict[str, Any]]
    gone: list[str]
    reset: bool = False
    notices: list[DeliveryRow] = field(default_factory=list)


class Follower:
    """Follows the history of one place; belongs to one event loop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._layout = Layout(place.project.folder)
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._pulse: Pulse | None = None
        self._looked_at = 0
        self._known: dict[RunId, RunRow] = {}
        self._told: dict[RunId, dict[str, Any] | None] = {}
        self._changed: dict[RunId, int] = {}
        self._notices: dict[str, tuple[int, DeliveryRow]] = {}
        """What the Lab is told by rules, by id, with the position of each."""
        self._floor = 0
        self._last = 0
        self._passed_over = False
        self._joining = asyncio.Lock()

    async def join(self, since: int | None) -> tuple[Listener, News]:
        """Begin to follow from a position, or from now; with what happened since then."""
        async with self._joining:
            if self._task is None or self._task.done():
                await self._begin()
        listener = Listener(self._last)
        news = News(self._last, [], [])
        if since is not None and since >= self._floor:
            listener.position = min(since, self._last)
            news = self.news(listener)
        elif since is not None:
            news = await self._missed(since)
            listener.position = news.position
        self._listeners.add(listener)
        if listener.position < self._last:
            listener.news.set()
        return listener, news

    def leave(self, listener: Listener) -> None:
        """Hear no more."""
        self._listeners.discard(listener)

    def watch(self, listener: Listener, run: str, after: int) -> None:
        """Tell this listener the events of a run, from the one behind number `after`."""
        listener.watched[run] = after
        listener.events.pop(run, None)
        self._look_again()

    def taken(self, listener: Listener) -> dict[str, list[str]]:
        """The events that this listener is to be told now."""
        told, listener.events = listener.events, {}
        if self._passed_over:
            self._look_again()
        return told

    def news(self, listener: Listener) -> News:
        """What has changed since this listener heard last; he has heard it by that."""
        since, listener.position = listener.position, self._last
        ids = [run for run, at in self._changed.items() if at > since]
        told = [one for one in (self._told.get(run) for run in ids) if one is not None]
        gone = [str(run) for run in ids if self._told.get(run) is None]
        reset, listener.reset = listener.reset, False
        notices = [one for at, one in self._notices.values() if at > since]
        return News(self._last, told, gone, reset, notices)

    def close(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()

    # ------------------------------------------------------------ what is looked at

    async def _begin(self) -> None:
        self._pulse = await asyncio.to_thread(pulse, self._layout)
        now = _now()
        snapshot = self._place.history.snapshot
        found = await asyncio.to_thread(changed, snapshot, now - SLACK, (), going=True)
        before = await asyncio.to_thread(self._told_the_lab, now - SLACK)
        self._notices = {one.id: (0, one) for one in before}  # whoever joins now is not told of it
        self._known = {row.id: row for row in found.runs}
        self._told, self._changed = dict.fromkeys(found.gone), {}
        self._looked_at = now
        self._floor = self._last = max(now, self._last + 1)
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        lonely = time.monotonic()
        rest = LOOK
        while self._listeners or time.monotonic() - lonely < STAY:
            if self._listeners:
                lonely = time.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), rest)
            self._wake.clear()
            begun = time.monotonic()
            try:
                await self._see()
            except Exception as error:  # noqa: BLE001 - said, and tried again: others count on it
                self._pulse = None
                _log.warning("flowbook: what changes cannot be seen: %s", error)
            rest = max(LOOK, LEISURE * (time.monotonic() - begun))

    async def _see(self) -> None:
        felt = await asyncio.to_thread(pulse, self._layout)
        if felt == self._pulse:
            return
        begun, wanted = _now(), self._wanted()
        found = await asyncio.to_thread(self._look, self._looked_at - SLACK, wanted)
        others = [row for row in found.runs if self._known.get(row.id) != row]
        rows = await asyncio.to_thread(listed, self._place, others)
        notices = await asyncio.to_thread(self._told_the_lab, self._looked_at - SLACK)
        self._looked_at, self._pulse = begun, None if found.more else felt
        self._take(others, rows, found)
        self._take_notices(notices)

    def _look(self, since: int, wanted: dict[str, int]) -> Changes:
        going = [row.id for row in self._known.values() if row.status is RunStatus.RUNNING]
        return changed(self._place.history.snapshot, since, going, events=wanted)

    def _told_the_lab(self, since: int) -> list[DeliveryRow]:
        """What rules have told whoever has JupyterLab open, since then; the oldest first."""
        notices = self._place.project.store.notices
        if not notices.in_use:
            return []
        return list(notices.deliveries(channel=LAB, since=since / 1e6, limit=MOST_TOLD))[::-1]

    def _take_notices(self, notices: list[DeliveryRow]) -> None:
        fresh = [one for one in notices if one.id not in self._notices]
        if not fresh:
            return
        self._last = max(_now(), self._last + 1)
        for one in fresh:
            self._notices[one.id] = self._last, one
        while len(self._notices) > MOST_TOLD:
            del self._notices[next(iter(self._notices))]
        for listener in self._listeners:
            listener.news.set()

    def _look_again(self) -> None:
        self._pulse = None
        self._wake.set()

    def _wanted(self) -> dict[str, int]:
        """Of which runs events are wanted; of those for whom some wait, later."""
        found: dict[str, int] = {}
        self._passed_over = False
        for listener in self._listeners:
            for run, after in listener.watched.items():
                if listener.events.get(run):
                    self._passed_over = True
                else:
                    found[run] = min(after, found.get(run, after))
        return found

    def _take(self, rows: list[RunRow], told: list[dict[str, Any]], found: Changes) -> None:
        """Note what was found, and wake whoever is to hear of it."""
        gone = [run for run in found.gone if self._told.get(run, {}) is not None]
        if rows or gone:
            self._last = max(_now(), self._last + 1)
        for row, one in zip(rows, told, strict=True):
            self._known[row.id], self._told[row.id] = row, one
            self._note(row.id)
        for run in gone:
            self._known.pop(run, None)
            self._told[run] = None
            self._note(run)
        if found.too_many:
            self._floor = self._last
        for listener in self._listeners:
            more = self._give(listener, found)
            listener.reset = listener.reset or found.too_many
            if rows or gone or more or found.too_many:
                listener.news.set()
        self._forget()

    def _note(self, run: RunId) -> None:
        self._changed.pop(run, None)  # the last one to change stands last
        self._changed[run] = self._last

    def _give(self, listener: Listener, found: Changes) -> bool:
        more = False
        for run, after in listener.watched.items():
            new = [one for one in found.events.get(run, ()) if one[0] > after]
            if new and not listener.events.get(run):
                listener.events.setdefault(run, []).extend(payload for _, payload in new)
                listener.watched[run] = new[-1][0]
                more = True
        return more

    def _forget(self) -> None:
        """Let go of what changed longest ago; positions before that are told by time."""
        while len(self._changed) > MOST_KEPT:
            run = next(iter(self._changed))
            self._floor = self._changed.pop(run)
            self._told.pop(run, None)
            known = self._known.get(run)
            if known is not None and known.status.over:
                del self._known[run]

    async def _missed(self, since: int) -> News:
        """What has changed since a position of which nothing is known any more, by its time."""
        at = max(0, min(since, _now()) - SLACK)
        snapshot, position = self._place.history.snapshot, self._last
        found = await asyncio.to_thread(changed, snapshot, at, (), going=True)
        if found.too_many:
            return News(position, [], [], reset=True)
        rows = await asyncio.to_thread(listed, self._place, found.runs)
        notices = await asyncio.to_thread(self._told_the_lab, at)
        return News(position, rows, sorted(found.gone), notices=notices)


def _now() -> int:
    return time.time_ns() // 1000
