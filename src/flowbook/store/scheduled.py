"""The schedules of a project and what became of their moments, as they are written and read.

What a schedule says is JSON here: what it means is for `flowbook.triggers` to say.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from flowbook.ids import FlowId
from flowbook.store.audit import Action, AuditLog, who
from flowbook.store.facts import (
    DecidedSlot,
    ScheduleRemoved,
    ScheduleSaved,
    SlotsDecided,
    StoredFact,
)
from flowbook.store.history import History
from flowbook.store.rows import from_us

_SCHEDULES = """
SELECT name, flow, notebook, settings, epoch_us(since), epoch_us(schedule_next_run),
       epoch_us(decided_until), changed_by, epoch_us(changed_at)
FROM schedules ORDER BY name
"""
_SLOTS = """
SELECT slots.schedule, slots.flow, epoch_us(slots.scheduled_for), verdict, reason, detail, run_id,
       slots.key, tries, begun, epoch_us(behind), epoch_us(decided_at), runs.status, decided_by
FROM slots LEFT JOIN runs ON runs.id = slots.run_id WHERE {} ORDER BY {} LIMIT $limit
"""
_OPEN = """verdict = 'wait' OR (verdict = 'run'
    AND (coalesce(runs.status, '') IN ('running', 'suspended') OR NOT begun))"""


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule as it is stored; `settings` as plain data, times in UTC."""

    name: str
    flow: FlowId
    notebook: str
    settings: Mapping[str, Any]
    since: datetime
    next_run: datetime | None
    decided_until: datetime
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SlotRow:
    """What was decided last of one moment of a schedule; times in UTC.

    `verdict` is run, wait or skip. `run_id`: the run for it, begun or not; `run_status` is None
    before it has begun, and when it was deleted.
    """

    schedule: str
    flow: FlowId
    scheduled_for: datetime
    verdict: str
    reason: str
    detail: str
    run_id: str | None
    key: str | None
    tries: int
    begun: bool
    behind: datetime | None
    decided_at: datetime
    run_status: str | None
    decided_by: str


class Agenda:
    """The schedules of one store. `now` is the clock, in seconds since the epoch.

    >>> from pathlib import Path; import tempfile; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.agenda.save("nightly", FlowId("report"), "report.ipynb", {"cron": "@daily"}, 0.0, 9.0)
    >>> [(row.name, row.next_run.second) for row in store.agenda.schedules()]
    [('nightly', 9)]
    >>> store.close()
    """

    def __init__(
        self,
        history: History,
        append: Callable[[Sequence[StoredFact]], Future[None]],
        audit: AuditLog,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._history, self._append, self._audit = history, append, audit
        self.now = now

    def save(
        self,
        name: str,
        flow: FlowId,
        notebook: str,
        settings: Mapping[str, Any],
        since: float,
        next_run: float | None,
    ) -> None:
        """Let the schedule of that name be so from now on; durable when this returns."""
        by, _source = who()
        saved = ScheduleSaved(
            at=self.now(), schedule=name, flow=flow, notebook=notebook, by=by, since=since,
            settings=msgspec.Raw(msgspec.json.encode(settings)), next_run=next_run,
        )  # fmt: skip
        entry = self._audit.entry(Action.SCHEDULED, flow=flow, schedule=name)
        self._append([saved, entry]).result()

    def remove(self, name: str, flow: FlowId) -> None:
        """Let there be no schedule of that name; durable when this returns."""
        by, _source = who()
        removed = ScheduleRemoved(at=self.now(), schedule=name, by=by)
        entry = self._audit.entry(Action.UNSCHEDULED, flow=flow, schedule=name)
        self._append([removed, entry]).result()

    def decide(
        self,
        name: str,
        flow: FlowId,
        slots: Iterable[DecidedSlot],
        *,
        upto: float | None = None,
        next_run: float | None = None,
    ) -> None:
        """Keep what becomes of these moments; durable when this returns."""
        by = f"{socket.gethostname()}:{os.getpid()}"
        decided = SlotsDecided(
            at=self.now(), schedule=name, flow=flow, slots=tuple(slots), by=by, upto=upto,
            next_run=next_run,
        )  # fmt: skip
        self._append([decided]).result()

    def schedules(self) -> tuple[ScheduleRow, ...]:
        """All schedules, by name."""
        _names, rows = self._history.table(_SCHEDULES)
        return tuple(map(_schedule, rows))

    def slots(self, schedule: str | None = None, limit: int = 100) -> tuple[SlotRow, ...]:
        """What became of the latest moments of a schedule, or of all, the latest first."""
        wanted = "$schedule IS NULL OR slots.schedule = $schedule"
        return self._slots(wanted, "slots.scheduled_for DESC", limit, schedule=schedule)

    def unsettled(self) -> tuple[SlotRow, ...]:
        """The moments that wait, whose run has not begun, or goes on; the earliest first."""
        return self._slots(_OPEN, "slots.scheduled_for", 100_000)

    def slot(self, schedule: str, scheduled_for: datetime) -> SlotRow | None:
        """What was decided of one moment; None when nothing was."""
        wanted = "slots.schedule = $schedule AND epoch_us(slots.scheduled_for) = $at"
        at = round(scheduled_for.timestamp() * 1e6)
        found = self._slots(wanted, "slots.scheduled_for", 1, schedule=schedule, at=at)
        return found[0] if found else None

    def within(self, schedule: str, since: datetime, until: datetime) -> tuple[SlotRow, ...]:
        """What became of the moments from `since` on and before `until`."""
        wanted = """slots.schedule = $schedule AND epoch_us(slots.scheduled_for) >= $since
                    AND epoch_us(slots.scheduled_for) < $until"""
        bounds = {"since": round(since.timestamp() * 1e6), "until": round(until.timestamp() * 1e6)}
        return self._slots(wanted, "slots.scheduled_for", 1_000_000, schedule=schedule, **bounds)

    def skipped(self, since: float) -> tuple[SlotRow, ...]:
        """The moments from `since` on (seconds since the epoch) that have no run, and will not."""
        wanted = "slots.verdict = 'skip' AND epoch_us(slots.scheduled_for) >= $since"
        bound = round(since * 1e6)
        return self._slots(wanted, "slots.scheduled_for", 1_000_000, since=bound)

    def _slots(self, wanted: str, order: str, limit: int, **known: Any) -> tuple[SlotRow, ...]:
        _names, rows = self._history.table(_SLOTS.format(wanted, order), {**known, "limit": limit})
        return tuple(map(_slot, rows))


def _schedule(row: tuple[Any, ...]) -> ScheduleRow:
    name, flow, notebook, settings, since, upcoming, decided, by, at = row
    return ScheduleRow(
        name, flow, notebook, msgspec.json.decode(settings), from_us(since), from_us(upcoming),
        from_us(decided), by, from_us(at),
    )  # fmt: skip


def _slot(row: tuple[Any, ...]) -> SlotRow:
    known = list(row)
    for place in (2, 10, 11):
        known[place] = from_us(known[place])
    return SlotRow(*known)
