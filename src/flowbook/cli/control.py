"""`flowbook history cancel`, `pause` and `resume`: a run of any process is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.keep import reason_option
from flowbook.cli.manual import manual
from flowbook.cli.options import Duration, json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import project_option, with_history
from flowbook.export.exits import ExitCode
from flowbook.store.signals import Control

if TYPE_CHECKING:
    from flowbook.session.control import Request
    from flowbook.session.project import Project

_CODES = (
    ExitCode.OK,
    ExitCode.USAGE,
    ExitCode.INFRASTRUCTURE,
    ExitCode.TIMEOUT,
    ExitCode.INTERRUPTED,
)
_DONE = {Control.CANCEL: "cancelled", Control.PAUSE: "paused", Control.RESUME: "resumed"}


def _asking(function: Any) -> Any:
    """What the three have in common."""
    wait = click.option(
        "--wait", type=Duration(), help="Wait until it has happened, at most: 10, 30s, 5m."
    )
    run = click.argument("run_id", metavar="RUN_ID")
    return run(wait(project_option(json_option(click.pass_context(function)))))


@click.command("cancel")
@reason_option
@_asking
@manual(
    'flowbook history cancel 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --reason "wrong month"',
    "flowbook history cancel 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --wait 30s",
    codes=_CODES,
)
def cancel(ctx: click.Context, /, reason: str | None, **asked: Any) -> ExitCode:
    """Ask a run to stop, whichever process performs it."""
    return _ask(ctx, lambda project, run_id: project.cancel(run_id, reason), **asked)


@click.command("pause")
@_asking
@manual("flowbook history pause 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --wait 30s", codes=_CODES)
def pause(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """Ask a run to start no more nodes for now; those that run go on."""
    return _ask(ctx, lambda project, run_id: project.pause(run_id), **asked)


@click.command("resume")
@_asking
@manual("flowbook history resume 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90", codes=_CODES)
def resume(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """Ask a paused run to go on."""
    return _ask(ctx, lambda project, run_id: project.resume(run_id), **asked)


def _ask(
    ctx: click.Context,
    ask: Callable[[Project, str], Request],
    *,
    run_id: str,
    wait: float | None,
    folder: Path | None,
    as_json: bool,
) -> ExitCode:
    request = ask(with_history(ctx, folder), run_id)
    if wait is not None:
        request.wait(wait)
    if as_json or ctx.obj.as_json:
        echo_json({**request.to_json(), "waited": wait is not None})
    elif wait is not None:
        click.echo(f"{_DONE[request.control]}: {request.run}")
    else:
        click.echo(
            f"asked process {request.pid} on {request.host} to {request.control} run {request.run}"
        )
    return ExitCode.OK
