"""`flowbook schedule add`, and all else that changes what runs by itself."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import stand_in
from flowbook.cli.options import Duration, json_option, notebook_argument, params_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import Moment, acting_here, project_option
from flowbook.cli.verb import verb
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.plan.params import coerce_params
from flowbook.session.project import Project, project
from flowbook.session.published import published_flow
from flowbook.session.scheduled import slot_json, slot_words
from flowbook.session.slot_process import perform
from flowbook.triggers.schedule import CatchUp, Overlap

_CODES = (ExitCode.OK, ExitCode.USAGE)


@click.command("add")
@click.argument("name", metavar="NAME")
@notebook_argument
@click.argument("cron", metavar="[CRON]", required=False)
@click.option("--every", type=Duration(), help="An interval instead of CRON: 90, 5m, 2h.")
@click.option("--at", type=Moment(), multiple=True, metavar="TIME", help="Just then; repeatable.")
@click.option("--timezone", default="UTC", help="The zone whose clock it is about, as UTC.")
@click.option("--start", type=Moment(), metavar="TIME", help="No moment before it.")
@click.option("--end", type=Moment(), metavar="TIME", help="No moment from then on.")
@click.option("--jitter", type=Duration(), default="0", help="Begin up to so much later.")
@params_option
@click.option(
    "--overlap",
    type=click.Choice([one.value for one in Overlap]),
    default="skip",
    help="Where an earlier run still goes on.  [default: skip]",
)
@click.option("--parallel", type=int, metavar="N", help="At most N runs, with --overlap parallel.")
@click.option(
    "--catch-up",
    type=click.Choice([one.value for one in CatchUp]),
    default="latest",
    help="Which missed moments are made up for.  [default: latest]",
)
@click.option("--catch-up-most", type=int, default=10, metavar="N", help="At most N of them, 10.")
@click.option("--grace", type=Duration(), default="60", help="So late is not missed yet; 60s.")
@click.option("--after", multiple=True, metavar="FLOW", help="Once that has succeeded; repeatable.")
@click.option("--patience", type=Duration(), default="24h", help="Wait so long for it; 24h.")
@click.option("--paused", is_flag=True, help="Do not begin with it yet.")
@json_option
@manual(
    'flowbook schedule add nightly report.ipynb "30 2 * * *" --timezone Europe/Berlin',
    "flowbook schedule add often report.ipynb --every 15m -p city=Oslo --overlap queue_one",
    "flowbook schedule add later report.ipynb --at 2026-12-24T18:00 --after load",
    codes=_CODES,
)
@click.pass_context
def add(
    ctx: click.Context,
    /,
    name: str,
    notebook: Path,
    params: tuple[str, ...],
    as_json: bool,
    paused: bool,
    **said: Any,
) -> ExitCode:
    """Let the published version of NOTEBOOK's flow run by itself, by a schedule called NAME.

    A schedule of that name is replaced. `flowbook scheduler`, or a Jupyter server over the folder,
    starts what is due.
    """
    acting_here(ctx)
    path = notebook.resolve()
    home = project(path.parent)
    flow = home.load(path).flow
    if said["every"] is not None and said["start"] is None:
        said["start"] = datetime.now(UTC)
    typed = coerce_params(home.plan(published_flow(home, flow.spec().id)), list(params))
    settings = {key: value for key, value in said.items() if value is not None}
    data = {str(port): value for port, value in typed.items()}
    saved = home.schedules.save(
        name, flow, notebook=path, enabled=not paused, input_data=data, **settings
    )
    if as_json:
        echo_json(saved.to_json())
        return ExitCode.OK
    upcoming = "" if saved.next_run is None else f"; next at {saved.next_run:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{name}: {saved.schedule.words}{upcoming}")
    return ExitCode.OK


@click.command("pause")
@verb()
@manual("flowbook schedule pause nightly", codes=_CODES)
def pause(home: Project, name: str) -> None:
    """Let nothing of a schedule run; moments that come meanwhile are none."""
    home.schedules.pause(name)


@click.command("resume")
@verb()
@manual("flowbook schedule resume nightly", codes=_CODES)
def resume(home: Project, name: str) -> None:
    """Let a schedule that is paused run again, from now on."""
    home.schedules.resume(name)


@click.command("remove")
@verb()
@manual("flowbook schedule remove nightly", codes=_CODES)
def remove(home: Project, name: str) -> None:
    """Let there be no such schedule; what became of its moments stays in the history."""
    home.schedules.remove(name)


@click.command("now")
@click.argument("name", metavar="NAME")
@params_option
@project_option
@json_option
@manual(
    "flowbook schedule now nightly", "flowbook schedule now nightly -p city=Bergen", codes=_CODES
)
@click.pass_context
def now(
    ctx: click.Context, name: str, params: tuple[str, ...], folder: Path | None, as_json: bool
) -> ExitCode:
    """Start a run of a schedule at once, in a process of its own, whatever else of it goes on.

    Parameters that are given go before those of the schedule, for this run alone.
    """
    acting_here(ctx)
    home = project(folder or ".")
    flow = home.schedules.get(name).flow
    typed = coerce_params(home.plan(published_flow(home, flow)), list(params)) if params else {}
    given = {str(port): value for port, value in typed.items()}
    slot = home.schedules.run_now(name, given)
    if as_json:
        echo_json({**slot_json(slot), "run": slot.run_id})
    else:
        click.echo(slot.run_id)
    return ExitCode.OK


@click.command("backfill")
@click.argument("name", metavar="NAME")
@click.option("--from", "since", type=Moment(), required=True, metavar="TIME", help="From then on.")
@click.option("--to", "until", type=Moment(), metavar="TIME", help="Before it; now by default.")
@project_option
@json_option
@manual("flowbook schedule backfill nightly --from 2026-05-01 --to 2026-05-08", codes=_CODES)
@click.pass_context
def backfill(
    ctx: click.Context,
    name: str,
    since: datetime,
    until: datetime | None,
    folder: Path | None,
    as_json: bool,
) -> ExitCode:
    """Make up for moments of a schedule that have no run, as the scheduler finds time."""
    acting_here(ctx)
    schedules = project(folder or ".").schedules
    found = schedules.backfill(name, since, until or schedules.now())
    if as_json:
        echo_json([slot_json(slot) for slot in found])
        return ExitCode.OK
    for slot in found:
        click.echo(f"{slot.scheduled_for:%Y-%m-%d %H:%M} UTC: {slot_words(slot)}")
    if not found:
        click.echo("nothing to make up for", err=True)
    return ExitCode.OK


@click.command("fire")
@click.argument("name", metavar="NAME")
@click.argument("moment", metavar="MOMENT")
@project_option
@manual(
    "flowbook schedule fire nightly 2026-05-01T00:30:00+00:00",
    codes=(ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.SKIPPED),
)
def fire(name: str, moment: str, folder: Path | None) -> ExitCode:
    """Perform the run of a schedule that was decided on for MOMENT; what a scheduler calls.

    There is one such run: where it has begun, or another process performs it, nothing happens.
    """
    scheduled_for = _decided(moment)
    home = project(folder or ".")
    stand_in((home.path / home.schedules.get(name).notebook).resolve().parent)
    performed = perform(home, name, scheduled_for)
    if performed.run is None:
        click.echo(performed.said, err=True)
        return ExitCode.SKIPPED
    click.echo(f"{performed.run.id} {performed.run.status.value}")
    return ExitCode.OK if performed.run.status.value == "succeeded" else ExitCode.FAILED


def _decided(moment: str) -> datetime:
    """A moment as a scheduler writes it, which has a time zone."""
    with suppress(ValueError):
        found = datetime.fromisoformat(moment)
        if found.tzinfo is not None:
            return found
    raise UsageError(f"{moment!r} is no moment", hint="as in 2026-05-01T00:30:00+00:00")
