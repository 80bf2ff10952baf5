"""`Desk`: one flow as its views see it: its definition, its problems, its layout, its runs.

A view is a projection that can be rebuilt at any time. It reads here, and what it wants it asks
for here, as an `Edit` or a start; it holds nothing that is not also somewhere else. Positions the
user gave are kept in the project folder beside the history, so they outlive kernel and browser;
a node without one gets its place from the automatic layout.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flowbook.graph.edits import Edit, MoveNodes
from flowbook.graph.flow import Flow
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import NodeId
from flowbook.session.any_desk import AnyDesk
from flowbook.session.any_desk import Office as AnyOffice
from flowbook.session.desk_runs import DeskRuns
from flowbook.session.document_flow import Layout
from flowbook.session.past import Past
from flowbook.session.places import kept_places, layout_file

if TYPE_CHECKING:
    from flowbook.cells.notebook import Cell
    from flowbook.run.handle import Run


class Office(AnyOffice, Protocol):
    """What a desk needs of its project; `flowbook.Project` is one."""

    @property
    def folder(self) -> Path: ...
    @property
    def registry(self) -> Registry: ...
    def cells_of(self, flow: Flow) -> Iterable[Cell]: ...
    def check(self, flow: Flow) -> tuple[Problem, ...]: ...
    def stale_reasons(self, flow: Flow) -> Mapping[NodeId, str]: ...
    def watch(self, callback: Callable[[Flow, Run], None]) -> Callable[[], None]: ...


class Desk(AnyDesk):
    """What a canvas is opened on: one flow of one project."""

    def __init__(self, project: Office, flow: Flow) -> None:
        super().__init__(project, flow)
        self._project = project
        self._flow = flow
        self.runs = DeskRuns(project, flow)
        """What can be done with its runs."""
        self._file = layout_file(project.folder, flow.name)
        self._layout = Layout()

    @property
    def past(self) -> Past:
        """The versions it has had."""
        cells = self._project.cells_of
        return Past(self._project, self, lambda: self._flow, lambda: cells(self._flow))

    def spec(self) -> FlowSpec:
        """The definition as it stands."""
        return self._flow.spec()

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with it."""
        return self._project.check(self._flow)

    def stale(self) -> Mapping[NodeId, str]:
        """Nodes whose last result no longer follows from the definition, and why."""
        return self._project.stale_reasons(self._flow)

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node: the user's, else the automatic layout's."""
        return self._layout.of(self.spec(), self._kept())

    def apply(self, edit: Edit) -> None:
        """Change the flow, as one step of undo; `EditRejected` when it does not apply."""
        self._flow.apply(edit)
        kept = self._kept()
        given = {node.id: node.position for node in self.spec().nodes if node.position is not None}
        if given.items() - kept.items():
            self._keep({**kept, **given})

    def history(self) -> tuple[str | None, str | None]:
        """What undo would take back and what redo would do again, in words."""
        return self._flow.undoable, self._flow.redoable

    def undo(self) -> str | None:
        """Take the last change back and say what it was; None when there was nothing."""
        return self._flow.undo()

    def redo(self) -> str | None:
        """Do again what was undone last and say what it was; None when there was nothing."""
        return self._flow.redo()

    def move(self, positions: Mapping[NodeId, Position]) -> None:
        """Place nodes where the user dropped them; one undo step."""
        self._flow.apply(MoveNodes(dict(positions)))
        self._keep({**self._kept(), **positions})

    def tidy(self) -> None:
        """Forget the user's places: back to the automatic layout; one undo step."""
        self._flow.apply(MoveNodes({node.id: None for node in self.spec().nodes}))
        self._keep({})

    def start(self, params: Mapping[str, Json]) -> Run:
        """Run the whole flow."""
        return self.runs.start(params)

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when the definition changes or a run starts; returns how to stop that."""
        off_flow = self._flow.observe(lambda _spec, _edit: callback())
        off_runs = self._project.watch(
            lambda flow, _run: callback() if flow is self._flow else None
        )

        def stop() -> None:
            off_flow()
            off_runs()

        return stop

    def _kept(self) -> dict[NodeId, Position]:
        return kept_places(self._file)

    def _keep(self, positions: Mapping[NodeId, Position]) -> None:
        places = {name: [place.x, place.y] for name, place in sorted(positions.items())}
        draft = self._file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):  # a read-only project keeps the layout for this kernel
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(places, indent=1), encoding="utf-8")
            draft.replace(self._file)
