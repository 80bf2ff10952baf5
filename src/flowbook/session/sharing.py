"""Taking turns with the other processes of a project, where it says how much may go on at once.

One thread for each project, begun when something waits. It sleeps until a run of this process asks
or is done, or another process rings; only while something of this process waits for a place does
it also look four times a second, because a process that is killed rings nobody.

Who is next is decided by everybody alike, over all that waits in all processes
(`flowbook.run.rules.lines.admitted`), and each takes what is its own. So the order holds across
processes as it does in one.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from flowbook.errors import StoreError
from flowbook.run.rules.lines import admitted

if TYPE_CHECKING:
    from pathlib import Path

    from flowbook.run.handle import Run
    from flowbook.store.boards import Board, Posted, Waiting
    from flowbook.store.slots import Slot, Slots

LOOK_SECONDS = 0.25
"""Between two looks while something of this process waits for others."""
_MOST_TOLD = 100
"""So many of those who wait for the same are on the board; the others are behind them."""

_log = logging.getLogger(__name__)


class Ticket(Protocol):
    """What waits here, or waited until just now."""

    run: Run
    node: str | None
    order: tuple[int, int, float, int]

    @property
    def place(self) -> object:
        """What it waits for; equal for those that wait for the same."""
        ...

    @property
    def waits(self) -> bool:
        """True until it has its turn, or does not want it any more."""
        ...

    @property
    def shares(self) -> bool:
        """True while it waits together with those of other processes."""
        ...

    @property
    def limits(self) -> tuple[str, ...]:
        """The limits of the project of which it wants one place each."""
        ...

    def told(self) -> Waiting:
        """The same for other processes."""
        ...


_T = TypeVar("_T", bound=Ticket)


class Sharing(Generic[_T]):
    """This process's part in it. `tickets` gives what waits here, the first one first.

    `had` takes what a ticket wanted and says whether that is still wanted.
    """

    def __init__(
        self,
        slots: Callable[[], Slots],
        tickets: Callable[[], list[_T]],
        had: Callable[[_T, tuple[Slot, ...]], bool],
    ) -> None:
        self._slots, self._tickets, self._had = slots, tickets, had
        self._board: Board | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closing = False
        self._failing = False

    @property
    def open(self) -> bool:
        """True once something has waited here."""
        return self._board is not None

    @property
    def path(self) -> Path | None:
        """Where what waits here is told to others, if it is."""
        return None if self._board is None else self._board.path

    def wake(self) -> None:
        """Something has changed; any thread."""
        with self._lock:
            if self._closing:
                return
            if self._board is None:
                self._board = self._opened()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, args=(self._board,), name="flowbook-limits", daemon=True
                )
                self._thread.start()
            self._board.ring()

    def told(self, limits: Iterable[str]) -> str:
        """What is waited for, for people: `gpu=1, runs=8 of the project`."""
        most = self._slots().limits()
        named = (f"{name}={most[name]}" if name in most else name for name in limits)
        return f"{', '.join(named)} of the project"

    def close(self) -> None:
        """End the thread and take the board down."""
        with self._lock:
            self._closing = True
            board, thread = self._board, self._thread
        if board is None:
            return
        if thread is not None and thread is not threading.current_thread():
            board.ring()
            thread.join(2.0)
        if thread is None or not thread.is_alive():
            board.close()

    def _opened(self) -> Board:
        from flowbook.store.boards import Board

        slots = self._slots()
        slots.prepare()
        board = Board(slots.layout)
        board.open()
        return board

    def _work(self, board: Board) -> None:
        contends = True
        while True:
            board.listen(LOOK_SECONDS if contends else None)
            if self._closing:
                return
            try:
                contends = self._turn(board)
                self._failing = False
            except (OSError, StoreError) as error:
                contends = True
                if not self._failing:  # said once; the next look tries again
                    self._failing = True
                    _log.warning("what waits for its turn in this project has to go on: %s", error)

    def _turn(self, board: Board) -> bool:
        """Take what is ours by now, and say what waits; True when something waits for others."""
        slots, tickets = self._slots(), self._tickets()
        with slots.turn():
            won = _next(tickets, board.others(), slots)
            mine = [one.ticket for one in won if one.ticket is not None]
            told = _told(tickets, mine)
            board.post(told)  # first: should it fail, nothing is taken
            taken = [(ticket, _take(slots, ticket)) for ticket in mine]
        for ticket, places in taken:
            if not self._had(ticket, places):
                for place in places:
                    place.release()
                board.ring()
        for bell in {one.bell for one in won if one.bell is not None}:
            _ring(bell)
        return any(one.limits for one in told)


@dataclass(frozen=True, slots=True)
class _Claim(Generic[_T]):
    """One that waits: a ticket of ours, or one of the process that has that bell."""

    order: tuple[int, int, float, int]
    limits: tuple[str, ...]
    ticket: _T | None = None
    bell: Path | None = None


def _next(tickets: Sequence[_T], others: list[Posted], slots: Slots) -> list[_Claim[_T]]:
    """Who has its turn, of those that wait for places anywhere."""
    claims: list[_Claim[_T]]
    claims = [_Claim(one.order, one.limits, ticket=one) for one in tickets if one.shares]
    for posted in others:
        if posted.fresh:
            claims += [
                _Claim(w.order, w.limits, bell=posted.bell) for w in posted.waiting if w.limits
            ]
    if not claims:
        return []
    used = slots.used()
    free = {name: most - used.get(name, 0) for name, most in slots.limits().items()}
    return admitted(sorted(claims, key=lambda claim: claim.order), free)


def _take(slots: Slots, ticket: Ticket) -> tuple[Slot, ...]:
    limits = slots.limits()
    return tuple(
        slots.take(name, ticket.run.id, ticket.node) for name in ticket.limits if name in limits
    )


def _told(tickets: Sequence[Ticket], taken: Sequence[Ticket]) -> list[Waiting]:
    """What the board says: all runs, and of nodes those that wait for other processes."""
    gone, seen = set(map(id, taken)), Counter[object]()
    told = []
    for ticket in tickets:
        if id(ticket) in gone or not ticket.waits or (ticket.node and not ticket.shares):
            continue
        seen[ticket.place] += 1
        if seen[ticket.place] <= _MOST_TOLD:
            told.append(ticket)
    return [ticket.told() for ticket in told]


def _ring(bell: Path) -> None:
    from flowbook.store.boards import ring

    ring(bell)
