"""`flowbook history diff`: how one run is to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import asked_project, project_option
from flowbook.export.exits import ExitCode


@click.command("diff")
@click.argument("a", metavar="RUN_A")
@click.argument("b", metavar="RUN_B")
@click.option(
    "--key",
    "columns",
    multiple=True,
    metavar="COLUMN",
    help="Know rows of tables by this column; may be given again.  [default: found]",
)
@click.option("--whole-rows", is_flag=True, help="Compare whole rows, by no key.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=0.0,
    metavar="NUMBER",
    help="Numbers that differ by no more are the same.",
)
@click.option(
    "--samples",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="How many rows of each sort --json tells.",
)
@click.option("--quick", is_flag=True, help="With --json: look into no value.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history diff 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 0197f3b8-…",
    "flowbook history diff 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 0197f3b8-… --key id --json",
    codes=(ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def diff(ctx: click.Context, /, a: str, b: str, folder: Path | None, **asked: Any) -> ExitCode:
    """Tell how RUN_B is to RUN_A: what was different in it, and what came of that.

    Code, parameters and environment, how nodes ended, which rows of their tables came, went or
    changed, and the first nodes at which the two part. Ends with 1 when they differ.
    """
    if asked["whole_rows"] and asked["columns"]:
        raise click.UsageError("--key and --whole-rows exclude each other")
    found = asked_project(ctx, folder).diff(
        a,
        b,
        key=() if asked["whole_rows"] else asked["columns"] or None,
        tolerance=asked["tolerance"],
        samples=asked["samples"],
    )
    if asked["as_json"] or ctx.obj.as_json:
        told = found.to_json(rows=not asked["quick"])
        echo_json(told)
        return ExitCode.FAILED if told["first"] else ExitCode.OK
    click.echo(str(found))
    return ExitCode.FAILED if found.first else ExitCode.OK
