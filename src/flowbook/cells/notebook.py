"""A notebook file as frozen cells, and back without changing a byte that nobody changed.

Only what flowbook needs is read out (id, type, source, tags, position); the rest of each cell,
outputs and unknown fields of later formats included, travels along as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from flowbook.errors import UsageError
from flowbook.graph.spec import Position
from flowbook.ids import CellId

METADATA_KEY = "flowbook"
"""Where flowbook keeps its own in a notebook's and a cell's metadata."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `rest` is all of it that is not named here."""

    id: CellId
    type: str
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def code(cls, cell: CellId, source: str, metadata: Mapping[str, Any] | None = None) -> Self:
        """A fresh code cell without outputs."""
        return cls(cell, "code", source, metadata or {}, {"execution_count": None, "outputs": []})

    @classmethod
    def markdown(cls, cell: CellId, source: str) -> Self:
        """A fresh text cell."""
        return cls(cell, "markdown", source)

    @property
    def tags(self) -> tuple[str, ...]:
        """The cell's tags."""
        tags = self.metadata.get("tags")
        return tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()

    @property
    def position(self) -> Position | None:
        """Where the canvas drew this cell's node, if somebody moved it."""
        own = self.metadata.get(METADATA_KEY)
        place = own.get("position") if isinstance(own, Mapping) else None
        if isinstance(place, list) and len(place) == 2 and all(map(_is_number, place)):
            return Position(float(place[0]), float(place[1]))
        return None

    def placed(self, position: Position | None) -> Cell:
        """This cell with its node drawn there; None takes the position out."""
        kept = self.metadata.get(METADATA_KEY)
        own = dict(kept) if isinstance(kept, Mapping) else {}
        own.pop("position", None)
        if position is not None:
            own["position"] = [position.x, position.y]
        metadata = {name: value for name, value in self.metadata.items() if name != METADATA_KEY}
        return replace(self, metadata={**metadata, METADATA_KEY: own} if own else metadata)


@dataclass(frozen=True, slots=True)
class Notebook:
    """A whole notebook.

    >>> text = Notebook.of((Cell.code(CellId("a"), "x = 1"),)).text()
    >>> Notebook.parse(text).text() == text
    True
    """

    cells: tuple[Cell, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = field(default=None, compare=False, repr=False)
    """The text this was parsed from, given back as long as nothing has changed."""

    @classmethod
    def of(cls, cells: tuple[Cell, ...], metadata: Mapping[str, Any] | None = None) -> Self:
        """A new notebook, nbformat 4.5."""
        return cls(cells, metadata or {}, {"nbformat": 4, "nbformat_minor": 5})

    @classmethod
    def parse(cls, text: str) -> Self:
        """The notebook in `text`.

        Raises `UsageError` when it is no JSON, no notebook, or older than nbformat 4.
        """
        try:
            document = json.loads(text)
        except ValueError as broken:
            raise UsageError(f"this is no notebook: {broken}", hint="is it an .ipynb?") from None
        if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
            raise UsageError("this is no notebook: it has no list of cells")
        major = document.get("nbformat")
        if major != 4:
            raise UsageError(
                f"notebook format {major!r} cannot be read", hint="save it as format 4"
            )
        cells = _cells(document["cells"])
        rest = {key: value for key, value in document.items() if key not in ("cells", "metadata")}
        return cls(cells, _metadata(document, "it"), rest, text)

    def text(self) -> str:
        """The file's text, as nbformat writes it; unchanged notebooks give the very bytes back."""
        if self.raw is not None:
            return self.raw
        document = {
            "cells": [_document(cell, self._has_ids) for cell in self.cells],
            "metadata": self.metadata,
            **self.rest,
        }
        return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @property
    def _has_ids(self) -> bool:
        """Cells have ids since nbformat 4.5; before, a file with any is invalid."""
        minor = self.rest.get("nbformat_minor")
        return not (isinstance(minor, int) and minor < 5)

    def with_cells(self, cells: tuple[Cell, ...]) -> Notebook:
        """This notebook with other cells."""
        return replace(self, cells=cells, raw=self.raw if cells == self.cells else None)

    def index(self, cell: CellId) -> int:
        """Where that cell stands, from 0; `UsageError` when it does not."""
        for number, one in enumerate(self.cells):
            if one.id == cell:
                return number
        raise UsageError(f"the notebook has no cell {cell!r}")


def cell_from_json(document: object, number: int = 0) -> Cell:
    r"""A cell as a notebook file has it; `number` is where it stands, for what is wrong with it.

    A cell without an id gets one of its text and its place; without a type it is a code cell.

    >>> cell_from_json({"id": "a", "source": ["x = 1\n", "y"]}).source
    'x = 1\ny'
    """
    if not isinstance(document, dict):
        raise UsageError(f"this is no notebook: cell {number} is no object")
    return _cell(document, number, frozenset())


def cell_to_json(cell: Cell) -> dict[str, Any]:
    """A cell as a notebook file has it, its source as one text."""
    return {**_document(cell, has_ids=True), "source": cell.source}


def _cells(documents: list[Any]) -> tuple[Cell, ...]:
    seen: set[str] = set()
    cells = []
    for number, document in enumerate(documents):
        if not isinstance(document, dict):
            raise UsageError(f"this is no notebook: cell {number} is no object")
        cell = _cell(document, number, seen, "raw")
        seen.add(cell.id)
        cells.append(cell)
    return tuple(cells)


def _cell(
    document: Mapping[str, Any], number: int, taken: Collection[str], kind: str = "code"
) -> Cell:
    source = document.get("source") or ""
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    name = document.get("id")
    if not isinstance(name, str) or name in taken:
        name = _derived_id(text, number)
    rest = {
        key: value
        for key, value in document.items()
        if key not in ("id", "cell_type", "source", "metadata")
    }
    kind = str(document.get("cell_type") or kind)
    return Cell(CellId(name), kind, text, _metadata(document, f"cell {number}"), rest)


def _metadata(document: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    found = document.get("metadata") or {}
    if not isinstance(found, dict):
        raise UsageError(f"this is no notebook: the metadata of {what} is no object")
    return found


def _derived_id(text: str, number: int) -> str:
    """The id of a cell that has none: the same as long as text and position are."""
    return hashlib.sha256(f"{number}\0{text}".encode()).hexdigest()[:8]


def _document(cell: Cell, has_ids: bool) -> dict[str, Any]:
    return {
        "cell_type": cell.type,
        **({"id": cell.id} if has_ids else {}),
        "metadata": cell.metadata,
        "source": cell.source.splitlines(keepends=True),
        **cell.rest,
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
