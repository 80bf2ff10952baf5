"""`Scheduled`: a schedule of a project with all that belongs to it, and what its slots are called.

Every slot has one run, however often somebody tries to start it: its key is made of what the run is
to do and when, not of the code that does it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from flowbook.errors import InvalidSchedule
from flowbook.ids import FlowId, RunId
from flowbook.store.display import html_table, moment, text_table
from flowbook.triggers.cron import Cron
from flowbook.triggers.preview import Fire, preview
from flowbook.triggers.schedule import Schedule
from flowbook.triggers.slots import Why

if TYPE_CHECKING:
    from flowbook.store.scheduled import ScheduleRow, SlotRow

_NAME: Final = re.compile(r"\w[\w .:-]{0,99}")
_TAKEN: Final = frozenset({"check"})
_HEAD: Final = ("name", "flow", "when", "next (UTC)", "")
_SLOT_HEAD: Final = ("scheduled for (UTC)", "what became of it", "run", "status")

WORDS: Final[Mapping[Why, str]] = {
    Why.ON_TIME: "started on time",
    Why.CAUGHT_UP: "started late: nobody was there at its time",
    Why.STILL_RUNNING: "the run of an earlier moment still went on",
    Why.ONE_WAITS: "an earlier moment waited already",
    Why.TOO_MANY: "missed, with more than are made up for",
    Why.MISSED: "missed: nobody was there at its time",
    Why.SUPERSEDED: "missed, and a later moment was made up for",
    Why.ITS_TURN: "started when its turn had come",
    Why.NOT_READY: "waits for flows that it runs after",
    Why.NEVER_READY: "flows that it runs after did not succeed in time",
    Why.BACKFILLED: "asked for later, by hand",
    Why.BY_HAND: "started by hand",
    Why.TAKEN_UP: "started again: the first who tried was gone",
    Why.NOT_STARTED: "could not be started",
    Why.REFUSED: "was refused",
}
"""What every reason means."""


@dataclass(frozen=True, slots=True, repr=False)
class Scheduled:
    """A stored schedule. Times are in UTC.

    `notebook` is seen from the project's folder. `next_run`: its next moment, None when none will
    come or it is paused. Moments up to `since` are none of it; of those up to `decided_until` it is
    decided what becomes.
    """

    name: str
    flow: FlowId
    notebook: str
    schedule: Schedule
    since: datetime
    next_run: datetime | None
    decided_until: datetime
    changed_by: str
    changed_at: datetime

    @classmethod
    def of(cls, row: ScheduleRow) -> Scheduled:
        """A schedule as the store has it."""
        schedule = schedule_of(row.settings)
        return cls(
            row.name, row.flow, row.notebook, schedule, row.since, row.next_run,
            row.decided_until, row.changed_by, row.changed_at,
        )  # fmt: skip

    @property
    def enabled(self) -> bool:
        """False while it is paused."""
        return self.schedule.enabled

    @property
    def delay(self) -> float:
        """By how many seconds its runs begin later than its moments: always as many."""
        share = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4]) / 2**32
        return self.schedule.jitter * share

    def upcoming(self, after: datetime, count: int = 5) -> tuple[Fire, ...]:
        """Its next moments; none while it is paused."""
        if not self.enabled:
            return ()
        return preview(self.schedule, max(after, self.decided_until), count)

    def key(self, scheduled_for: datetime) -> str:
        """The run key of one of its moments."""
        at = scheduled_for.astimezone(UTC).isoformat()
        told = [self.flow, self.name, at, self.schedule.input_data]
        digest = hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()
        return f"{self.name} {at} {digest[:16]}"

    def given(self, params: Mapping[str, Any]) -> Scheduled:
        """It as it runs with these parameters in front of its own."""
        merged = {**self.schedule.input_data, **params}
        return replace(self, schedule=msgspec.structs.replace(self.schedule, input_data=merged))

    def __repr__(self) -> str:
        return f"<schedule {'  '.join(cell for cell in self.cells if cell)}>"

    @property
    def cells(self) -> tuple[str, ...]:
        """It as a row of a table."""
        state = "" if self.enabled else "paused"
        upcoming = "" if self.next_run is None else moment(self.next_run)
        return self.name, self.flow, self.schedule.words, upcoming, state

    def to_json(self) -> dict[str, Any]:
        """The schedule as plain data, times as ISO 8601 text."""
        return {
            "name": self.name,
            "flow": self.flow,
            "notebook": self.notebook,
            "enabled": self.enabled,
            "words": self.schedule.words,
            "warnings": list(warnings_of(self.schedule)),
            "settings": msgspec.to_builtins(self.schedule),
            "next_run": told(self.next_run),
            "changed_by": self.changed_by,
            "changed_at": told(self.changed_at),
        }


class ScheduledList(tuple[Scheduled, ...]):
    """The schedules of a project, by name."""

    __slots__ = ()

    def __repr__(self) -> str:
        return text_table(_HEAD, [one.cells for one in self]) if self else "no schedules"

    def _repr_html_(self) -> str:
        return html_table(_HEAD, [one.cells for one in self])


class SlotList(tuple["SlotRow", ...]):
    """What became of the moments of a schedule."""

    __slots__ = ()

    def __repr__(self) -> str:
        return text_table(_SLOT_HEAD, map(_slot_cells, self)) if self else "no moment has come yet"

    def _repr_html_(self) -> str:
        return html_table(_SLOT_HEAD, map(_slot_cells, self))


def schedule_of(settings: Mapping[str, Any]) -> Schedule:
    """A schedule from plain data; `InvalidSchedule` names the field that cannot be as it is.

    >>> schedule_of({"cron": "@daily"}).words
    'At 00:00 (UTC)'
    """
    try:
        return msgspec.convert(dict(settings), Schedule, strict=True)
    except msgspec.ValidationError as refused:
        text = str(refused).replace("`", "")
        field = text.rpartition("$.")[2].split("[")[0] if "$." in text else text.rpartition(" ")[2]
        raise InvalidSchedule(
            f"this is no schedule: {text}",
            hint="the guide about schedules tells every field",
            field=field,
            value=settings.get(field),
        ) from None


def checked_name(name: str) -> str:
    """The name of a schedule; `InvalidSchedule` for what cannot be one.

    >>> checked_name("nightly report")
    'nightly report'
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise InvalidSchedule(
            f"a schedule cannot be called {name!r:.60}",
            hint="up to 100 letters, digits and any of _ . : - or spaces; not `check`",
            field="name",
            value=name,
        )
    return name


