"""`flowbook queue`: what waits for its turn in a project, for what, and what goes on meanwhile."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import has_history
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import Asked, acting_here, asked_project, project_option, with_history
from flowbook.export.exits import ExitCode
from flowbook.session.queued import Queue

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)
_NOTHING = Queue((), (), {}, ())


@click.group("queue", invoke_without_command=True)
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook queue",
    "flowbook queue --json",
    "flowbook queue prioritize 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 10",
    codes=_CODES,
)
def command(ctx: click.Context, /, folder: Path | None, as_json: bool) -> ExitCode:
    """List the runs that wait for their turn and those that go on, of all processes.

    Nodes are listed that wait for a limit of the project. The next one is on top.
    """
    ctx.obj = Asked(folder, as_json)
    acting_here(ctx)
    if ctx.invoked_subcommand is not None:
        return ExitCode.OK
    opened = asked_project(ctx, None)
    found = opened.queue() if has_history(opened.path) else _NOTHING
    if as_json:
        echo_json(found.to_json())
    elif not tuple(found):
        click.echo(f"nothing waits or goes on in {opened.path}", err=True)
    else:
        _tell(found)
    return ExitCode.OK


@command.command("prioritize")
@click.argument("run_id", metavar="RUN_ID")
@click.argument("priority", metavar="PRIORITY", type=int)
@project_option
@json_option
@click.pass_context
@manual("flowbook queue prioritize 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 10", codes=_CODES)
def prioritize(
    ctx: click.Context, /, run_id: str, priority: int, folder: Path | None, as_json: bool
) -> ExitCode:
    """Give a run that waits for its turn another priority: the larger goes first."""
    with_history(ctx, folder).prioritize(run_id, priority)
    if as_json or ctx.obj.as_json:
        echo_json({"run": run_id, "priority": priority})
    else:
        click.echo(f"priority {priority}: {run_id}")
    return ExitCode.OK


def _tell(found: Queue) -> None:
    columns = ("run", "flow", "node", "status", "priority", "since", "waits for", "process")
    rows = [
        (
            one.run,
            one.flow,
            one.node or "",
            one.status.value,
            one.priority,
            f"{one.since:%Y-%m-%d %H:%M:%S}",
            one.waits_for,
            one.pid,
        )
        for one in found
    ]
    echo_table(columns, rows)
    for name, most in sorted(found.limits.items()):
        used = sum(one.limit == name for one in found.held)
        click.echo(f"{name}: {used} of {most}")
