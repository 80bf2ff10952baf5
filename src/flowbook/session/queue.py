"""What waits for its turn in this process: runs, and nodes that may not all run at once.

Whatever waits has a `Ticket`. It stands in a line of this process first, where its flow says how
many may go on at once, then with those of all processes, where the project does; it has both, or
waits holding no more than its place in line. First goes the larger priority of the run, then that
of the node, then who asked first.

Nothing of a run that waits is written into its journal. No thread is held: a ticket calls back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import InvalidParameters
from flowbook.graph.problem import Problem, Severity
from flowbook.run.recall import KEY, NoKey, evaluated
from flowbook.run.rules.lines import Line
from flowbook.session.sharing import Sharing
from flowbook.session.work import evaluate_text

if TYPE_CHECKING:
    from flowbook.ids import FlowId
    from flowbook.plan.plan import Plan
    from flowbook.run.engine import Engine
    from flowbook.run.handle import Run
    from flowbook.run.rules.stimulus import Lineage
    from flowbook.run.work import Wish
    from flowbook.session.start import Knower
    from flowbook.store.boards import Waiting
    from flowbook.store.slots import Slot
    from flowbook.store.store import Store

RUNS = "runs"
"""The limit of the project that counts runs; all others count nodes, by their tags."""


class Office(Protocol):
    """What queues need of their project."""

    @property
    def store(self) -> Store: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def calls(self) -> Knower: ...


class Standing(StrEnum):
    """How far a ticket is."""

    IN_LINE = "in line"
    SHARING = "sharing"
    HELD = "held"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Place:
    """What a run, or a node of one, has to wait for: to be one of `most` in `line`, and `limits`.

    `says` tells people what the line is.
    """

    line: tuple[str, ...] = ()
    most: int | None = None
    says: str = ""
    limits: tuple[str, ...] = ()


class Ticket:
    """A turn that is waited for, had, or given back. `permitted` is called when it has come."""

    __slots__ = ("_queues", "flow", "node", "order", "permitted", "place", "run", "slots",
                 "standing")  # fmt: skip

    def __init__(
        self,
        queues: Queues,
        run: Run,
        place: Place,
        node: str | None,
        order: tuple[int, int, float, int],
        permitted: Callable[[], None],
    ) -> None:
        self._queues = queues
        self.run, self.flow, self.node = run, run.flow, node
        self.place: Place = place
        self.order, self.permitted = order, permitted
        self.standing = Standing.IN_LINE
        self.slots: tuple[Slot, ...] = ()

    @property
    def waits(self) -> bool:
        """True until it is had or given back."""
        return self.standing in (Standing.IN_LINE, Standing.SHARING)

    @property
    def shares(self) -> bool:
        """True while it waits together with those of other processes."""
        return self.standing is Standing.SHARING

    @property
    def limits(self) -> tuple[str, ...]:
        """The limits of the project of which it wants one place each."""
        return self.place.limits

    @property
    def why(self) -> str:
        """What it waits for, for people; '' when it does not."""
        if self.standing is Standing.IN_LINE:
            return self.place.says
        if self.standing is Standing.SHARING:
            return self._queues.sharing.told(self.place.limits)
        return ""

    def give_back(self) -> None:
        """Let the next one have the turn; doing so twice does nothing."""
        self._queues.give_back(self)

    def told(self) -> Waiting:
        """The same for other processes."""
        from flowbook.store.boards import Waiting

        limits = self.place.limits if self.standing is Standing.SHARING else ()
        run, order = self.run.id, self.order
        return Waiting(order, run, self.flow, self.why, order[2], self.node, limits, os.getpid())


class Queues:
    """The queues of one project in this process; safe from any thread."""

    def __init__(self, project: Office) -> None:
        self._project = project
        self._lines: dict[tuple[str, ...], Line[Ticket]] = {}
        self._waiting: dict[Ticket, None] = {}
        self._numbers = count()
        self._lock = Lock()
        self.sharing = Sharing(lambda: project.store.slots, self.tickets, self._had)

    # ------------------------------------------------------------ runs

    def place(self, plan: Plan, params: Mapping[Any, Any], lineage: Lineage | None) -> Place | None:
        """What a run of `plan` has to wait for; None: nothing.

        A run of a flow that it comes from does not wait for that one, which waits for it, and one
        that another started has its part of the project's `runs`. Raises `InvalidParameters` when
        the flow's `limit_key` cannot be worked out.
        """
        most = plan.options.at_once
        started = lineage is not None and lineage.parent is not None
        limits = (RUNS,) if not started and RUNS in self._limits() else ()
        if most is None or plan.flow in self._project.calls.above(lineage):
            return Place(limits=limits) if limits else None
        key = _run_key(plan, params)
        return Place((plan.flow, key), most, _says("max_runs", most, plan.flow, key), limits)

    def join(self, run: Run, place: Place) -> None:
        """Let the run in when it has its turn."""

        def enter() -> None:
            run.entry.open()  # unless it was cancelled: then it is over, and gives its turn back

        ticket = self._ask(run, place, None, 0, enter)
        run.entry.queued(lambda: ticket.why, lambda: self._reorder(ticket))
        run.when_over(ticket.give_back)

    def waiting(self, flow: FlowId) -> tuple[Run, ...]:
        """The runs of a flow that wait, the next one first."""
        found = (one for one in self.tickets() if one.node is None and one.flow == flow)
        return tuple(one.run for one in found if one.run.entry.waiting)

    def tickets(self) -> list[Ticket]:
        """All that waits here, in the order of priority and time."""
        with self._lock:
            found = [one for one in self._waiting if one.waits]
        return sorted(found, key=lambda ticket: ticket.order)

    # ------------------------------------------------------------ nodes: `run.work.Permits`

    def tags(self) -> Collection[str]:
        """The tags that the project limits."""
        return self._limits().keys() - {RUNS}

    def wish(self, wish: Wish, permitted: Callable[[], None]) -> Ticket:
        """Ask for a node's turn."""
        run = self._project.engine.running(wish.run)
        assert run is not None  # noqa: S101 - its nodes ask only while it runs
        above = () if wish.most is None else self._project.calls.above(run.entry.lineage)
        place = Place(limits=wish.tags)
        if wish.most is not None and run.flow not in above:
            node = wish.node.rpartition(".")[2]
            says = _says("limit", wish.most, node, wish.key)
            place = Place((run.flow, node, wish.key), wish.most, says, wish.tags)
        return self._ask(run, place, wish.node, wish.rank, permitted)

    # ------------------------------------------------------------ turns

    def give_back(self, ticket: Ticket) -> None:
        """The ticket is needed no longer, had or not."""
        with self._lock:
            before, ticket.standing = ticket.standing, Standing.GONE
            self._waiting.pop(ticket, None)
            slots, ticket.slots = ticket.slots, ()
            line = self._lines.get(ticket.place.line)
            if line is not None and before is not Standing.GONE:
                line.drop(ticket) if before is Standing.IN_LINE else line.leave()
        for slot in slots:
            slot.release()
        if slots or (before in (Standing.IN_LINE, Standing.SHARING) and self.sharing.open):
            self.sharing.wake()
        if before is not Standing.GONE:
            self._advance(ticket.place.line)

    def close(self) -> None:
        """Look after nothing any more; what goes on keeps what it has."""
        self.sharing.close()

    def _ask(
        self, run: Run, place: Place, node: str | None, rank: int, permitted: Callable[[], None]
    ) -> Ticket:
        order = (-run.entry.lineage.priority, -rank, time.time(), next(self._numbers))
        ticket = Ticket(self, run, place, node, order, permitted)
        with self._lock:
            self._waiting[ticket] = None
            if place.most is not None:
                line = self._lines.setdefault(place.line, Line(place.most))
                line.most = place.most  # the flow may have been changed
                line.join(ticket, order)
        if place.most is None:
            self._share(ticket)
        else:
            self._advance(place.line)
        if node is None and ticket.standing is Standing.IN_LINE:
            self.sharing.wake()  # so that others see it
        return ticket

    def _advance(self, name: tuple[str, ...]) -> None:
        """Let go on whoever is first in a line, as long as there is room."""
        while True:
            with self._lock:
                line = self._lines.get(name)
                ticket = None if line is None else line.next()
                if line is not None and line.idle:
                    del self._lines[name]
            if ticket is None:
                return
            self._share(ticket)

    def _share(self, ticket: Ticket) -> None:
        """It has its place here; now for that among all processes."""
        with self._lock:
            if ticket.standing is not Standing.IN_LINE:
                return
            ticket.standing = Standing.SHARING
        if ticket.limits:
            self.sharing.wake()
        else:
            self._had(ticket, ())
            if ticket.node is None and self.sharing.open:
                self.sharing.wake()  # so that others see it no longer

    def _had(self, ticket: Ticket, slots: tuple[Slot, ...]) -> bool:
        """Its turn has come; False when it is not wanted any more."""
        with self._lock:
            if ticket.standing is not Standing.SHARING:
                return False
            ticket.standing, ticket.slots = Standing.HELD, slots
            self._waiting.pop(ticket, None)
        ticket.permitted()
        return True

    def _reorder(self, ticket: Ticket) -> None:
        """The priority of its run has changed."""
        with self._lock:
            ticket.order = (-ticket.run.entry.lineage.priority, *ticket.order[1:])
            line = self._lines.get(ticket.place.line)
            if line is not None and ticket.standing is Standing.IN_LINE:
                line.join(ticket, ticket.order)
        self.sharing.wake()

    def _limits(self) -> Mapping[str, int]:
        return self._project.store.slots.limits()


def _run_key(plan: Plan, params: Mapping[Any, Any]) -> str:
    expression = plan.options.limit_key
    if not expression:
        return ""
    names = {str(name): value for name, value in params.items()}
    try:
        return evaluated(lambda: evaluate_text(expression, names))[KEY].decode()
    except NoKey as none:
        raise InvalidParameters(
            f"flow {plan.flow!r} cannot run with these parameters",
            problems=[Problem(Severity.ERROR, f"limit_key {expression!r}: {none}")],
        ) from None


def _says(option: str, most: int, whose: str, key: str) -> str:
    with_key = f" with limit_key {key}" if key else ""
    return f"{option}={most} of {whose}{with_key}"
