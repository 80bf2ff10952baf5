"""`flowbook publish`: let the flow of a notebook be the version that others run."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cells.slicing import captured_slice
from flowbook.cli.manual import manual
from flowbook.cli.opening import open_notebook
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.cli.place import acting_here
from flowbook.export.exits import ExitCode


@click.command("publish")
@notebook_argument
@click.option("--note", default="", metavar="TEXT", help="What is new in it.")
@json_option
@click.pass_context
@manual(
    "flowbook publish report.ipynb --note 'Oslo by district'",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def command(ctx: click.Context, notebook: Path, note: str, as_json: bool) -> ExitCode:
    """Let the flow of NOTEBOOK, as it is saved now, be the version that others run.

    Editing goes on in a draft. Nothing is executed, and nothing is published that has errors.
    """
    acting_here(ctx)
    opened = open_notebook(notebook)
    opened.refuse_errors()
    for one in captured_slice(opened.project.cells_of(opened.flow), opened.flow.spec()).left:
        where = f" (cell {one.cell})" if one.cell else ""
        click.echo(f"warning: {one.name}{where} is not in the version: {one.reason}", err=True)
    version = opened.project.publish(opened.flow, note)
    if as_json:
        echo_json(version.to_json())
    else:
        told = f": {version.note}" if version.note else ""
        click.echo(f"{opened.flow.name}: version {version.number} is published{told}")
    return ExitCode.OK
