"""`flowbook schedule list`, `show` and `history`: what runs by itself, and what became of it."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import has_history
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import project_option
from flowbook.export.exits import ExitCode
from flowbook.session.project import project
from flowbook.session.scheduled import (
    ScheduledList,
    SlotList,
    fire_json,
    slot_json,
    slot_words,
)

_CODES = (ExitCode.OK, ExitCode.USAGE)


@click.command("list")
@project_option
@json_option
@manual("flowbook schedule list", codes=_CODES)
def listed(folder: Path | None, as_json: bool) -> ExitCode:
    """List the schedules of a project."""
    home = project(folder or ".")
    found = home.schedules.list() if has_history(home.path) else ScheduledList()
    if as_json:
        echo_json([one.to_json() for one in found])
    elif found:
        echo_table(("name", "flow", "when", "next (UTC)", ""), [one.cells for one in found])
    else:
        click.echo("no schedules", err=True)
    return ExitCode.OK


@click.command("show")
@click.argument("name", metavar="NAME")
@project_option
@json_option
@manual("flowbook schedule show nightly", codes=_CODES)
def show(name: str, folder: Path | None, as_json: bool) -> ExitCode:
    """Show a schedule: its settings, its next moments, and what became of the last ones."""
    schedules = project(folder or ".").schedules
    one, fires, slots = schedules.get(name), schedules.next(name), schedules.history(name, 5)
    if as_json:
        told = {"next": [*map(fire_json, fires)], "slots": [*map(slot_json, slots)]}
        echo_json({**one.to_json(), **told})
        return ExitCode.OK
    click.echo(f"{name}: {one.flow}, {one.notebook}{'' if one.enabled else ' (paused)'}")
    click.echo(one.schedule.words)
    rows = [
        (f"{fire.local:%a %Y-%m-%d %H:%M %Z}", f"{fire.at:%Y-%m-%d %H:%M}", fire.note)
        for fire in fires
    ]
    if rows:
        echo_table(("local", "UTC", "note"), rows)
    _echo_slots(slots)
    return ExitCode.OK


@click.command("history")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many, 20.")
@project_option
@json_option
@manual("flowbook schedule history nightly --limit 5", codes=_CODES)
def history(name: str | None, limit: int, folder: Path | None, as_json: bool) -> ExitCode:
    """List what became of the moments of a schedule, or of all, the latest first."""
    home = project(folder or ".")
    found = home.schedules.history(name, limit) if has_history(home.path) else SlotList()
    if as_json:
        echo_json([slot_json(slot) for slot in found])
    elif found:
        _echo_slots(found)
    else:
        click.echo("no moment has come yet", err=True)
    return ExitCode.OK


def _echo_slots(slots: SlotList) -> None:
    rows = [
        (
            slot.schedule,
            f"{slot.scheduled_for:%Y-%m-%d %H:%M:%S}",
            slot_words(slot),
            (slot.run_id or "") if slot.begun else "",
            slot.run_status or "",
        )
        for slot in slots
    ]
    if rows:
        echo_table(("schedule", "scheduled for (UTC)", "what became of it", "run", "status"), rows)
