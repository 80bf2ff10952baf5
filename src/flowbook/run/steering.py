"""What may be asked of a run while it goes on; each returns at once, and the run decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from flowbook.graph.adding import listed
from flowbook.graph.suspension import plain_json
from flowbook.run.perform import Performance
from flowbook.run.rules.stimulus import CancelAsked, NextAsked, PauseAsked, ResumeAsked
from flowbook.run.waits import Letter


class Steered:
    """The part of a `Run` that asks it."""

    _performance: Performance

    def cancel(self, reason: str = "", *, force: bool = False) -> None:
        """Ask the run to stop; returns at once. Cancelling a run that is over does nothing.

        What undoes nodes, tears down or is in a block `finally` still runs. Asked a second time,
        or with `force`, the run gives up on that too.
        """
        told = self._performance.told(reason)
        self._performance.ask(CancelAsked(at=self._performance.now(), reason=told, force=force))

    def pause(self) -> None:
        """Start no more nodes for now; those that run go on."""
        self._performance.ask(PauseAsked(at=self._performance.now()))

    def step(self, node: str | None = None) -> None:
        """Let one node that is held begin, while the run stays paused; returns at once.

        The next one, or `node`, named with its turn inside of a container: `each[2].clean`. Nothing
        happens when none is held, or not that one.
        """
        step = None if node is None else self._performance.state.index.get(node, -1)
        self._performance.ask(NextAsked(at=self._performance.now(), step=step))

    def resume(self) -> None:
        """Go on after `pause`."""
        self._performance.ask(ResumeAsked(at=self._performance.now()))

    def add_items(self, container: str, items: Iterable[Any], timeout: float | None = 60.0) -> None:
        """Give a `map` or `foreach` of this run more items, behind those it has.

        They are among its items, durably, when this returns. Inside of other containers it is named
        with its turn: `outer[2].each`. To be called from another thread than the engine's.

        Raises `UsageError` when these are no items, when there is no such container, when it goes
        over no items, is over, or gathers already what its items gave; `TimeoutError` when that is
        not known in `timeout` seconds.

        >>> import flowbook; from flowbook import Flow
        >>> flow = Flow("open end")
        >>> with flow.map("each", [1, 2]):
        ...     @flow.node
        ...     def double(item):
        ...         return item * 2
        >>> run = flow.start()
        >>> try:
        ...     run.add_items("each", [3])
        ... except flowbook.UsageError:
        ...     pass  # it was done already
        >>> run.wait()["each"].outputs["each_values"][:2]
        [2, 4]
        """
        told = self._performance.offers.make(container, listed(container, items))
        told.result(timeout)

    def signal(self, name: str, payload: Any = None) -> None:
        """Send a signal to a node of this run that waits for it, or will; returns at once.

        Until a node takes it, it is in the memory of this process only; `Project.signal` keeps it
        on disk, and reaches runs of other processes. `payload` is plain JSON; `UsageError` if not.
        """
        told = plain_json("the payload of a signal", payload)
        letter = Letter(uuid4().hex, name, told, _nothing, self._performance.now())
        self._performance.deliver(letter)

    def deliver(self, letter: Letter) -> None:
        """The same of a signal that is kept elsewhere until it is taken."""
        self._performance.deliver(letter)

    def let_go(self) -> None:
        """Leave a suspended run to whoever takes it up next; returns at once.

        Whoever waits for it here gets a `RunError`. A run that is not suspended just goes on.
        """
        self._performance.let_go()

    def end_here(self, reason: str) -> None:
        """Let go of the run if it is suspended, else cancel it; returns at once."""
        self._performance.let_go(
            CancelAsked(at=self._performance.now(), reason=self._performance.told(reason))
        )


def _nothing() -> None:
    """Nobody keeps it, so nobody has to drop it."""
