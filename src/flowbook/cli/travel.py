"""`flowbook history open` and `flowbook history failing`: a moment of a run, in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import asked_project, project_option
from flowbook.export.exits import ExitCode

if TYPE_CHECKING:
    from flowbook.session.scratch import Scratch

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)


@click.command("open")
@click.argument("run_id", metavar="RUN_ID")
@click.option("--at", type=click.IntRange(0), metavar="SEQ", help="As it stood at event SEQ.")
@click.option("--node", metavar="NODE", help="With what this node read.")
@click.option("--shell", is_flag=True, help="Open an IPython with these names.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history open 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --at 12",
    "flowbook history open 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --node clean --shell",
    codes=_CODES,
)
def open_(ctx: click.Context, /, run_id: str, folder: Path | None, **asked: Any) -> ExitCode:
    """Tell which objects a moment of a run has, or open a shell with them.

    These are what its nodes had given, by name, its parameters, and with --node what that node
    read, by the names that its code has for it. In the shell, here.run() runs its code.
    """
    here = asked_project(ctx, folder).state(run_id, at=asked["at"]).open(asked["node"])
    if asked["as_json"] or ctx.obj.as_json:
        names = [{"name": name, "what": what, "from": of} for name, what, of in here.rows()]
        echo_json({"run": run_id, "seq": here.moment.seq, "node": asked["node"], "names": names})
    else:
        click.echo(repr(here))
    if asked["shell"]:
        _shell(here)
    return ExitCode.OK


@click.command("failing")
@click.argument("run_id", metavar="RUN_ID")
@project_option
@json_option
@click.pass_context
@manual("flowbook history failing 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90", codes=_CODES)
def failing(ctx: click.Context, run_id: str, folder: Path | None, as_json: bool) -> ExitCode:
    """Tell at which node a run failed, why, on what, and how to open it there.

    Opens and changes nothing.
    """
    from flowbook.session.failing import failing_node

    opened = asked_project(ctx, folder)
    node = failing_node(opened.history.events(run_id))
    moment = opened.state(run_id)
    error = moment[node].error
    names = [] if moment.spec is None else list(moment.open(node).rows())
    if as_json or ctx.obj.as_json:
        told = [{"name": name, "what": what, "from": of} for name, what, of in names]
        echo_json({"run": run_id, "node": node, "error": error, "names": told})
        return ExitCode.OK
    raised = f": {error.name}: {error.message}" if error else ""
    where = f" (cell {error.cell}, line {error.line})" if error and error.cell else ""
    click.echo(f"{node}{where}{raised}")
    for name, what, of in names:
        click.echo(f"  {name}: {what}, from {of}")
    click.echo(f"in a notebook: %flow open {run_id} --failed", err=True)
    click.echo(f"in a shell: flowbook history open {run_id} --node {node} --shell", err=True)
    return ExitCode.OK


def _shell(here: Scratch) -> None:
    from IPython.terminal.embed import InteractiveShellEmbed

    here["here"] = here
    made: Any = InteractiveShellEmbed
    made(user_ns=here, banner1="", exit_msg="").mainloop()
