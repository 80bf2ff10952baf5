"""What `flowbook job run` does with a job: read and check it, then run it, or leave it be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.failures import say_error
from flowbook.cli.opening import Opened, open_notebook
from flowbook.cli.output import echo_json
from flowbook.export.about import home_of, job_metadata
from flowbook.export.exits import ExitCode
from flowbook.export.job import (
    Attempt,
    JobResult,
    is_whole,
    job_plan,
    refuse_wrong,
    report_path,
    run_job,
)
from flowbook.graph.spec import Json
from flowbook.session.jobs import record_unstarted
from flowbook.session.onset import Do, Wanted, onset
from flowbook.session.recorded import RecordedRun
from flowbook.session.recording import was_redacted
from flowbook.store.rows import RunRow

if TYPE_CHECKING:
    from flowbook.export.kernel import Ahead


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line said."""

    notebook: Path
    params: tuple[str, ...]
    output: Path | None
    key: str | None
    resume: bool
    timeout: float | None
    as_json: bool


def perform(asked: Asked, ahead: Ahead | None) -> ExitCode:
    """Run the job to its end, and say how it went."""
    home = home_of(asked.notebook, str(job_metadata(asked.notebook).get("source", "")))
    opened = open_notebook(asked.notebook, home)
    opened.refuse_errors()
    plan = job_plan(opened.path, opened.project)
    typed = opened.typed(asked.params)
    refuse_wrong(plan, typed)
    wanted = Wanted(plan.flow, asked.key, asked.resume, typed)
    found = onset(opened.project, wanted, lambda row: is_whole(_report_of(opened, row)))
    if found.do in (Do.SKIP, Do.LEAVE) and found.row is not None:
        result = _left(opened, found.row, found.do)
    else:
        result = _run(asked, opened, typed, found.row, ahead)
        result = record_unstarted(opened.project, plan, result, typed, asked.key)
    if asked.as_json:
        history = opened.project.history
        row = history.run(result.run_id).to_json() if result.status else None
        echo_json(as_data(result, row))
    else:
        _tell(result)
    return result.code


def _run(
    asked: Asked,
    opened: Opened,
    params: dict[str, Json],
    before: RunRow | None,
    ahead: Ahead | None,
) -> JobResult:
    """A new run, or, where there is one `before` to go on with, that."""
    given = {} if before is None else before.params
    begun_with = {name: one for name, one in given.items() if not was_redacted(one)}
    resumes = None if before is None else before.id
    return run_job(
        opened.path,
        params,
        project=opened.project,
        output=asked.output,
        timeout=asked.timeout,
        on_line=lambda line: click.echo(line, err=True),
        attempt=Attempt(resumes, asked.key, begun_with),
        ahead=ahead,
    )


def _left(opened: Opened, row: RunRow, do: Do) -> JobResult:
    """The result of a job that starts nothing: its run is done, or another process has it."""
    report = _report_of(opened, row)
    if do is Do.SKIP:
        told = f"run {row.id} goes on in process {row.pid} on {row.host}"
        return JobResult(row.id, row.flow, row.status, ExitCode.SKIPPED, report, told)
    click.echo(f"run {row.id} is done", err=True)
    if not is_whole(report):  # papermill was killed; the journal knows what it was to show
        from flowbook.cli.reporting import write_drawn

        write_drawn(opened, RecordedRun(opened.project, row.id), report)
    return JobResult(row.id, row.flow, row.status, ExitCode.OK, report)


def _report_of(opened: Opened, row: RunRow) -> Path:
    return report_path(opened.project.path, row.flow, row.id)


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
