"""`flowbook scheduler`: start what is scheduled, in the foreground, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from flowbook.cli.manual import manual
from flowbook.cli.place import project_option
from flowbook.export.exits import ExitCode
from flowbook.session.project import project
from flowbook.session.scheduler import Scheduler
from flowbook.store.audit import acting

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_HEARD_SECONDS = 0.2


@click.command("scheduler")
@click.option("--once", is_flag=True, help="Start what is due now, and end.")
@click.option("--json", "as_json", is_flag=True, help="Say what is done as lines of JSON.")
@project_option
@manual(
    "flowbook scheduler",
    "flowbook scheduler --once --json --project /srv/reports",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
@click.pass_context
def command(ctx: click.Context, once: bool, as_json: bool, folder: Path | None) -> ExitCode:
    """Start the runs of a project's schedules when they are due, each in a process of its own.

    Any number of schedulers, and of Jupyter servers, may look after one project: each moment has
    one run. SIGTERM and Ctrl-C end it; the runs that it started go on.
    """
    ctx.with_resource(acting(source="scheduler"))
    home = project(folder or ".")
    scheduler = Scheduler(home, say=_say_json if as_json else _say)
    if once:
        scheduler.look()
        return ExitCode.OK
    home.teller.stay()
    caught: list[int] = []
    before = {number: signal.signal(number, lambda n, _: caught.append(n)) for number in _SIGNALS}
    working = threading.Thread(target=scheduler.run, name="flowbook-scheduler")
    working.start()
    try:
        while not caught and working.is_alive():
            working.join(_HEARD_SECONDS)
    finally:
        scheduler.stop()
        working.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    return ExitCode.OK


def _say(what: Mapping[str, Any]) -> None:
    words = (what["schedule"], what.get("scheduled_for"), what["verdict"], what.get("reason"),
             what.get("detail"), what.get("run"))  # fmt: skip
    click.echo("  ".join(str(word) for word in words if word))


def _say_json(what: Mapping[str, Any]) -> None:
    click.echo(msgspec.json.encode(what))
