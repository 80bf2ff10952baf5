"""`Reading`: a notebook that changes, read anew after each change at the price of the change.

What one cell says by itself is kept while its text stays, wherever it moves. Where cells of nodes
or plain cells have changed, come or gone, only the nodes that mention a name whose meaning may
have changed are resolved again, and those with problems. Any other change, such as another order,
and any notebook in which more than names decides (containers, roles, kinds that are not there,
functions that leave their cell when they are asked for), is resolved as a whole. The result is
that of `source.read`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from flowbook.cells.analyse import analyse_plain
from flowbook.cells.flow_line import split_options
from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.params import TAG
from flowbook.cells.resolve import Draft, Made, asked_as, resolve_draft
from flowbook.cells.source import Parsed, Reader, asked, flow_named, owned
from flowbook.cells.taking import Taken, take_flow_cell
from flowbook.graph.choices import Role
from flowbook.graph.registry import Registry
from flowbook.graph.spec import Place
from flowbook.ids import CellId, FlowId, NodeId

_MOST = 8
"""More changed cells than these are read as a new notebook."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A cell as it was and is: of a node, or a plain one with the names it left and leaves."""

    before: Taken | None = None
    after: Taken | None = None
    names: frozenset[str] = frozenset()
    """Names of plain cells that came or went."""

    @property
    def gone(self) -> Draft | None:
        """The node as the cell said it before."""
        return self.before.draft if self.before else None

    @property
    def come(self) -> Draft | None:
        """The node as the cell says it now."""
        return self.after.draft if self.after else None

    @property
    def renames(self) -> bool:
        """True when a node came, went or took another name."""
        names = {draft.spec.id for draft in self.drafts}
        return len(names) > 1 or len(self.drafts) == 1

    @property
    def drafts(self) -> list[Draft]:
        """The node before and after."""
        return [one for one in (self.gone, self.come) if one]


