"""A notebook's cells as the flow that its views see: definition, problems, places.

Nothing is executed: cells say what they say, run or not. Each reading costs what has changed since
the one before, and what follows from a definition is worked out once for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.cells.notebook import Notebook
from flowbook.cells.reading import Reading
from flowbook.cells.source import Parsed
from flowbook.graph.flow import Flow
from flowbook.graph.nested_layout import arrange
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import CellId, FlowId, NodeId
from flowbook.plan.check import check

if TYPE_CHECKING:
    from flowbook.session.calls import Calls


class Office(Protocol):
    """What reading a document needs of its project; `flowbook.Project` is one."""

    @property
    def registry(self) -> Registry: ...
    @property
    def calls(self) -> Calls: ...


class DocumentFlow:
    """One notebook read again and again, each time as it then is."""

    def __init__(self, project: Office, flow: FlowId) -> None:
        self._project = project
        self._name = flow
        self._reading = Reading(project.registry)
        self._checked: tuple[Parsed, tuple[Problem, ...]] | None = None
        self._layout = Layout()

    @property
    def loose(self) -> Mapping[str, CellId]:
        """The plain cells that bind names, as the last reading has them."""
        return self._reading.loose

    def read(self, notebook: Notebook, ambient: Collection[str] = ()) -> Parsed:
        """The flow as the cells say it; `ambient` are names that a kernel holds."""
        return self._reading.read(notebook, self._name, ambient=ambient)

    def problems(self, parsed: Parsed) -> tuple[Problem, ...]:
        """Everything wrong with the cells and with what they mean together, each once."""
        if self._checked is None or self._checked[0] is not parsed:
            found = (*parsed.problems, *self._meant(parsed.spec))
            told = {(one.message, one.cell, one.line, one.node): one for one in reversed(found)}
            self._checked = parsed, tuple(reversed(told.values()))
        return self._checked[1]

    def _meant(self, spec: FlowSpec) -> tuple[Problem, ...]:
        found = check(spec, self._project.registry)
        if any(node.kind_name == "call" for node in spec.nodes):
            found += self._project.calls.problems(as_flow(spec, self._project))
        return found

    def positions(self, spec: FlowSpec) -> Mapping[NodeId, Position]:
        """A place for every node: that of its cell, else the automatic layout's."""
        return self._layout.of(spec)


class Layout:
    """The automatic layout of a flow, laid out again when its shape changes and only then."""

    def __init__(self) -> None:
        self._shape: object = None
        self._places: Mapping[NodeId, Position] = {}

    def of(
        self, spec: FlowSpec, kept: Mapping[NodeId, Position] | None = None
    ) -> Mapping[NodeId, Position]:
        """A place for every node: its own, else that which was `kept`, else the layout's."""
        own = {node.id: node.position for node in spec.nodes if node.position is not None}
        placed = {**(kept or {}), **own}
        if all(node.id in placed for node in spec.nodes):
            return placed
        shape = tuple([(one.id, one.options.inside, one.inputs, one.outputs) for one in spec.nodes])
        if self._shape != shape:
            self._shape, self._places = shape, arrange(spec)
        return {**self._places, **placed}


def as_flow(spec: FlowSpec, host: Any) -> Flow:
    """A flow of that definition, which nobody else holds."""
    flow = Flow(spec.id, host=host)
    flow.replace_spec(spec)
    return flow
