"""`flowbook recover`: what was lost goes on, as far as that is safe; a scheduler's to call."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.place import project_option
from flowbook.cli.recovery import RECOVERY_CODES, Terms, ready, recover_each
from flowbook.export.exits import ExitCode
from flowbook.session.project import project
from flowbook.session.reopening import due_by_itself


@click.command("recover")
@click.option("--all", "every", is_flag=True, help="Also those that wait for a word.")
@project_option
@json_option
@manual(
    "flowbook recover",
    "flowbook recover --all --json",
    codes=RECOVERY_CODES,
)
def command(every: bool, folder: Path | None, as_json: bool) -> ExitCode:
    """Go on with the runs of notebooks whose process is gone, where nothing is in doubt.

    A run that was stopped in the middle of a node with effects waits for a word: it is named, and
    flowbook history recover goes on with it. The setting `recover` says what is left alone.
    """
    opened = project(folder or ".")
    runs = ready(opened) if every else [row.id for row in due_by_itself(opened)]
    found = recover_each(opened, runs, Terms(careful=not every))
    found.tell(opened, as_json=as_json)
    return found.code
