"""`flowbook history waiting`, `signal`, `approve` and `reject`: what runs wait for has come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import asked_project, project_option, with_history
from flowbook.export.exits import ExitCode

if TYPE_CHECKING:
    from datetime import datetime

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)
_RUN = "0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90"


@click.command("waiting")
@click.argument("run_id", metavar="[RUN_ID]", required=False)
@project_option
@json_option
@click.pass_context
@manual("flowbook history waiting", "flowbook history waiting --json", codes=_CODES)
def waiting(
    ctx: click.Context, /, run_id: str | None, folder: Path | None, as_json: bool
) -> ExitCode:
    """List the nodes that wait for something: for what, since when, until when at most."""
    opened = asked_project(ctx, folder)
    found = opened.waiting(run_id)
    if as_json or ctx.obj.as_json:
        echo_json({"waiting": [one.to_json() for one in found]})
    elif found:
        columns = ("run", "flow", "node", "waits for", "signal", "since", "until", "timeout")
        rows = [
            (one.run, one.flow, one.node, one.reason, one.signal, *map(_brief, times))
            for one in found
            for times in [(one.since, one.until, one.timeout_at)]
        ]
        echo_table(columns, rows)
    else:
        click.echo(f"nothing waits in {opened.path}", err=True)
    return ExitCode.OK


@click.command("signal")
@click.argument("run_id", metavar="RUN_ID")
@click.argument("name", metavar="NAME")
@click.option("--data", metavar="JSON", help="What comes with it.  [default: null]")
@project_option
@json_option
@click.pass_context
@manual(
    f"flowbook history signal {_RUN} paid --data '{{\"amount\": 12.5}}'",
    codes=_CODES,
)
def signal(
    ctx: click.Context, /, run_id: str, name: str, data: str | None, **asked: Any
) -> ExitCode:
    """Send a signal to a node of a run that waits for it, or will; it is kept until then."""
    try:
        payload = None if data is None else json.loads(data)
    except ValueError as error:
        raise click.UsageError(f"--data is no JSON: {error}") from None
    sent = with_history(ctx, asked["folder"]).signal(run_id, name, payload)
    told = {"run": run_id, "signal": name, "id": sent}
    return _tell(ctx, told, f"sent {name} to run {run_id}", as_json=asked["as_json"])


def _deciding(function: Any) -> Any:
    """What approving and rejecting have in common."""
    by = click.option("--by", metavar="NAME", help="Who decides.  [default: you]")
    comment = click.option("--comment", default="", metavar="TEXT", help="Why.")
    node = click.argument("node", metavar="NODE")
    run = click.argument("run_id", metavar="RUN_ID")
    return run(node(comment(by(project_option(json_option(click.pass_context(function)))))))


@click.command("approve")
@_deciding
@manual(f'flowbook history approve {_RUN} manager_approval --comment "as agreed"', codes=_CODES)
def approve(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """Approve what an approval node asks."""
    return _decide(ctx, approved=True, **asked)


@click.command("reject")
@_deciding
@manual(f'flowbook history reject {_RUN} manager_approval --comment "too much"', codes=_CODES)
def reject(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """Reject what an approval node asks."""
    return _decide(ctx, approved=False, **asked)


def _decide(
    ctx: click.Context, *, approved: bool, run_id: str, node: str, **asked: Any
) -> ExitCode:
    project = with_history(ctx, asked["folder"])
    how = {"by": asked["by"], "comment": asked["comment"]}
    sent = project.approve(run_id, node, approved=approved, **how)
    word = "approved" if approved else "rejected"
    told = {"run": run_id, "node": node, "approved": approved, "id": sent}
    return _tell(ctx, told, f"{word}: {node} of run {run_id}", as_json=asked["as_json"])


def _tell(ctx: click.Context, told: dict[str, Any], line: str, *, as_json: bool) -> ExitCode:
    if as_json or ctx.obj.as_json:
        echo_json(told)
    else:
        click.echo(line)
    return ExitCode.OK


def _brief(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
