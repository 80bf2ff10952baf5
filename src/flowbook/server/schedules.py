"""Schedules: what there is, what becomes of their moments, and what one would be before it is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from flowbook.errors import FlowbookError, UsageError
from flowbook.server.place import Place
from flowbook.server.routes import Route
from flowbook.server.runs import bounded
from flowbook.server.schedule_shapes import (
    CheckedSchedule,
    Removed,
    RunNowAsked,
    ScheduleAsked,
    Schedules,
    ScheduleShape,
    Slots,
    SlotsAsked,
    SlotShape,
    Timezones,
)
from flowbook.server.scheduling import is_running
from flowbook.session.published import published_flow, refuse_input
from flowbook.session.scheduled import Scheduled, fire_json, slot_json, warnings_of
from flowbook.triggers.preview import preview

_SHOWN: Final = 5
"""How many moments to come, and how many that came, are told with a schedule."""
_COMMON: Final = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)
_LOCALTIME: Final = Path("/etc/localtime")


def schedules(place: Place) -> dict[str, Any]:
    """All schedules."""
    found = place.project.schedules.list() if place.has_history else ()
    return {
        "schedules": [_told(place, one) for one in found],
        "running": is_running(place.project),
    }


def save(place: Place, name: str, asked: ScheduleAsked) -> dict[str, Any]:
    """Let a flow run by itself."""
    if asked.flow is None:
        raise UsageError("a schedule is of a flow", hint="say which: flow")
    saved = place.project.schedules.save(
        name, asked.flow, asked.schedule, notebook=_notebook(place, asked)
    )
    return _told(place, saved)


def remove(place: Place, name: str) -> dict[str, Any]:
    """Let there be no such schedule."""
    _known(place, name)
    place.project.schedules.remove(name)
    return {"removed": name}


def pause(place: Place, name: str) -> dict[str, Any]:
    """Let nothing of it run."""
    _known(place, name)
    return _told(place, place.project.schedules.pause(name))


def resume(place: Place, name: str) -> dict[str, Any]:
    """Let it run again."""
    _known(place, name)
    return _told(place, place.project.schedules.resume(name))


def run_now(place: Place, name: str, asked: RunNowAsked) -> dict[str, Any]:
    """Start a run of it at once."""
    _known(place, name)
    return slot_json(place.project.schedules.run_now(name, asked.params))


def slots(place: Place, name: str, asked: SlotsAsked) -> dict[str, Any]:
    """What became of its moments."""
    _known(place, name)
    found = place.project.schedules.history(name, bounded(asked.limit))
    return {"slots": [slot_json(one) for one in found]}


def check(place: Place, asked: ScheduleAsked) -> dict[str, Any]:
    """What a schedule would be, or why it cannot be; nothing is written."""
    told: dict[str, Any] = {
        "valid": False, "words": "", "warnings": [], "next": [], "refused": None
    }  # fmt: skip
    try:
        schedule = asked.schedule
        fires = preview(schedule, datetime.now(UTC), _SHOWN)
        told |= {
            "words": schedule.words,
            "warnings": list(warnings_of(schedule)),
            "next": [fire_json(one) for one in fires],
        }
        if asked.flow is not None:
            place.project.schedules.check(asked.flow, schedule)
    except UsageError as refused:
        field = getattr(refused, "field", None)
        why = {"message": refused.message, "hint": refused.hint, "field": field}
        return {**told, "refused": why}
    return {**told, "valid": True}


def timezones(_place: Place) -> dict[str, Any]:
    """The zones whose clocks a schedule may go by."""
    known = available_timezones()
    return {"timezones": sorted(known), "common": list(_COMMON), "local": _local(known)}


def _local(known: set[str]) -> str | None:
    """The server's own zone, where it says which."""
    linked = _LOCALTIME.resolve().as_posix().partition("zoneinfo/")[2]
    return next((one for one in (os.environ.get("TZ", ""), linked) if one in known), None)


def _known(place: Place, name: str) -> Scheduled:
    with place.known():
        return place.project.schedules.get(name)


def _notebook(place: Place, asked: ScheduleAsked) -> Path | None:
    if asked.notebook is not None:
        return place.inside(asked.notebook)
    found = place.notebooks.holding(asked.flow or "")
    return None if found is None else place.root / found


def _told(place: Place, one: Scheduled) -> dict[str, Any]:
    listed = place.project.schedules
    path = place.project.path.resolve() / one.notebook
    inside = path.is_relative_to(place.root)
    return {
        **one.to_json(),
        "notebook": path.relative_to(place.root).as_posix() if inside else one.notebook,
        "next": [fire_json(fire) for fire in one.upcoming(listed.now(), _SHOWN)],
        "slots": [slot_json(slot) for slot in listed.history(one.name, _SHOWN)],
        "problem": _problem(place, one),
    }


def _problem(place: Place, one: Scheduled) -> str | None:
    """Why its next run would be refused."""
    try:
        flow = published_flow(place.project, one.flow)
        refuse_input(place.project, flow, one.schedule.input_data)
    except FlowbookError as refused:
        return refused.message
    return None


_ONE: Final = "schedules/{schedule}"

ROUTES: Final = (
    Route("GET", "schedules", schedules, "All schedules, with what comes and came.", Schedules),
    Route(
        "POST",
        "schedules/check",
        check,
        "What a schedule would be, or why it cannot be; nothing is written.",
        CheckedSchedule,
        takes=ScheduleAsked,
    ),
    Route("PUT", _ONE, save, "Let a flow run by itself.", ScheduleShape, takes=ScheduleAsked),
    Route("DELETE", _ONE, remove, "Let there be no such schedule.", Removed),
    Route("POST", f"{_ONE}/pause", pause, "Let nothing of it run.", ScheduleShape),
    Route("POST", f"{_ONE}/resume", resume, "Let it run again, from now on.", ScheduleShape),
    Route(
        "POST",
        f"{_ONE}/run",
        run_now,
        "Start a run of it at once, in a process of its own; `params` go before the schedule's.",
        SlotShape,
        takes=RunNowAsked,
        success=202,
        misuse=409,
    ),
    Route(
        "GET",
        f"{_ONE}/slots",
        slots,
        "What became of its moments, the latest first.",
        Slots,
        takes=SlotsAsked,
    ),
    Route("GET", "timezones", timezones, "The zones a schedule may go by.", Timezones),
)
