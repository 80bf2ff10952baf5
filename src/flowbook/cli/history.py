"""`flowbook history`: the runs of a project, one of them, or SQL over all of them."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import Command, has_history, json_option
from flowbook.cli.output import echo_json, echo_table, plain_record
from flowbook.events import RunStatus, TriggerKind
from flowbook.export.exits import ExitCode
from flowbook.ids import RunId
from flowbook.session.project import Project, project


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said before the sub-command: it holds for the sub-command too."""

    folder: Path | None
    as_json: bool


_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)


def project_option(function: Command) -> Command:
    """`--project DIR`."""
    return click.option(
        "--project",
        "folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="A folder of the project.  [default: the current folder]",
    )(function)


@click.group("history", invoke_without_command=True)
@click.option("--flow", metavar="NAME", help="Only runs of this flow.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in RunStatus]),
    help="Only runs that are so.",
)
@click.option(
    "--trigger",
    type=click.Choice([kind.value for kind in TriggerKind]),
    help="Only runs started so.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many runs a page has.",
)
@click.option("--cursor", metavar="CURSOR", help="The page after: `next` of the one before.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history --status failed --limit 5",
    "flowbook history --json",
    "flowbook history show 0197f3a2-…",
    'flowbook history sql "select flow, count(*) from runs group by all"',
    codes=_CODES,
)
def command(
    ctx: click.Context, /, folder: Path | None, limit: int, as_json: bool, **filters: Any
) -> ExitCode:
    """List the project's runs, the latest first."""
    ctx.obj = Asked(folder, as_json)
    if ctx.invoked_subcommand is not None:
        return ExitCode.OK
    opened = _project(ctx, None)
    if not has_history(opened.path):
        page: dict[str, Any] = {"runs": [], "next": None}
    else:
        page = opened.history.runs(limit=limit, **filters).to_json()
    if as_json:
        echo_json(page)
    else:
        _tell_page(opened, page)
    return ExitCode.OK


@command.command("show")
@click.argument("run_id", metavar="RUN_ID")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history show 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --json",
    codes=_CODES,
)
def show(ctx: click.Context, run_id: str, folder: Path | None, as_json: bool) -> ExitCode:
    """Show one run and what became of its nodes."""
    history = _project(ctx, folder).history
    run = history.run(run_id).to_json()
    nodes = [node.to_json() for node in history.node_runs(run_id)]
    if as_json or ctx.obj.as_json:
        echo_json({"run": run, "nodes": nodes})
        return ExitCode.OK
    for name, value in run.items():
        if value not in (None, {}):
            click.echo(f"{name:<12} {value}")
    click.echo()
    columns = ("node", "status", "attempts", "duration_ms", "reason", "cause", "error")
    echo_table(columns, [[node.get(name) for name in columns] for node in nodes])
    return ExitCode.OK


@command.command("sql")
@click.argument("query", metavar="QUERY")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@project_option
@json_option
@click.pass_context
@manual(
    'flowbook history sql "select flow, status, count(*) as n from runs group by all"',
    "flowbook history sql \"from node_runs where status = 'failed'\" --csv > failed.csv",
    codes=_CODES,
)
def sql(
    ctx: click.Context, query: str, as_csv: bool, folder: Path | None, as_json: bool
) -> ExitCode:
    """Answer one SELECT over the views runs, events, node_runs and flow_versions."""
    as_json = as_json or ctx.obj.as_json
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    columns, rows = _project(ctx, folder).history.table(query)
    if as_json:
        records = [plain_record(columns, row) for row in rows]
        echo_json({"columns": list(columns), "rows": records})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        echo_table(columns, rows)
    return ExitCode.OK


@command.command("recover")
@click.argument("run_id", metavar="[RUN_ID]", required=False)
@click.option("--all", "every", is_flag=True, help="Every lost run of the project.")
@click.option(
    "--notebook",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The notebook of the run's flow.  [default: the one of that name]",
)
@click.option("--again", is_flag=True, help="Run nodes again whose values are gone.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history recover 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    "flowbook history recover --all --json",
    codes=(*_CODES[:1], ExitCode.FAILED, *_CODES[1:], ExitCode.INTERRUPTED, ExitCode.TERMINATED),
)
def recover(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    run_id: str | None,
    every: bool,
    notebook: Path | None,
    again: bool,
    folder: Path | None,
    as_json: bool,
) -> ExitCode:
    """Go on, in this process, with a run whose process is gone.

    It keeps its id; nodes that were done are not run again. Runs go on one after the other, each
    in the folder of its notebook.
    """
    from flowbook.cli.recovery import recover_each
    from flowbook.session.recovery import lost_runs

    if every is (run_id is not None):
        raise click.UsageError("give either the RUN_ID of a run or --all")
    opened = _project(ctx, folder)
    path = None if notebook is None else notebook.resolve()
    wanted = [RunId(run_id)] if run_id else [row.id for row in lost_runs(opened)]
    found = recover_each(opened, wanted, path, again=again)
    found.tell(opened, as_json=as_json or ctx.obj.as_json)
    return found.code


def _project(ctx: click.Context, folder: Path | None) -> Project:
    """The project asked for here or on the group, else that of the current folder."""
    return project(folder or ctx.obj.folder or ".")


def _tell_page(opened: Project, page: dict[str, Any]) -> None:
    if not page["runs"]:
        which = "such runs" if has_history(opened.path) else "runs yet"
        click.echo(f"no {which} in {opened.path}", err=True)
        click.echo("hint: another project is asked with --project FOLDER", err=True)
        return
    columns = ("id", "flow", "status", "trigger", "started_at", "duration_ms", "error")
    echo_table(columns, [[_brief(name, run.get(name)) for name in columns] for run in page["runs"]])
    if page["next"]:
        click.echo(f"more: flowbook history --cursor {page['next']}", err=True)


def _brief(name: str, value: Any) -> Any:
    if name == "started_at" and isinstance(value, str):
        return value[:19].replace("T", " ")
    return round(value) if name == "duration_ms" and value is not None else value
