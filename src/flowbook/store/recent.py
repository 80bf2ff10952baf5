"""Large values that were kept a moment ago, told by what is in them.

A table that goes through a chain of nodes is the same in each of them. To write it out, compress
it and hash the file takes several times as long as to hash its memory, so whoever has just been
kept is recognised there. Nothing but time depends on it: what is not recognised is kept again, and
is the same object.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from flowbook.store import arrays, parquet
from flowbook.store.codec import Extent
from flowbook.store.forms import Form

LEAST = 1_000_000
"""Bytes in memory from which on it pays to look."""
_MOST = 64

Mark: TypeAlias = bytes
"""A digest of a value as it is in memory."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a value: the digest of its file, its size, and its rows and columns."""

    digest: str
    size: int
    extent: Extent


class Recent:
    """The last few large values that were kept; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Mark, Kept] = OrderedDict()

    def find(self, mark: Mark | None) -> Kept | None:
        """What became of the value with that mark, if it is known."""
        if mark is None:
            return None
        with self._lock:
            if mark in self._kept:
                self._kept.move_to_end(mark)
            return self._kept.get(mark)

    def add(self, mark: Mark | None, kept: Kept) -> None:
        """It was kept; the one that was not asked for longest is forgotten."""
        if mark is None:
            return
        with self._lock:
            self._kept[mark] = kept
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)


def mark_of(form: Form, value: Any) -> Mark | None:
    """The mark of a large table of pandas or Arrow, or a large array; None for all else.

    >>> import pandas as pd
    >>> form = Form("parquet", "pandas.DataFrame")
    >>> one, other = (pd.DataFrame({"n": range(200_000)}) for _ in range(2))
    >>> mark_of(form, one) == mark_of(form, other)
    True
    >>> other.loc[0, "n"] = 1
    >>> mark_of(form, one) == mark_of(form, other)
    False
    """
    hashed = hashlib.sha256(f"{form.format} {form.kind}".encode())
    if parquet.kept_as(value) is not None:
        pieces = _table(value)
    elif arrays.kept_as(value) is not None:
        pieces = _array(value)
    else:
        return None
    if pieces is None:
        return None
    for piece in pieces:
        hashed.update(piece)
    return hashed.digest()


def _table(value: Any) -> list[Any] | None:
    if type(value).__module__.startswith("polars") or not _large(value):
        return None
    table = parquet.as_arrow(value)
    pieces: list[Any] = [table.schema.serialize()]
    for column in table.columns:
        for chunk in column.chunks:
            pieces.append(f"{len(chunk)} {chunk.offset}".encode())
            pieces += [buffer for buffer in chunk.buffers() if buffer is not None]
    return pieces


def _large(value: Any) -> bool:
    """Whether it pays to look; never where columns of Python objects had to be converted first."""
    if not hasattr(value, "memory_usage"):
        return bool(value.nbytes >= LEAST)
    dtypes = value.dtypes if hasattr(value, "columns") else [value.dtype]
    if any(str(dtype) == "object" for dtype in dtypes):
        return False
    usage = value.memory_usage(index=False)
    return bool((usage.sum() if hasattr(usage, "sum") else usage) >= LEAST)


def _array(value: Any) -> list[Any] | None:
    if value.nbytes < LEAST or value.dtype.hasobject or not value.flags.c_contiguous:
        return None
    # Not every type of element has a buffer of its own; all have bytes.
    return [f"{value.dtype!r} {value.shape}".encode(), value.reshape(-1).view("u1")]
