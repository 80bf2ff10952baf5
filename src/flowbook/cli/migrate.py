"""`flowbook nodes migrate`: bring the nodes of a notebook to the latest versions of their kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowbook.cells.patches import apply_patches, patch
from flowbook.cli.differences import changes
from flowbook.cli.manual import manual
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.export.exits import ExitCode
from flowbook.graph.migration import migration
from flowbook.graph.versions import split_kind
from flowbook.session.notebooks import replace_text
from flowbook.session.project import project


class Since(click.ParamType[tuple[str, int]]):
    """A kind with its version, such as http.v1."""

    name = "kind"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        name, version = split_kind(value)
        if version is None:
            self.fail(f"{value!r} names no version: write http.v1", param, ctx)
        return name, version


@click.command("migrate")
@notebook_argument
@click.option(
    "--from",
    "since",
    type=Since(),
    multiple=True,
    metavar="KIND",
    help="Cells of this kind without a version were meant for this one, such as http.v1.",
)
@click.option("--write", is_flag=True, help="Write the notebook; else it is only shown.")
@json_option
@click.pass_context
@manual(
    "flowbook nodes migrate report.ipynb",
    "flowbook nodes migrate report.ipynb --from http.v1 --write",
    codes=(ExitCode.OK, ExitCode.USAGE),
)
def migrate(
    ctx: click.Context,
    notebook: Path,
    since: tuple[tuple[str, int], ...],
    write: bool,
    as_json: bool,
) -> ExitCode:
    """Show how the cells of NOTEBOOK change for the latest versions of their kinds.

    Cells that name a version are taken from version to version up to the latest.
    """
    opened = project(notebook.resolve().parent)
    loaded = opened.load(notebook)
    edit = migration(loaded.flow.spec(), opened.registry, dict(since))
    changed = loaded.notebook
    if edit is not None:
        changed = apply_patches(changed, patch(changed, edit, opened.registry))
    differing = changes(loaded.notebook, changed)
    if write and differing:
        replace_text(notebook, changed.text())
    if as_json or ctx.obj:
        told = [{"cell": one.cell, "before": one.before, "after": one.after} for one in differing]
        echo_json({"changes": told, "written": bool(write and differing)})
        return ExitCode.OK
    for one in differing:
        click.echo("\n".join(one.lines(notebook.name)))
    click.echo(_summary(len(differing), write=write), err=True)
    return ExitCode.OK


def _summary(count: int, *, write: bool) -> str:
    if not count:
        return "every node is of the latest version of its kind"
    cells = f"{count} cell{'' if count == 1 else 's'}"
    return f"{cells} written" if write else f"{cells} would change; --write writes the notebook"
