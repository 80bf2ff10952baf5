"""A timer and a service of systemd: units of a user, on one machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime

from flowbook.targets.calendars import calendars, same_in_utc
from flowbook.targets.job import Caveat, Deployment, File, Job
from flowbook.targets.promises import (
    all_caveat,
    changes,
    clock_caveats,
    follows_time,
    span_tests,
)
from flowbook.targets.script import script, script_path
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule

_STOPPING = 30
"""Seconds from SIGTERM to SIGKILL; a job interrupts its kernel and kills it after ten."""


def systemd(job: Job, schedule: Schedule, now: datetime) -> Deployment:
    """Units for `~/.config/systemd/user`.

    Skipping is systemd's own: a service that runs is not started again. Any other overlap goes
    through a service that starts an instance of another, and a script that counts them.
    """
    timer = _timer(job, schedule, now)
    units = [File(f"{job.name}.timer", timer)]
    if schedule.overlap is Overlap.SKIP:
        units.append(File(f"{job.name}.service", _service(job, schedule, job.words(schedule))))
        others: list[File] = []
    else:
        words = ["/bin/sh", script_path(job)]
        units.append(File(f"{job.name}.service", _starter(job)))
        units.append(File(f"{job.name}@.service", _service(job, schedule, words)))
        others = [script(job, schedule, spread=False)]
    names = shlex.join(job.at(one.name) for one in units)
    steps = [
        f"systemctl --user link --force {names}",
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {job.name}.timer",
    ]
    caveats = tuple(_caveats(schedule, now))
    return Deployment((*units, *others), caveats, tuple(steps if schedule.enabled else steps[:2]))


def _timer(job: Job, schedule: Schedule, now: datetime) -> str:
    return _unit(
        ("Unit", [f"Description={_plain(f'When flow {job.flow} runs: {schedule.words}')}"]),
        (
            "Timer",
            [
                *(f"OnCalendar={one}" for one in calendars(schedule, now)),
                f"Persistent={'false' if schedule.catch_up is CatchUp.NONE else 'true'}",
                f"RandomizedDelaySec={schedule.jitter:g}",
                "AccuracySec=1s",
                f"Unit={job.name}.service",
            ],
        ),
        ("Install", ["WantedBy=timers.target"]),
    )


def _service(job: Job, schedule: Schedule, words: Sequence[str]) -> str:
    limit = "infinity" if job.timeout is None else f"{job.timeout + 2 * _STOPPING:g}"
    return _unit(
        ("Unit", [f"Description={_plain(f'Flow {job.flow} as a job')}"]),
        (
            "Service",
            [
                "Type=oneshot",
                f"WorkingDirectory={_plain(job.folder)}",
                *_conditions(schedule),
                f"ExecStart={' '.join(map(_word, words))}",
                "SuccessExitStatus=3",
                f"TimeoutStartSec={limit}",
                f"TimeoutStopSec={_STOPPING}",
                "KillMode=mixed",
            ],
        ),
    )


def _starter(job: Job) -> str:
    start = f'exec systemctl --user start --no-block "{job.name}@$(date +%s%N).service"'
    return _unit(
        ("Unit", [f"Description={_plain(f'Starts a run of flow {job.flow} beside others')}"]),
        ("Service", ["Type=oneshot", f"ExecStart=/bin/sh -c {_word(start)}"]),
    )


def _conditions(schedule: Schedule) -> list[str]:
    return [f"ExecCondition=/bin/sh -c {_word(test)}" for test in span_tests(schedule)]


def _unit(*sections: tuple[str, list[str]]) -> str:
    made = "# Written by flowbook export: export again rather than edit it.\n"
    return made + "\n".join(f"[{name}]\n" + "".join(f"{one}\n" for one in said)
                            for name, said in sections)  # fmt: skip


def _plain(text: str) -> str:
    """A text in a unit: `%` begins what systemd fills in."""
    return " ".join(text.split()).replace("%", "%%")


def _word(text: str) -> str:
    r"""One word of a command line.

    >>> _word("city=Oslo"), _word("50 % of $HOME")
    ('city=Oslo', '"50 %% of $$HOME"')
    """
    said = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    said = said.replace("%", "%%").replace("$", "$$")
    bare = all(one.isalnum() or one in "=/.-_,:@+" for one in text)
    return said if text and bare else f'"{said}"'


def _caveats(schedule: Schedule, now: datetime) -> Iterator[Caveat]:
    yield Caveat(
        "units of a user stop when that user logs out",
        "let them go on: loginctl enable-linger",
    )
    yield from clock_caveats(schedule, now, "systemd starts no run", "")
    if schedule.cron is not None and follows_time(schedule) and not same_in_utc(schedule, now):
        for change in changes(schedule.timezone, now)[:1]:
            yield Caveat(
                f"systemd goes by the clock of {schedule.timezone}: what comes every so often is "
                f"left out while that clock shows an hour twice (it is set on {change:%Y-%m-%d})",
                "write it for UTC, or name times of day",
            )
    yield from all_caveat(schedule, "systemd")
    if schedule.catch_up is CatchUp.NONE:
        yield Caveat(
            "a machine that slept starts what it missed when it wakes, however late it is",
            "nothing, if that will do; otherwise let the flow look at the time",
        )
