"""`flowbook demo`: write the tour, run it, show what it gave and where to go from there."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import click

from flowbook.cli.lab import TOUR_FOLDER, TOUR_NOTEBOOK
from flowbook.cli.manual import manual
from flowbook.cli.opening import open_notebook
from flowbook.cli.output import echo_value
from flowbook.cli.running import Terms, explain_end, outputs, run_opened, show_path
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode

RESULT = "report"
"""The node of the tour whose table is the result."""


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(TOUR_FOLDER),
    show_default=True,
    metavar="DIR",
    help="The folder for the tour; made if need be.",
)
@click.option("--no-run", is_flag=True, help="Only write the tour.")
@click.option("--no-report", is_flag=True, help="Write no executed notebook.")
@manual(
    "flowbook demo",
    "flowbook demo --dir /tmp/tour",
    codes=(
        ExitCode.OK,
        ExitCode.FAILED,
        ExitCode.USAGE,
        ExitCode.INTERRUPTED,
    ),
)
def command(folder: Path, no_run: bool, no_report: bool) -> ExitCode:
    """Write a tour project and run its flow.

    A notebook and real weather data; needs no network and no browser. Running it again runs the
    tour again, with the changes you made to it.
    """
    began = time.monotonic()
    notebook = write_tour(folder)
    if no_run:
        click.echo(str(notebook))
        return ExitCode.OK
    # resolved before the run, which works inside the folder
    opened = open_notebook(notebook)
    click.echo(f"tour: {notebook}", err=True)
    finished = run_opened(opened, {}, Terms(wanted=not no_report))
    for name, value in outputs(opened, finished.run, [RESULT]).items():
        click.echo()
        echo_value(name, value)
    if finished.code is not ExitCode.OK:
        explain_end(finished)
        return finished.code
    click.echo()
    for line in whereto(folder, finished.report):
        click.echo(line)
    click.echo(f"\n{time.monotonic() - began:.1f} s in all")
    return ExitCode.OK


def write_tour(folder: Path) -> Path:
    """The tour's notebook in `folder`: as it ships, or as somebody has changed it since."""
    from flowbook.tour.project import write

    try:
        return write(folder)
    except UsageError:
        notebook = folder / TOUR_NOTEBOOK
        if not notebook.is_file():
            raise
        click.echo(f"{notebook} was changed since it was written; it stays as it is", err=True)
        return notebook


def whereto(folder: Path, report: Path | None) -> list[str]:
    """What to do next, as lines that work when they are pasted."""
    here = shlex.quote(str(folder))
    query = "select flow, status, trigger, duration_ms from runs order by started_at desc"
    lines = [
        f'history   flowbook history sql --project {here} "{query}"',
        f"open it   flowbook lab {here}",
    ]
    return [f"report    {show_path(report)}", *lines] if report else lines
