"""What a kept value looks like, small enough to be read without opening it.

A preview is at most 32 KiB of JSON: of a table the columns, the first rows and a summary, of an
array the same, of plain data a tree, of text its start, of a picture a small one. It is made of the
value when that is kept, in bounded time: a summary covers the first rows only of a table with more
than twenty million cells, and says so. The words are those of the canvas (`table`, `image`, `tree`,
`text`; `columns`, `rows`, `total`, `width`, `cut`).

A value that is redacted, pickled or not kept shows its type and size, and why there is no more.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import msgspec

from flowbook.events.values import ValueFormat

MOST_BYTES = 32 * 1024
"""A preview, as JSON, is at most this long."""
MOST_ROWS = 20
MOST_COLUMNS = 60
_MOST_CELL = 200

Cell: TypeAlias = str | int | float | bool | None


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column, its library's name for its type, and what is in it.

    `nulls` counts missing cells. `min`, `max` and `mean` are of numbers, times have the first two,
    `distinct` is how many different texts there are. Of a series there is more: its `median`, and
    as `bars` how many values fall into each of equal parts of its range, of `sampled` values that
    lie evenly in it, None for all.
    """

    name: str
    dtype: str
    nulls: int | None = None
    min: Cell = None
    max: Cell = None
    mean: float | None = None
    distinct: int | None = None
    median: Cell = None
    bars: tuple[int, ...] = ()
    sampled: int | None = None


class TablePreview(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="show", tag="table"):
    """The first rows of a table of `total` rows; `columns` are the first of `width`.

    `summarized` is how many of the first rows the summary in the columns covers, None for all.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    width: int
    summarized: int | None = None


class ArrayPreview(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="show", tag="array"):
    """The first values of an array, in C order; its summary as in a `TablePreview`.

    Its other figures are those of the `Column` of a series.
    """

    dtype: str
    shape: tuple[int, ...]
    values: tuple[Cell, ...] = ()
    nulls: int | None = None
    min: Cell = None
    max: Cell = None
    mean: float | None = None
    summarized: int | None = None
    median: Cell = None
    bars: tuple[int, ...] = ()
    sampled: int | None = None


class ImagePreview(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="show", tag="image"):
    """A picture of `width` times `height` pixels; `content` is base64 of it, or of a smaller one.

    '' where it is too large and Pillow is not there to make it smaller.
    """

    mime: str
    content: str
    width: int
    height: int


class TreePreview(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="show", tag="tree"):
    """Plain data; `cut` is True when long lists or deep levels were left out."""

    value: Any
    cut: bool = False
    total: int | None = None
    """How many items the whole has."""


class TextPreview(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="show", tag="text"):
    """The start of a text of `total` characters, or of `total` bytes as Python prints them."""

    text: str
    cut: bool = False
    total: int | None = None


class Unseen(msgspec.Struct, frozen=True, tag_field="show", tag="unseen"):
    """Nothing to look at, and why."""

    reason: str


Shown: TypeAlias = TablePreview | ArrayPreview | ImagePreview | TreePreview | TextPreview | Unseen


class Preview(msgspec.Struct, frozen=True):
    """What is known of a kept value without opening it; `size` is in bytes."""

    type: str
    format: ValueFormat
    size: int
    shown: Shown


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Preview)


def encode(preview: Preview) -> bytes:
    """A preview as JSON of at most `MOST_BYTES`; what does not fit is left out."""
    text = _encoder.encode(preview)
    while len(text) > MOST_BYTES:
        preview = msgspec.structs.replace(preview, shown=_shorter(preview.shown))
        text = _encoder.encode(preview)
    return text


def decode(text: bytes) -> Preview:
    """The preview that `encode` made `text` of; `msgspec.DecodeError` if it is none."""
    return _decoder.decode(text)


def _shorter(shown: Shown) -> Shown:
    if isinstance(shown, TablePreview) and shown.rows:
        return msgspec.structs.replace(shown, rows=shown.rows[: len(shown.rows) // 2])
    if isinstance(shown, TablePreview) and len(shown.columns) > 1:
        return msgspec.structs.replace(shown, columns=shown.columns[: len(shown.columns) // 2])
    if isinstance(shown, TextPreview) and shown.text:
        return TextPreview(shown.text[: len(shown.text) // 2], True, shown.total)
    if isinstance(shown, TreePreview):
        start = _encoder.encode(shown.value)[: MOST_BYTES // 8].decode("utf-8", "ignore")
        return TextPreview(start, True, shown.total)
    return Unseen("too large to show")


def cell(value: Any) -> Cell:
    """One value as JSON has it: a time in ISO form, what is missing as None, the rest as text."""
    if value is None or isinstance(value, bool):
        return value
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = _python(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else cell_text(value)  # a browser has doubles
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if hasattr(value, "isoformat") and not isinstance(value, type):
        moment = value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat()
        return None if moment == "NaT" else str(moment)
    text = cell_text(value)
    return None if text in ("NaT", "<NA>") else text


def _python(scalar: Any) -> Any:
    """A numpy scalar as Python's; a time as text, for NumPy's own `item` may be a bare number."""
    moment = getattr(getattr(scalar, "dtype", None), "kind", "") in ("m", "M")
    return str(scalar) if moment else scalar.item()


def cell_text(value: object) -> str:
    """A value as short text."""
    text = value[: _MOST_CELL + 1] if isinstance(value, str) else _printed(value)
    text = sound(text)
    return text if len(text) <= _MOST_CELL else f"{text[:_MOST_CELL]}…"


def _printed(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 10_000:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, bytes | bytearray):
        return repr(bytes(value[:_MOST_CELL]))
    return str(value)


def sound(text: str) -> str:
    """Text that UTF-8 has: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
