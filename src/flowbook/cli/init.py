"""`flowbook init`: a folder with a notebook that has a first flow in it."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.running import show_path
from flowbook.export.exits import ExitCode


@click.command("init")
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--name", default="first", show_default=True, help="What the flow is called.")
@json_option
@manual(
    "flowbook init",
    "flowbook init reports/ --name sales",
    codes=(
        ExitCode.OK,
        ExitCode.USAGE,
    ),
)
def command(folder: Path | None, name: str, as_json: bool) -> ExitCode:
    """Begin a project in DIR, the current folder if not given.

    Writes a notebook with a flow that works, and the lines that .gitignore lacks. What is there
    already stays as it is.
    """
    from flowbook.tour.first import write_first

    made = write_first(folder or Path(), name)
    steps = next_steps(made.notebook, folder)
    if as_json:
        echo_json(
            {
                "notebook": str(made.notebook),
                "written": [str(path) for path in made.written],
                "kept": [str(path) for path in made.kept],
                "next": steps,
            }
        )
        return ExitCode.OK
    for path in made.written:
        click.echo(show_path(path))
    for path in made.kept:
        click.echo(f"{show_path(path)} is there already and stays as it is", err=True)
    click.echo("next:", err=True)
    for step in steps:
        click.echo(f"  {step}", err=True)
    return ExitCode.OK


def next_steps(notebook: Path, folder: Path | None) -> list[str]:
    """What to do next, as lines that work when they are pasted."""
    here, path = shlex.quote(str(folder or ".")), shlex.quote(str(notebook))
    project = f" --project {here}" if folder else ""
    return [f"flowbook run {path}", f"flowbook history{project}", f"flowbook lab {here}"]
