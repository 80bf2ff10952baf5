"""What was done to a notebook, in order, and what taking one of it back makes of the cells.

An entry knows the cells it changed as they were before and after. Taking back the last one of all
gives exactly what was. Taking back an earlier one, the last edit below somebody's typing, leaves
what was written since where both go together; where they do not, the text from before wins, and
the one that gives way becomes an entry of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowbook.cells.merging import merged
from flowbook.cells.registers import Registers, Slot
from flowbook.ids import CellId


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A text that gave way to another of the same cell: which, whose it was, and who came later."""

    cell: CellId
    text: str
    author: str
    by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One change; a cell is None where it was not known yet.

    `edit`: made on the canvas. `keeps`: it took the place of a text that nothing else has.
    """

    label: str
    by: str
    before: Mapping[CellId, Slot | None]
    after: Mapping[CellId, Slot]
    edit: bool = False
    keeps: bool = False


@dataclass
class Timeline:
    """What can be undone, and what redone."""

    done: list[Entry] = field(default_factory=list)
    undone: list[Entry] = field(default_factory=list)

    @property
    def undoable(self) -> str | None:
        """What `undo` would take back."""
        return next((one.label for one in reversed(self.done) if one.edit or one.keeps), None)

    @property
    def redoable(self) -> str | None:
        """What `redo` would do again."""
        return self.undone[-1].label if self.undone else None

    def add(self, entry: Entry) -> None:
        """Something was done here; words typed one after the other are one entry."""
        self.undone.clear()
        last = self.done[-1] if self.done else None
        if last is not None and _goes_on(last, entry):
            self.done[-1] = replace(last, after=entry.after)
        else:
            self.done.append(entry)

    def take_undo(self, registers: Registers, *, texts: bool) -> tuple[int, Entry] | None:
        """The entry to take back next, which is then no longer here, and where it was."""
        for at in range(len(self.done) - 1, -1, -1):
            one = self.done[at]
            if texts or ((one.edit or one.keeps) and _concerns(one, registers)):
                return at, self.done.pop(at)
        return None

    def close(self, at: int, entry: Entry, now: Mapping[CellId, Slot | None]) -> None:
        """Let the entries behind one that was taken out follow on what was before it.

        `now` are the cells as they are without it; a cell that is not among them stays as it was.
        """
        for cell in entry.after:
            later = [i for i in range(at, len(self.done)) if cell in self.done[i].after]
            if not later:
                continue
            first, last = later[0], later[-1]
            before = {**self.done[first].before, cell: entry.before[cell]}
            self.done[first] = replace(self.done[first], before=before)
            slot = now.get(cell)
            if slot is not None:
                after = {**self.done[last].after, cell: slot}
                self.done[last] = replace(self.done[last], after=after)


def _concerns(entry: Entry, registers: Registers) -> bool:
    """True when some cell of it is there, or would be there again."""
    slots = ((after, registers.get(cell)) for cell, after in entry.after.items())
    return entry.keeps or any(
        now is not None and (now.there or not after.there) for after, now in slots
    )


def _goes_on(last: Entry, entry: Entry) -> bool:
    plain = not (last.edit or last.keeps or entry.edit or entry.keeps)
    same = last.by == entry.by and list(last.after) == list(entry.after)
    return plain and same and all(entry.before[cell] == last.after[cell] for cell in entry.before)


def taken_back(
    entry: Entry, registers: Registers, *, exact: bool = False
) -> tuple[dict[CellId, Slot], dict[CellId, str]]:
    """The cells as they are to be without `entry`, and the texts that give way.

    `exact`: as they were before it, whatever was done since.
    """
    wanted: dict[CellId, Slot] = {}
    lost: dict[CellId, str] = {}
    for cell, after in entry.after.items():
        was, now = entry.before[cell], registers.get(cell)
        if now is None:
            continue
        if was is None or not was.there:
            wanted[cell] = now.gone()
            if now.text not in (None, after.text):
                lost[cell] = now.cell.source
        elif exact or not after.there or (entry.keeps and not now.there):
            wanted[cell] = _like(now, was)
            if now.there and now.text != was.text:
                lost[cell] = now.cell.source
        elif now.there:
            wanted[cell] = _mended(now, was, after)
            if wanted[cell].text == was.text and now.text not in (after.text, was.text):
                lost[cell] = now.cell.source
    return wanted, {} if exact else lost


def _like(now: Slot, was: Slot) -> Slot:
    """The cell as it was, its outputs as they are."""
    cell = replace(was.cell, rest=now.cell.rest)
    return replace(now.back(), cell=cell, key=was.key)


def _mended(now: Slot, was: Slot, after: Slot) -> Slot:
    """The cell as it is, less what made `after` of `was`."""
    text = now.cell.source
    if was.cell.source != after.cell.source:
        both = merged(after.cell.source, was.cell.source, text)
        text = was.cell.source if both is None else both
    metadata = _without(now.cell.metadata, was.cell.metadata, after.cell.metadata)
    key = was.key if now.key == after.key else now.key
    return replace(now, key=key, cell=replace(now.cell, source=text, metadata=metadata))


def _without(
    now: Mapping[str, Any], was: Mapping[str, Any], after: Mapping[str, Any]
) -> Mapping[str, Any]:
    if now == after:
        return was
    changed = {key for key in (*was, *after) if was.get(key) != after.get(key)}
    kept = {key: value for key, value in now.items() if key not in changed}
    return kept | {key: was[key] for key in was if key in changed}
