"""What the commands about a project's folder share: which folder, which runs, and may I?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from flowbook.cli.opening import has_history
from flowbook.cli.options import Command, json_option
from flowbook.errors import UsageError
from flowbook.events import RunStatus, TriggerKind
from flowbook.session.moments import moment
from flowbook.session.project import Project, project


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said before the sub-command: it holds for the sub-command too."""

    folder: Path | None
    as_json: bool


class Moment(click.ParamType[datetime]):
    """An ISO date or time, local without a zone, or so long ago: 7d, 24h."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return moment(value)
        except ValueError as refused:
            self.fail(str(refused), param, ctx)


def project_option(function: Command) -> Command:
    """`--project DIR`."""
    return click.option(
        "--project",
        "folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="A folder of the project.  [default: the current folder]",
    )(function)


def time_options(function: Command) -> Command:
    """`--since` and `--until`."""
    ago = "2026-05-01, 2026-05-01T12:00, or 7d ago."
    until = click.option("--until", type=Moment(), metavar="TIME", help=f"Only before it: {ago}")
    since = click.option("--since", type=Moment(), metavar="TIME", help=f"Only from then: {ago}")
    return since(until(function))


def filter_options(function: Command) -> Command:
    """`--flow`, `--status`, `--trigger`, `--since` and `--until`: which runs."""
    function = time_options(function)
    for option in (
        click.option(
            "--trigger",
            type=click.Choice([kind.value for kind in TriggerKind]),
            help="Only runs started so.",
        ),
        click.option(
            "--status",
            type=click.Choice([status.value for status in RunStatus]),
            help="Only runs that are so.",
        ),
        click.option("--flow", metavar="NAME", help="Only runs of this flow."),
    ):
        function = option(function)
    return function


def notebook_option(function: Command) -> Command:
    """`--notebook`: where the flow of a run is."""
    return click.option(
        "--notebook",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="PATH",
        help="The notebook of the run's flow.  [default: the one of that name]",
    )(function)


def yes_option(function: Command) -> Command:
    """`--yes`."""
    return click.option("--yes", is_flag=True, help="Do not ask first.")(function)


def asked_of_all(group: Callable[[], None]) -> Callable[..., None]:
    """`--project` and `--json` of a group, which hold for its sub-commands, too."""

    @wraps(group)
    def remember(ctx: click.Context, /, folder: Path | None, as_json: bool) -> None:
        ctx.obj = Asked(folder, as_json)
        acting_here(ctx)
        group()

    return project_option(json_option(click.pass_context(remember)))


def asked_project(ctx: click.Context, folder: Path | None) -> Project:
    """The project asked for here or on the group, else that of the current folder."""
    return project(folder or ctx.obj.folder or ".")


def with_history(ctx: click.Context, folder: Path | None) -> Project:
    """The same, and `UsageError` when nothing has run in it: nothing is created to be empty."""
    opened = asked_project(ctx, folder)
    if not has_history(opened.path):
        raise UsageError(
            f"there is no history in {opened.path}",
            hint="run a flow first, or name another project with --project FOLDER",
        )
    return opened


def acting_here(ctx: click.Context) -> None:
    """Let the audit say that it was the command line, for as long as the command lasts."""
    from flowbook.store.audit import acting

    ctx.with_resource(acting(source="cli"))


def confirm(question: str, yes: bool) -> None:
    """Ask before what cannot be undone; without a terminal `--yes` has to be said.

    Raises `click.Abort` for a no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is here to answer", hint="say --yes")
    click.confirm(question, abort=True, err=True)
