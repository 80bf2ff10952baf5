"""A workflow of GitHub Actions: cron in UTC, when GitHub finds the time."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec

from flowbook.targets.guards import Guard
from flowbook.targets.job import Caveat, Deployment, File, Job, quoted
from flowbook.targets.lines import Line, cron_lines, shifted
from flowbook.targets.promises import (
    catch_up_caveat,
    changes,
    follows_time,
    jitter_caveat,
    parallel_caveat,
    span_tests,
)
from flowbook.triggers.clock import Clock
from flowbook.triggers.cron import Cron
from flowbook.triggers.schedule import Overlap, Schedule

_OFTEN: Final = timedelta(minutes=5)
_MINUTES: Final = 360
"""How long a job may take on GitHub's own machines."""


def github(job: Job, schedule: Schedule, now: datetime) -> Deployment:
    """A workflow for `.github/workflows`, converted with the offset that the zone has `now`."""
    job.refuse_outside()
    lines = utc_lines(schedule, now)
    tests = [*span_tests(schedule), *_guards(lines, "UTC" if schedule.at else schedule.timezone)]
    command = f"{job.line(schedule, ('flowbook',))} --output report.ipynb"
    run = [*(f"{test} || exit 0" for test in tests), command]
    limit = _MINUTES if job.timeout is None else min(_MINUTES, int(job.timeout // 60) + 10)
    name = f"{job.name}.yml"
    text = _TEMPLATE.format(
        title=quoted(_escaped(f"flow {job.flow}")),
        crons=_indented([f"- cron: {quoted(text)}" for text in sorted({x.text for x in lines})], 4),
        concurrency="" if schedule.overlap is Overlap.PARALLEL else _ONE.format(name=job.name),
        limit=limit,
        inside=quoted(job.inside),
        run=_indented([_escaped(one) for one in run], 10),
        report=quoted("report.ipynb" if job.inside == "." else f"{job.inside}/report.ipynb"),
    )
    steps = (
        "mkdir -p .github/workflows",
        f"cp {shlex.quote(job.at(name))} .github/workflows/",
        f"git add .github/workflows/{name}",
    )
    return Deployment((File(name, text),), tuple(_caveats(schedule, now)), steps)


def utc_lines(schedule: Schedule, now: datetime) -> tuple[Line, ...]:
    """The schedule on the clock of UTC, as its zone stands to it `now`.

    >>> nine = Schedule(cron="0 9 * * 1-5", timezone="Europe/Berlin")
    >>> [line.text for line in utc_lines(nine, datetime.fromisoformat("2026-07-01T00:00Z"))]
    ['0 7 * * 1-5']
    """
    if schedule.cron is None:
        return cron_lines(msgspec.structs.replace(schedule, timezone="UTC"))[1]
    zone, (line,) = cron_lines(schedule)
    ahead = Clock.of(zone).offset(now)
    return shifted(line, Cron(schedule.cron, zone).numbers, ahead) if ahead else (line,)


def _guards(lines: tuple[Line, ...], zone: str) -> list[str]:
    """One job hears of all lines, so it asks for any of their dates, and all that is else said."""
    guards = list(dict.fromkeys(line.guard for line in lines if line.guard is not None))
    dates = tuple(date for one in guards for date in one.dates)
    return [Guard(dates=dates).test(zone)] if dates else [one.test(zone) for one in guards]


def _caveats(schedule: Schedule, now: datetime) -> Iterator[Caveat]:
    yield Caveat(
        "GitHub starts runs minutes late, under load an hour, and some not at all",
        "choose an odd minute, and another target where the time matters",
    )
    yield Caveat(
        "each run has an empty project folder: there is no history from run to run",
        "look at the report it uploads; use another target for flows that remember",
    )
    coming = schedule.upcoming(now, 50)
    if any(b - a < _OFTEN for a, b in pairwise(coming)):
        yield Caveat(
            "GitHub starts nothing more often than every 5 minutes",
            "let moments be 5 minutes apart",
        )
    yield from _clock_caveat(schedule, now)
    if schedule.overlap is Overlap.SKIP:
        yield Caveat(
            "a moment that falls into a run waits for its end (overlap=skip)",
            "let runs be shorter than the time between them, or overlap be queue_one",
        )
    if not schedule.enabled:
        yield Caveat(
            "a workflow is at work as soon as it is pushed (enabled=false)",
            "push it later, or disable it: gh workflow disable",
        )
    yield from parallel_caveat(schedule, "GitHub")
    yield from catch_up_caveat(schedule, "GitHub")
    yield from jitter_caveat(schedule, "GitHub")


def _clock_caveat(schedule: Schedule, now: datetime) -> Iterator[Caveat]:
    """What it is off by from the next change of the clock on."""
    if schedule.cron is None:
        return
    clock = Clock.of(schedule.timezone)
    for change in changes(schedule.timezone, now)[:1]:
        by = (clock.offset(change) - clock.offset(now)) // timedelta(minutes=1)
        if by and not (follows_time(schedule) and _any_hour(schedule) and by % 60 == 0):
            way = "later" if by > 0 else "earlier"
            yield Caveat(
                f"GitHub knows UTC alone: from {change:%Y-%m-%d} on it is {abs(by)} minutes {way} "
                f"by the clock of {schedule.timezone}",
                "export again then, or name the time in UTC",
            )


def _any_hour(schedule: Schedule) -> bool:
    """True where it comes in every hour of every day."""
    named = Cron(schedule.cron or "", schedule.timezone).numbers
    anyday = not (named.days or named.weekdays or named.numbered) and len(named.months) == 12
    return anyday and len(named.hours) == 24


def _escaped(text: str) -> str:
    """A text in which nothing is GitHub's to fill in."""
    return text.replace("${{", "${{ '${{' }}")


def _indented(lines: list[str], by: int) -> str:
    return textwrap.indent("\n".join(lines), " " * by)


_ONE: Final = """concurrency:
  group: {name}
  cancel-in-progress: false
"""
_TEMPLATE: Final = """# Written by flowbook export: export again rather than edit it.
name: {title}
on:
  schedule:
{crons}
  workflow_dispatch: {{}}
permissions:
  contents: read
{concurrency}jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: {limit}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "flowbook[jobs]"
      - name: Run the flow
        working-directory: {inside}
        run: |
{run}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: report
          path: {report}
          if-no-files-found: ignore
"""
