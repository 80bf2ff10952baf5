"""The link: what changes a kernel's flow changes the notebook document that JupyterLab has open.

The front end opens a comm of `TARGET` for each open view of a notebook and tells its cells; the
kernel asks for gestures (`flowbook.widget.open_view`). The canvases of a view ride on the same
comm: a cell that changed is told before a canvas asks, so that an edit is of the newest text.

A kernel without this target would complain in its log of a front end that knocks, and a front end
that does not know us of a comm that opens by itself. So neither happens: a *beacon*, which is a
registered comm that says nothing, lets a front end see by a `comm_info_request` that we are here.

Messages come on a thread of a subshell while the main one is busy; what is asked comes from any.
One lock is around all of it, and nothing is called under it but what makes patches and the comm.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import CellPatch
from flowbook.session.notebook_link import Hosts, Make, Places
from flowbook.session.rebase import rebased
from flowbook.widget.notebook_protocol import (
    TARGET,
    Cells,
    Changed,
    LinkNotice,
    read_notebook_message,
    write_link_message,
)
from flowbook.widget.open_view import Gesture, View, Wire
from flowbook.widget.protocol import Refused, Unreadable, ViewMessage, write

_OF_CANVASES = frozenset(one.__struct_config__.tag for one in ViewMessage.__args__)


class Link:
    """The notebook as front ends have it open; `session.notebook_link.NotebookLink` says how.

    Where several views are open, gestures of the kernel go to the one that was opened last: views
    of one document share their cells, and a kernel has one notebook. What a canvas asks for goes to
    the view it is of.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._views: dict[str, View] = {}
        self._orphans: deque[Gesture] = deque()
        """What views were asked for that have gone, until the next one opens."""
        self.placed: Callable[[Places], None] = lambda _: None
        self.hosts: Hosts | None = None

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
            return () if view is None else view.notebook().cells

    def apply(self, patches: Sequence[CellPatch], label: str) -> bool:
        """Ask for these changes of `cells`, as one gesture; False when nobody is connected.

        What the user has typed since is kept: a text both changed gets both changes.
        """
        made_for = Notebook.of(self.cells)
        return self.say(label, lambda notebook: rebased(patches, made_for, notebook))

    def say(self, label: str, make: Make) -> bool:
        """Ask for what `make` changes, made again should the notebook have gone on meanwhile."""
        with self._lock:
            view = self._newest()
            return view is not None and view.ask((Gesture(label, make),))

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
            before = [
                key
                for key, view in self._views.items()
                if view.name == said.view or key == wire.comm_id
            ]
        for key in before:  # a page that was loaded again never closed its comm
            self._closed(key)
        with self._lock:
            view = self._views[wire.comm_id] = View(said, wire, self._lock)
            self._adopt()
            places = view.mirror.places()
        self.placed({cell: at for cell, at in places.items() if at is not None})

    def _heard(self, wire: Wire, content: object) -> None:
        with self._lock:
            view = self._views.get(wire.comm_id)
        if view is None:
            return
        if isinstance(content, dict) and content.get("type") in _OF_CANVASES:
            self._shown(view, content)
            return
        try:
            message = read_notebook_message(content)
        except Unreadable as refused:
            wire.send(write_link_message(LinkNotice(str(refused))))
            return
        with self._lock:
            before, rests = view.mirror.places(), view.rests
        view.hear(message)
        if rests and isinstance(message, Changed):  # else it may be older than what was asked for
            now = view.mirror.places()
            self.placed({cell: now[cell] for cell in now if now[cell] != before.get(cell)})

    def _shown(self, view: View, content: object) -> None:
        """A canvas of that view asks for something."""
        hosts = self.hosts
        if hosts is None:
            nothing = Refused("this kernel shows no canvas", "run %load_ext flowbook")
            view.wire.send(write(nothing))
            return
        view.show(content, lambda: hosts(view))

    def _closed(self, key: str) -> None:
        with self._lock:
            view = self._views.pop(key, None)
        if view is None:
            return
        left = view.close()
        with self._lock:
            self._orphans.extend(left)  # the first may be done by now: `make` sees that
            self._adopt()

    # ------------------------------------------------------------ views come and go

    def _newest(self) -> View | None:
        return next(reversed(self._views.values()), None)

    def _adopt(self) -> None:
        view = self._newest()
        if view is not None:
            left = tuple(self._orphans)
            self._orphans.clear()
            view.ask(left)


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
