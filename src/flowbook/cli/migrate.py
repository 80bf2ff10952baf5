"""`flowbook nodes migrate`: bring the nodes of a notebook to the latest versions of their kinds."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import apply_patches, patch
from flowbook.cli.manual import manual
from flowbook.cli.opening import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.export.exits import ExitCode
from flowbook.graph.migration import migration
from flowbook.graph.versions import split_kind
from flowbook.session.notebooks import replace_text
from flowbook.session.project import project


@dataclass(frozen=True, slots=True)
class _Change:
    """One cell that becomes another."""

    cell: str
    before: str
    after: str

    def lines(self, name: str) -> Iterator[str]:
        """The difference, as a patch shows it."""
        places = (f"{name} cell {self.cell}", f"{name} cell {self.cell}")
        old, new = self.before.splitlines(), self.after.splitlines()
        yield from difflib.unified_diff(old, new, *places, lineterm="")


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
    changes = _changes(loaded.notebook, changed)
    if write and changes:
        replace_text(notebook, changed.text())
    if as_json or ctx.obj:
        told = [{"cell": one.cell, "before": one.before, "after": one.after} for one in changes]
        echo_json({"changes": told, "written": bool(write and changes)})
        return ExitCode.OK
    for one in changes:
        click.echo("\n".join(one.lines(notebook.name)))
    click.echo(_summary(len(changes), write=write), err=True)
    return ExitCode.OK


def _changes(before: Notebook, after: Notebook) -> list[_Change]:
    now = {cell.id: cell.source for cell in after.cells}
    return [
        _Change(cell.id, cell.source, now[cell.id])
        for cell in before.cells
        if now.get(cell.id, cell.source) != cell.source
    ]


def _summary(count: int, *, write: bool) -> str:
    if not count:
        return "every node is of the latest version of its kind"
    cells = f"{count} cell{'' if count == 1 else 's'}"
    return f"{cells} written" if write else f"{cells} would change; --write writes the notebook"
