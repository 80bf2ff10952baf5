"""The run of one slot, in a process of its own that outlives whoever started it.

Whoever decides says first, durably, which run is to be; then a process is started for it. The
process holds on to the slot as long as it lives, and asks whether there is such a run before it
begins one, so that it does not matter how often, or by whom, it is started.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import FlowbookError, UsageError
from flowbook.events import RunStatus, TriggerKind
from flowbook.ids import RunId
from flowbook.run.rules.stimulus import Lineage
from flowbook.session.begin import Office as BeginOffice
from flowbook.session.begin import begin
from flowbook.session.published import Office as PublishedOffice
from flowbook.session.published import published_flow
from flowbook.session.scheduled import given_of, hold_on_slot
from flowbook.session.start import Start
from flowbook.store.facts import DecidedSlot
from flowbook.triggers.slots import Verdict, Why

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.session.scheduled import Scheduled
    from flowbook.store.scheduled import SlotRow

_PAUSE = 0.05


class Listed(Protocol):
    """Where schedules are found; `flowbook.session.schedules.Schedules` is one."""

    def get(self, name: str) -> Scheduled: ...


class Office(BeginOffice, PublishedOffice, Protocol):
    """What performing needs of its project; `flowbook.Project` is one."""

    own: Callable[[RunId], AbstractContextManager[object] | None]

    @property
    def schedules(self) -> Listed: ...


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a slot that this process was started for: `run` is None where none began.

    `said`: why not.
    """

    run: Run | None
    said: str = ""


def launch(project: Path, name: str, scheduled_for: datetime) -> subprocess.Popen[bytes]:
    """Start a process that performs the run of a slot."""
    words = ("schedule", "fire", name, scheduled_for.astimezone(UTC).isoformat())
    process = subprocess.Popen(  # noqa: S603 - our own command, a name and a time
        [sys.executable, "-m", "flowbook.cli", *words, "--project", str(project)],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="flowbook-slot", daemon=True).start()
    return process


def perform(project: Office, name: str, scheduled_for: datetime) -> Performed:
    """See the run of a slot out, if it is there to be begun and nobody else does.

    Raises `UsageError` when nobody has decided that there is to be one.
    """
    with_hold = project.own(hold_on_slot(name, scheduled_for))
    if with_hold is None:
        return Performed(None, "another process performs it")
    with with_hold:
        slot = project.store.agenda.slot(name, scheduled_for)
        if slot is None or slot.verdict != Verdict.RUN or slot.run_id is None:
            raise UsageError(
                f"no run of schedule {name!r} is to be started for {scheduled_for.isoformat()}",
                hint=f"flowbook schedule now {name!r} starts one",
            )
        if slot.begun or slot.run_status is not None:
            return Performed(None, f"run {slot.run_id} has begun before")
        try:
            run = _begun(project, slot)
        except FlowbookError as refused:
            _tell(project, slot, Verdict.SKIP, Why.REFUSED, refused.message)
            return Performed(None, refused.message)
        _see_out(project, slot, run)
        return Performed(run)


def _begun(project: Office, slot: SlotRow) -> Run:
    one = project.schedules.get(slot.schedule).given(given_of(slot))
    flow = published_flow(project, one.flow)
    lineage = Lineage(schedule=slot.schedule, scheduled_for=slot.scheduled_for.timestamp())
    how = Start(
        trigger=TriggerKind.CRON,
        run_id=RunId(str(slot.run_id)),
        key=slot.key,
        lineage=lineage,
    )
    return begin(project, flow, one.schedule.input_data, how)


def _see_out(project: Office, slot: SlotRow, run: Run) -> None:
    """Say that the run has begun once it is there to be seen; then stay until it is over."""
    while run.status is RunStatus.QUEUED or not _is_seen(project, run):
        if run.status.over:
            break
        time.sleep(_PAUSE)
    _tell(project, slot, Verdict.RUN, Why(slot.reason), slot.detail, begun=True)
    run.wait()


def _is_seen(project: Office, run: Run) -> bool:
    try:
        project.history.run(run.id)
    except UsageError:
        return False
    return True


def _tell(
    project: Office,
    slot: SlotRow,
    verdict: Verdict,
    why: Why,
    detail: str = "",
    *,
    begun: bool = False,
) -> None:
    told = DecidedSlot(
        scheduled_for=slot.scheduled_for.timestamp(),
        verdict=verdict,
        reason=why,
        detail=detail,
        run=RunId(str(slot.run_id)) if begun else None,
        key=slot.key,
        tries=slot.tries,
        begun=begun,
        behind=None if slot.behind is None else slot.behind.timestamp(),
    )
    project.store.agenda.decide(slot.schedule, slot.flow, [told])
