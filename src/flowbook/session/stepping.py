"""A run that is let go node by node, as the cells of a notebook want it: still one run.

It begins paused. A node is let go with all that is inside of it and with what it still needs, and
what its cell waits for is its end. Several nodes that are ready stay held meanwhile: a notebook
executes one cell after the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from flowbook.ids import NodeId
from flowbook.run.handle import Run
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.session.progress import Board, Feed

_TICK = 0.1


@dataclass(slots=True)
class Stepping:
    """One paused run; `write` is told a line of everything that happens while a step is waited for.

    Ctrl-C while one is waited for cancels the run and is raised again.
    """

    run: Run
    write: Callable[[str], object]
    _board: Board = field(default_factory=Board)
    _feed: Feed = field(init=False)
    _news: threading.Event = field(default_factory=threading.Event)
    _asked: set[int] = field(default_factory=set)
    """The slots that were let go since it was quiet last: of many items each is asked for once."""

    def __post_init__(self) -> None:
        self._feed = Feed(self.run)
        self.run.subscribe(lambda _: self._news.set())

    def go(self, node: NodeId, needed: Collection[NodeId] = ()) -> None:
        """Let `node` go, and `needed` before it where they did not run yet; blocks until it ended.

        A run that cannot succeed any more is not held either: what is left of it ends as it would
        have, and that is waited for.
        """
        names = {node, *needed}
        self._wait(lambda: self._settled(node), lambda: self._begin(names))
        if not self.run.status.over and self._spoiled():
            self.finish()

    def finish(self) -> None:
        """Hold nothing any longer, and wait for the end of the run."""
        self.run.resume()
        self._wait(lambda: False)

    def _wait(self, enough: Callable[[], bool], ask: Callable[[], None] = lambda: None) -> None:
        with self.run.interruptible():
            while True:
                self._news.clear()
                done = self.run.settled(0.0) or enough()
                for line in self._feed.lines(self._board, time.time()):
                    self.write(f"{line}\n")
                if done:
                    return
                ask()
                if not self._news.wait(_TICK):
                    self._asked.clear()

    def _begin(self, names: Collection[NodeId]) -> None:
        """Let everything go that is held and belongs to these nodes."""
        state = self.run.live_state
        for i in held(state, names):
            if i not in self._asked:
                self._asked.add(i)
                self.run.step(state.key(i))

    def _settled(self, node: NodeId) -> bool:
        state = self.run.live_state
        slot = state.index.get(node)
        return slot is not None and state.outcome[slot] is not None

    def _spoiled(self) -> bool:
        """True once a node failed whose failure is that of the run."""
        state = self.run.live_state
        return bool(state.scopes) and state.scopes[0].failed >= 0


def held(state: RunState, names: Collection[NodeId]) -> Iterator[int]:
    """The slots of these nodes of the flow itself, and of all inside of them, that are held."""
    for i, phase in enumerate(list(state.phase)):
        if phase is Phase.HELD and state.names[_outermost(state, i)] in names:
            yield i


def _outermost(state: RunState, slot: int) -> int:
    while state.scope[slot]:
        slot = state.scopes[state.scope[slot]].owner
    return slot
