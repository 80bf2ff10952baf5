"""The cells of a notebook as registers with stamps, so that replicas of them come to agree.

A cell has three registers: its text, its metadata, and its place, which also says whether it is
there. Each has the stamp of who wrote it last; the highest stamp wins, on every replica. A cell
that was removed is there again when its text was written later than that.

A place is a fraction. A new cell gets one between those of its neighbours, off the middle by what
its name and its author say, so that replicas that insert at one place hardly ever meet in one key;
where they do, the ids of the cells decide.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Flag, auto
from fractions import Fraction
from typing import Final, NamedTuple

from flowbook.cells.notebook import Cell
from flowbook.cells.patches import (
    CellPatch,
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
)
from flowbook.errors import UsageError
from flowbook.ids import CellId


class Stamp(NamedTuple):
    """When, as a number that never runs back, and by which replica."""

    number: int
    by: str


NEVER: Final = Stamp(0, "")


class Part(Flag):
    """What of a cell is written."""

    NOTHING = 0
    TEXT = auto()
    METADATA = auto()
    PLACE = auto()


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell, there or not, and when each of its registers was written."""

    cell: Cell
    key: Fraction
    said: bool = True
    """Whether the place register says that it is there."""
    text_at: Stamp = NEVER
    metadata_at: Stamp = NEVER
    place_at: Stamp = NEVER

    @property
    def there(self) -> bool:
        """True for a cell of the notebook."""
        return self.said or self.text_at > self.place_at

    @property
    def text(self) -> str | None:
        """Its text; None of a cell that is not there."""
        return self.cell.source if self.there else None

    def gone(self) -> Slot:
        """The same, removed."""
        return replace(self, said=False, place_at=max(self.place_at, self.text_at))

    def back(self) -> Slot:
        """The same, there."""
        return replace(self, said=True)

    def written(self, parts: Part, stamp: Stamp) -> Slot:
        """The same, these registers written now."""
        return replace(
            self,
            said=self.there,
            text_at=stamp if Part.TEXT in parts else self.text_at,
            metadata_at=stamp if Part.METADATA in parts else self.metadata_at,
            place_at=stamp if Part.PLACE in parts else self.place_at,
        )


@dataclass(frozen=True, slots=True)
class Write:
    """What one change wrote of one cell; `over` is the stamp of the text that it knew."""

    cell: Cell
    key: Fraction
    there: bool
    parts: Part
    over: Stamp


class Met(NamedTuple):
    """A write that came from elsewhere: what the cell is then, and whose text had to give way."""

    slot: Slot
    mine: str | None = None
    theirs: str | None = None


def difference_of(was: Slot | None, now: Slot) -> Part:
    """Which registers have to be written to make one of the other."""
    if was is None or not was.there:
        there = Part.TEXT | Part.METADATA | Part.PLACE
        return there if now.there else Part.NOTHING
    parts = Part.NOTHING
    if not now.there or was.key != now.key or was.cell.type != now.cell.type:
        parts |= Part.PLACE
    if was.cell.source != now.cell.source:
        parts |= Part.TEXT
    if was.cell.metadata != now.cell.metadata:
        parts |= Part.METADATA
    return parts


class Registers:
    """All cells, those that were removed included."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._slots = {
            cell.id: Slot(cell, Fraction(number + 1)) for number, cell in enumerate(cells)
        }
        self._order = [cell.id for cell in cells]

    def get(self, cell: CellId) -> Slot | None:
        """That cell, also when it was removed; None for one that never was."""
        return self._slots.get(cell)

    @property
    def order(self) -> Sequence[CellId]:
        """The cells that are there, as they stand."""
        return self._order

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that are there, as they stand."""
        return tuple(self._slots[cell].cell for cell in self._order)

    def enter(self, slots: Mapping[CellId, Slot]) -> None:
        """Take these in place of what was."""
        moved = any(
            (was := self._slots.get(cell)) is None or (was.there, was.key) != (slot.there, slot.key)
            for cell, slot in slots.items()
        )
        self._slots.update(slots)
        if moved:
            living = (cell for cell, slot in self._slots.items() if slot.there)
            self._order = sorted(living, key=lambda cell: (self._slots[cell].key, cell))

    def adopt(self, cells: Iterable[Cell]) -> None:
        """Take over what has no register: outputs and the like."""
        for cell in cells:
            self._slots[cell.id] = replace(self._slots[cell.id], cell=cell)

    def meet(self, write: Write, stamp: Stamp) -> Met:
        """What becomes of a cell when a write from elsewhere comes to it."""
        was = self._slots.get(write.cell.id)
        if was is None:
            if Part.PLACE not in write.parts:
                raise UsageError(
                    f"a change of cell {write.cell.id!r} came before the cell itself",
                    hint="hand over the changes of a notebook in their order",
                )
            return Met(Slot(write.cell, write.key, write.there, stamp, stamp, stamp))
        now = was
        if Part.PLACE in write.parts and stamp > was.place_at:
            cell = replace(was.cell, type=write.cell.type, rest=write.cell.rest)
            now = replace(now, cell=cell, key=write.key, said=write.there, place_at=stamp)
        if Part.TEXT in write.parts and stamp > was.text_at:
            now = replace(now, cell=replace(now.cell, source=write.cell.source), text_at=stamp)
        if Part.METADATA in write.parts and stamp > was.metadata_at:
            now = replace(
                now, cell=replace(now.cell, metadata=write.cell.metadata), metadata_at=stamp
            )
        return Met(now, *_given_way(was, now, write))


