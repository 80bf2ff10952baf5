"""What waits for its turn in a project, in which order and for what, and what goes on meanwhile.

Runs that wait are in no journal: their processes say so on their boards
(`flowbook.store.boards`). Those that go on are in the history.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.events import RunStatus

if TYPE_CHECKING:
    from flowbook.session.queue import Queues
    from flowbook.store.boards import Waiting
    from flowbook.store.history import History
    from flowbook.store.slots import Holding, Slots
    from flowbook.store.store import Store

_GOING = """
SELECT runs.id, runs.flow, runs.status, epoch_us(runs.started_at), runs.host, runs.pid,
       coalesce(created.priority, 0)
FROM runs LEFT JOIN registry ON registry.run_id = runs.id LEFT JOIN (
    SELECT run_id, CAST(payload->>'$.priority' AS INTEGER) AS priority FROM events
    WHERE kind = 'RUN_CREATED') AS created ON created.run_id = runs.id
WHERE runs.status = 'running' OR (runs.status = 'suspended' AND registry.alive)
ORDER BY runs.started_at, runs.id
"""


class Office(Protocol):
    """What looking at the queue needs of its project."""

    queues: Queues

    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...


@dataclass(frozen=True, slots=True)
class Queued:
    """A run, or a `node` of one, that waits for its turn; or a run that goes on.

    `since` is UTC: when it began to wait, or to run. `waits_for` says why it is `queued`, and is
    '' for what goes on. The larger `priority` goes first.
    """

    run: str
    flow: str
    node: str | None
    status: RunStatus
    priority: int
    since: datetime
    waits_for: str
    host: str | None
    pid: int | None

    def to_json(self) -> dict[str, Any]:
        """The same as plain data, its time as ISO 8601 text."""
        told = {**asdict(self), "status": self.status.value}
        return {**told, "since": self.since.isoformat(timespec="milliseconds")}


@dataclass(frozen=True, slots=True)
class Held:
    """A place of a limit of the project, and the run, or the `node` of one, that has it."""

    limit: str
    run: str
    node: str | None
    pid: int


@dataclass(frozen=True, slots=True)
class Queue:
    """A project's queue at one moment: what waits, the next one first, and what goes on.

    `limits` are those of the project, `held` who has a place of them.
    """

    waiting: tuple[Queued, ...]
    going: tuple[Queued, ...]
    limits: Mapping[str, int]
    held: tuple[Held, ...]

    def __iter__(self) -> Iterator[Queued]:
        return iter((*self.waiting, *self.going))

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "waiting": [one.to_json() for one in self.waiting],
            "going": [one.to_json() for one in self.going],
            "limits": dict(self.limits),
            "held": [asdict(one) for one in self.held],
        }


def queue(project: Office) -> Queue:
    """What waits and goes on in the whole project."""
    slots = project.store.slots
    waiting = [(ticket.told(), os.getpid()) for ticket in project.queues.tickets()]
    others, held = _elsewhere(slots, project.queues)
    waiting += [(one, one.pid) for one in others]
    waiting.sort(key=lambda found: found[0].order)
    _names, rows = project.history.table(_GOING)
    return Queue(
        tuple(_queued(*found) for found in waiting),
        tuple(map(_going, rows)),
        slots.limits(),
        tuple(
            Held(name, one.run, one.node, one.pid) for name, ones in held.items() for one in ones
        ),
    )


def waits_elsewhere(project: Office, run_id: str) -> Waiting | None:
    """A run that waits for its turn in another process; None when there is none of that id."""
    others, _ = _elsewhere(project.store.slots, project.queues)
    return next((one for one in others if one.run == run_id and one.node is None), None)


def _elsewhere(slots: Slots, queues: Queues) -> tuple[list[Waiting], dict[str, list[Holding]]]:
    from flowbook.store.boards import posted

    folder = slots.layout.limits
    if not folder.is_dir():
        return [], {}
    with ExitStack() as stack:
        if os.access(folder, os.W_OK):  # else nobody can be kept from writing meanwhile
            stack.enter_context(slots.turn())
        boards = posted(folder, queues.sharing.path)
        return [one for board in boards for one in board.waiting], slots.holders()


def _queued(one: Waiting, pid: int) -> Queued:
    since = datetime.fromtimestamp(one.since, UTC)
    host, status = socket.gethostname(), RunStatus.QUEUED
    return Queued(one.run, one.flow, one.node, status, one.priority, since, one.why, host, pid)


def _going(row: tuple[Any, ...]) -> Queued:
    run, flow, status, us, host, pid, priority = row
    since = datetime.fromtimestamp(us / 1e6, UTC)
    return Queued(run, flow, None, RunStatus(status), priority, since, "", host, pid)
