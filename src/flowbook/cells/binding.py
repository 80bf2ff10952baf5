"""`NotebookBinding`: a notebook as a two-way document: cells in, edits in, patches out.

Text and canvas change one notebook, at once if need be. The last writer of a cell wins, and what
the one before wrote is not lost: it is told (`Change.overtaken`) and one undo away. An edit that
was made on an older revision is made again on the cells as they are, with only what it changed of
what it saw; one whose node is gone is refused, and nothing of it applied. Metadata, where the
canvas keeps its places, and text never contend.

Bindings of the same notebook that are given each other's changes (`receive`) end up with the same
cells, however their changes crossed (`cells.registers`). `docs/guides/two-way.md` has the rules as
a table. Pure: no file, no kernel, no clock. Not for two threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from flowbook.cells.merging import loses
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import CellPatch, patch
from flowbook.cells.refusing import explained
from flowbook.cells.registers import (
    NEVER,
    Met,
    Part,
    Registers,
    Slot,
    Stamp,
    Write,
    difference,
    difference_of,
    overlaid,
    patches_between,
)
from flowbook.cells.revisions import Past, Revisions
from flowbook.cells.source import Parsed, read
from flowbook.cells.timeline import Entry, Overtaken, Timeline, taken_back
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.edits import Edit
from flowbook.graph.rebasing import rebased
from flowbook.graph.registry import Registry
from flowbook.ids import CellId, FlowId

CANVAS: Final = "canvas"
TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the cells, as patches for whoever shows them.

    `inverse` takes `patches` back. `revision` is the notebook's after it. `stamp` and `writes` are
    for another binding of the notebook, which `receive`s the change.
    """

    label: str
    by: str
    revision: int
    patches: tuple[CellPatch, ...] = ()
    inverse: tuple[CellPatch, ...] = ()
    overtaken: tuple[Overtaken, ...] = ()
    stamp: Stamp = NEVER
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """Who makes a change, on which revision, and where it is put down."""

    label: str
    by: str
    seen: int | None = None
    edit: bool = False
    log: Callable[[Entry], None] | None = None
    lost: Mapping[CellId, str] | None = None


