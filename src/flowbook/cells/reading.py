"""`Reading`: a notebook that changes, read anew after each change at the price of the change.

What one cell says by itself is kept while its text stays. Where a node's cell or a plain cell has
changed, or one has come behind the others, only the nodes that mention a name whose meaning may
have changed are resolved again, and those with problems. Any other change, and any notebook in
which more than names decides (containers, roles, kinds that are not there, functions that leave
their cell when they are asked for), is resolved as a whole. The result is that of `source.read`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from flowbook.cells.analyse import analyse_plain
from flowbook.cells.flow_line import split_options
from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.params import TAG
from flowbook.cells.resolve import Draft, asked_as, resolve_draft
from flowbook.cells.source import Parsed, Reader, asked, flow_named
from flowbook.cells.taking import Taken, take_flow_cell
from flowbook.graph.choices import Role
from flowbook.graph.registry import Registry
from flowbook.graph.spec import Missing
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
    def drafts(self) -> list[Draft]:
        """The node before and after."""
        return [one.draft for one in (self.before, self.after) if one and one.draft]


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
                self._cells = notebook.cells
                self._apply(reader, changes, names)
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
        more = len(cells) - len(self._cells)
        if more not in (0, 1):
            return None
        pairs = enumerate(zip((*self._cells, None), cells, strict=False))
        changed = [(at, a, b) for at, (a, b) in pairs if a is not b and a != b]
        if len(changed) > _MOST:
            return None
        found: list[_Change] = []
        for at, before, after in changed:
            change = self._change(reader, at, before, after)
            if change is None:
                return None
            found.append(change)
        return found if self._are_apart(reader, found) else None

    def _change(self, reader: Reader, at: int, before: Cell | None, after: Cell) -> _Change | None:
        if before is not None and before.id != after.id:
            return None
        if _is_plain(reader, after) and (before is None or _is_plain(reader, before)):
            one, other = (_left(cell) for cell in (before, after))
            return _Change(names=one ^ other) if one != other else _Change()
        if after.type != "code" or not is_flow_cell(after.source) or split_options(after.source)[1]:
            return None
        known = None if before is None else reader.known.get(before.id)
        if before is not None and (known is None or not self._is_simple(known)):
            return None
        taken = take_flow_cell(after, at, self.registry)
        return _Change(known, taken) if self._is_simple(taken) else None

    def _are_apart(self, reader: Reader, changes: list[_Change]) -> bool:
        """True when each changed node keeps its name, and no function begins or ceases to leave."""
        for change in changes:
            if change.after is None:
                continue
            drafts = change.drafts
            (*_, now) = drafts
            known = reader.known.get(change.after.cell.id)
            new = change.before is None and now.spec.id not in reader.drafts
            same = change.before is not None and drafts[0].spec.id == now.spec.id and known
            if not (new or same) or (same and _defaults(drafts[0]) != _defaults(now)):
                return False
            spare = {name for draft in drafts for name in draft.spare}
            if any(self._mentions.get(name) for name in spare):
                return False
            said = {name for draft in drafts for name in (*_said(draft), *draft.spec.outputs)}
            if said & (self._spare | spare):
                return False
        ids = [one.after.draft.spec.id for one in changes if one.after and one.after.draft]
        return len(set(ids)) == len(ids)

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

    def _apply(self, reader: Reader, changes: list[_Change], ambient: frozenset[str]) -> None:
        scope = reader.scope
        assert scope is not None  # noqa: S101 - a whole reading has been
        touched = set(ambient ^ scope.ambient)
        own: set[NodeId] = set()
        for change in changes:
            touched |= change.names
            for draft in change.drafts:
                touched |= {*asked_as(draft.spec.id, draft.spec.outputs), draft.spec.id}
            if change.after is not None and change.after.draft is not None:
                own.add(self._put(reader, change.after, change.after.draft))
        if any(change.names for change in changes):
            reader.loose = self._loose(reader)
        reader.ambient = ambient
        reader.scope = scope = replace(scope, ambient=ambient, loose=reader.loose)
        for name in (*touched, *(one.lower() for one in touched)):
            own |= self._mentions.get(name, set())
        own |= {name for name, (_, problems) in reader.resolved.items() if problems}
        for name in own:
            reader.resolved[name] = resolve_draft(reader.drafts[name], scope)

    def _put(self, reader: Reader, taken: Taken, draft: Draft) -> NodeId:
        name = draft.spec.id
        before = reader.drafts.get(name)
        for said in _said(before) if before else ():
            self._mentions[said].discard(name)
        reader.known[taken.cell.id] = taken
        reader.drafts[name] = draft
        reader.resolved.setdefault(name, (draft.spec, []))
        assert reader.scope is not None  # noqa: S101 - as above
        reader.scope.made.put(name, draft.spec.outputs)
        for param in _defaults(draft):
            reader.scope.owned.setdefault(param, name)
        self._mention(draft)
        self._spare.update(draft.spare)
        return name

    def _mention(self, draft: Draft) -> None:
        for name in _said(draft):
            self._mentions.setdefault(name, set()).add(draft.spec.id)

    def _loose(self, reader: Reader) -> dict[str, CellId]:
        found: dict[str, CellId] = {}
        for cell in self._cells:
            if _is_plain(reader, cell):
                found.update(dict.fromkeys(_left(cell), cell.id))
        return found


def _is_plain(reader: Reader, cell: Cell) -> bool:
    """True for a cell that can say nothing but names it leaves in the kernel."""
    if cell.type != "code":
        return False
    told = is_flow_cell(cell.source) or TAG in cell.tags or cell.id in reader.tagged
    return not told and not split_options(cell.source)[1]


def _left(cell: Cell | None) -> frozenset[str]:
    names = analyse_plain(cell.source) if cell else None
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


def _defaults(draft: Draft) -> list[str]:
    """The parameters that a node's head declares."""
    listed = draft.header.inputs or ()
    return [one.name for one in listed if not isinstance(one.default, Missing)]
