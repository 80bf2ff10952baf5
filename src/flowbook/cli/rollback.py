"""`flowbook rollback`: give a notebook the meaning of an earlier version of its flow."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cells.binding import NotebookBinding
from flowbook.cli.differences import changes
from flowbook.cli.edit import write_notebook
from flowbook.cli.manual import manual
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.cli.place import acting_here
from flowbook.errors import InvalidFlow
from flowbook.export.exits import ExitCode
from flowbook.ids import FlowId
from flowbook.session.project import project
from flowbook.session.recording import record_version
from flowbook.session.versions import rollback_edit, stored_spec


@click.command("rollback")
@notebook_argument
@click.argument("version", metavar="VERSION")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@json_option
@click.pass_context
@manual(
    "flowbook rollback report.ipynb 3 --dry-run",
    "flowbook rollback report.ipynb 3",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def command(
    ctx: click.Context, notebook: Path, version: str, dry_run: bool, as_json: bool
) -> ExitCode:
    """Give NOTEBOOK the meaning its flow had at VERSION: a number, a hash or the beginning of one.

    Only cells that meant something else change. What the flow means now is a version from then on,
    so that going back there is one more rollback. What is published stays published.
    """
    acting_here(ctx)
    opened = project(notebook.resolve().parent)
    loaded = opened.load(notebook)
    binding = NotebookBinding(loaded.notebook, opened.registry, FlowId(notebook.stem))
    spec = binding.parsed.spec
    then = stored_spec(opened.history, spec.id, version)
    change = binding.edit(rollback_edit(spec, then))
    written = bool(change.patches) and not dry_run
    before = None
    if written:
        try:
            before = record_version(opened, loaded.flow)
        except InvalidFlow:
            before = None  # what cannot run is no version
        write_notebook(notebook, loaded.notebook, binding.notebook)
    if as_json:
        told = {"flow": spec.id, "number": then.number, "version": then.version}
        echo_json({**told, "before": before, "written": written})
        return ExitCode.OK
    for one in changes(loaded.notebook, binding.notebook):
        click.echo("\n".join(one.lines(notebook.name)))
    count = len(change.patches)
    what = f"{count} cell{'' if count == 1 else 's'} {'would change' if dry_run else 'written'}"
    click.echo(f"{change.label}: {what if count else 'nothing changes'}", err=True)
    if before:
        click.echo(f"back to what it was: flowbook rollback {notebook} {before[:12]}", err=True)
    return ExitCode.OK
