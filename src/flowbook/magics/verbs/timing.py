"""The verb that lets the flow run by itself."""

from __future__ import annotations

from typing import Any

import click

from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.verbs.group import verbs
from flowbook.session.scheduled import ScheduledList


@verbs.command()
@click.argument("name", required=False)
@click.argument("cron", required=False)
@click.option("--timezone", default="UTC", help="The zone whose clock it is about, as UTC.")
@click.option("--overlap", default="skip", help="skip, queue_one or parallel.")
@click.option("--after", multiple=True, metavar="FLOW", help="Once that has succeeded.")
@click.pass_obj
def schedule(
    notebook: KernelNotebook,
    name: str | None,
    cron: str | None,
    timezone: str,
    overlap: str,
    after: tuple[str, ...],
) -> Any:
    """Let the published version of the flow run by itself; alone, the schedules of the flow.

    %flow schedule nightly "30 2 * * *" --timezone Europe/Berlin makes one called nightly.
    """
    flow, schedules = notebook.flow, notebook.flow.host.schedules
    if name is None:
        return ScheduledList(one for one in schedules.list() if one.flow == flow.name)
    if cron is None:
        return schedules.get(name)
    return flow.schedule(name, cron=cron, timezone=timezone, overlap=overlap, after=list(after))
