"""The shell script that keeps, beside a scheduler that cannot, what a schedule says of overlaps."""

from __future__ import annotations

import shlex

from flowbook.targets.job import File, Job
from flowbook.targets.promises import span_tests
from flowbook.triggers.schedule import Overlap, Schedule

_SKIPPED = "{ echo 'skipped: an earlier run goes on' >&2; exit 3; }"


def script(job: Job, schedule: Schedule, *, spread: bool = True) -> File:
    """A script that starts one run, or says by exit code 3 that none is to be started now.

    Locks are held by the process of the run, so that a run that died holds none. `spread` is False
    where somebody else delays runs by chance, and looks at start and end.
    """
    lines = [
        "#!/bin/sh",
        f"# Starts flow {_comment(job.flow)} as a job, for whoever watches the clock.",
        "# Written by flowbook export: export again rather than edit it.",
        "set -eu",
    ]
    if spread:
        lines += [f"{test} || exit 0" for test in span_tests(schedule)]
        if schedule.jitter >= 1:
            lines.append(f'sleep "$(shuf -i 0-{int(schedule.jitter)} -n 1)"')
    lines.append(f"cd {shlex.quote(job.folder)}")
    lines += _locked(schedule, f"exec {job.line(schedule)}")
    return File(f"{job.name}.sh", "\n".join(lines) + "\n")


def script_path(job: Job) -> str:
    """Where the script will lie."""
    return job.at(f"{job.name}.sh")


def _locked(schedule: Schedule, run: str) -> list[str]:
    if schedule.overlap is Overlap.SKIP:
        return ['exec 8>>"$0.lock"', f"flock -n 8 || {_SKIPPED}", run]
    if schedule.overlap is Overlap.QUEUE_ONE:
        return [
            "# One run goes on and one waits for it; the lock of the one that waits is given back.",
            'exec 9>>"$0.next.lock"',
            f"flock -n 9 || {_SKIPPED}",
            'exec 8>>"$0.lock"',
            "flock 8",
            "exec 9>&-",
            run,
        ]
    if schedule.parallel is None:
        return [run]
    return [
        f"for place in {' '.join(map(str, range(1, schedule.parallel + 1)))}; do",
        '  exec 8>>"$0.$place.lock"',
        f"  if flock -n 8; then {run}; fi",
        "done",
        _SKIPPED,
    ]


def _comment(text: str) -> str:
    """A text that stays on its line."""
    return " ".join(text.split())
