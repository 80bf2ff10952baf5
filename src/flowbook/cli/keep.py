"""`flowbook history delete`, `pin` and `unpin`: which runs go, and which are to stay."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import confirm, filter_options, project_option, with_history, yes_option
from flowbook.export.exits import ExitCode
from flowbook.store.deletion import Deletion
from flowbook.store.history import History

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE, ExitCode.INTERRUPTED)


def reason_option(function: Any) -> Any:
    """`--reason`."""
    return click.option("--reason", metavar="TEXT", help="Why; kept in the audit.")(function)


@click.command("delete")
@click.argument("run_ids", metavar="[RUN_ID]...", nargs=-1)
@filter_options
@click.option("--dry-run", is_flag=True, help="Only say how many would go.")
@yes_option
@reason_option
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history delete 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    'flowbook history delete --flow report --status failed --until 30d --reason "no longer needed"',
    codes=_CODES,
)
def delete(
    ctx: click.Context, /, folder: Path | None, as_json: bool, run_ids: tuple[str, ...], **how: Any
) -> ExitCode:
    """Delete runs for good: those named, or all that match.

    Runs that still go on, wait or are pinned stay. Values that only they needed go with the next
    `flowbook store gc`. Each run leaves an entry in the audit.
    """
    dry_run, yes, reason = how.pop("dry_run"), how.pop("yes"), how.pop("reason")
    filters = {name: value for name, value in how.items() if value is not None}
    if bool(run_ids) == bool(filters):
        raise click.UsageError("name runs, or say with a filter which; one of both")
    as_json = as_json or ctx.obj.as_json
    opened = with_history(ctx, folder)
    history = opened.history
    found = _preview(history, run_ids, filters)
    if not as_json:
        click.echo(_told(found), err=True)
    if not dry_run and found.count:
        confirm(f"Delete {found.count:,} of {opened.path} for good?", yes)
        found = (
            _delete(history, run_ids, reason)
            if run_ids
            else history.delete_where(**filters, reason=reason, dry_run=False)
        )
    if as_json:
        echo_json(asdict(found))
    elif not dry_run:
        click.echo(f"{found.count:,} deleted")
    return ExitCode.OK


@click.command("pin")
@click.argument("run_ids", metavar="RUN_ID...", nargs=-1, required=True)
@reason_option
@project_option
@json_option
@click.pass_context
@manual("flowbook history pin 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90", codes=_CODES)
def pin(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """Let runs survive every retention and bulk deletion."""
    return _pin(ctx, pinned=True, **asked)


@click.command("unpin")
@click.argument("run_ids", metavar="RUN_ID...", nargs=-1, required=True)
@reason_option
@project_option
@json_option
@click.pass_context
@manual("flowbook history unpin 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90", codes=_CODES)
def unpin(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """Take pins back."""
    return _pin(ctx, pinned=False, **asked)


def _pin(
    ctx: click.Context,
    *,
    pinned: bool,
    run_ids: tuple[str, ...],
    reason: str | None,
    folder: Path | None,
    as_json: bool,
) -> ExitCode:
    history = with_history(ctx, folder).history
    for run_id in run_ids:  # all are there before the first is changed
        history.run(run_id)
    for run_id in run_ids:
        (history.pin if pinned else history.unpin)(run_id, reason=reason)
    if as_json or ctx.obj.as_json:
        echo_json({"runs": run_ids, "pinned": pinned})
    else:
        click.echo(f"{'pinned' if pinned else 'no longer pinned'}: {', '.join(run_ids)}")
    return ExitCode.OK


def _preview(history: History, run_ids: tuple[str, ...], filters: dict[str, Any]) -> Deletion:
    """What would go; `UsageError` for a named run that does not exist."""
    if not run_ids:
        return history.delete_where(**filters, dry_run=True)
    runs = tuple(dict.fromkeys(history.run(run_id).id for run_id in run_ids))
    return Deletion(len(runs), runs, dry_run=True)


def _delete(history: History, run_ids: tuple[str, ...], reason: str | None) -> Deletion:
    gone: list[Any] = []
    for run_id in dict.fromkeys(run_ids):
        if run_id not in gone:  # it may have gone with the run that started it
            gone += history.delete(run_id, reason=reason).runs
    return Deletion(len(gone), tuple(gone))


def _told(found: Deletion) -> str:
    runs = "1 run" if found.count == 1 else f"{found.count:,} runs"
    stay = f"; {found.skipped:,} stay: they go on, wait or are pinned" if found.skipped else ""
    return f"{runs} to delete{stay}"
