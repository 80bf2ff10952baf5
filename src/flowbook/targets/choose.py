"""All targets by name: a closed list, because each is a promise that has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean
from flowbook.targets.airflow import airflow
from flowbook.targets.crontab import crontab
from flowbook.targets.github import github
from flowbook.targets.job import Caveat, Deployment, Job, Target
from flowbook.targets.kubernetes import kubernetes
from flowbook.targets.systemd import systemd
from flowbook.triggers.schedule import Schedule

TARGETS: Final[Mapping[str, Target]] = {
    "systemd": systemd,
    "crontab": crontab,
    "kubernetes": kubernetes,
    "github": github,
    "airflow": airflow,
}
"""The schedulers that a job can be written for."""


def deploy(target: str, job: Job, schedule: Schedule, now: datetime) -> Deployment:
    """The files of a job for that target, with what it cannot keep.

    `now` decides which offset from UTC a zone has. Raises `UsageError` for a target that there is
    not, and `InvalidSchedule` for a schedule that it cannot say at all.

    >>> job = Job(flow="report", notebook="jobs/report.ipynb", folder="/srv", place="/srv/units")
    >>> made = deploy("systemd", job, Schedule(cron="@daily"), datetime.now().astimezone())
    >>> [file.name for file in made.files]
    ['flowbook-report.timer', 'flowbook-report.service']
    """
    found = TARGETS.get(target)
    if found is None:
        raise UsageError(f"there is no target {target!r}", hint=did_you_mean(target, TARGETS))
    made = found(job, schedule, now)
    if not schedule.after:
        return made
    waits = Caveat(
        f"{target} does not wait for a run of {', '.join(schedule.after)} (after)",
        "let flowbook scheduler run it, or choose a time at which that is done",
    )
    return msgspec.structs.replace(made, caveats=(*made.caveats, waits))
