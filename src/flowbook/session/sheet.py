"""`Sheet`: the cells of an open notebook, with what the front end is asked to change in them.

An edit becomes patches of cells that the front end is asked for, and counts from that moment on:
what is asked for and not yet done is laid over the cells as they were told last. A gesture that
comes too late is made again of the newer cells, or refused with the reason (`session.late`), and
never takes away what was typed.

Locks: `_looking` is around everything that asks the view, and the view calls `make` under its own;
so `make` takes none, and what is asked for is kept in a tuple that is only replaced whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import CellPatch, apply_patches
from flowbook.cells.reading import Reading
from flowbook.cells.source import Parsed
from flowbook.errors import UsageError
from flowbook.graph.edits import Edit
from flowbook.graph.problem import Problem
from flowbook.graph.spec import Position
from flowbook.ids import CellId, FlowId, NodeId
from flowbook.session.any_desk import refuse_locked
from flowbook.session.document_flow import DocumentFlow, Office
from flowbook.session.late import Made, again, made_on
from flowbook.session.notebook_link import OpenNotebook


@dataclass(eq=False, slots=True)
class _Asked:
    """A gesture that the front end is asked for; `sent` once its turn has come."""

    made: Made
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells with all that is asked for, and the flow they hold; the `told`-th look at them."""

    told: int
    notebook: Notebook
    parsed: Parsed


class Sheet:
    """One open notebook, read without executing anything.

    `namespace` are the names that a kernel holds: cells may read them.
    """

    def __init__(
        self, view: OpenNotebook, project: Office, flow: FlowId, namespace: Mapping[str, Any]
    ) -> None:
        self._view = view
        self._registry = project.registry
        self._flow = flow
        self._namespace = namespace
        self._cells = DocumentFlow(project, flow)
        self._late = Reading(project.registry)
        self._looking = threading.RLock()
        self._asked: tuple[_Asked, ...] = ()
        self._seen: Cells | None = None
        self._told = 0
        self._watchers: tuple[Callable[[], None], ...] = ()
        self._stop = view.observe(self._changed)

    def now(self) -> Cells:
        """The cells as they are told, with what is asked for laid over them."""
        with self._looking:
            if self._seen is not None and self._seen.told == self._told:
                return self._seen
            told = self._told
            asked = self._open()  # before the cells: one that is in both is laid over for nothing
            notebook = self._view.notebook()
            parsed = self._read(notebook)
            for one in asked:
                try:
                    patches = again(one.made, notebook, self._read, self._registry)
                except UsageError:
                    continue  # it is in the cells already, or will be told when its turn comes
                notebook = apply_patches(notebook, patches)
                parsed = self._read(notebook)
            self._seen = Cells(told, notebook, parsed)
            return self._seen

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the cells, and with what they mean together."""
        with self._looking:
            return self._cells.problems(self.now().parsed)

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node: its cell's, else the automatic layout's."""
        with self._looking:
            return self._cells.positions(self.now().parsed.spec)

    def loose(self) -> Mapping[str, CellId]:
        """The plain cells that bind names."""
        with self._looking:
            self.now()
            return dict(self._cells.loose)

    @property
    def locked(self) -> str:
        """Why nothing of the notebook may be changed; '' when it may."""
        return self._view.locked

    def ask(self, edit: Edit) -> None:
        """Ask the front end for an edit, as one gesture; `EditRejected` when it does not apply."""
        refuse_locked(edit, self.locked)
        with self._looking:
            state = self.now()
            asked = _Asked(made_on(edit, state.notebook, state.parsed, self._registry))
            if not asked.made.patches:
                return
            self._asked = (*self._asked, asked)
            self._told += 1
            if not self._view.say(edit.label, lambda now: self._made(asked, now)):
                self._asked = tuple(one for one in self._asked if one is not asked)
                raise UsageError(
                    f"{edit.label}: the notebook is no longer open", hint="open it again"
                )
        self._tell()

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when cells change; returns how to stop that."""
        self._watchers = (*self._watchers, callback)

        def stop() -> None:
            self._watchers = tuple(one for one in self._watchers if one is not callback)

        return stop

    def _open(self) -> tuple[_Asked, ...]:
        """What is asked for and not yet done: nothing before the last that was sent."""
        sent = [number for number, one in enumerate(self._asked) if one.sent]
        self._asked = () if self._view.rests else self._asked[sent[-1] if sent else 0 :]
        return self._asked

    def _read(self, notebook: Notebook) -> Parsed:
        return self._cells.read(notebook, self._ambient())

    def _made(self, asked: _Asked, now: Notebook) -> tuple[CellPatch, ...]:
        """What the gesture changes in the cells as they are at its turn; under the view's lock."""
        asked.sent = True

        def read(notebook: Notebook) -> Parsed:
            return self._late.read(notebook, self._flow, ambient=self._ambient())

        return again(asked.made, now, read, self._registry)

    def _ambient(self) -> frozenset[str]:
        return frozenset(name for name in list(self._namespace) if not name.startswith("_"))

    def _changed(self) -> None:
        self._told += 1
        self._tell()

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()
