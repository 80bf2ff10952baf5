"""`LiveNotebook`: the cells a kernel has run so far, read as a flow by the same pure functions.

Each executed cell replaces its earlier text and the whole set is read anew, exactly as a file
would be: a live flow and the flow `check` sees are one reading, and the order in which cells were
run cannot make them differ. A cell that is refused leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import declared_name, is_flow_cell
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.params import is_parameters
from flowbook.cells.reading import Reading
from flowbook.cells.source import Parsed
from flowbook.errors import InvalidFlow
from flowbook.graph.flow import Flow
from flowbook.graph.nesting import Nesting, container_of, is_container
from flowbook.graph.problem import Problem, errors
from flowbook.graph.roles import Roles
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import CellId, NodeId
from flowbook.session.project import Project


@dataclass(frozen=True, slots=True)
class Defined:
    """What running a cell did: the node it defined (None for setup), and what to tell the user."""

    node: NodeSpec | None
    notes: tuple[str, ...] = ()
    waits: str = ""
    """Why the node is not to run now, if it is not."""


class LiveNotebook:
    """The flow of one kernel's notebook, cell by cell."""

    def __init__(self, project: Project, flow: Flow, namespace: dict[str, Any]) -> None:
        self.project = project
        self.flow = flow
        self.namespace = namespace
        self.cells: dict[CellId, Cell] = {}
        self.parameters: set[CellId] = set()
        self.reading = Reading(project.registry)
        project.attach(flow, namespace)

    def define(self, cell_id: CellId, source: str) -> Defined:
        """Take a `%%flow` cell in; `InvalidFlow` with its problems when it is refused."""
        cell = Cell.code(cell_id, source)
        names = {node.place.cell: node.id for node in self.flow.spec().nodes if node.place}
        candidate = {**self.cells, cell_id: cell}
        parsed = self._read(candidate)
        notes: list[str] = []
        clash = _twin(names, cell_id, source)
        if clash is not None:
            del candidate[clash]
            parsed = self._read(candidate)
            notes.append(f"{names[clash]} was written in another cell; this cell has it now")
        _refuse(parsed.problems, cell_id)
        node = next((n for n in parsed.spec.nodes if n.place and n.place.cell == cell_id), None)
        before = names.get(cell_id)
        if node is not None and before is not None and before != node.id:
            notes.append(f"{before} is now called {node.id}")
        self.cells = candidate
        self.flow.replace_spec(parsed.spec)
        waits = "" if node is None else _waiting(parsed.spec, node)
        return Defined(node, tuple(notes), waits)

    def notice(self, cell_id: CellId, source: str) -> None:
        """Take any other code cell in: it may bind names nodes read, or the flow's parameters."""
        if is_flow_cell(source):
            return
        cell = Cell.code(cell_id, source)
        before = self.cells.get(cell_id)
        if cell == before:
            return
        self.cells[cell_id] = cell
        speaks = any(_options(one.source) for one in (before, cell) if one is not None)
        if is_parameters(source):
            self.parameters.add(cell_id)
        else:
            self.parameters.discard(cell_id)
        if self.flow.spec().nodes or cell_id in self.parameters or speaks:
            self.flow.replace_spec(self._read(self.cells).spec)

    def say(self, cell_id: CellId, source: str) -> tuple[str, ...]:
        """Take a cell with `%flow options` in; what to tell the user.

        An older cell of nothing but such lines goes when this one says the same options anew, as
        a node does that is written in another cell. `InvalidFlow` when the cell is refused.
        """
        said = _options(source)
        clash = [
            cell
            for cell, one in self.cells.items()
            if cell != cell_id
            and said.intersection(_options(one.source))
            and not split_options(one.source)[0].strip()
        ]
        kept = {cell: one for cell, one in self.cells.items() if cell not in clash}
        parsed = self._read({**kept, cell_id: Cell.code(cell_id, source)})
        _refuse(parsed.problems, cell_id, "this cell does not set the flow's options")
        self.cells = kept
        self.notice(cell_id, source)
        return ("these options were set in another cell; this cell sets them now",) * bool(clash)

    def forget(self, cells: Collection[CellId]) -> None:
        """Drop cells the user deleted, and with them their nodes."""
        gone = [cell for cell in cells if cell in self.cells]
        for cell in gone:
            del self.cells[cell]
        if gone:
            self.flow.replace_spec(self._read(self.cells).spec)

    def remove(self, node: NodeId) -> None:
        """Drop one node's cell from the flow; the notebook's cell itself stays."""
        place = self.flow.spec().node(node).place
        if place is not None:
            self.forget([place.cell])

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the flow as read so far."""
        return self._read(self.cells).problems

    def _read(self, cells: dict[CellId, Cell]) -> Parsed:
        ambient = frozenset(name for name in self.namespace if not name.startswith("_"))
        notebook = Notebook.of(tuple(cells.values()))
        return self.reading.read(
            notebook,
            self.flow.spec().id,
            ambient=ambient,
            parameters=self.parameters,
        )


def _waiting(spec: FlowSpec, node: NodeSpec) -> str:
    """Why running its cell does not run a node: one inside of a container does not run alone.

    Running the container for each of them would do the effects of those before once more. And what
    undoes or tears down runs when something else is over.
    """
    roles = Roles(spec)
    undone = roles.undone_by(node.id)
    if undone is not None:
        return f"{node.id} undoes {undone.id}: it runs when a run fails behind that"
    if roles.stands_by(node):
        return f"{node.id} tears down: it runs at the end of every run"
    nesting = Nesting(spec)
    home = nesting.home(node.id)
    if home:
        (*_, outermost) = (container_of(one) for one in nesting.around(home) if one)
        return f"{node.id} is in {home}: %flow run {outermost} runs it"
    if is_container(node) and node.id not in nesting.members:
        return f"{node.id} has nothing inside yet: put #| in: {node.id} into the cells of its nodes"
    return ""


def _twin(names: dict[CellId, NodeId], cell_id: CellId, source: str) -> CellId | None:
    """The older cell that holds a node of the name this cell now declares."""
    wanted = declared_name(source)
    return next((cell for cell, name in names.items() if name == wanted and cell != cell_id), None)


def _options(source: str) -> frozenset[str]:
    """The flow options a cell sets."""
    return frozenset(name for line in split_options(source)[1] for name in line.given)


def _refuse(
    problems: tuple[Problem, ...],
    cell_id: CellId,
    message: str = "this cell does not define a node",
) -> None:
    """Raise what is wrong in this very cell; the rest of the notebook is not its fault."""
    own = tuple(problem for problem in errors(problems) if problem.cell == cell_id)
    if own:
        raise InvalidFlow(message, problems=own)
