"""The verbs of `%flow`: what each takes, what it does and gives back.

They are commands of click, so that parsing, help and completion come from one description of them.
Each is given the `KernelNotebook` as its context's object, and its value is that of the magic:
`run = %flow run` holds the run.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any

import click

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import is_flow_cell
from flowbook.errors import UsageError
from flowbook.graph.asserting import with_tests
from flowbook.graph.flow import Flow
from flowbook.graph.options import did_you_mean
from flowbook.ids import NodeId
from flowbook.magics.identity import given_run_id, trigger
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.plan.params import coerce_params
from flowbook.run.handle import Run
from flowbook.session.progress import narrate
from flowbook.session.start import Start

_RECENT = """
select id, flow, status, trigger, started_at, duration_ms from runs order by started_at desc limit ?
"""
_PROG = "%flow"


@click.group(name=_PROG)
def verbs() -> None:
    """Ask and command the notebook's flow."""


def perform(notebook: KernelNotebook, words: list[str]) -> Any:
    """Do what the words of a `%flow` line say; `UsageError` for words it does not know."""
    verb = words[0]
    if verb not in verbs.commands:
        raise UsageError(
            f"%flow has no verb {verb!r}", hint=did_you_mean(verb, tuple(verbs.commands))
        )
    try:
        return verbs.main(words, prog_name=_PROG, standalone_mode=False, obj=notebook)
    except click.UsageError as refused:
        usage = refused.ctx.get_usage() if refused.ctx else None
        raise UsageError(f"%flow {verb}: {refused.format_message()}", hint=usage) from None


@verbs.command()
@click.argument("nodes", nargs=-1)
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="A parameter of the run.")
@click.option("--bg", is_flag=True, help="Start it and return at once.")
@click.option("--record", is_flag=True, help="A run that does not succeed is the cell's error.")
@click.option("--test", is_flag=True, help="Run its test cells, too.")
@click.option("--priority", type=int, help="The higher goes first where limits bind.")
@click.pass_obj
def run(
    notebook: KernelNotebook,
    /,
    nodes: tuple[str, ...],
    param: tuple[str, ...],
    bg: bool,
    record: bool,
    **asked: Any,
) -> Run:
    """Run the flow, or some of its nodes and what they need, with live progress."""
    flow = notebook.flow
    targets: Collection[NodeId] | None = [NodeId(node) for node in nodes] or None
    if asked["test"]:
        targets = with_tests(flow.spec(), notebook.project.registry, targets)
    typed = coerce_params(notebook.project.plan(flow, targets), list(param))
    how = Start(trigger(), targets, run_id=given_run_id(record), priority=asked["priority"])
    started = notebook.project.start(flow, typed, how)
    notebook.reopen(whole=True)
    if bg:
        return started
    narrate(started, sys.stdout.write, rests=not record)
    return started.wait().raise_for_status() if record else started.rest()


@verbs.command()
@click.pass_obj
def show(notebook: KernelNotebook) -> Any:
    """Show the canvas."""
    return notebook.flow.canvas()


@verbs.command()
@click.option("--sql", help="A SELECT over the views of the history.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.pass_obj
def history(notebook: KernelNotebook, sql: str | None, limit: int) -> Any:
    """Runs of this project, latest first, as a table."""
    if sql:
        return notebook.project.history.sql(sql)
    return notebook.project.history.sql(_RECENT, [limit])


@verbs.command()
@click.pass_obj
def check(notebook: KernelNotebook) -> list[str]:
    """Every problem, one line each; an empty list when all is well."""
    found = (*notebook.live.problems(), *notebook.flow.check())
    return list(dict.fromkeys(map(str, found)))


@verbs.command("rm")
@click.argument("node")
@click.pass_obj
def remove(notebook: KernelNotebook, node: str) -> Flow:
    """Take a node out of the flow; its cell stays."""
    notebook.live.remove(NodeId(node))
    return notebook.flow


@verbs.command()
@click.argument("what", type=click.Choice(["define", "run"]), required=False)
@click.pass_obj
def mode(notebook: KernelNotebook, what: str | None) -> str:
    """Whether running a `%%flow` cell also runs its node."""
    if what:
        notebook.define_only = what == "define"
    return "define" if notebook.define_only else "run"


@verbs.command(context_settings={"ignore_unknown_options": True})
@click.argument("settings", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def options(notebook: KernelNotebook, settings: tuple[str, ...]) -> None:  # noqa: ARG001 # read as text
    """What is recorded of the flow's runs: `name=value …`, read from the notebook's text."""
    if not split_options(notebook.source)[1]:
        raise UsageError(
            "%flow options is read from the notebook's text, and is not there",
            hint="write it at the start of a line of a cell, outside of any block",
        )
    if is_flow_cell(notebook.source):
        return  # its definition has said so already
    for note in notebook.live.say(notebook.cell, notebook.source):
        sys.stderr.write(f"note: {note}\n")
