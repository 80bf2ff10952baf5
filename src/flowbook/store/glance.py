"""A value at a glance: which preview it gets, and how plain data and pictures are cut to fit.

Bounded in what it visits, so that a list of a million items costs no more than one of a hundred.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from flowbook.store import arrays, parquet, pictures, summary
from flowbook.store.preview import (
    MOST_COLUMNS,
    MOST_ROWS,
    Column,
    ImagePreview,
    Shown,
    TablePreview,
    TextPreview,
    TreePreview,
    cell,
    cell_text,
    sound,
)

_MOST_ITEMS = 100
_MOST_VISITED = 2000
_MOST_DEPTH = 6
_MOST_TEXT = 8000
_MOST_IMAGE = 20_000
_THUMBNAILS = (480, 240, 120, 60)


def show(value: object) -> Shown:
    """What to show of a table, an array, text, bytes or plain data.

    Raises what the value's library raises.

    >>> show([1, 2])
    TreePreview(value=[1, 2], cut=False, total=2)
    """
    if parquet.kept_as(value) is not None:
        return summary.of_table(value)
    if arrays.kept_as(value) is not None:
        return summary.of_array(value)
    if isinstance(value, bytes | bytearray):
        start = bytes(value[:64])
        return TextPreview(repr(start), len(value) > len(start), len(value))
    if isinstance(value, str):
        return TextPreview(sound(value[:_MOST_TEXT]), len(value) > _MOST_TEXT, len(value))
    return _records(value) or _tree(value)


def show_png(png: bytes) -> Shown:
    """A picture, made smaller if it has to be."""
    width, height = pictures.size(png)
    small = png if len(png) <= _MOST_IMAGE else _thumbnail(png)
    return ImagePreview("image/png", base64.b64encode(small).decode(), width, height)


def _thumbnail(png: bytes) -> bytes:
    try:
        from PIL import Image
    except ImportError:
        return b""
    for side in _THUMBNAILS:
        with Image.open(io.BytesIO(png)) as image:
            image.thumbnail((side, side))
            paper = io.BytesIO()
            image.save(paper, format="PNG")
        if len(paper.getvalue()) <= _MOST_IMAGE:
            return paper.getvalue()
    return b""


def _records(value: object) -> TablePreview | None:
    """A list of flat dictionaries with the same keys reads best as a table."""
    if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], dict):
        return None
    names, head = list(value[0]), value[:MOST_ROWS]
    if not names or any(not isinstance(row, dict) or list(row) != names for row in head):
        return None
    if any(isinstance(one, dict | list) for row in head for one in row.values()):
        return None
    columns = tuple(Column(cell_text(name), type(value[0][name]).__name__) for name in names)
    rows = tuple(tuple(cell(row[name]) for name in names[:MOST_COLUMNS]) for row in head)
    return TablePreview(columns[:MOST_COLUMNS], rows, len(value), len(names))


def _tree(value: object) -> TreePreview:
    pruner = _Pruner()
    pruned = pruner.prune(value, _MOST_DEPTH)
    total = len(value) if isinstance(value, Mapping | Sequence | set | frozenset) else None
    return TreePreview(pruned, pruner.cut, total)


class _Pruner:
    """Copies plain data, leaving out what is too long or too deep, and remembers that it did."""

    def __init__(self) -> None:
        self.cut = False
        self._left = _MOST_VISITED

    def prune(self, value: Any, depth: int) -> Any:
        self._left -= 1
        most = min(_MOST_ITEMS, max(self._left, 0)) if depth else 0
        if isinstance(value, Mapping):
            if not most and value:
                return self._leave_out(f"{{… {len(value)}}}")
            self.cut = self.cut or len(value) > most
            items = zip(range(most), value.items(), strict=False)
            return {cell_text(key): self.prune(item, depth - 1) for _, (key, item) in items}
        if isinstance(value, list | tuple | set | frozenset):
            if not most and value:
                return self._leave_out(f"[… {len(value)}]")
            self.cut = self.cut or len(value) > most
            items = zip(range(most), value, strict=False)
            return [self.prune(item, depth - 1) for _, item in items]
        if getattr(value, "shape", None):
            return self._leave_out(f"{type(value).__name__} {value.shape}")
        if (kind := pictures.kept_as(value)) is not None:
            return self._leave_out(kind.rpartition(".")[2])
        return cell(value)

    def _leave_out(self, text: str) -> str:
        self.cut = True
        return text
