"""A value as something to look at: a table, an array, a picture, a tree or text, at most 64 kB.

A chart or a text for a page to draw (`flowbook.widget.rich`) is at most a megabyte.

Works on what a value can do, not on what it is, so no dataframe or plotting library is imported
here: a table is what has columns and can be sliced, a picture what knows `_repr_png_`,
`_repr_svg_`, `_repr_mimebundle_` or `savefig`. It never raises: a value whose own methods fail is
shown as text that says so.
"""

from __future__ import annotations

import dataclasses
import io
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from flowbook.store import glance, parquet, summary
from flowbook.store.preview import TablePreview as KeptTable
from flowbook.widget import rich
from flowbook.widget.stored import array_view, table_view
from flowbook.widget.views import (
    ArrayPreview,
    Column,
    ImagePreview,
    Preview,
    RichPreview,
    TablePreview,
    TextPreview,
    TreePreview,
)

MOST_BYTES = 64 * 1024
"""A preview that is larger, as JSON, is cut or replaced."""
MOST_RICH_BYTES = 1024 * 1024
"""The same of a chart, HTML, Markdown or LaTeX: it is of no use in part."""
MOST_ROWS = 50
MOST_COLUMNS = 60
_MOST_ITEMS = 100
_MOST_DEPTH = 6
_MOST_TEXT = 20_000
_MOST_CELL = 200
_DPI = 110
_FIGURE_FORMS = (("png", 1.0), ("jpeg", 1.0), ("jpeg", 0.6), ("jpeg", 0.36), ("jpeg", 0.15))

Cell: TypeAlias = str | int | float | bool | None
_PICTURE_METHODS = (
    ("_repr_png_", "image/png"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_jpeg_", "image/jpeg"),
)


def preview(value: object) -> Preview:
    """What to show of `value`.

    >>> preview({"hot": 12})
    TreePreview(value={'hot': 12}, cut=False)
    """
    try:
        return _first_that_fits(value)
    except Exception as failure:  # noqa: BLE001 - the value's own code ran
        return TextPreview(f"cannot be shown: {type(failure).__name__}: {failure}")


def type_name(value: object) -> str:
    """The type as a reader knows it: `DataFrame`, `list of 3`, `int`."""
    name = type(value).__name__
    if isinstance(value, list | tuple | dict | set | frozenset):
        return f"{name} of {len(value)}"
    return "nothing" if value is None else name


def _first_that_fits(value: object) -> Preview:
    attempts: tuple[Callable[[Any], Preview | None], ...] = (
        _series,
        _table,
        _array,
        _chart,
        _picture,
        _marked,
        _tree,
    )
    for attempt in attempts:
        shown = attempt(value)
        most = MOST_RICH_BYTES if isinstance(shown, RichPreview) else MOST_BYTES
        if shown is not None and len(msgspec.json.encode(shown)) <= most:
            return shown
    return _text(value)


# ---------------------------------------------------------------- tables


def _table(value: Any) -> TablePreview | None:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "columns"):
        return _records(value)
    if hasattr(value, "iloc"):
        return _pandas(value)
    if hasattr(value, "num_rows"):
        return _arrow(value)
    if hasattr(value, "rows") and hasattr(value, "schema"):
        return _polars(value)
    return None


def _series(value: Any) -> TablePreview | None:
    """A series is a table of one column, and more is said of what is in it."""
    if parquet.kept_as(value) is None or not hasattr(value, "to_frame"):
        return None
    shown = glance.show(value)
    return table_view(shown) if isinstance(shown, KeptTable) else None


def _pandas(frame: Any) -> TablePreview:
    index = frame.index
    plain = type(index).__name__ == "RangeIndex" and index.name is None
    head = frame.iloc[:MOST_ROWS]
    shown = head if plain else head.reset_index()
    names = [str(name) for name in shown.columns]
    dtypes = [str(dtype) for dtype in shown.dtypes]
    rows = shown.iloc[:, :MOST_COLUMNS].itertuples(index=False, name=None)
    return _cut(names, dtypes, list(rows), len(frame))


def _arrow(table: Any) -> TablePreview:
    names = [str(name) for name in table.schema.names]
    dtypes = [str(dtype) for dtype in table.schema.types]
    head = table.slice(0, MOST_ROWS).select(names[:MOST_COLUMNS])
    columns = [head.column(i).to_pylist() for i in range(head.num_columns)]
    return _cut(names, dtypes, list(zip(*columns, strict=True)), table.num_rows)


def _polars(frame: Any) -> TablePreview | None:
    if not hasattr(frame, "height"):
        return None  # a lazy frame: showing it would run it
    names = [str(name) for name in frame.columns]
    dtypes = [str(dtype) for dtype in frame.dtypes]
    head = frame.head(MOST_ROWS).select(names[:MOST_COLUMNS])
    return _cut(names, dtypes, head.rows(), frame.height)


def _records(value: Any) -> TablePreview | None:
    """A list of flat dictionaries with the same keys reads best as a table."""
    if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], dict):
        return None
    names = list(value[0])
    head = value[:MOST_ROWS]
    if not names or any(not isinstance(row, dict) or list(row) != names for row in head):
        return None
    if any(isinstance(cell, dict | list) for row in head for cell in row.values()):
        return None
    rows = [tuple(row.values())[:MOST_COLUMNS] for row in head]
    dtypes = [type(cell).__name__ for cell in head[0].values()]
    return _cut([str(name) for name in names], dtypes, rows, len(value))


