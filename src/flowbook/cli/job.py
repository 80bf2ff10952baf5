"""`flowbook job run`: an exported notebook under papermill, as a scheduler calls it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from flowbook.cli.failures import say_error
from flowbook.cli.manual import manual
from flowbook.cli.opening import (
    json_option,
    notebook_argument,
    open_notebook,
    params_option,
    timeout_option,
)
from flowbook.cli.output import echo_json
from flowbook.export.exits import ExitCode
from flowbook.export.job import JobResult, job_metadata, run_job


@click.group("job")
@manual(
    "flowbook job run jobs/report.ipynb -p city=Oslo",
)
def command() -> None:
    """Run exported notebooks."""


@command.command("run")
@notebook_argument
@params_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Where to write the executed notebook.  [default: .flowbook/reports/]",
)
@timeout_option
@json_option
@manual(
    "flowbook job run jobs/report.ipynb -p city=Oslo --timeout 1h",
    codes=tuple(code for code in ExitCode if code is not ExitCode.FINDINGS),
)
def run(
    notebook: Path,
    params: tuple[str, ...],
    output: Path | None,
    timeout: float | None,
    as_json: bool,
) -> ExitCode:
    """Run the exported NOTEBOOK under papermill.

    Parameters are checked before anything starts. The run lands in the same history as every
    other, with trigger papermill, and the executed notebook is its report.
    """
    home = home_of(notebook, str(job_metadata(notebook).get("source", "")))
    opened = open_notebook(notebook, home)
    opened.refuse_errors()
    result = run_job(
        opened.path,
        opened.typed(params),
        project=opened.project,
        output=output,
        timeout=timeout,
        on_line=lambda line: click.echo(line, err=True),
    )
    if as_json:
        history = opened.project.history
        row = history.run(result.run_id).to_json() if result.status else None
        echo_json(as_data(result, row))
    else:
        _tell(result)
    return result.code


def home_of(job: Path, source: str) -> Path:
    """The folder whose project a job belongs to: its author's notebook's, if that is there."""
    author = (job.resolve().parent / source) if source else job
    return author.resolve().parent if author.is_file() else job.resolve().parent


def as_data(result: JobResult, run: Mapping[str, Any] | None) -> dict[str, Any]:
    """How a job ended, as JSON data; `run` is its row in the history, None before it began."""
    return {
        "run": run,
        "report": str(result.report) if result.report.exists() else None,
        "error": result.error,
        "exit_code": int(result.code),
    }


def _tell(result: JobResult) -> None:
    if result.code is not ExitCode.OK:
        say_error(result.error or result.code.meaning)
    if result.report.exists():
        click.echo(f"report: {result.report}", err=True)
    if result.status is not None:
        click.echo(f"{result.run_id} {result.status.value}")
