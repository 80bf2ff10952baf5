"""`project.schedules`: which flows run by themselves, when, and what became of each moment.

What is decided about a schedule is decided by one process at a time, which has a hold on it that
ends with the process: `flowbook.session.scheduler` does so for all that is due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from flowbook.errors import InvalidSchedule, StoreBusy, UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.options import did_you_mean
from flowbook.ids import FlowId
from flowbook.session.notebooks import notebook_of
from flowbook.session.published import Office as PublishedOffice
from flowbook.session.published import published_flow, refuse_input
from flowbook.session.scheduled import (
    Scheduled,
    ScheduledList,
    SlotList,
    checked_name,
    given_text,
    hold_on_schedule,
    schedule_of,
)
from flowbook.session.slot_process import launch
from flowbook.session.start import mint_run_id
from flowbook.store.facts import DecidedSlot
from flowbook.triggers.order import refuse_circle
from flowbook.triggers.preview import Fire
from flowbook.triggers.schedule import Schedule
from flowbook.triggers.slots import Verdict, Why

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from flowbook.ids import RunId
    from flowbook.store.scheduled import Agenda, SlotRow

_PATIENCE, _PAUSE = 30.0, 0.02
"""Seconds to wait for who decides about a schedule right now."""
MOST_BACKFILLED = 1_000
"""Moments that are made up for at once."""

Launch: TypeAlias = Callable[[Scheduled, datetime], object]
"""Starts the process that performs the run of a slot."""


class Office(PublishedOffice, Protocol):
    """What schedules need of their project; `flowbook.Project` is one."""

    own: Callable[[RunId], AbstractContextManager[object] | None]

    @property
    def path(self) -> Path: ...


class Schedules:
    """The schedules of one project.

    >>> from tempfile import mkdtemp; from flowbook import project
    >>> project(mkdtemp()).schedules.list()
    no schedules
    """

    def __init__(self, project: Office, launch: Launch | None = None) -> None:
        self._project = project
        self.launch: Launch = launch or self._launched

    @property
    def agenda(self) -> Agenda:
        """Where they are kept."""
        return self._project.store.agenda

    def now(self) -> datetime:
        """What time it is, in UTC."""
        return datetime.fromtimestamp(self.agenda.now(), UTC)

    # ------------------------------------------------------------ what there is

    def list(self) -> ScheduledList:
        """All of them, by name."""
        return ScheduledList(map(Scheduled.of, self.agenda.schedules()))

    def get(self, name: str) -> Scheduled:
        """The schedule of that name; `UsageError` when there is none."""
        rows = {row.name: row for row in self.agenda.schedules()}
        if name not in rows:
            raise UsageError(
                f"there is no schedule {name!r}",
                hint=did_you_mean(name, tuple(rows)) if rows else "flow.schedule(…) makes one",
            )
        return Scheduled.of(rows[name])

    def next(self, name: str, count: int = 5) -> tuple[Fire, ...]:
        """Its next moments, at most so many; none while it is paused."""
        return self.get(name).upcoming(self.now(), count)

    def history(self, name: str | None = None, limit: int = 100) -> SlotList:
        """What became of its latest moments, or of those of all; the latest first."""
        return SlotList(self.agenda.slots(name, limit))

    # ------------------------------------------------------------ what is changed

    def check(self, flow: FlowId | str | None, schedule: Schedule, name: str = "") -> None:
        """Raise `InvalidSchedule` where a flow cannot be scheduled so; nothing is written."""
        if flow is None:
            return
        refuse_input(
            self._project, published_flow(self._project, FlowId(flow)), schedule.input_data
        )
        after: dict[str, set[str]] = {str(flow): set(schedule.after)}
        for other in self.agenda.schedules():
            if other.name != name:
                after.setdefault(other.flow, set()).update(other.settings.get("after", ()))
        refuse_circle({one: sorted(before) for one, before in after.items()})

    def save(
        self,
        name: str,
        flow: Flow | str,
        schedule: Schedule | None = None,
        *,
        notebook: Path | str | None = None,
        **settings: Any,
    ) -> Scheduled:
        """Let a flow run by itself; a schedule of that name is replaced.

        What it says is a `Schedule`, or its fields. `notebook`: where the flow is, if not to be
        found by its name. Raises `InvalidSchedule` for a flow that was never published, for
        parameters that it does not take and for all else that cannot be; nothing has changed then.
        """
        checked_name(name)
        wanted = schedule_of(settings) if schedule is None else schedule
        flow_id = FlowId(flow.name if isinstance(flow, Flow) else flow)
        self.check(flow_id, wanted, name)
        path = _notebook(self._project.path.resolve(), flow_id, notebook)
        with self.held(name):
            now = self.now()
            before = next((one for one in self.list() if one.name == name), None)
            since = now
            if before is not None and _goes_on(before.schedule, wanted):
                since = before.decided_until  # what was missed is not forgotten by saving
            self._write(name, flow_id, path, wanted, since)
        return self.get(name)

    def pause(self, name: str) -> Scheduled:
        """Let nothing of it run; moments that come meanwhile are none."""
        return self._switched(name, enabled=False)

    def resume(self, name: str) -> Scheduled:
        """Let it run again, from now on."""
        return self._switched(name, enabled=True)

    def remove(self, name: str) -> None:
        """Let there be no such schedule; its history stays."""
        with self.held(name):
            self.agenda.remove(name, self.get(name).flow)

    def run_now(self, name: str, params: Mapping[str, Any] | None = None) -> SlotRow:
        """Start a run of it at once, beside all others, in a process of its own.

        `params` go before those of the schedule, for this run alone: its slot has them as its
        `detail`. Raises `InvalidSchedule` where the flow does not take them, and for what is
        sensitive; nothing is started then.
        """
        given = dict(params or {})
        with self.held(name):
            one, now = self.get(name), self.now()
            flow = published_flow(self._project, one.flow)
            if given:
                one = one.given(given)
                refuse_input(self._project, flow, one.schedule.input_data)
            detail = given_text(given)
            self._decide(one, [(now, Verdict.RUN, Why.BY_HAND)], detail)
        self.launch(one, now)
        found = self.agenda.slot(name, now)
        assert found is not None  # noqa: S101  # it was decided just now
        return found

    def backfill(self, name: str, since: datetime, until: datetime) -> SlotList:
        """Make up for its moments from `since` on and before `until`, as a scheduler finds time.

        Moments that have a run are left as they are. Raises `UsageError` for more than 1,000, and
        for moments that are still to come.
        """
        for moment in (since, until):
            if moment.tzinfo is None:
                raise UsageError(f"{moment} has no time zone", hint="as in 2026-03-29T02:30+01:00")
        if until > self.now():
            raise UsageError(f"{until} has not come yet", hint="name a time before now")
        with self.held(name):
            one = self.get(name)
            wanted = _moments(one.schedule, since, until)
            known = {slot.scheduled_for: slot for slot in self.agenda.within(name, since, until)}
            fresh = [at for at in wanted if at not in known or known[at].verdict == Verdict.SKIP]
            if fresh:
                self._decide(one, [(at, Verdict.WAIT, Why.BACKFILLED) for at in fresh])
        found = {slot.scheduled_for: slot for slot in self.agenda.within(name, since, until)}
        return SlotList(found[at] for at in fresh)

    # ------------------------------------------------------------ for those who decide

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Decide alone about a schedule; `StoreBusy` when another does for long."""
        patience = time.monotonic() + _PATIENCE
        while (held := self._project.own(hold_on_schedule(name))) is None:
            if time.monotonic() >= patience:
                raise StoreBusy(
                    f"another process decides about schedule {name!r}",
                    hint="try again",
                    path=str(self._project.store.root),
                    seconds=_PATIENCE,
                )
            time.sleep(_PAUSE)
        with held:
            yield

    # ------------------------------------------------------------ inside

    def _launched(self, one: Scheduled, scheduled_for: datetime) -> object:
        return launch(self._project.path, one.name, scheduled_for)

    def _decide(
        self, one: Scheduled, slots: Iterable[tuple[datetime, Verdict, Why]], detail: str = ""
    ) -> None:
        self.agenda.decide(
            one.name,
            one.flow,
            [
                DecidedSlot(
                    scheduled_for=at.timestamp(),
                    verdict=verdict,
                    reason=why,
                    detail=detail,
                    run=mint_run_id() if verdict is Verdict.RUN else None,
                    key=one.key(at) if verdict is Verdict.RUN else None,
                    tries=int(verdict is Verdict.RUN),
                )
                for at, verdict, why in slots
            ],
        )

    def _switched(self, name: str, *, enabled: bool) -> Scheduled:
        with self.held(name):
            one = self.get(name)
            if one.enabled is not enabled:
                schedule = msgspec.structs.replace(one.schedule, enabled=enabled)
                self._write(name, one.flow, one.notebook, schedule, self.now())
        return self.get(name)

    def _write(
        self, name: str, flow: FlowId, notebook: str, schedule: Schedule, since: datetime
    ) -> None:
        upcoming = schedule.next(since) if schedule.enabled else None
        self.agenda.save(
            name,
            flow,
            notebook,
            msgspec.to_builtins(schedule),
            since.timestamp(),
            None if upcoming is None else upcoming.timestamp(),
        )


def _goes_on(before: Schedule, wanted: Schedule) -> bool:
    """True when the same moments count as before."""
    when = ("cron", "every", "at", "timezone", "start", "end")
    same = all(getattr(before, name) == getattr(wanted, name) for name in when)
    return same and before.enabled and wanted.enabled


def _moments(schedule: Schedule, since: datetime, until: datetime) -> list[datetime]:
    found: list[datetime] = []
    for moment in schedule.moments(since - datetime.resolution):
        if moment >= until:
            break
        found.append(moment)
        if len(found) > MOST_BACKFILLED:
            raise UsageError(
                f"there are more than {MOST_BACKFILLED:,} moments from {since} on",
                hint="make up for them in parts",
            )
    return found


def _notebook(root: Path, flow: FlowId, notebook: Path | str | None) -> str:
    hint = "say where it is: notebook=…"
    path = notebook_of(root, flow, hint) if notebook is None else Path(notebook)
    path = (path if path.is_absolute() else root / path).resolve()
    if not path.is_file() or not path.is_relative_to(root):
        raise InvalidSchedule(
            f"there is no notebook {str(notebook)!r} in {root}",
            hint="name one in the project's folder",
            field="notebook",
            value=str(notebook),
        )
    return path.relative_to(root).as_posix()
