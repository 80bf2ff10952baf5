"""What is asked and told of schedules. Times are ISO 8601 text in UTC, but for a `local` one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from flowbook.server.routes import Asked
from flowbook.server.shapes import Answer
from flowbook.triggers.schedule import Schedule, ScheduleSettings


class ScheduleAsked(ScheduleSettings, Asked, frozen=True, kw_only=True):
    """A schedule as it is to be, of one flow: its settings, which need not fit together yet.

    One of `cron`, `every` (seconds, counted from `start`) and `at` says when; moments have a time
    zone. `notebook`, seen from the server's folder, may be left out where it is called like the
    flow.
    """

    flow: str | None = None
    notebook: str | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule that its settings make; `InvalidSchedule` where they make none."""
        settings = ScheduleSettings.__struct_fields__
        return Schedule(**{name: getattr(self, name) for name in settings})


class RunNowAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With which parameters in front of the schedule's, for this run alone."""

    params: Mapping[str, Any] = {}


class SlotsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many, the latest first."""

    limit: int = 100


class FireShape(Answer, frozen=True, kw_only=True):
    """A moment to come: in UTC, on the clock of the schedule's zone with its offset, what is odd.

    `note` says what happens to the clock on that day, and is empty on most.
    """

    at: str
    local: str
    note: str


class SlotShape(Answer, frozen=True, kw_only=True):
    """What became of a moment of a schedule: `reason` as in the view `slots`, `words` for people.

    `run` is null until there is one; its `run_status` is null where it was deleted.
    """

    schedule: str
    flow: str
    scheduled_for: str
    verdict: Literal["run", "wait", "skip"]
    reason: str
    detail: str
    words: str
    run: str | None
    run_status: str | None
    decided_at: str


class ScheduleShape(Answer, frozen=True, kw_only=True):
    """A schedule: when it comes in `words`, its `next` moments, what became of its last `slots`.

    `settings` are those it was saved with. `notebook` is seen from the server's folder. `problem`:
    why its next run would be refused as things stand, null where it would not. `next_run` is null
    while it is paused, and where no moment will come.
    """

    name: str
    flow: str
    notebook: str
    enabled: bool
    words: str
    warnings: list[str]
    settings: dict[str, Any]
    next_run: str | None
    next: list[FireShape]
    slots: list[SlotShape]
    problem: str | None
    changed_by: str
    changed_at: str


class Schedules(Answer, frozen=True, kw_only=True):
    """All schedules, by name; `running`: this server starts what is due."""

    schedules: list[ScheduleShape]
    running: bool


class Slots(Answer, frozen=True, kw_only=True):
    """What became of the moments of a schedule, the latest first."""

    slots: list[SlotShape]


class Removed(Answer, frozen=True, kw_only=True):
    """The schedule that is no more."""

    removed: str


class RefusedSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Why a schedule cannot be as it is: which `field`, and what to do."""

    message: str
    hint: str | None
    field: str | None


class CheckedSchedule(Answer, frozen=True, kw_only=True):
    """What a schedule would be that is not saved; or, in `refused`, why it cannot be.

    What is refused may have `words` and `next` all the same, where its times are sound.
    """

    valid: bool
    words: str
    warnings: list[str]
    next: list[FireShape]
    refused: RefusedSchedule | None


class Timezones(Answer, frozen=True, kw_only=True):
    """Zones of the IANA database, `common` ones first of all, and the server's own."""

    timezones: list[str]
    common: list[str]
    local: str | None
