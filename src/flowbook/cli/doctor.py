"""`flowbook doctor`: is everything there that flows need, and does one run?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import project_option
from flowbook.export.exits import ExitCode

if TYPE_CHECKING:
    from flowbook.session.health import Check

_MARKS = {"ok": "ok", "warning": "!!", "failed": "FAILED", "skipped": "--"}


@click.command("doctor")
@click.option("--no-runs", is_flag=True, help="Only look; run no flow.")
@project_option
@json_option
@manual(
    "flowbook doctor",
    "flowbook doctor --no-runs --json",
    codes=(
        ExitCode.OK,
        ExitCode.USAGE,
        ExitCode.INFRASTRUCTURE,
    ),
)
def command(no_runs: bool, folder: Path | None, as_json: bool) -> ExitCode:
    """Check Python, packages, the kernel, JupyterLab, the project's store, schedules and clock.

    Then it runs a flow of three nodes by a kernel, by a process and by papermill, in a folder of
    its own, and says how long each took. Whatever is not well says what to do next. Warnings alone
    end with exit code 0.
    """
    found = []
    for check in _checks(folder or Path(), runs=not no_runs):
        found.append(check)
        if not as_json:
            _tell(check)
    failed = [one.name for one in found if one.verdict == "failed"]
    if as_json:
        echo_json({"healthy": not failed, "checks": [msgspec.to_builtins(one) for one in found]})
    else:
        _sum_up(failed, found)
    return ExitCode.INFRASTRUCTURE if failed else ExitCode.OK


def _checks(folder: Path, *, runs: bool) -> Iterator[Check]:
    from flowbook.session import health_runs
    from flowbook.session.health import examine
    from flowbook.session.health_setup import SETUP
    from flowbook.session.project import project

    yield from examine(project(folder), SETUP)
    if runs:
        yield from health_runs.runs()


def _tell(check: Check) -> None:
    took = "" if check.ms is None else f" in {check.ms / 1000:.1f} s"
    click.echo(f"{_MARKS[check.verdict]:<7} {check.name:<17} {check.found}{took}")
    if check.hint:
        click.echo(f"{'':<26}next: {check.hint}")


def _sum_up(failed: list[str], found: list[Check]) -> None:
    warned = sum(1 for one in found if one.verdict == "warning")
    if failed:
        click.echo(f"not well: {', '.join(failed)}", err=True)
    else:
        click.echo(f"all is well{f', with {warned} warnings' if warned else ''}", err=True)
