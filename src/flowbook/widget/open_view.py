"""One open view of a notebook: its cells, the gestures it is asked for, and its canvases.

A gesture is kept as what *makes* patches, so that one which comes too late for a cell is made again
from the newer text, once; what cannot be said then is told the user, and nothing was lost. Gestures
go one at a time, each of which is all of its patches or none.

Canvases share one `Publisher`, made when the first of them asks and closed behind the last: what it
says goes to all of them.

A view is told of by threads of subshells and asked by any. The lock that it is given is around all
that it holds; nothing is called under it but what makes patches and the comm.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import CellPatch, SetMetadata
from flowbook.errors import UsageError
from flowbook.session.notebook_link import Make, Stop
from flowbook.widget.host import CanvasHost
from flowbook.widget.mirror import Mirror
from flowbook.widget.notebook_protocol import (
    CanvasClosed,
    Cells,
    Changed,
    LinkMessage,
    LinkNotice,
    NotebookMessage,
    Patch,
    RefusedPatch,
    write_link_message,
)
from flowbook.widget.publisher import Publisher


class Wire(Protocol):
    """What a link needs of a comm."""

    comm_id: str

    def send(self, data: dict[str, Any]) -> None: ...
    def on_msg(self, callback: Any) -> None: ...
    def on_close(self, callback: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something that was asked of a notebook.

    `rid` is its number for as long as it is asked for, 0 before. `last`: it has been refused once.
    `of_canvas`: a canvas of the notebook asked for it, whose undo is the notebook's own.
    """

    label: str
    make: Make
    last: bool = False
    of_canvas: bool = False
    rid: int = 0


_rids = itertools.count(1 + secrets.randbelow(1 << 40))
"""A page remembers by these numbers what it did for several kernels: no two share any."""


class View:
    """`session.notebook_link.OpenNotebook` says what it is for."""

    def __init__(self, said: Cells, wire: Wire, lock: threading.RLock) -> None:
        self.name, self.path = said.view, said.path
        self.locked = said.locked
        """Why nothing of it may be changed; '' when it may."""
        self.wire = wire
        self.mirror = Mirror(said.cells)
        self._lock = lock
        self._asked: Gesture | None = None
        self._waiting: deque[Gesture] = deque()
        self._watchers: list[Callable[[], None]] = []
        self._publisher: Publisher | None = None
        self._closed = False

    # ------------------------------------------------------------ its cells

    def notebook(self) -> Notebook:
        """All cells as they stand, in order, run or not."""
        with self._lock:
            return self.mirror.notebook()

    def observe(self, callback: Callable[[], None]) -> Stop:
        """Call back when cells have changed, whoever changed them; returns how to stop that."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def hear(self, message: NotebookMessage) -> None:
        """Take what the front end says of its cells."""
        if isinstance(message, CanvasClosed):
            self._leave_canvases()
            return
        with self._lock:
            self._take(message)
            self._ask()
        for callback in list(self._watchers):
            callback()

    def _take(self, message: NotebookMessage) -> None:
        if isinstance(message, CanvasClosed):
            return
        if isinstance(message, Cells):  # the line was down: what was said meanwhile is lost
            self.mirror, self.path = Mirror(message.cells), message.path
            self.locked = message.locked
            if self._asked is not None and self._asked.rid not in message.done:
                self._waiting.appendleft(self._asked)
            self._asked = None
            return
        self.mirror.take(message.changes)
        if isinstance(message, Changed) or self._asked is None or self._asked.rid != message.rid:
            return
        gesture, self._asked = self._asked, None
        if isinstance(message, RefusedPatch) and message.stale and not gesture.last:
            self._waiting.appendleft(replace(gesture, last=True))

    # ------------------------------------------------------------ gestures, one by one

    @property
    def rests(self) -> bool:
        """Whether nothing is asked of it; else what it says may be older than that."""
        return self._asked is None and not self._waiting

    def say(self, label: str, make: Make) -> bool:
        """Ask for what `make` changes here; False when the view is no longer open."""
        with self._lock:
            return self.ask((Gesture(label, make, of_canvas=True),))

    def ask(self, gestures: Iterable[Gesture]) -> bool:
        """Ask for these, one after the other; False when the view is no longer open."""
        if self._closed:
            return False
        self._waiting.extend(gestures)
        self._ask()
        return True

    def _ask(self) -> None:
        """Send what waits, unless an answer is still out."""
        while self._asked is None and self._waiting:
            gesture = self._waiting.popleft()
            try:
                patches = tuple(gesture.make(self.mirror.notebook()))
            except UsageError as refused:
                self._tell(LinkNotice(_untold(gesture, refused.message, refused.hint)))
                continue
            except Exception as failure:  # noqa: BLE001 - whoever edits a flow is not to suffer
                self._tell(LinkNotice(_untold(gesture, repr(failure))))
                continue
            if patches:
                self._asked = replace(gesture, rid=gesture.rid or next(_rids))
                self._tell(self._patch(self._asked, patches))

    def _patch(self, gesture: Gesture, patches: Sequence[CellPatch]) -> Patch:
        quiet = not gesture.of_canvas and all(isinstance(one, SetMetadata) for one in patches)
        wired = tuple(self.mirror.on_the_wire(patches))
        return Patch(gesture.rid, gesture.label, wired, quiet, gesture.last)

    def _tell(self, message: LinkMessage) -> None:
        self.wire.send(write_link_message(message))

    # ------------------------------------------------------------ canvases

    def show(self, content: object, host: Callable[[], CanvasHost]) -> None:
        """Take what a canvas of this view asks; `host` makes what all of them are on."""
        with self._lock:
            if self._closed:
                return
            if self._publisher is None:
                self._publisher = Publisher(host(), self.wire.send)
            publisher = self._publisher
        publisher.receive(content)

    def _leave_canvases(self) -> None:
        with self._lock:
            publisher, self._publisher = self._publisher, None
        if publisher is not None:
            publisher.close()

    def close(self) -> tuple[Gesture, ...]:
        """Let go of it; what it has been asked for and may not have done.

        What a canvas asked for goes with it: the next view may be another page's.
        """
        with self._lock:
            asked = () if self._asked is None else (self._asked,)
            left = tuple(one for one in (*asked, *self._waiting) if not one.of_canvas)
            self._closed, self._asked = True, None
            self._waiting.clear()
        self._leave_canvases()
        return left


def _untold(gesture: Gesture, reason: str, hint: str | None = None) -> str:
    why = reason.removeprefix(
        f"{gesture.label}: "
    )  # an edit that is refused begins with its own label
    return f"{gesture.label} is not in the notebook: {why}{f' ({hint})' if hint else ''}"
