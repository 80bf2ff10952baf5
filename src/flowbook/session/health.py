"""Is everything there that flows need here? One check after the other, and what to do about each.

Nothing is changed: what has to be written is written elsewhere, or taken away at once. A check says
what it found rather than that it looked.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from flowbook.errors import FlowbookError

_SKEW: Final = 2.0
"""Seconds that the clock of a file system may be off ours."""


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(msgspec.Struct, frozen=True):
    """One check: what was found and, unless that is well, what to do next; `ms` for those timed."""

    name: str
    verdict: Verdict
    found: str
    hint: str = ""
    ms: float | None = None


class Home(Protocol):
    """The project that is looked at."""

    path: Path

    @property
    def store(self) -> Any: ...

    @property
    def history(self) -> Any: ...


def store_check(home: Home) -> Check:
    """Can the history be read and written here, do locks hold, and who else holds them?"""
    try:
        status = home.store.status()
    except FlowbookError as failure:
        return Check("store", Verdict.FAILED, failure.message, failure.hint or "look at the folder")
    if status.problem:
        return Check("store", Verdict.FAILED, status.problem, "flowbook store verify tells more")
    place = status.root if status.root.is_dir() else home.path
    try:
        _lock_in(place)
    except OSError as failure:
        found = f"{place} cannot be written and locked: {failure.strerror}"
        return Check("store", Verdict.FAILED, found, "move the project to a local disk of your own")
    others = [one for one in status.holders if one.pid != os.getpid()]
    if others:
        held = ", ".join(f"process {one.pid} ({one.mode} {one.path.name})" for one in others)
        hint = "if that goes on for minutes: look at that process, and end it if it is stuck"
        return Check("store", Verdict.WARNING, f"locked by {held}", hint)
    if not status.root.is_dir():
        return Check("store", Verdict.OK, f"nothing has run in {home.path} yet; it can be written")
    working = sum(1 for one in status.writers if one.alive)
    found = f"{status.runs} runs in {status.root}; {working} processes are at work in it"
    return Check("store", Verdict.OK, found)


def scheduler_check(home: Home, now: datetime) -> Check:
    """Does somebody start what is due? Asks the view `schedules` of the history, if it has one."""
    if not (home.path / ".flowbook").is_dir():
        return Check("scheduler", Verdict.SKIPPED, "this project has no schedules")
    history = home.history
    _, views = history.table(
        "SELECT DISTINCT table_name FROM information_schema.columns "
        "WHERE table_name = 'schedules' AND column_name = 'schedule_next_run'"
    )
    if not views:
        return Check("scheduler", Verdict.SKIPPED, "this project has no schedules")
    _, rows = history.table(
        "SELECT name, schedule_next_run FROM schedules WHERE schedule_enabled "
        "AND schedule_next_run IS NOT NULL ORDER BY schedule_next_run"
    )
    if not rows:
        return Check("scheduler", Verdict.SKIPPED, "no schedule is on")
    name, due = rows[0]
    late = (now.replace(tzinfo=None) - due.replace(tzinfo=None)).total_seconds()
    if late > _OVERDUE:
        return Check(
            "scheduler",
            Verdict.FAILED,
            f"schedule {name!r} has been due for {late / 60:.0f} minutes: nobody starts it",
            "start one: flowbook scheduler; or export the job to another scheduler",
        )
    return Check("scheduler", Verdict.OK, f"{len(rows)} schedules; {name!r} is next")


_OVERDUE: Final = 120.0
"""Seconds after which nobody can still be about to start what is due."""


def clock_check(home: Home) -> Check:
    """Is the clock that of the file system, and are the rules of zones there?"""
    zones = len(available_timezones())
    try:
        ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        return Check("clock", Verdict.FAILED, "there are no zones", "pip install tzdata")
    place = home.path if os.access(home.path, os.W_OK) else Path(tempfile.gettempdir())
    before = time.time()
    with tempfile.NamedTemporaryFile(dir=place, prefix=".flowbook-doctor-") as file:
        off = Path(file.name).stat().st_mtime - before
    if abs(off) > _SKEW:
        return Check(
            "clock",
            Verdict.FAILED,
            f"files in {place} are dated {off:+.0f} s from now",
            "set the clocks of both machines by NTP: timedatectl set-ntp true",
        )
    now = datetime.now(UTC).astimezone()
    return Check("clock", Verdict.OK, f"{now:%Y-%m-%d %H:%M %Z}; {zones} zones")


def examine(home: Home, checks: tuple[Callable[[], Check], ...]) -> Iterator[Check]:
    """The checks of a project's folder, with `checks` of the machine before them."""
    for one in checks:
        yield one()
    yield store_check(home)
    try:
        yield scheduler_check(home, datetime.now(UTC))
    except FlowbookError as failure:
        yield Check("scheduler", Verdict.FAILED, failure.message, failure.hint or "see the store")
    yield clock_check(home)


def _lock_in(folder: Path) -> None:
    """Write a file there and lock it; `OSError` where that does not go."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".flowbook-doctor-") as file:
        file.write(b"x")
        file.flush()
        os.fsync(file.fileno())
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
