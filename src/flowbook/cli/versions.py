"""`flowbook versions`: the versions that the flow of a notebook has had."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import has_history, open_notebook
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.export.exits import ExitCode


@click.command("versions")
@notebook_argument
@json_option
@manual(
    "flowbook versions report.ipynb",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def command(notebook: Path, as_json: bool) -> ExitCode:
    """List the versions of the flow of NOTEBOOK that ran or were published, the first one first.

    One may be published; the one that the notebook says now, if it is among them, is current.
    """
    opened = open_notebook(notebook)
    known = opened.project.versions(opened.flow) if has_history(opened.project.path) else ()
    if as_json:
        echo_json({"flow": opened.flow.name, "versions": [one.to_json() for one in known]})
    else:
        click.echo(repr(known) if known else "no versions")
    return ExitCode.OK
