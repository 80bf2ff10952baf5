"""`flowbook history checkpoints` and `flowbook history replay`: a run of a notebook, taken up anew.

The replay runs in this process, in the folder of its notebook. What it takes and what it runs is
told before anything starts.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.live import follow
from flowbook.cli.manual import manual
from flowbook.cli.opening import stand_in
from flowbook.cli.options import ItemsOf, json_option, params_option, timeout_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import asked_project, notebook_option, project_option
from flowbook.cli.running import RUN_CODES, Finished, explain_end, verdict
from flowbook.events import TriggerKind
from flowbook.export.exits import ExitCode
from flowbook.session.notebooks import notebook_of

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.session.replay_plan import ReplayPlan

_HINT = "say which with --notebook; a flow written in Python is replayed with flow.replay()"


@click.command("checkpoints")
@click.argument("run_id", metavar="RUN_ID")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history checkpoints 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def checkpoints(ctx: click.Context, run_id: str, folder: Path | None, as_json: bool) -> ExitCode:
    """List the events of a run that it can be replayed from.

    Each is the completion of a node, or a checkpoint that the flow asked for: how many nodes were
    done there, how many bytes their results take up, and how many of them were not kept as they
    were.
    """
    found = asked_project(ctx, folder).history.checkpoints(run_id).to_json()
    if as_json or ctx.obj.as_json:
        echo_json(found)
        return ExitCode.OK
    columns = ("seq", "at", "node", "done", "bytes", "unkept", "why")
    echo_table(columns, [[one[name] for name in columns] for one in found["checkpoints"]])
    return ExitCode.OK


@click.command("replay")
@click.argument("run_id", metavar="RUN_ID")
@click.option(
    "--from", "begin", multiple=True, metavar="NODE", help="Run this node and what follows it."
)
@click.option(
    "--at", type=click.IntRange(0), metavar="SEQ", help="Take what was done at event SEQ."
)
@params_option
@click.option("--failed", is_flag=True, help="Run what failed, and of containers the failed items.")
@click.option(
    "--add",
    multiple=True,
    metavar="NODE=JSON",
    type=ItemsOf(),
    help="Give a map or foreach more items; may be given again.",
)
@click.option("--trust", is_flag=True, help="Take results of nodes that have changed, too.")
@click.option("--as-run", is_flag=True, help="Run the definition that the run had.")
@click.option("--check", is_flag=True, help="Only tell what would be taken and run.")
@notebook_option
@timeout_option
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history replay 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --from clean --check",
    "flowbook history replay 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 -p city=Bergen",
    "flowbook history replay 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --failed",
    codes=RUN_CODES,
)
def replay(ctx: click.Context, /, run_id: str, folder: Path | None, **asked: Any) -> ExitCode:
    """Run a run again, in a new one, from any point of it.

    Without --from, --at and --param everything runs, with the parameters of that run. With
    parameters alone, everything is taken but for what depends on them. What is taken, what runs
    and why goes to stderr first.
    """
    from flowbook.plan.params import coerce_params

    opened = asked_project(ctx, folder)
    row = opened.history.run(run_id)
    path = (asked["notebook"] or notebook_of(opened.path, row.flow, _HINT)).resolve()
    flow = opened.read_notebook(path)
    words = {
        "from_": asked["begin"] or None,
        "at": asked["at"],
        "params": coerce_params(opened.plan(flow), asked["params"]),
        "trust": asked["trust"],
        "failed": asked["failed"] or None,
        "add": _items(asked["add"]),
        "version": "as_run" if asked["as_run"] else None,
    }
    as_json = asked["as_json"] or ctx.obj.as_json
    stand_in(path.parent)
    plan = opened.replay_plan(flow, run_id, **words)
    if asked["check"]:
        _show(plan, as_json=as_json)
        return ExitCode.OK if plan.ok else ExitCode.USAGE
    click.echo(repr(plan), err=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # they have just been told
        run = opened.replay(flow, run_id, **words, trigger=TriggerKind.CLI)
    why = follow(run, sys.stderr, timeout=asked["timeout"])
    return _ended(run, why or verdict(run), opened.history.run(run.id).to_json(), as_json=as_json)


def _items(given: tuple[tuple[str, list[Any]], ...]) -> dict[str, list[Any]] | None:
    found: dict[str, list[Any]] = {}
    for node, items in given:
        found.setdefault(node, []).extend(items)
    return found or None


def _show(plan: ReplayPlan, *, as_json: bool) -> None:
    if as_json:
        echo_json(plan.to_json())
    else:
        click.echo(repr(plan))


def _ended(run: Run, code: ExitCode, row: dict[str, Any], *, as_json: bool) -> ExitCode:
    if as_json:
        echo_json({"run": row, "exit_code": int(code)})
        return code
    click.echo(f"{run.id}  {run.flow}  {run.status.value}")
    if code is not ExitCode.OK:
        explain_end(Finished(run, code, None))
    return code
