"""`flowbook history audit`: who did what to which run, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import asked_project, project_option, time_options, with_history
from flowbook.export.exits import ExitCode
from flowbook.store.audit import Action, AuditPage

_EXPORT = """
FROM audit WHERE ($run IS NULL OR run_id = $run) AND ($flow IS NULL OR workflow_id = $flow)
  AND ($action IS NULL OR action = $action) AND ($actor IS NULL OR actor = $actor)
  AND ($since IS NULL OR created_at >= $since::TIMESTAMP)
  AND ($until IS NULL OR created_at < $until::TIMESTAMP)
ORDER BY created_at, id"""


@click.command("audit")
@click.option("--run", metavar="RUN_ID", help="Only about this run, which may be gone.")
@click.option("--flow", metavar="NAME", help="Only about this flow.")
@click.option(
    "--action",
    type=click.Choice([action.value for action in Action], case_sensitive=False),
    help="Only what was done so.",
)
@click.option("--actor", metavar="NAME", help="Only what this user did, or system.")
@time_options
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many entries a page has.",
)
@click.option("--cursor", metavar="CURSOR", help="The page after: `next` of the one before.")
@click.option(
    "--export",
    "path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write all of them to PATH: .csv, .json, .jsonl or .parquet.",
)
@click.option("--overwrite", is_flag=True, help="Replace PATH if it is there.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history audit --action DELETED --since 30d",
    "flowbook history audit --flow report --export audit.csv",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def audit(
    ctx: click.Context, /, folder: Path | None, as_json: bool, path: Path | None, **asked: Any
) -> ExitCode:
    """List who did what, when and why, the latest first.

    Entries outlive the runs they are about. An export leaves an entry too.
    """
    as_json = as_json or ctx.obj.as_json
    overwrite, page = asked.pop("overwrite"), {"limit": asked.pop("limit")}
    cursor = asked.pop("cursor")
    if path is not None:
        _export(ctx, folder, path, overwrite=overwrite, as_json=as_json, asked=asked)
        return ExitCode.OK
    store = asked_project(ctx, folder).store
    found = store.audit.search(**asked, **page, cursor=cursor)
    if as_json:
        echo_json(found.to_json())
    else:
        _tell(found)
    return ExitCode.OK


def _export(
    ctx: click.Context,
    folder: Path | None,
    path: Path,
    *,
    overwrite: bool,
    as_json: bool,
    asked: dict[str, Any],
) -> None:
    history = with_history(ctx, folder).history
    parameters = {name: _bound(value) for name, value in asked.items()}
    done = history.export(path, query=_EXPORT, parameters=parameters, overwrite=overwrite)
    if as_json:
        echo_json(done.to_json())
    else:
        click.echo(f"{done.rows:,} entries: {path}")


def _bound(value: Any) -> Any:
    """A value for SQL, where times are in UTC and have no zone."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _tell(page: AuditPage) -> None:
    if not page.entries:
        click.echo("no such entries in the audit", err=True)
        return
    columns = ("at (UTC)", "actor", "action", "flow", "run", "reason", "details")
    rows = [
        (entry.created_at.strftime("%Y-%m-%d %H:%M:%S"), entry.actor, entry.action, entry.flow,
         entry.run_id, entry.metadata.get("reason"), _details(entry.metadata))
        for entry in page.entries
    ]  # fmt: skip
    echo_table(columns, rows)
    if page.next:
        click.echo(f"more: flowbook history audit --cursor {page.next}", err=True)


def _details(metadata: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in metadata.items() if name != "reason")