class NotebookBinding:
    """One notebook, its flow, and a revision per cell.

    >>> from flowbook.graph.edits import RenameNode
    >>> notebook = Notebook.of((Cell.code(CellId("c1"), "%%flow fetch"),))
    >>> binding = NotebookBinding(notebook, Registry([]))
    >>> binding.edit(RenameNode("fetch", "get")).patches
    (ReplaceSource(cell='c1', source='%%flow get'),)
    >>> binding.undo().patches
    (ReplaceSource(cell='c1', source='%%flow fetch'),)
    """

    def __init__(
        self,
        notebook: Notebook,
        registry: Registry,
        flow_id: FlowId | None = None,
        *,
        name: str = "",
    ) -> None:
        """A binding of `notebook`; `name` tells it from others of the same notebook."""
        self.registry = registry
        self.name = name
        self._flow_id = flow_id
        self._origin = self._notebook = notebook
        self._registers = Registers(notebook.cells)
        self._timeline = Timeline()
        self._revisions = Revisions()
        self._parsed: Parsed | None = None

    # ------------------------------------------------------------ what is there

    @property
    def notebook(self) -> Notebook:
        """The notebook as it is now; its text is the file's own for as long as nothing differs."""
        return self._notebook

    @property
    def parsed(self) -> Parsed:
        """The flow it holds, and all that is wrong with it; read when asked for."""
        if self._parsed is None:
            self._parsed = self._parsed_of(Past(self._notebook, None))
        return self._parsed

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._revisions.current

    def revision_of(self, cell: CellId) -> int:
        """The revision at which a cell changed last; 0 when it never did."""
        return self._revisions.of(cell)

    @property
    def undoable(self) -> str | None:
        """What `undo` would take back, for a menu."""
        return self._timeline.undoable

    @property
    def redoable(self) -> str | None:
        """What `redo` would do again, for a menu."""
        return self._timeline.redoable

    # ------------------------------------------------------------ changes

    def edit(self, edit: Edit, seen: int | None = None, *, by: str = CANVAS) -> Change:
        """Apply an edit that was made on revision `seen`, the current one when left out.

        Raises `EditRejected`, and nothing has changed, when it does not apply to the flow as it is.
        """
        spec, past = self.parsed.spec, self._revisions.at(seen)
        before = self._parsed_of(past).spec if past else None
        try:
            asked = edit if before is None else rebased(edit, before, spec)
            patches = patch(self._notebook, asked, self.registry, spec)
        except EditRejected as refused:
            raise explained(refused, edit, self._notebook, spec, before) from None
        slots = overlaid(self._registers, patches, self._next)
        return self._enter(slots, _Said(edit.label, by, seen, edit=True))

    def take(
        self, patches: Iterable[CellPatch], seen: int | None = None, *, by: str = TEXT
    ) -> Change:
        """Take over what somebody did to the cells themselves, who saw revision `seen`.

        Text for a cell that has gone meanwhile brings it back. Raises `UsageError` for a cell that
        never was, and nothing has changed.
        """
        self._revisions.at(seen)
        slots = overlaid(self._registers, patches, self._next, revive=True)
        return self._enter(slots, _Said("Change text", by, seen))

    def replace(self, cells: Iterable[Cell], seen: int | None = None, *, by: str = TEXT) -> Change:
        """Take over the cells as they are in a file or an editor, outputs included."""
        wanted = tuple(cells)
        if len({cell.id for cell in wanted}) < len(wanted):
            raise UsageError("two cells have one id", hint="give each cell an id of its own")
        slots = difference(self._registers, wanted, self._next)
        change = self._enter(slots, _Said("Change text", by, seen))
        self._registers.adopt(wanted)
        self._rebuild()
        return change

    def receive(self, change: Change) -> Change:
        """Take over what another binding of this notebook did; what it means for the cells here.

        The changes of one binding have to come in their order.
        """
        met = {one.cell.id: self._registers.meet(one, change.stamp) for one in change.writes}
        self._revisions.remember(self._notebook, self._parsed, change.stamp.number)
        lost = {cell: one.mine for cell, one in met.items() if one.mine is not None}
        said = _Said(change.label, change.by, log=self._timeline.done.append, lost=lost)
        answer = self._enter({cell: one.slot for cell, one in met.items()}, said, stamped=True)
        return self._with_ignored(answer, change, met)

    # ------------------------------------------------------------ undo

    def undo(self, *, texts: bool = False) -> Change | None:
        """Take the last edit back, or give back the text that something has overtaken.

        With `texts`, whatever changed last, typing included. None when there is nothing.
        """
        while found := self._timeline.take_undo(self._registers, texts=texts):
            at, entry = found
            made, change = self._back(entry, "Undo", exact=texts)
            kept = bool(change.overtaken)
            now = {} if kept else {cell: self._registers.get(cell) for cell in entry.after}
            self._timeline.close(at, entry, now)
            if made is not None:
                stack = self._timeline.done if kept else self._timeline.undone
                stack.append(made)
                return change
        return None

    def redo(self) -> Change | None:
        """Do again what was undone last; None when there is nothing."""
        while self._timeline.undone:
            made, change = self._back(self._timeline.undone.pop(), "Redo")
            if made is not None:
                self._timeline.done.append(made)
                return change
        return None

    def _back(self, entry: Entry, word: str, *, exact: bool = False) -> tuple[Entry | None, Change]:
        made: list[Entry] = []
        slots, lost = taken_back(entry, self._registers, exact=exact)
        said = _Said(f"{word} {entry.label}", entry.by, log=made.append, lost=lost)
        change = self._enter(slots, said)
        again = [
            replace(one, label=entry.label, edit=entry.edit, keeps=one.keeps or entry.keeps)
            for one in made
        ]
        return (again[0] if again else None), change

    # ------------------------------------------------------------ inside

    @property
    def _next(self) -> Stamp:
        return Stamp(self.revision + 1, self.name)

    def _parsed_of(self, past: Past) -> Parsed:
        return past.parsed or read(past.notebook, self.registry, self._flow_id)

    def _enter(self, slots: Mapping[CellId, Slot], said: _Said, *, stamped: bool = False) -> Change:
        stamp = self._next
        before: dict[CellId, Slot | None] = {}
        after: dict[CellId, Slot] = {}
        writes: list[Write] = []
        for cell, slot in slots.items():
            was = self._registers.get(cell)
            parts = difference_of(was, slot)
            if parts is Part.NOTHING:
                if stamped:
                    self._registers.enter({cell: slot})
                continue
            now = slot if stamped else slot.written(parts, stamp)
            before[cell], after[cell] = was, now
            over = was.text_at if was else NEVER
            writes.append(Write(now.cell, now.key, now.there, parts, over))
        if not after:
            return Change(said.label, said.by, self.revision)
        overtaken = tuple(self._overtaken(before, after, said))
        self._revisions.remember(self._notebook, self._parsed)
        order = list(self._registers.order)
        self._registers.enter(after)
        self._rebuild()
        self._revisions.advance(before, after, said.by)
        log = said.log or self._timeline.add
        log(Entry(said.label, said.by, before, after, said.edit, keeps=bool(overtaken)))
        return Change(
            said.label,
            said.by,
            self.revision,
            patches_between(before, after, self._registers.order),
            patches_between(after, before, order),
            overtaken,
            stamp,
            tuple(writes),
        )

    def _overtaken(
        self, before: Mapping[CellId, Slot | None], after: Mapping[CellId, Slot], said: _Said
    ) -> Iterator[Overtaken]:
        """The texts in these cells that the change does away with, and its author had not seen."""
        for cell, was in before.items():
            if was is None or was.text is None or was.text == after[cell].text:
                continue
            since, author = self._revisions.written(cell)
            if said.lost is not None:
                lost = cell in said.lost
            else:
                lost = said.seen is not None and said.seen < since
                base = self._revisions.text_at(said.seen, cell) if lost else None
                lost = lost and (base is None or loses(base, was.text, after[cell].text or ""))
            if lost:
                yield Overtaken(cell, was.text, author, said.by)

    def _with_ignored(self, answer: Change, change: Change, met: Mapping[CellId, Met]) -> Change:
        """Texts that came too late to be taken are entries, and undo gives them back."""
        told = []
        for cell, one in met.items():
            if one.theirs is None:
                continue
            now = self._registers.get(cell) or one.slot
            theirs = replace(now.back(), cell=replace(now.cell, source=one.theirs))
            label = f"Overtake text of {cell}"
            self._timeline.done += [
                Entry(label, change.by, {cell: now}, {cell: theirs}),
                Entry(label, change.by, {cell: theirs}, {cell: now}, keeps=True),
            ]
            author = self._revisions.written(cell)[1]
            told.append(Overtaken(cell, one.theirs, change.by, author))
        return replace(answer, overtaken=(*answer.overtaken, *told))

    def _rebuild(self) -> None:
        self._notebook = self._origin.with_cells(self._registers.cells)
        self._parsed = None