class Reading:
    """Reads one notebook again and again.

    >>> from flowbook.graph.registry import Registry
    >>> reading = Reading(Registry())
    >>> reading.read(Notebook.of((Cell.code(CellId("a"), "x = 1"),)), FlowId("tour")).spec.nodes
    ()
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.loose: dict[str, CellId] = {}
        """The plain cells that bind names, as the last reading has them."""
        self._cells: tuple[Cell, ...] = ()
        self._kinds = len(registry)
        self._flow: FlowId | None = None
        self._reader: Reader | None = None
        self._known: dict[CellId, Taken] = {}
        self._mentions: dict[str, set[NodeId]] = {}
        self._spare: set[str] = set()

    def read(
        self,
        notebook: Notebook,
        flow_id: FlowId | None = None,
        *,
        ambient: Collection[str] = (),
        parameters: Collection[CellId] = (),
    ) -> Parsed:
        """The flow in `notebook`, as `source.read` has it."""
        flow, names = flow_named(notebook, flow_id), frozenset(ambient)
        if len(self.registry) != self._kinds:  # a kind has come: cells may mean something else
            self._reader, self._known, self._kinds = None, {}, len(self.registry)
        reader = self._reader
        if reader is not None and flow == self._flow and reader.tagged == frozenset(parameters):
            changes = self._changes(reader, notebook.cells)
            if changes is not None:
                order = [cell.id for cell in notebook.cells]
                moved = order != [cell.id for cell in self._cells]
                self._cells = notebook.cells
                self._apply(reader, changes, names, arrange=moved)
                self.loose = reader.loose
                return reader.parsed(flow)
        known = self._known
        kept = {cell.id: known[cell.id] for cell in notebook.cells if cell.id in known}
        reader = Reader(self.registry, names, frozenset(parameters), kept)
        parsed = reader.read(notebook, flow)
        self.loose = reader.loose
        self._cells, self._flow, self._known = notebook.cells, flow, reader.known
        self._reader = reader if self._goes_by_names(reader) else None
        self._mentions = {}
        for draft in reader.drafts.values():
            self._mention(draft)
        self._spare = {name for draft in reader.drafts.values() for name in draft.spare}
        return parsed

    # ------------------------------------------------------------ what has changed

    def _changes(self, reader: Reader, cells: tuple[Cell, ...]) -> list[_Change] | None:
        """The changed cells, if names say all of what follows."""
        was = {cell.id: cell for cell in self._cells}
        now = {cell.id: cell for cell in cells}
        if len(was) < len(self._cells) or len(now) < len(cells):
            return None  # two cells have one id
        if [one for one in was if one in now] != [one for one in now if one in was]:
            return None
        pairs: list[tuple[int, Cell | None, Cell | None]]
        pairs = [(at, was.get(one), now[one]) for at, one in enumerate(now)]
        pairs += [(0, cell, None) for one, cell in was.items() if one not in now]
        changed = [(at, a, b) for at, a, b in pairs if a is not b and a != b]
        if len(changed) > _MOST:
            return None
        found: list[_Change] = []
        for at, before, after in changed:
            change = self._change(reader, at, before, after)
            if change is None:
                return None
            found.append(change)
        return found if self._are_apart(reader, found) and self._stay(reader, cells) else None

    def _change(
        self, reader: Reader, at: int, before: Cell | None, after: Cell | None
    ) -> _Change | None:
        both = [cell for cell in (before, after) if cell is not None]
        if all(_is_plain(reader, cell) for cell in both):
            return _Change(names=_left(before) ^ _left(after))
        if any(not _is_node(cell) for cell in both):
            return None
        known = reader.known.get(before.id) if before else None
        taken = take_flow_cell(after, at, self.registry) if after else None
        if before is not None and known is None:
            return None
        simple = all(self._is_simple(one) for one in (known, taken) if one is not None)
        return _Change(known, taken) if simple else None

    def _are_apart(self, reader: Reader, changes: list[_Change]) -> bool:
        """True when no node has the name of another, and no function begins or ceases to leave."""
        drafts = [draft for change in changes for draft in change.drafts]
        gone = {change.gone.spec.id for change in changes if change.gone}
        come = [change.come.spec.id for change in changes if change.come]
        if len(set(come)) < len(come) or not reader.drafts.keys().isdisjoint({*come} - gone):
            return False
        if not {one.node for one in reader.problems}.isdisjoint({*come, *gone}):
            return False  # another cell says a node of that name
        spare = {name for draft in drafts for name in draft.spare}
        if any(self._mentions.get(name) for name in spare):
            return False
        said = {name for draft in drafts for name in (*_said(draft), *draft.spec.outputs)}
        return not said & (self._spare | spare)

    def _stay(self, reader: Reader, cells: tuple[Cell, ...]) -> bool:
        """True when setup cells, which are called by their place, are where they were."""
        places = [one.place for one in reader.setup if one.place]
        return all(one.index < len(cells) and cells[one.index].id == one.cell for one in places)

    def _goes_by_names(self, reader: Reader) -> bool:
        nesting = reader.scope.nesting if reader.scope else None
        return (
            nesting is not None
            and not nesting.nested
            and all(_is_plain_node(one) for one in reader.drafts.values())
            and all(one.spec.kind in self.registry for one in reader.drafts.values())
        )

    def _is_simple(self, taken: Taken) -> bool:
        """True for a whole cell of a node that has no place apart from the others."""
        draft = taken.draft
        sound = draft is not None and not taken.faults and not taken.body_faults
        return bool(sound and draft and draft.spec.kind in self.registry and _is_plain_node(draft))

    # ------------------------------------------------------------ what follows

    def _apply(
        self, reader: Reader, changes: list[_Change], ambient: frozenset[str], *, arrange: bool
    ) -> None:
        scope = reader.scope
        assert scope is not None  # noqa: S101 - a whole reading has been
        touched = {*(ambient ^ scope.ambient), *_touched(changes)}
        own: set[NodeId] = set()
        for change in changes:
            self._drop(reader, change)
        for change in changes:
            if change.after is not None and change.come is not None:
                own.add(self._put(reader, change.after, change.come))
        if any(change.names for change in changes):
            reader.loose = self._loose(reader)
        scope = replace(scope, ambient=ambient, loose=reader.loose)
        if arrange or any(change.renames for change in changes):
            self._arrange(reader)
            drafts = list(reader.drafts.values())
            made = Made({draft.spec.id: draft.spec.outputs for draft in drafts})
            scope = replace(scope, made=made, owned=owned(drafts))
        elif changes:
            scope = replace(scope, owned=owned(list(reader.drafts.values())))
        reader.ambient, reader.scope = ambient, scope
        for name in (*touched, *(one.lower() for one in touched)):
            own |= self._mentions.get(name, set())
        own |= {name for name, (_, problems) in reader.resolved.items() if problems}
        for name in own:
            reader.resolved[name] = resolve_draft(reader.drafts[name], scope)

    def _drop(self, reader: Reader, change: _Change) -> None:
        """The node as it was is no more."""
        if change.before is None or change.gone is None:
            return
        name = change.gone.spec.id
        for said in _said(reader.drafts[name]):
            self._mentions[said].discard(name)
        del reader.known[change.before.cell.id]
        if change.renames:
            del reader.drafts[name], reader.resolved[name]

    def _put(self, reader: Reader, taken: Taken, draft: Draft) -> NodeId:
        name = draft.spec.id
        reader.known[taken.cell.id] = taken
        reader.drafts[name] = draft
        reader.resolved[name] = (draft.spec, [])
        assert reader.scope is not None  # noqa: S101 - as above
        reader.scope.made.put(name, draft.spec.outputs)
        self._mention(draft)
        self._spare.update(draft.spare)
        return name

    def _arrange(self, reader: Reader) -> None:
        """Put the nodes in the order of their cells, each with the place where it is now."""
        at = {cell.id: index for index, cell in enumerate(self._cells)}
        placed: list[tuple[Place, Draft]] = []
        for draft in reader.drafts.values():
            was = draft.spec.place
            assert was is not None  # noqa: S101 - every draft is that of a cell
            now = was if was.index == at[was.cell] else replace(was, index=at[was.cell])
            if now is not was:
                draft = replace(draft, spec=replace(draft.spec, place=now))
            placed.append((now, draft))
        placed.sort(key=lambda one: one[0].index)
        resolved = reader.resolved
        reader.drafts = {draft.spec.id: draft for _, draft in placed}
        reader.resolved = {}
        for place, draft in placed:
            spec, problems = resolved[draft.spec.id]
            same = spec if spec.place == place else replace(spec, place=place)
            reader.resolved[draft.spec.id] = same, problems

    def _mention(self, draft: Draft) -> None:
        for name in _said(draft):
            self._mentions.setdefault(name, set()).add(draft.spec.id)

    def _loose(self, reader: Reader) -> dict[str, CellId]:
        found: dict[str, CellId] = {}
        for cell in self._cells:
            source, _ = split_options(cell.source)
            if not _is_told(reader, cell, source):
                found.update(dict.fromkeys(_left(replace(cell, source=source)), cell.id))
        return found


def _touched(changes: Collection[_Change]) -> Iterator[str]:
    """The names that may mean something else."""
    for change in changes:
        yield from change.names
        for draft in change.drafts:
            yield from (*asked_as(draft.spec.id, draft.spec.outputs), draft.spec.id)


def _is_node(cell: Cell) -> bool:
    """True for a cell that says a node, and nothing besides."""
    if cell.type != "code" or not is_flow_cell(cell.source):
        return False
    return not split_options(cell.source)[1]


def _is_plain(reader: Reader, cell: Cell) -> bool:
    """True for a cell that can say nothing but names it leaves in the kernel."""
    if cell.type != "code":
        return True
    source, options = split_options(cell.source)
    return not options and not _is_told(reader, cell, source)


def _is_told(reader: Reader, cell: Cell, source: str) -> bool:
    """True for a cell whose text says a node, shared code or parameters."""
    return is_flow_cell(source) or TAG in cell.tags or cell.id in reader.tagged


def _left(cell: Cell | None) -> frozenset[str]:
    names = analyse_plain(cell.source) if cell and cell.type == "code" else None
    return names.known if names else frozenset()


def _is_plain_node(draft: Draft) -> bool:
    options = draft.spec.options
    return not (options.inside or options.compensate) and options.role is Role.WORK


def _said(draft: Draft) -> Iterator[str]:
    """The names a draft mentions, in its body or its head."""
    for read in (*asked(draft), *draft.asks):
        yield read.root
        if draft.folds:
            yield read.root.lower()
    for one in draft.header.inputs or ():
        yield str(one.wire.node) if one.wire else one.name
