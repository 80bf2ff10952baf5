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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flowbook.events import TriggerKind
from flowbook.graph.edits import MoveNodes
from flowbook.graph.flow import Flow
from flowbook.graph.layout import arrange
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import NodeId
from flowbook.session.start import Start

if TYPE_CHECKING:
    from flowbook.events.values import ValueRef
    from flowbook.run.handle import Run
    from flowbook.store.preview import Preview
    from flowbook.store.store import Store


class Office(Protocol):
    """What a desk needs of its project; `flowbook.Project` is one."""

    @property
    def folder(self) -> Path: ...
    @property
    def store(self) -> Store: ...
    def check(self, flow: Flow) -> tuple[Problem, ...]: ...
    def stale(self, flow: Flow) -> frozenset[NodeId]: ...
    def last_run(self, flow: Flow) -> Run | None: ...
    def watch(self, callback: Callable[[Flow, Run], None]) -> Callable[[], None]: ...
    def start(self, flow: Flow, params: Mapping[str, Json], how: Start | None = None) -> Run: ...


class Desk:
    """What a canvas is opened on: one flow of one project."""

    def __init__(self, project: Office, flow: Flow) -> None:
        self._project = project
        self._flow = flow
        self._file = _layout_file(project, flow)

    def spec(self) -> FlowSpec:
        """The definition as it stands."""
        return self._flow.spec()

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with it."""
        return self._project.check(self._flow)

    def stale(self) -> frozenset[NodeId]:
        """Nodes whose last result no longer follows from the definition."""
        return self._project.stale(self._flow)

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node: the user's, else the automatic layout's."""
        spec = self.spec()
        kept = self._kept()
        placed = {node.id: node.position for node in spec.nodes if node.position is not None}
        return {**arrange(spec), **kept, **placed}

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
        return self._project.start(self._flow, params, Start(trigger=TriggerKind.CANVAS))

    def current_run(self) -> Run | None:
        """The run this process started last, running or over."""
        return self._project.last_run(self._flow)

    def preview(self, ref: ValueRef) -> Preview | None:
        """What a kept value looks like, without opening it; None when it is gone."""
        return self._project.store.vault.preview(ref)

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
        try:
            places = json.loads(self._file.read_text(encoding="utf-8"))
            return {NodeId(name): Position(float(x), float(y)) for name, (x, y) in places.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # a layout is a convenience: lost or damaged, the automatic one stands in

    def _keep(self, positions: Mapping[NodeId, Position]) -> None:
        places = {name: [place.x, place.y] for name, place in sorted(positions.items())}
        draft = self._file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):  # a read-only project keeps the layout for this kernel
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(places, indent=1), encoding="utf-8")
            draft.replace(self._file)


def _layout_file(project: Office, flow: Flow) -> Path:
    return project.folder / "layouts" / f"{flow.name}.json"
