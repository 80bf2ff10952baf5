"""What a written file says, read by somebody else's rules: cron, systemd and YAML."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import strategies as st
from ruamel.yaml import YAML

from flowbook.errors import InvalidSchedule
from flowbook.targets.job import Job
from flowbook.targets.lines import Line
from flowbook.triggers.schedule import Schedule

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
JOB = Job(
    flow="daily report",
    notebook="jobs/report.ipynb",
    folder="/srv/shop floor",
    place="/srv/shop floor/jobs",
    params={"city": "Oslo", "share": 0.5, "note": "50 % of $HOME"},
    command=("/opt/flowbook/bin/flowbook",),
    timeout=1800,
)

FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*/15", "5,35", "0-10/5", "59"]),
    st.sampled_from(["2", "9-17", "*", "*/6", "0,12", "1", "23"]),
    st.sampled_from(["*", "1", "L", "13,L", "*/2", "28-31", "1-7", "15"]),
    st.sampled_from(["*", "1,7", "FEB", "*/3"]),
    st.sampled_from(["*", "1-5", "FRI", "1#2", "L5", "0,6", "1#5,3#1"]),
)


@st.composite
def crons(draw: st.DrawFn) -> Schedule:
    """Cron expressions of all sorts, on the clock of some zone."""
    text = " ".join(draw(FIELDS))
    try:
        return Schedule(cron=text, timezone=draw(st.sampled_from(ZONES)))
    except InvalidSchedule:
        return draw(st.nothing())


def moments(schedule: Schedule, count: int, after: datetime = NOW) -> list[datetime]:
    return list(schedule.upcoming(after, count))


def of_lines(
    lines: Sequence[tuple[str, Line | None]], zone: str, until: datetime, local: str | None = None
) -> list[datetime]:
    """When cron starts these lines on the clock of `zone`; guards look at the clock `local`."""
    found = set()
    for text, line in lines:
        at = CronSim(text, NOW.astimezone(ZoneInfo(zone)))
        for moment in itertools.takewhile(lambda one: one < until, at):
            if line is None or holds(line, moment.astimezone(ZoneInfo(local or zone))):
                found.add(moment.astimezone(UTC))
    return sorted(found)


def holds(line: Line, local: datetime) -> bool:
    """What the guard of a line says, without a shell."""
    guard = line.guard
    if guard is None:
        return True
    if guard.dates:
        return f"{local:%Y-%m-%d}" in guard.dates
    week = local + timedelta(days=7)
    return (
        any(re.fullmatch(one, f"{local:%m-%d-%u}") for one in guard.days)
        or any(week.month != local.month and local.isoweekday() == day for day in guard.last if day)
        or (0 in guard.last and (local + timedelta(days=1)).day == 1)
    )


def documents(text: str) -> list[dict]:
    return list(YAML(typ="safe").load_all(text))


def analyze() -> str:
    """The tool of systemd; the test is skipped without it."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed")
    return found


def elapses(entry: str, count: int) -> Iterator[datetime]:
    """When an entry of a calendar comes, as systemd tells it."""
    told = subprocess.run(
        [analyze(), "calendar", f"--iterations={count}", f"--base-time={NOW:%F %T} UTC", entry],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
    ).stdout
    for text in re.findall(r"(?:Next elapse|Iter(?:ation|\.) #\d+): \w+ (\S+ \S+) UTC", told):
        yield datetime.fromisoformat(text).replace(tzinfo=UTC)
