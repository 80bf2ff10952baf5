"""`flowbook history recover`: lost runs of notebooks go on, each where its notebook lies."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from flowbook.cli.failures import say_error
from flowbook.cli.live import follow
from flowbook.cli.manual import manual
from flowbook.cli.opening import stand_in
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import asked_project, notebook_option, project_option
from flowbook.cli.running import RUN_CODES, verdict
from flowbook.errors import FlowbookError
from flowbook.events import RunStatus
from flowbook.export.exits import ExitCode
from flowbook.ids import RunId
from flowbook.session.notebooks import notebook_of
from flowbook.session.project import Project
from flowbook.session.recovery import lost_runs, take_up
from flowbook.session.reopening import goes_on
from flowbook.session.waiting import is_due

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.store.rows import RunRow

RECOVERY_CODES: Final = tuple(code for code in RUN_CODES if code is not ExitCode.TIMEOUT)
"""How a command may end that goes on with runs, which takes as long as it takes."""
_HINT = "say which with --notebook; a flow written in Python recovers with flow.recover()"


@click.command("recover")
@click.argument("run_id", metavar="[RUN_ID]", required=False)
@click.option("--all", "every", is_flag=True, help="Every lost run of the project.")
@notebook_option
@click.option("--again", is_flag=True, help="Run nodes again whose values are gone.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history recover 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    "flowbook history recover --all --json",
    codes=RECOVERY_CODES,
)
def recover(
    ctx: click.Context, /, run_id: str | None, every: bool, folder: Path | None, **asked: Any
) -> ExitCode:
    """Go on, in this process, with a run whose process is gone.

    It keeps its id; nodes that were done are not run again. Runs go on one after the other, each
    in the folder of its notebook, until they are over or wait for something that has not come.
    With --all, a run that waits for such a thing is left alone.
    """
    if every is (run_id is not None):
        raise click.UsageError("give either the RUN_ID of a run or --all")
    opened = asked_project(ctx, folder)
    notebook = asked["notebook"]
    path = None if notebook is None else notebook.resolve()
    wanted = [RunId(run_id)] if run_id else ready(opened)
    found = recover_each(opened, wanted, Terms(path, again=asked["again"]))
    found.tell(opened, as_json=asked["as_json"] or ctx.obj.as_json)
    return found.code


def ready(project: Project) -> list[RunId]:
    """Lost runs, those that are suspended only if what they wait for has come."""
    now = datetime.now(UTC)
    return [
        row.id
        for row in lost_runs(project)
        if row.status is not RunStatus.SUSPENDED or is_due(project, row.id, now)
    ]


@dataclass(slots=True)
class Recovery:
    """What became of the runs that were to be taken up."""

    ended: list[Run] = field(default_factory=list)
    refused: dict[RunId, FlowbookError] = field(default_factory=dict)
    code: ExitCode = ExitCode.OK

    def tell(self, project: Project, *, as_json: bool) -> None:
        """One line for each run, or all as JSON."""
        if as_json:
            runs: list[dict[str, Any]] = [
                project.history.run(run.id).to_json() for run in self.ended
            ]
            refused = {str(run): why.message for run, why in self.refused.items()}
            echo_json({"runs": runs, "refused": refused})
            return
        for run in self.ended:
            click.echo(f"{run.id}  {run.flow}  {run.status.value}")
        if not self.ended and not self.refused:
            click.echo(f"nothing to recover in {project.path}", err=True)
            _tell_left(lost_runs(project))


def _tell_left(rows: Sequence[RunRow]) -> None:
    """Lost runs that nobody tried to take up, and what would go on with them."""
    waiting = sum(row.status is RunStatus.SUSPENDED for row in rows)
    counts = {"suspended": waiting, "lost": len(rows) - waiting}
    hints = {
        "suspended": "flowbook history waiting",
        "lost": "flowbook history recover RUN_ID, or flow.recover() in Python",
    }
    left = [word for word, count in counts.items() if count]
    if left:
        click.echo(f"left alone: {', '.join(f'{counts[word]} {word}' for word in left)}", err=True)
        click.echo(f"hint: {'; '.join(hints[word] for word in left)}", err=True)


@dataclass(frozen=True, slots=True)
class Terms:
    """Which notebook the runs are of, if that was said; what else is as in `session.recovery`."""

    notebook: Path | None = None
    again: bool = False
    careful: bool = False


def recover_each(project: Project, runs: Sequence[RunId], terms: Terms) -> Recovery:
    """Go on with each run to its end, progress on stderr; a refused one does not stop the rest."""
    found = Recovery()
    for run_id in runs:
        try:
            run = _taken_up(project, run_id, terms)
        except FlowbookError as why:
            named = str(run_id) in why.message
            say_error(why.message if named else f"{run_id}: {why.message}", why.hint)
            found.refused[run_id] = why
            found.code = found.code or ExitCode.USAGE
            continue
        stopped = follow(run, sys.stderr, idle=partial(_is_idle, project, run.id))
        found.ended.append(run)
        over = run.status.over
        found.code = stopped or (verdict(run) if over else ExitCode.OK) or found.code
        if stopped:
            break
    return found


def _is_idle(project: Project, run_id: RunId) -> bool:
    return not is_due(project, run_id, datetime.now(UTC))


def _taken_up(project: Project, run_id: RunId, terms: Terms) -> Run:
    row = project.history.run(run_id)
    path = terms.notebook or notebook_of(project.path, row.flow, _HINT)
    flow = project.read_notebook(path)
    stand_in(path.parent)
    run = take_up(project, flow, run_id, again=terms.again, careful=terms.careful)
    if terms.careful:
        click.echo(goes_on(row), err=True)
    return run
