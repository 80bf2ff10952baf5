"""The verbs that take a node, or the flow, elsewhere: into a cell to debug it, into a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowbook.export.notebook import Layout
from flowbook.ids import NodeId
from flowbook.magics import exporting
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.loading import debug_cell
from flowbook.magics.verbs.group import verbs
from flowbook.magics.verbs.words import NodeName


@verbs.command()
@click.argument("node", type=NodeName())
@click.pass_obj
def load(notebook: KernelNotebook, node: NodeId) -> None:
    """Put the code of a node into the next cell, on what it was given last, to debug it there."""
    notebook.shell.set_next_input(debug_cell(notebook, node))


@verbs.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--version", help="Of this version; else of the published one.")
@click.option("--draft", is_flag=True, help="Of the notebook as it is saved.")
@click.option(
    "--layout",
    type=click.Choice([one.value for one in Layout]),
    default=Layout.RUNNER.value,
    help="One cell runs all nodes, or each node has a cell that runs it.",
)
@click.option("--force", is_flag=True, help="Also write over a file that is something else.")
@click.pass_obj
def export(
    notebook: KernelNotebook, /, path: Path | None, *, force: bool, layout: str, **asked: Any
) -> Path:
    """Write the published version as a papermill job, to jobs/ beside the notebook or to PATH."""
    told = exporting.Asked(layout=Layout(layout), **asked)
    return exporting.export(notebook, path, told, force=force)
