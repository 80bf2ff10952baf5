"""The link: what changes a kernel's flow changes the notebook document that JupyterLab has open.

The front end opens a comm of `TARGET` for each open view of a notebook and tells its cells; the
kernel asks for gestures, one at a time, each of which is all of its patches or none. A gesture is
kept as what *makes* patches, so that one which comes too late for a cell is made again from the
newer text, once; what cannot be said then is told the user, and nothing was lost.

A kernel without this target would complain in its log of a front end that knocks, and a front end
that does not know us of a comm that opens by itself. So neither happens: a *beacon*, which is a
registered comm that says nothing, lets a front end see by a `comm_info_request` that we are here.

Messages come on a thread of a subshell while the main one is busy; what is asked comes from any.
One lock is around all of it, and nothing is called under it but what makes patches and the comm.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import CellPatch, SetMetadata
from flowbook.errors import UsageError
from flowbook.session.notebook_link import Make, Places
from flowbook.session.rebase import rebased
from flowbook.widget.mirror import Mirror
from flowbook.widget.notebook_protocol import (
    TARGET,
    Cells,
    Changed,
    LinkMessage,
    LinkNotice,
    NotebookMessage,
    Patch,
    RefusedPatch,
    read_notebook_message,
    write_link_message,
)
from flowbook.widget.protocol import Unreadable


class Wire(Protocol):
    """What a link needs of a comm."""

    comm_id: str

    def send(self, data: dict[str, Any]) -> None: ...
    def on_msg(self, callback: Any) -> None: ...
    def on_close(self, callback: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class _Gesture:
    label: str
    make: Make
    last: bool = False
    """It has been refused once."""


@dataclass(slots=True)
class _View:
    """One open view of a notebook, and the gesture it has been asked for."""

    name: str
    wire: Wire
    mirror: Mirror
    asked: tuple[int, _Gesture] | None = None


class Link:
    """The notebook as front ends have it open; `session.notebook_link.NotebookLink` says how.

    Where several views are open, gestures go to the one that was opened last: views of one
    document share their cells, and a kernel has one notebook.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._views: dict[str, _View] = {}
        self._waiting: deque[_Gesture] = deque()
        self._rids = itertools.count(1)
        self.placed: Callable[[Places], None] = lambda _: None

    # ------------------------------------------------------------ what the kernel asks

    @property
    def connected(self) -> bool:
        """Whether any front end shows the notebook now."""
        return bool(self._views)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells as they stand, in order; none without a front end."""
        with self._lock:
            view = self._newest()
            return () if view is None else view.mirror.notebook().cells

    def apply(self, patches: Sequence[CellPatch], label: str) -> bool:
        """Ask for these changes of `cells`, as one gesture; False when nobody is connected.

        What the user has typed since is kept: a text both changed gets both changes.
        """
        made_for = Notebook.of(self.cells)
        return self.say(label, lambda notebook: rebased(patches, made_for, notebook))

    def say(self, label: str, make: Make) -> bool:
        """Ask for what `make` changes, made again should the notebook have gone on meanwhile."""
        with self._lock:
            if not self._views:
                return False
            self._waiting.append(_Gesture(label, make))
            self._ask()
            return True

    # ------------------------------------------------------------ what the front end says

    def opened(self, wire: Wire, message: dict[str, Any]) -> None:
        """A comm of our target was opened: `CELLS` is in its data."""
        try:
            said = read_notebook_message(message["content"]["data"])
        except Unreadable as refused:
            wire.send(write_link_message(LinkNotice(str(refused))))
            return
        if not isinstance(said, Cells):
            return
        wire.on_msg(lambda told: self._heard(wire, told["content"]["data"]))
        wire.on_close(lambda _: self._closed(wire.comm_id))
        with self._lock:
            before = [key for key, view in self._views.items() if view.name == said.view]
            for key in before:  # a page that was loaded again never closed its comm
                self._closed(key)
            view = self._views[wire.comm_id] = _View(said.view, wire, Mirror(said.cells))
            self._ask()
        self.placed({cell: at for cell, at in view.mirror.places().items() if at is not None})

    def _heard(self, wire: Wire, content: object) -> None:
        try:
            message = read_notebook_message(content)
        except Unreadable as refused:
            wire.send(write_link_message(LinkNotice(str(refused))))
            return
        with self._lock:
            view = self._views.get(wire.comm_id)
            if view is None:
                return
            before, rests = view.mirror.places(), view.asked is None and not self._waiting
            self._act(view, message)
            self._ask()
        if rests and isinstance(message, Changed):  # else it may be older than what was asked for
            now = view.mirror.places()
            self.placed({cell: now[cell] for cell in now if now[cell] != before.get(cell)})

    def _act(self, view: _View, message: NotebookMessage) -> None:
        if isinstance(message, Cells):  # the line was down: what was said meanwhile is lost
            view.mirror = Mirror(message.cells)
            if view.asked is not None:
                self._waiting.appendleft(view.asked[1])
                view.asked = None
            return
        view.mirror.take(message.changes)
        if isinstance(message, Changed) or view.asked is None or view.asked[0] != message.rid:
            return
        (_, gesture), view.asked = view.asked, None
        if isinstance(message, RefusedPatch) and message.stale and not gesture.last:
            self._waiting.appendleft(replace(gesture, last=True))

    def _closed(self, key: str) -> None:
        with self._lock:
            view = self._views.pop(key, None)
            if view is not None and view.asked is not None:
                self._waiting.appendleft(view.asked[1])  # by now it may be done: `make` sees that
            self._ask()

    # ------------------------------------------------------------ gestures, one by one

    def _newest(self) -> _View | None:
        return next(reversed(self._views.values()), None)

    def _ask(self) -> None:
        """Send what waits, unless an answer is still out."""
        view = self._newest()
        while view is not None and view.asked is None and self._waiting:
            gesture = self._waiting.popleft()
            try:
                patches = tuple(gesture.make(view.mirror.notebook()))
            except UsageError as refused:
                self._tell(view, LinkNotice(_untold(gesture, refused.message, refused.hint)))
                continue
            except Exception as failure:  # noqa: BLE001 - whoever edits a flow is not to suffer
                self._tell(view, LinkNotice(_untold(gesture, repr(failure))))
                continue
            if patches:
                view.asked = (next(self._rids), gesture)
                self._tell(view, _patch(view, *view.asked, patches))

    def _tell(self, view: _View, message: LinkMessage) -> None:
        view.wire.send(write_link_message(message))


def _patch(view: _View, rid: int, gesture: _Gesture, patches: Sequence[CellPatch]) -> Patch:
    quiet = all(isinstance(one, SetMetadata) for one in patches)
    wired = tuple(view.mirror.on_the_wire(patches))
    return Patch(rid, gesture.label, wired, quiet, gesture.last)


def _untold(gesture: _Gesture, reason: str, hint: str | None = None) -> str:
    why = reason.removeprefix(
        f"{gesture.label}: "
    )  # an edit that is refused begins with its own label
    return f"{gesture.label} is not in the notebook: {why}{f' ({hint})' if hint else ''}"


class _Beacon:
    """A comm that only is there: `comm_info_request` finds it, and it says and hears nothing."""

    comm_id = TARGET
    target_name = TARGET

    def handle_msg(self, _: object) -> None: ...
    def handle_close(self, _: object) -> None: ...


def open_link(shell: Any) -> Link | None:
    """The link of a shell in a Jupyter kernel; None in any other."""
    comms = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    if comms is None:
        return None
    link = Link()

    def opened(comm: Any, message: dict[str, Any]) -> None:
        if hasattr(comm, "_reply_subshell_for"):  # why: see `flowbook.widget.canvas`
            comm._reply_subshell_for = None  # noqa: SLF001 - there is no public switch
        link.opened(comm, message)

    comms.register_target(TARGET, opened)
    comms.register_comm(_Beacon())
    return link
