"""Lines of a crontab: for any machine that has cron, and no more than that.

The clock, the overlaps and the random delay are the script's that the lines call; what cron itself
does not know is told. Debian's cron goes by the host's clock whatever `CRON_TZ` says; cronie obeys.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime

from flowbook.targets.job import Caveat, Deployment, File, Job
from flowbook.targets.lines import Line, cron_lines
from flowbook.targets.promises import catch_up_caveat
from flowbook.targets.script import script, script_path
from flowbook.triggers.schedule import Overlap, Schedule


def crontab(job: Job, schedule: Schedule, now: datetime) -> Deployment:  # noqa: ARG001  # a target
    """A crontab and the script that its lines call."""
    zone, lines = cron_lines(schedule)
    off = "" if schedule.enabled else "# "
    said = [
        f"# When flow {' '.join(job.flow.split())} runs: {schedule.words}",
        "# Written by flowbook export: export again rather than edit it.",
        f"# The host's clock has to be that of {zone}: only some crons obey the next line.",
        f"CRON_TZ={zone}",
        *(off + _entry(job, line) for line in lines),
    ]
    name = f"{job.name}.crontab"
    files = (File(name, "\n".join(said) + "\n"), script(job, schedule))
    step = f"(crontab -l 2>/dev/null; cat {shlex.quote(job.at(name))}) | crontab -"
    return Deployment(files, tuple(_caveats(schedule, zone)), (step,))


def _entry(job: Job, line: Line) -> str:
    """A line; `%` would end its command, and begin what the command reads."""
    guard = f"{line.guard.test()} && " if line.guard else ""
    command = f"{guard}/bin/sh {shlex.quote(script_path(job))}"
    return f"{line.text} {command.replace('%', chr(92) + '%')}"


def _caveats(schedule: Schedule, zone: str) -> Iterator[Caveat]:
    yield Caveat(
        f"cron goes by the clock of its host, and this is about the clock of {zone}",
        f"set the host to it (timedatectl set-timezone {zone}), or use systemd",
    )
    yield from catch_up_caveat(schedule, "cron")
    if schedule.overlap is not Overlap.PARALLEL or schedule.parallel is not None:
        yield Caveat(
            "overlaps are found by flock(1), which macOS lacks",
            "install it there: brew install flock",
        )