def _cut(
    names: Sequence[str], dtypes: Sequence[str], rows: Sequence[Sequence[Any]], total: int
) -> TablePreview:
    columns = tuple(
        Column(name, dtype)
        for name, dtype in zip(names[:MOST_COLUMNS], dtypes[:MOST_COLUMNS], strict=True)
    )
    cells = tuple(tuple(_cell(cell) for cell in row) for row in rows)
    table = TablePreview(columns, cells, total, len(names))
    while table.rows and len(msgspec.json.encode(table)) > MOST_BYTES:
        table = msgspec.structs.replace(table, rows=table.rows[: len(table.rows) // 2])
    return table


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = value.item()  # a numpy scalar
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)  # a browser's numbers are doubles
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if str(value) in ("NaT", "<NA>"):
        return None
    if hasattr(value, "isoformat"):
        return str(value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat())
    text = str(value)
    return text if len(text) <= _MOST_CELL else f"{text[:_MOST_CELL]}…"


# ---------------------------------------------------------------- arrays


def _array(value: Any) -> ArrayPreview | None:
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) not in (numpy.ndarray, numpy.memmap) or not value.shape:
        return None
    return array_view(summary.of_array(value.view(numpy.ndarray)))


# ---------------------------------------------------------------- charts and pictures


def _chart(value: Any) -> Preview | None:
    shown = rich.chart(value)
    if shown is None:
        return None
    size = len(msgspec.json.encode(shown.data))
    if size <= MOST_RICH_BYTES - MOST_BYTES:
        return shown
    return shown.image or TextPreview(
        f"a chart of {size / 1e6:.1f} MB is too large to be shown here: draw fewer points"
    )


def _marked(value: Any) -> RichPreview | None:
    return rich.marked(value)


def _picture(value: Any) -> ImagePreview | None:
    if isinstance(value, type):
        return None
    if isinstance(value, bytes):
        return rich.image("image/png", value) if value.startswith(b"\x89PNG") else None
    if isinstance(value, str):
        svg = value.lstrip().startswith("<svg") and "</svg>" in value
        return rich.image("image/svg+xml", value) if svg else None
    for method, mime in _PICTURE_METHODS:
        image = rich.image(mime, _call(value, method))
        if image is not None:
            return image
    return _from_bundle(value) or _from_figure(value)


def _call(value: Any, method: str) -> Any:
    found: Callable[[], Any] | None = getattr(value, method, None)
    given = found() if callable(found) else None
    return given[0] if isinstance(given, tuple) else given


def _from_bundle(value: Any) -> ImagePreview | None:
    return rich.picture(rich.bundle(value))


def _from_figure(value: Any) -> ImagePreview | None:
    figure: Any = value if hasattr(value, "savefig") else getattr(value, "figure", None)
    if not hasattr(figure, "savefig"):
        return None
    for form, share in _FIGURE_FORMS:  # a busy chart is sent coarser rather than not at all
        paper = io.BytesIO()
        figure.savefig(paper, format=form, dpi=_DPI * share, bbox_inches="tight")
        image = rich.image(f"image/{form}", paper.getvalue())
        if image is not None and len(image.content) < MOST_BYTES - 200:
            return image
    return None


# ---------------------------------------------------------------- plain data and the rest


def _tree(value: Any) -> TreePreview | None:
    if value is None or isinstance(value, bool | int | float):
        return TreePreview(_cell(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return None
    pruner = _Pruner()
    return TreePreview(pruner.prune(value, _MOST_DEPTH), pruner.cut)


class _Pruner:
    """Copies plain data, leaving out what is too long or too deep, and remembers that it did."""

    def __init__(self) -> None:
        self.cut = False

    def prune(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            if depth == 0:
                return self._leave_out(f"{{… {len(value)}}}")
            items = list(value.items())
            self.cut = self.cut or len(items) > _MOST_ITEMS
            return {str(k): self.prune(v, depth - 1) for k, v in items[:_MOST_ITEMS]}
        if isinstance(value, list | tuple | set | frozenset):
            if depth == 0:
                return self._leave_out(f"[… {len(value)}]")
            self.cut = self.cut or len(value) > _MOST_ITEMS
            return [self.prune(one, depth - 1) for one in list(value)[:_MOST_ITEMS]]
        if hasattr(value, "shape") and getattr(value, "shape", None):
            return self._leave_out(f"{type(value).__name__} {value.shape}")
        return _cell(value)

    def _leave_out(self, text: str) -> str:
        self.cut = True
        return text


def _text(value: object) -> TextPreview:
    if isinstance(value, bytes):
        return TextPreview(f"{len(value):,} bytes: {value[:64]!r}", len(value) > 64)
    text = value if isinstance(value, str) else repr(value)
    cut = len(text) > _MOST_TEXT
    total = len(text) if cut and isinstance(value, str) else None
    return TextPreview(text[:_MOST_TEXT], cut, total)
