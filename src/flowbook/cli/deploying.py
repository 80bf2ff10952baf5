"""`flowbook export --target`: a schedule from words, and what a target makes of it as files."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from flowbook.cli.opening import Opened
from flowbook.cli.options import Command, Duration, params_option, timeout_option
from flowbook.errors import UsageError
from flowbook.session.jobs import write_job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowbook.targets.job import Deployment, Job
    from flowbook.triggers.schedule import Schedule

_TARGETS: Final = ("systemd", "crontab", "kubernetes", "github", "airflow")
_AWAY: Final = ("kubernetes", "github")
"""Targets that run the job on another machine, where only its name says which flowbook."""
_WHEN: Final = ("cron", "every", "at")


def target_options(function: Command) -> Command:
    """`--target`, and the options that say when the job is to run there."""
    seconds = Duration()
    for option in reversed(
        (
            click.option("--target", type=click.Choice(_TARGETS), help="Who is to run the job."),
            click.option(
                "--schedule", metavar="NAME", help="When, as that schedule of the project says."
            ),
            click.option("--cron", metavar="CRON", help="When, as five fields: '0 9 * * 1-5'."),
            click.option("--every", type=seconds, help="How often, counted from --start: 15m, 6h."),
            click.option(
                "--at", multiple=True, metavar="TIME", help="One moment; may be given again."
            ),
            click.option("--timezone", help="The zone whose clock it is about.  [default: UTC]"),
            click.option("--start", metavar="TIME", help="Nothing before it, in ISO 8601."),
            click.option("--end", metavar="TIME", help="Nothing from then on."),
            click.option(
                "--overlap",
                type=click.Choice(("skip", "queue_one", "parallel")),
                help="What becomes of a moment that falls into a run.  [default: skip]",
            ),
            click.option(
                "--parallel", type=click.IntRange(1), help="How many runs at once, with parallel."
            ),
            click.option(
                "--catch-up",
                type=click.Choice(("none", "latest", "all")),
                help="What becomes of moments that were missed.  [default: latest]",
            ),
            click.option("--grace", type=seconds, help="How late a run may begin.  [default: 60]"),
            click.option("--jitter", type=seconds, help="Begin later by chance, at most so much."),
            params_option,
            timeout_option,
            click.option("--image", help="The container image, for Kubernetes."),
        )
    ):
        function = option(function)
    return function


def _said(asked: dict[str, Any]) -> Schedule:
    """The schedule that the options say; `InvalidSchedule` for what is none."""
    from flowbook.session.scheduled import schedule_of

    said = {name: asked[name] for name in (*_WHEN, *_TERMS) if asked.get(name) not in (None, ())}
    for name in ("start", "end"):
        if name in said:
            said[name] = _moment(said[name])
    if "at" in said:
        said["at"] = [_moment(one) for one in said["at"]]
    return schedule_of(said)


_TERMS: Final = (
    *("timezone", "start", "end", "overlap", "parallel", "catch_up", "grace", "jitter"),
)


def _schedule(opened: Opened, asked: dict[str, Any]) -> Schedule:
    """The schedule of the project that is named, else the one that the options say."""
    name = asked["schedule"]
    if name is None:
        return _said(asked)
    also = [one for one in (*_WHEN, *_TERMS) if asked.get(one) not in (None, ())]
    if also:
        raise UsageError(
            f"--{also[0].replace('_', '-')} is what schedule {name!r} says itself",
            hint=f"leave it out, or change the schedule: flowbook schedule add {name}",
        )
    kept = opened.project.schedules.get(name)
    flow = opened.flow.spec().id
    if kept.flow != flow:
        raise UsageError(
            f"schedule {name!r} is of flow {kept.flow!r}, and this notebook's is {flow!r}",
            hint=f"export {kept.notebook}",
        )
    return kept.schedule


def refuse_without_target(asked: dict[str, Any]) -> None:
    """`UsageError` for options about a target where none is named."""
    given = [
        name
        for name in ("schedule", *_WHEN, *_TERMS, "params", "timeout", "image")
        if asked.get(name)
    ]
    if given:
        option = "-p" if given[0] == "params" else f"--{given[0].replace('_', '-')}"
        raise UsageError(
            f"{option} is about a target, and none is named",
            hint=f"add --target {' or '.join(_TARGETS[:2])}; the others are in --help",
        )


def deployed(opened: Opened, job: Path, asked: dict[str, Any]) -> Deployment:
    """What the target makes of the exported `job`, written beside it."""
    from flowbook.targets.choose import deploy

    schedule = _schedule(opened, asked)
    about = job_of(opened, job, asked, schedule.input_data)
    made = deploy(asked["target"], about, schedule, datetime.now(UTC))
    for file in made.files:
        write_job(job.parent / file.name, file.text)
    return made


def job_of(
    opened: Opened, job: Path, asked: dict[str, Any], data: Mapping[str, Any] | None = None
) -> Job:
    """The job as its target sees it: paths of this machine, and the flowbook that is running.

    `data` are the parameters where `-p` gives no others.
    """
    from flowbook.export.job import refuse_wrong
    from flowbook.targets.job import Job

    folder, notebook = opened.project.path.resolve(), job.resolve()
    inside = notebook.is_relative_to(folder)
    params = {**(data or {}), **opened.typed(asked["params"])}
    refuse_wrong(opened.project.plan(opened.flow), params)
    said: dict[str, Any] = {}
    if asked["image"]:
        said["image"] = asked["image"]
    return Job(
        flow=str(opened.flow.spec().id),
        notebook=(notebook.relative_to(folder) if inside else notebook).as_posix(),
        folder=str(folder),
        place=str(notebook.parent),
        params=params,
        command=("flowbook",) if asked["target"] in _AWAY else command_here(),
        timeout=asked["timeout"],
        inside=_in_repository(folder),
        **said,
    )


def command_here() -> tuple[str, ...]:
    """How this very flowbook is called from anywhere."""
    beside = Path(sys.executable).with_name("flowbook")
    found = str(beside) if beside.is_file() else shutil.which("flowbook")
    return (found,) if found else (sys.executable, "-m", "flowbook.cli")


def tell(made: Deployment, folder: Path) -> None:
    """The files on stdout; what is not kept and what to do next on stderr."""
    for file in made.files:
        click.echo(str(folder / file.name))
    for caveat in made.caveats:
        click.echo(f"warning: {caveat.what}", err=True)
        click.echo(f"  hint: {caveat.instead}", err=True)
    click.echo("next:", err=True)
    for step in made.steps:
        click.echo(f"  {step}", err=True)


def as_data(made: Deployment, folder: Path) -> dict[str, Any]:
    """The same as JSON data."""
    return {
        "files": [str(folder / file.name) for file in made.files],
        "caveats": [{"what": one.what, "instead": one.instead} for one in made.caveats],
        "steps": made.steps,
    }


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", hint="as in 2026-10-31T12:00+01:00") from None


def _in_repository(folder: Path) -> str:
    """Where a folder lies in its git repository; `.` without one."""
    for root in (folder, *folder.parents):
        if (root / ".git").exists():
            return folder.relative_to(root).as_posix()
    return "."
