"""A CronJob of Kubernetes: one document for each line that the schedule takes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from flowbook.targets.job import Caveat, Deployment, File, Job, quoted
from flowbook.targets.lines import Line, cron_lines
from flowbook.targets.promises import (
    all_caveat,
    clock_caveats,
    jitter_caveat,
    parallel_caveat,
    span_tests,
)
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule

_LEAST: Final = 10
"""Seconds between two looks of the controller; a shorter deadline may never be met."""
_LONG: Final = 86_400
"""Seconds after which a moment is not made up for; of more than 100 moments none would be."""
_MANY: Final = 100
_MOUNT: Final = "/project"


def kubernetes(job: Job, schedule: Schedule, now: datetime) -> Deployment:
    """A manifest; the project's folder is a volume claim, so that all runs share one history."""
    job.refuse_outside()
    zone, lines = cron_lines(schedule)
    documents = [
        _document(job, schedule, zone, line, f"{job.name}-{turn}" if turn > 1 else job.name, now)
        for turn, line in enumerate(lines, 1)
    ]
    name = f"{job.name}.yaml"
    made = "# Written by flowbook export: export again rather than edit it.\n"
    text = made + "---\n".join(documents)
    step = f"kubectl apply -f {shlex.quote(job.at(name))}"
    return Deployment((File(name, text),), tuple(_caveats(job, schedule, lines, now)), (step,))


def deadline(schedule: Schedule, now: datetime) -> int:
    """Seconds after a moment in which its run may still be started.

    A moment that was missed and one that fell into a run are the same to Kubernetes: both start
    late, unless the deadline is over. So skipping goes before catching up, and queueing is a
    deadline that is long.

    >>> nightly = Schedule(cron="30 2 * * *", grace=300, overlap=Overlap.QUEUE_ONE)
    >>> deadline(nightly, datetime.fromisoformat("2026-01-01T00:00Z"))
    86400
    """
    short = max(_LEAST, int(schedule.grace))
    if schedule.overlap is Overlap.SKIP:
        return short
    if schedule.overlap is Overlap.PARALLEL and schedule.catch_up is CatchUp.NONE:
        return short
    coming = schedule.upcoming(now, _MANY)
    gaps = [(b - a).total_seconds() for a, b in pairwise(coming)]
    return max(short, min(_LONG, int(min(gaps, default=_LONG)) * (_MANY - 1)))


def _document(job: Job, schedule: Schedule, zone: str, line: Line, name: str, now: datetime) -> str:
    policy = "Allow" if schedule.overlap is Overlap.PARALLEL else "Forbid"
    command = _command(job, schedule, zone, line)
    limit = "" if job.timeout is None else f"      activeDeadlineSeconds: {int(job.timeout) + 60}\n"
    return f"""apiVersion: batch/v1
kind: CronJob
metadata:
  name: {quoted(name)}
  labels:
    app.kubernetes.io/managed-by: "flowbook"
spec:
  schedule: {quoted(line.text)}
  timeZone: {quoted(zone)}
  concurrencyPolicy: {policy}
  startingDeadlineSeconds: {deadline(schedule, now)}
  suspend: {"false" if schedule.enabled else "true"}
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
{limit}      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 30
          containers:
            - name: flow
              image: {quoted(job.image)}
              workingDir: {quoted(_MOUNT)}
              command: {json.dumps(command, ensure_ascii=False)}
              volumeMounts:
                - name: project
                  mountPath: {quoted(_MOUNT)}
          volumes:
            - name: project
              persistentVolumeClaim:
                claimName: {quoted(job.name)}
"""


def _command(job: Job, schedule: Schedule, zone: str, line: Line) -> list[str]:
    """The command of the container; `$(…)` in it would be Kubernetes's to fill in."""
    tests = span_tests(schedule)
    if line.guard is not None:
        tests.append(line.guard.test(zone))
    words = job.words(schedule, ("flowbook",))
    if tests:
        lines = [*(f"{test} || exit 0" for test in tests), f"exec {shlex.join(words)}"]
        words = ["/bin/sh", "-c", "\n".join(lines)]
    return [word.replace("$(", "$$(") for word in words]


def _caveats(
    job: Job, schedule: Schedule, lines: tuple[Line, ...], now: datetime
) -> Iterator[Caveat]:
    yield Caveat(
        f"the image {job.image} and the volume claim {job.name} have to be there",
        "build an image with flowbook[jobs] in it, and a claim that holds the project's folder",
    )
    if schedule.overlap is Overlap.SKIP:
        yield Caveat(
            f"a moment that falls into a run starts a run if that ends within "
            f"{deadline(schedule, now)} s: Kubernetes takes it for a late one",
            f"let grace be shorter; {_LEAST} s are the least",
        )
        if schedule.catch_up is not CatchUp.NONE:
            yield Caveat(
                "what is missed for longer than the grace is not made up for "
                f"(catch_up={schedule.catch_up.value})",
                "let overlap be queue_one: then it is",
            )
    elif schedule.overlap is Overlap.QUEUE_ONE and schedule.catch_up is CatchUp.NONE:
        yield Caveat(
            "to let one run wait, Kubernetes also starts what was missed (catch_up=none)",
            "let overlap be skip",
        )
    else:
        yield from all_caveat(schedule, "Kubernetes")
    if schedule.grace < _LEAST:
        yield Caveat(f"grace is {_LEAST} s: Kubernetes looks no more often", "say 10 or more")
    yield from parallel_caveat(schedule, "Kubernetes")
    yield from jitter_caveat(schedule, "Kubernetes")
    yield from clock_caveats(
        schedule, now, "Kubernetes starts no run", "Kubernetes starts two runs"
    )
    if len(lines) > 1:
        yield Caveat(
            f"the schedule takes {len(lines)} CronJobs, which know nothing of each other's runs",
            "choose an interval that divides an hour, or limit runs by the flow's concurrency",
        )
