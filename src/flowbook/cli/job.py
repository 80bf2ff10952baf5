"""`flowbook job run`: an exported notebook under papermill, as a scheduler calls it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from flowbook.cli.failures import say_error
from flowbook.cli.manual import manual
from flowbook.cli.opening import (
    Opened,
    json_option,
    notebook_argument,
    open_notebook,
    params_option,
    timeout_option,
)
from flowbook.cli.output import echo_json
from flowbook.export.exits import ExitCode
from flowbook.export.job import (
    Attempt,
    JobResult,
    is_whole,
    job_metadata,
    job_plan,
    refuse_wrong,
    report_path,
    run_job,
)
from flowbook.session.jobs import record_unstarted
from flowbook.session.onset import Do, Wanted, onset
from flowbook.session.recorded import RecordedRun
from flowbook.session.recording import was_redacted
from flowbook.store.rows import RunRow


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
@click.option(
    "--key", metavar="KEY", help="Run key: one run has it, however often the job is started."
)
@click.option("--resume", is_flag=True, help="Go on with the job's run that was killed, if any.")
@timeout_option
@json_option
@manual(
    "flowbook job run jobs/report.ipynb -p city=Oslo --timeout 1h",
    "flowbook job run jobs/report.ipynb -p day=2026-05-01 --key 2026-05-01",
    "flowbook job run jobs/report.ipynb --resume",
    codes=tuple(code for code in ExitCode if code is not ExitCode.FINDINGS),
)
def run(  # noqa: PLR0913 - one for each option
    notebook: Path,
    params: tuple[str, ...],
    output: Path | None,
    key: str | None,
    resume: bool,
    timeout: float | None,
    as_json: bool,
) -> ExitCode:
    """Run the exported NOTEBOOK under papermill.

    Parameters are checked before anything starts. The run lands in the same history as every
    other, with trigger papermill, and the executed notebook is its report.

    A run of the job that was killed is gone on with under its KEY, or with --resume: nodes that
    were done are not run again. What KEY says is done is not done again, and a run that goes on
    in another process is left to it (3). A run has the parameters it began with: other ones with
    its KEY are refused.
    """
    home = home_of(notebook, str(job_metadata(notebook).get("source", "")))
    opened = open_notebook(notebook, home)
    opened.refuse_errors()
    plan = job_plan(opened.path, opened.project)
    typed = opened.typed(params)
    refuse_wrong(plan, typed)
    wanted = Wanted(plan.flow, key, resume, typed)
    found = onset(opened.project, wanted, lambda row: is_whole(_report_of(opened, row)))
    if found.do in (Do.SKIP, Do.LEAVE) and found.row is not None:
        result = _left(opened, found.row, found.do)
    else:
        resumes = found.row.id if found.row is not None else None
        given = {} if found.row is None else found.row.params
        begun_with = {name: one for name, one in given.items() if not was_redacted(one)}
        result = run_job(
            opened.path,
            typed,
            project=opened.project,
            output=output,
            timeout=timeout,
            on_line=lambda line: click.echo(line, err=True),
            attempt=Attempt(resumes, key, begun_with),
        )
        result = record_unstarted(opened.project, plan, result, typed, key)
    if as_json:
        history = opened.project.history
        row = history.run(result.run_id).to_json() if result.status else None
        echo_json(as_data(result, row))
    else:
        _tell(result)
    return result.code


def _left(opened: Opened, row: RunRow, do: Do) -> JobResult:
    """The result of a job that starts nothing: its run is done, or another process has it."""
    report = _report_of(opened, row)
    if do is Do.SKIP:
        told = f"run {row.id} goes on in process {row.pid} on {row.host}"
        return JobResult(row.id, row.flow, row.status, ExitCode.SKIPPED, report, told)
    click.echo(f"run {row.id} is done", err=True)
    if not is_whole(report):  # papermill was killed; the journal knows what it was to show
        from flowbook.export.report import write_report

        write_report(RecordedRun(opened.project, row.id), opened.text, opened.flow.spec(), report)
    return JobResult(row.id, row.flow, row.status, ExitCode.OK, report)


def _report_of(opened: Opened, row: RunRow) -> Path:
    return report_path(opened.project.path, row.flow, row.id)


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