def warnings_of(schedule: Schedule) -> tuple[str, ...]:
    """What is probably meant otherwise."""
    return () if schedule.cron is None else Cron(schedule.cron, schedule.timezone).warnings


def hold_on_schedule(name: str) -> RunId:
    """What the hold of who decides about a schedule is called, among those on runs."""
    return RunId(f"schedule-{hashlib.sha256(name.encode()).hexdigest()[:40]}")


def hold_on_slot(name: str, scheduled_for: datetime) -> RunId:
    """What the hold of who performs the run of a slot is called."""
    told_so = f"{scheduled_for.astimezone(UTC).isoformat()} {name}"
    return RunId(f"slot-{hashlib.sha256(told_so.encode()).hexdigest()[:40]}")


def given_text(params: Mapping[str, Any]) -> str:
    """The `detail` of a slot that is to run with these in front of its schedule's parameters.

    >>> given_text({"city": "Bergen"}), given_text({})
    ('{"city":"Bergen"}', '')
    """
    return msgspec.json.encode(params).decode() if params else ""


def given_of(slot: SlotRow) -> Mapping[str, Any]:
    """The parameters that a slot has in front of its schedule's: those that `given_text` told."""
    if not slot.detail.startswith("{"):
        return {}
    told: Mapping[str, Any] = msgspec.json.decode(slot.detail)
    return told


def slot_words(slot: SlotRow) -> str:
    """What became of a slot, in words.

    >>> from flowbook.store.scheduled import SlotRow
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> slot_words(SlotRow("n", FlowId("f"), at, "skip", "missed", "", None, None, 0, False, None,
    ...                    at, None, "h:1"))
    'skipped: missed: nobody was there at its time'
    """
    try:
        why = WORDS[Why(slot.reason)]
    except ValueError:  # of a newer flowbook
        why = slot.reason
    verdict = {"skip": "skipped: ", "wait": "waits: "}.get(slot.verdict, "")
    return f"{verdict}{why}" + (f" ({slot.detail})" if slot.detail else "")


def slot_json(slot: SlotRow) -> dict[str, Any]:
    """A slot as plain data, times as ISO 8601 text."""
    return {
        "schedule": slot.schedule,
        "flow": slot.flow,
        "scheduled_for": told(slot.scheduled_for),
        "verdict": slot.verdict,
        "reason": slot.reason,
        "detail": slot.detail,
        "words": slot_words(slot),
        "run": slot.run_id if slot.begun or slot.run_status else None,
        "run_status": slot.run_status,
        "decided_at": told(slot.decided_at),
    }


def fire_json(fire: Fire) -> dict[str, Any]:
    """A moment to come as plain data: in UTC, on the schedule's own clock, and what is odd."""
    return {"at": told(fire.at), "local": fire.local.isoformat(), "note": fire.note}


def told(at: datetime | None) -> str | None:
    """A moment as ISO 8601 text in UTC.

    >>> told(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00.000Z'
    """
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _slot_cells(slot: SlotRow) -> tuple[str, ...]:
    at, status = moment(slot.scheduled_for), slot.run_status or ""
    return at, slot_words(slot), slot.run_id or "", status
