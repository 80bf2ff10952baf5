"""`LiveNotebook`: the cells a kernel has run so far, read as a flow by the same pure functions.

Each executed cell replaces its earlier text and the whole set is read anew, exactly as a file
would be: a live flow and the flow `check` sees are one reading, and the order in which cells were
run cannot make them differ. A cell that is refused leaves everything as it was.

A node is its name; the front end's cell id says whether it is renamed, copied or moved. Edits from
elsewhere, such as the canvas, change the texts that are held here, so that the next cell that is
run does not undo them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import RLock
from typing import Any

from flowbook.cells.analyse import analyse_plain
from flowbook.cells.flow_line import split_options
from flowbook.cells.header import declared_name, is_flow_cell
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.params import TAG, is_parameters
from flowbook.cells.patches import CellPatch
from flowbook.cells.reading import Reading
from flowbook.cells.source import Parsed
from flowbook.errors import FlowbookError, InvalidFlow
from flowbook.graph.edits import AddNode, Edit, MoveNodes, RenameNode, ReplaceNode, Several
from flowbook.graph.flow import Flow
from flowbook.graph.nesting import Nesting, container_of, is_container
from flowbook.graph.problem import Problem, errors
from flowbook.graph.roles import Roles
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import CellId, NodeId
from flowbook.session.captured import captured_of
from flowbook.session.copied import copied, free_name
from flowbook.session.feeding import Cells, Feeding, changes
from flowbook.session.project import Project

_named = lru_cache(maxsize=4096)(declared_name)
"""The name a cell declares; asked of every cell each time one is run."""


@dataclass(frozen=True, slots=True)
class Defined:
    """What running a cell did: the node it defined (None for setup), and what to tell the user.

    `patches`: other cells that were read as if they said so, and should. `source`: what the cell
    itself should say, if that is something else.
    """

    node: NodeSpec | None
    notes: tuple[str, ...] = ()
    waits: str = ""
    """Why the node is not to run now, if it is not."""
    patches: tuple[CellPatch, ...] = ()
    source: str = ""


@dataclass(slots=True)
class _Draft:
    """A cell on its way in: the cells with it, and what there is to say."""

    cells: Cells
    source: str
    notes: list[str]
    renamed: tuple[NodeId, NodeId] | None = None
    copy: bool = False


class LiveNotebook:
    """The flow of one kernel's notebook, cell by cell."""

    def __init__(self, project: Project, flow: Flow, namespace: dict[str, Any]) -> None:
        self.project = project
        self.flow = flow
        self.namespace = namespace
        self.cells: Cells = {}
        self.reading = Reading(project.registry)
        self._gone: Cells = {}
        """Cells that were deleted: one that comes back is where it was."""
        self.unwritten: set[CellId] = set()
        """Cells of nodes that were made elsewhere, until a cell of the notebook says them."""
        self.watchers: list[Callable[[Edit], None]] = []
        """Called with each edit of the flow that changed the cells held here."""
        self.document: Callable[[CellId], Cell | None] = lambda _: None
        """A cell as the notebook document has it, with its tags and its place."""
        self._lock = RLock()
        project.attach(flow, namespace)
        flow.observe(self._edited)

    def define(self, cell_id: CellId, source: str, *, known_by_id: bool = True) -> Defined:
        """Take a `%%flow` cell in; `InvalidFlow` with its problems when it is refused.

        `known_by_id`: the id is the front end's own, and not made of the cell's name.
        """
        with self._lock:
            before = self.flow.spec()
            draft = self._drafted(before, cell_id, source, known_by_id=known_by_id)
            parsed = self._read(draft.cells)
            _refuse(parsed.problems, cell_id)
            texts = draft.cells
            if draft.renamed or draft.copy:
                draft.cells = self._fed(before, draft, cell_id)
                parsed = self._read(draft.cells)
            self._take(draft.cells, parsed)
            if draft.renamed is not None:
                self.project.live.of(self.flow).memory.renamed(*draft.renamed)
            node = next((n for n in parsed.spec.nodes if n.place and n.place.cell == cell_id), None)
        if node is not None:
            taken = captured_of(node, parsed.spec, self.namespace, self.reading.loose)
            draft.notes += [
                f"captured name {n!r} {one.risk}" for n, one in taken.items() if one.risk
            ]
        return Defined(
            node,
            tuple(draft.notes),
            "" if node is None else _waiting(parsed.spec, node),
            changes(texts, draft.cells),
            draft.source if draft.source != source else "",
        )

    def _drafted(
        self, before: FlowSpec, cell_id: CellId, source: str, *, known_by_id: bool
    ) -> _Draft:
        """The cells with this one, and whether its node is renamed, copied or taken over."""
        names = {c: name for c, one in self.cells.items() if (name := _named(one.source))}
        own, wanted = names.get(cell_id), _named(source)
        twin = next((c for c, name in names.items() if name == wanted and c != cell_id), None)
        draft = _Draft(dict(self.cells), source, [])
        known = self.cells.get(cell_id) or self._came_back(cell_id, wanted)
        if twin is not None and twin in self.unwritten:
            known = known or draft.cells.pop(twin)
        elif twin is not None and known_by_id and wanted is not None:
            new = self._free(before, wanted, own)
            draft.source, draft.copy = copied(source, wanted, new), True
            draft.notes.append(f"{wanted} is the node of another cell; this one is called {new}")
        elif twin is not None:
            del draft.cells[twin]
            draft.notes.append(f"{wanted} was written in another cell; this cell has it now")
        elif own is not None and wanted is not None and own != wanted:
            draft.renamed = own, wanted
            draft.notes.append(f"{own} is now called {wanted}")
        elif not known_by_id and own is not None and self.cells[cell_id].source != source:
            draft.notes.append(f"{own} was written in another cell; this cell has it now")
        cell = known or self.document(cell_id) or Cell.code(cell_id, draft.source)
        draft.cells[cell_id] = replace(cell, id=cell_id, source=draft.source)
        return draft

    def _came_back(self, cell_id: CellId, name: NodeId | None) -> Cell | None:
        """The cell as it was when it was deleted: it is back, or cut and pasted elsewhere."""
        moved = (one for one in self._gone.values() if name and _named(one.source) == name)
        return self._gone.get(cell_id) or next(moved, None)

    def _free(self, spec: FlowSpec, wanted: NodeId, own: NodeId | None) -> NodeId:
        """A name for a copy of `wanted`; the one it has if it was such a copy before."""
        taken = {*map(str, spec.by_id), *(param.name for param in spec.params)}
        taken |= {str(port) for node in spec.nodes for port in node.outputs}
        if own is not None:
            taken -= {str(own), *map(str, spec.by_id[own].outputs)}
        return free_name(wanted, taken)

    def _fed(self, before: FlowSpec, draft: _Draft, cell_id: CellId) -> Cells:
        """The drafted cells, with everything fed that was fed before."""
        feeding = self._feeding()
        cells, names = draft.cells, {}
        edges = resolve(before).edges
        if draft.renamed is not None:
            old, new = draft.renamed
            names = {old: new}
            edges = tuple(edge for edge in edges if edge.source == old)
            followed = feeding.followed(dict(self.cells), before, old, new)
            cells = {**cells, **{c: one for c, one in followed.items() if c != cell_id}}
        own = {node.id for node in before.nodes if node.place and node.place.cell == cell_id}
        return feeding.fed(cells, (one for one in edges if one.target not in own), names)

    def adopt(self, cells: Cells) -> None:
        """Hold these cells instead of those that ran; `InvalidFlow`, and nothing has changed."""
        with self._lock:
            was = {cell: _named(one.source) for cell, one in self.cells.items()}
            now = {cell: _named(one.source) for cell, one in cells.items()}
            parsed = self._read(cells)
            if wrong := errors(parsed.problems):
                self._read(self.cells)
                raise InvalidFlow("the cells do not hold a flow that can run", problems=wrong)
            self._take(dict(cells), parsed)
            memory = self.project.live.of(self.flow).memory
            for cell in was.keys() & now.keys():
                old, new = was[cell], now[cell]
                if old and new and old not in now.values() and new not in was.values():
                    memory.renamed(old, new)

    def rename(self, old: str, new: str) -> tuple[CellPatch, ...]:
        """Give a node another name, and everything it fed stays fed; the cells that change.

        Raises `EditRejected` when there is no such node, or when the name is taken or none of a
        node's.
        """
        was, now = NodeId(old), NodeId(new)
        with self._lock:
            cells = self._feeding().edited(self.cells, RenameNode(was, now))
            patches = changes(self.cells, cells)
            self._take(cells, self._read(cells))
            self.project.live.of(self.flow).memory.renamed(was, now)
        return patches

    def notice(self, cell_id: CellId, source: str) -> None:
        """Take any other code cell in: it may bind names nodes read, or the flow's parameters."""
        if is_flow_cell(source):
            return
        tags = {"tags": [TAG]} if is_parameters(source) else None
        cell = Cell.code(cell_id, source, tags)
        with self._lock:
            before = self.cells.get(cell_id)
            if cell == before:
                return
            self.cells[cell_id] = cell
            both = [one for one in (before, cell) if one is not None]
            speaks = any(_options(one.source) or TAG in one.tags for one in both)
            if self.flow.spec().nodes or speaks:
                self._take(self.cells, self._read(self.cells))

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
        with self._lock:
            gone = [cell for cell in cells if cell in self.cells]
            if gone:
                self._gone.update({cell: self.cells[cell] for cell in gone})
                kept = {c: one for c, one in self.cells.items() if c not in gone}
                self._take(kept, self._read(kept))

    def remove(self, node: NodeId) -> None:
        """Drop one node's cell from the flow; the notebook's cell itself stays."""
        place = self.flow.spec().node(node).place
        if place is not None:
            self.forget([place.cell])

    def concerns(self, source: str) -> bool:
        """True for a plain cell that may change what a node takes from the kernel."""
        if is_parameters(source):
            return True
        bound = analyse_plain(source)
        captures = {name for node in self.flow.spec().nodes for name in node.captures}
        return bound is not None and not captures.isdisjoint(bound.known)

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the flow as read so far."""
        return self._read(self.cells).problems

    def _take(self, cells: Cells, parsed: Parsed) -> None:
        """Hold these cells, and give the flow what they say if that is something new."""
        self._hold(cells)
        self.unwritten &= cells.keys()
        names = {_named(cell.source) for cell in cells.values()}
        self._gone = {
            cell: one
            for cell, one in self._gone.items()
            if cell not in cells and _named(one.source) not in names
        }
        if parsed.spec != self.flow.spec():
            self.flow.replace_spec(parsed.spec)

    def _hold(self, cells: Cells) -> None:
        """These are the cells now; whoever writes the flow to a file finds them there."""
        self.cells = self.project.live.of(self.flow).cells = cells

    def _edited(self, _spec: FlowSpec, edit: Edit | None) -> None:
        """Somebody edited the flow: have the cells say so, as far as cells can."""
        if edit is None or self._is_code(edit):
            return
        with self._lock:
            said = _of_cells(edit, {_named(cell.source) for cell in self.cells.values()})
            try:
                cells = self._feeding().edited(self.cells, said)
            except FlowbookError:
                return  # of nodes that are no cell's
            if cells == self.cells:
                return
            self.unwritten |= cells.keys() - self.cells.keys()
            self._hold(cells)
        for watcher in self.watchers:
            watcher(said)

    def _is_code(self, edit: Edit) -> bool:
        """True of a function that was decorated, or defined anew: its cell says so itself."""
        if not isinstance(edit, AddNode | ReplaceNode):
            return False
        return edit.node.id in self.flow.implementations

    def _feeding(self) -> Feeding:
        return Feeding(self._read, self.project.registry)

    def _read(self, cells: Cells) -> Parsed:
        notebook = Notebook.of(tuple(cells.values()))
        ambient = frozenset(name for name in list(self.namespace) if not name.startswith("_"))
        parsed = self.reading.read(notebook, self.flow.spec().id, ambient=ambient)
        self.project.live.of(self.flow).loose = self.reading.loose
        return parsed


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


def _of_cells(edit: Edit, held: Collection[NodeId | None]) -> Edit:
    """The edit, without places of nodes that are in no cell."""
    if isinstance(edit, MoveNodes):
        return MoveNodes({node: at for node, at in edit.positions.items() if node in held})
    if isinstance(edit, Several):
        return Several(tuple(_of_cells(one, held) for one in edit.edits), edit.name)
    return edit


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
