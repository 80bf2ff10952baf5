"""`Job` goes in, `Deployment` comes out: what every target is given and gives."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from flowbook.errors import UsageError
from flowbook.triggers.schedule import Schedule


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An exported flow that is to run by itself, as the machine sees it that will run it.

    `folder` is the project's folder there, `notebook` the exported notebook, from that folder.
    `place` is the folder that the written files will lie in. `params` come before those of the
    schedule. `command` is how flowbook is called there, `timeout` how many seconds a run may take.
    `inside` is where the project lies in its repository, `image` a container image with flowbook.

    >>> job = Job(flow="report", notebook="jobs/report.ipynb", folder="/srv", place="/srv/units")
    >>> job.name, job.at("report.timer")
    ('flowbook-report', '/srv/units/report.timer')
    """

    flow: str
    notebook: str
    folder: str
    place: str
    params: Mapping[str, Any] = {}
    command: tuple[str, ...] = ("flowbook",)
    timeout: float | None = None
    inside: str = "."
    image: str = "flowbook:latest"

    @property
    def name(self) -> str:
        """What its files, units and groups are called; at most 52 characters, as CronJobs have."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.flow.lower()).strip("-")
        return f"flowbook-{plain or 'flow'}"[:46].rstrip("-")

    def at(self, name: str) -> str:
        """Where a written file will lie."""
        return f"{self.place.rstrip('/')}/{name}"

    def refuse_outside(self) -> None:
        """`UsageError` where only the project's folder goes to where the job is to run."""
        if self.notebook.startswith(("/", "..")):
            raise UsageError(
                f"the job {self.notebook} lies outside of the project's folder {self.folder}, and "
                "that alone is there where it will run",
                hint="export into a folder of the project: --to jobs/",
            )

    def words(self, schedule: Schedule, command: tuple[str, ...] = ()) -> list[str]:
        """The command line of a run, word by word.

        >>> job = Job(flow="report", notebook="report.ipynb", folder="/srv", place="/srv")
        >>> job.words(Schedule(cron="@daily", input_data={"city": "Oslo", "days": [1, 2]}))[4:]
        ['-p', 'city=Oslo', '-p', 'days=[1, 2]']
        """
        said = [*(command or self.command), "job", "run", self.notebook]
        for name, value in {**schedule.input_data, **self.params}.items():
            said += ["-p", f"{name}={_typed(value)}"]
        return said if self.timeout is None else [*said, "--timeout", f"{self.timeout:g}s"]

    def line(self, schedule: Schedule, command: tuple[str, ...] = ()) -> str:
        """The command line of a run, for a shell."""
        return shlex.join(self.words(schedule, command))


class File(msgspec.Struct, frozen=True):
    """A file to be written."""

    name: str
    text: str


class Caveat(msgspec.Struct, frozen=True):
    """What a target cannot keep of a schedule, and what to do instead."""

    what: str
    instead: str


class Deployment(msgspec.Struct, frozen=True):
    """What a target made: files, what they cannot keep, and the commands that put them to use."""

    files: tuple[File, ...]
    caveats: tuple[Caveat, ...]
    steps: tuple[str, ...]


class Target(Protocol):
    """A scheduler's words for a schedule; `InvalidSchedule` for what it cannot say at all."""

    def __call__(self, job: Job, schedule: Schedule, now: datetime) -> Deployment: ...


def quoted(text: str) -> str:
    """`text` as YAML and Python both read it."""
    return json.dumps(text, ensure_ascii=False)


def _typed(value: Any) -> str:
    """A parameter's value as it is typed; a text that looks like something else is quoted."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value, ensure_ascii=False)
