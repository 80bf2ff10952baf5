"""`flowbook schedule`: when something will run, before it is put to use."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.schedule_kept import add, backfill, fire, now, pause, remove, resume
from flowbook.cli.schedule_shown import history, listed, show
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.triggers.cron import Cron
from flowbook.triggers.preview import Fire, preview
from flowbook.triggers.schedule import Schedule

_CODES = (ExitCode.OK, ExitCode.USAGE)


@click.group("schedule")
@manual('flowbook schedule next "0 9 * * 1-5" --timezone Europe/Berlin', codes=_CODES)
def command() -> None:
    """Let flows run by themselves, and see what became of it."""


@command.command("next")
@click.argument("cron", metavar="CRON")
@click.option("--timezone", default="UTC", help="The zone whose clock it is about, as UTC.")
@click.option("--count", default=5, type=click.IntRange(1, 1000), help="How many, 5 by default.")
@click.option("--after", metavar="TIME", help="Behind that moment, in ISO 8601; now by default.")
@json_option
@manual(
    'flowbook schedule next "0 9 * * 1-5" --timezone Europe/Berlin',
    'flowbook schedule next "30 2 * * *" --timezone America/New_York --after 2026-10-31',
    codes=_CODES,
)
def upcoming(cron: str, timezone: str, count: int, after: str | None, as_json: bool) -> ExitCode:
    """List the next moments of a cron expression, and say in words what it means.

    Where clocks are set forward or back, what becomes of a moment is told beside it.
    """
    schedule = Schedule(cron=cron, timezone=timezone)
    fires = preview(schedule, _moment(after), count)
    warnings = Cron(cron, timezone).warnings
    if as_json:
        echo_json({"words": schedule.words, "warnings": warnings, "next": [*map(_plain, fires)]})
        return ExitCode.OK
    click.echo(schedule.words, err=True)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if not fires:
        click.echo("it never comes", err=True)
        return ExitCode.OK
    rows = [
        (f"{fire.local:%a %Y-%m-%d %H:%M %Z}", f"{fire.at:%Y-%m-%d %H:%M}", fire.note)
        for fire in fires
    ]
    echo_table(("local", "UTC", "note"), rows)
    return ExitCode.OK


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", hint="as in 2026-10-31T12:00+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(fire: Fire) -> dict[str, str]:
    return {"at": fire.at.isoformat(), "local": fire.local.isoformat(), "note": fire.note}


for other in (add, listed, show, pause, resume, remove, now, backfill, history, fire):
    command.add_command(other)