def _given_way(was: Slot, now: Slot, write: Write) -> tuple[str | None, str | None]:
    """The text that was here and is no more, unseen by the writer; the text that was not taken."""
    unseen = was.text_at != write.over
    mine = was.text if unseen and was.text != now.text else None
    theirs = write.cell.source if Part.TEXT in write.parts and write.there else None
    return mine, None if theirs == now.text else theirs


# ---------------------------------------------------------------- what is wanted of the cells


def overlaid(
    registers: Registers, patches: Iterable[CellPatch], stamp: Stamp, *, revive: bool = False
) -> dict[CellId, Slot]:
    """The cells that `patches` change, as they then are; `UsageError` for one that is not there.

    With `revive`, text for a cell that has been removed brings it back, and what else is wanted of
    such a cell is let be.
    """
    changed: dict[CellId, Slot] = {}
    order = list(registers.order)

    def slot(cell: CellId) -> Slot | None:
        return changed.get(cell) or registers.get(cell)

    for one in patches:
        if isinstance(one, InsertCell):
            cell = one.cell
            if cell.id in order:
                raise UsageError(f"the notebook has a cell {cell.id!r} already")
            keys = [found.key for name in order if (found := slot(name))]
            at = max(0, min(one.index, len(order)))
            left, right = keys[at - 1] if at else None, keys[at] if at < len(keys) else None
            changed[cell.id] = _made(cell, left, right, slot(cell.id), stamp)
            order.insert(at, cell.id)
            continue
        was = slot(one.cell)
        if was is None or (not was.there and not revive):
            raise UsageError(f"the notebook has no cell {one.cell!r}")
        if was.there or isinstance(one, ReplaceSource):
            changed[one.cell] = _patched(was, one)
        order = [name for name in order if name != one.cell or changed[name].there]
    return changed


def _patched(was: Slot, one: ReplaceSource | SetMetadata | DeleteCell) -> Slot:
    if isinstance(one, DeleteCell):
        return was.gone()
    if isinstance(one, SetMetadata):
        return replace(was, cell=replace(was.cell, metadata=one.metadata))
    return replace(was.back(), cell=replace(was.cell, source=one.source))


def _made(
    cell: Cell, left: Fraction | None, right: Fraction | None, was: Slot | None, stamp: Stamp
) -> Slot:
    key = _between(left, right, f"{stamp.number} {stamp.by} {cell.id}")
    return Slot(cell, key) if was is None else replace(was.back(), cell=cell, key=key)


def _between(left: Fraction | None, right: Fraction | None, salt: str) -> Fraction:
    part = Fraction(1 + zlib.crc32(salt.encode(errors="replace")) % 65534, 65536)
    if left is None:
        return part if right is None else right - part
    return left + (1 if right is None else right - left) * part


def difference(registers: Registers, cells: Sequence[Cell], stamp: Stamp) -> dict[CellId, Slot]:
    """The cells that have to change so that the notebook's are `cells`, in their order."""
    wanted = {cell.id for cell in cells}
    changed = {
        name: slot.gone()
        for name in registers.order
        if name not in wanted and (slot := registers.get(name))
    }
    staying = {cell.id: slot.key for cell, slot in _staying(registers, cells)}
    left: Fraction | None = None
    for number, cell in enumerate(cells):
        was = registers.get(cell.id)
        key = staying.get(cell.id)
        if key is not None and was is not None:
            changed[cell.id] = replace(was, cell=cell)
        else:
            later = (staying[one.id] for one in cells[number:] if one.id in staying)
            changed[cell.id] = _made(cell, left, next(later, None), was, stamp)
        left = changed[cell.id].key
    return changed


def _staying(registers: Registers, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Slot]]:
    """The most cells that are there already and need not move."""
    found = [(cell, slot) for cell in cells if (slot := registers.get(cell.id)) and slot.there]
    tails: list[Fraction] = []
    lasts: list[int] = []
    before: list[int] = []
    for number, (_, slot) in enumerate(found):
        at = bisect_left(tails, slot.key)
        before.append(lasts[at - 1] if at else -1)
        tails[at : at + 1], lasts[at : at + 1] = [slot.key], [number]
    chain: list[int] = []
    last = lasts[-1] if lasts else -1
    while last >= 0:
        chain.append(last)
        last = before[last]
    yield from (found[number] for number in reversed(chain))


def patches_between(
    before: Mapping[CellId, Slot | None],
    after: Mapping[CellId, Slot | None],
    order: Sequence[CellId],
) -> tuple[CellPatch, ...]:
    """What makes of the cells `before` those of `after`, whose notebook then stands in `order`."""
    changes: list[CellPatch] = []
    gone: list[CellPatch] = []
    made: dict[CellId, Cell] = {}
    for cell, now in after.items():
        was = before[cell]
        there = was if was is not None and was.there else None
        if now is None or not now.there:
            gone += [DeleteCell(cell)] if there else []
        elif there is None or Part.PLACE in difference_of(there, now):
            gone += [DeleteCell(cell)] if there else []
            made[cell] = now.cell
        else:
            changes += _differences(there.cell, now.cell)
    inserted = [InsertCell(at, made[cell]) for at, cell in enumerate(order) if cell in made]
    return (*changes, *gone, *inserted)


def _differences(was: Cell, now: Cell) -> Iterator[CellPatch]:
    if was.source != now.source:
        yield ReplaceSource(now.id, now.source)
    if was.metadata != now.metadata:
        yield SetMetadata(now.id, now.metadata)
