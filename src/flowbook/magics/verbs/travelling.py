"""The verbs that go back in time: open a moment of a run, leave it, and compare two runs."""

from __future__ import annotations

from typing import Any

import click

from flowbook.errors import UsageError
from flowbook.magics import opening
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.verbs.group import PROGRAM, verbs


@verbs.command("open")
@click.argument("run", required=False)
@click.option("--at", type=click.IntRange(0), metavar="SEQ", help="As it stood at event SEQ.")
@click.option("--node", metavar="NODE", help="With what this node read; here.run() runs it.")
@click.option("--failed", is_flag=True, help="Where it failed, with all before that alive.")
@click.option("--enter", is_flag=True, help="Let the cells from now on run in it.")
@click.pass_obj
def open_(notebook: KernelNotebook, /, run: str | None, **said: Any) -> Any:
    """Open a moment of a run as here: the objects of its nodes, in a namespace of their own.

    Without a run, the newest of the flow; with --failed, the newest that failed.
    """
    if said["failed"] and (said["at"] is not None or said["node"] is not None):
        raise UsageError(f"{PROGRAM} open: --failed says at which event and node by itself")
    failure = opening.open_failed(notebook, run) if said["failed"] else None
    at = said["at"], said["node"]
    scratch = failure.here if failure else opening.open_moment(notebook, run, *at)
    if said["enter"]:
        opening.enter(notebook, scratch)
    return failure or scratch


@verbs.command()
@click.pass_obj
def close(notebook: KernelNotebook) -> None:
    """Leave the moment that was entered: cells see your own names again."""
    opening.leave(notebook)


@verbs.command()
@click.argument("a", metavar="RUN_A")
@click.argument("b", metavar="RUN_B")
@click.option("--key", "columns", multiple=True, help="Know rows of tables by this column.")
@click.pass_obj
def diff(notebook: KernelNotebook, a: str, b: str, columns: tuple[str, ...]) -> Any:
    """Tell how RUN_B is to RUN_A: what was different in it, and what came of that."""
    return notebook.flow.diff(a, b, key=columns or None)
