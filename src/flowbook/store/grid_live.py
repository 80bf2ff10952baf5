"""A table in memory, a window of rows at a time: pandas, Polars, Arrow, or a list of records.

Each library hands out its own rows; DuckDB says only in which order, for a window that is sorted or
filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowbook.errors import UsageError
from flowbook.store import glance, parquet
from flowbook.store.frames import register
from flowbook.store.grid import Rows, Wanted, condition, ordering
from flowbook.store.preview import TablePreview, cell

if TYPE_CHECKING:
    from flowbook.store.resident import Resident


@dataclass(slots=True)
class Seen:
    """What was worked out of a table: how it looks, and the order that was asked for last."""

    shown: TablePreview
    wanted: Wanted = field(default_factory=Wanted)
    order: Any = None


def seen(value: Any) -> Seen | None:
    """How a value looks that is a table; None for any other."""
    if parquet.kept_as(value) is None and not isinstance(value, list):
        return None
    shown = glance.show(value)
    return Seen(shown) if isinstance(shown, TablePreview) else None


class LiveGrid:
    """One table in memory."""

    def __init__(self, value: Any, known: Seen, resident: Resident) -> None:
        shown = known.shown
        self.columns, self.rows, self.width = shown.columns, shown.total, shown.width
        self._known, self._resident = known, resident
        self._reader = _reader(value, len(shown.columns))

    def window(self, start: int, count: int, wanted: Wanted) -> tuple[Rows, tuple[int, ...], int]:
        """Rows, where they lie, and how many were found in all."""
        if wanted.plain:
            at: Sequence[int] = range(start, min(start + count, self.rows))
            total = self.rows
        else:
            known = self._known
            if wanted != known.wanted:
                known.order, known.wanted = self._ordered(wanted), wanted
            at = [int(one) for one in known.order[start : start + count]]
            total = len(known.order)
        found = [[cell(one) for one in column] for column in self._reader.take(at)]
        rows = list(zip(*found, strict=True)) if found else []
        return rows, tuple(at), total

    def sample(self, count: int) -> list[Any]:
        """The first values of each column, as NumPy arrays; nothing for what makes none."""
        return self._reader.sample(min(count, self.rows))

    def _ordered(self, wanted: Wanted) -> Any:
        """The numbers of the rows that are wanted, in order."""
        import duckdb

        names = [f"c{i}" for i in range(len(self.columns))]
        where, parameters = condition(wanted, names)
        inner = "SELECT *, row_number() OVER () - 1 AS lies FROM looked_at"
        sql = (
            f"SELECT lies FROM ({inner}) WHERE {where} "  # noqa: S608 - names are numbered
            f"ORDER BY {ordering(wanted, names, 'lies')}"
        )
        with self._resident.cursor() as cursor:
            register(cursor, "looked_at", self._reader.table(names))
            try:
                return cursor.execute(sql, parameters or None).fetchnumpy()["lies"]
            except duckdb.Error as refused:
                raise UsageError(
                    f"these rows cannot be sorted or searched: {str(refused).splitlines()[0]}",
                    hint="a column of one type can",
                ) from None


class Reader:
    """How one library gives rows. Columns are those that are shown."""

    def __init__(self, frame: Any, width: int) -> None:
        self.frame, self.width = frame, width

    def take(self, at: Sequence[int]) -> list[Sequence[Any]]:
        """The cells of these rows, by column."""
        raise NotImplementedError

    def table(self, names: list[str]) -> Any:
        """The same table with these names, as DuckDB reads it."""
        raise NotImplementedError

    def sample(self, count: int) -> list[Any]:
        """The first values of each column, as arrays."""
        raise NotImplementedError


class _Pandas(Reader):
    def take(self, at: Sequence[int]) -> list[Sequence[Any]]:
        found = self.frame.iloc[_where(at)]
        return [found.iloc[:, i].tolist() for i in range(self.width)]

    def table(self, names: list[str]) -> Any:
        return self.frame.iloc[:, : self.width].set_axis(names, axis=1)

    def sample(self, count: int) -> list[Any]:
        head = self.frame.iloc[:count]
        return [head.iloc[:, i].to_numpy() for i in range(self.width)]


class _Polars(Reader):
    def take(self, at: Sequence[int]) -> list[Sequence[Any]]:
        found = self.frame[at.start : at.stop] if isinstance(at, range) else self.frame[list(at)]
        return [one.to_list() for one in found.get_columns()[: self.width]]

    def table(self, names: list[str]) -> Any:
        shown = self.frame.select(self.frame.columns[: self.width])
        return shown.rename(dict(zip(shown.columns, names, strict=True))).to_arrow()

    def sample(self, count: int) -> list[Any]:
        return [one.to_numpy() for one in self.frame.head(count).get_columns()[: self.width]]


class _Arrow(Reader):
    def take(self, at: Sequence[int]) -> list[Sequence[Any]]:
        import pyarrow as pa

        if isinstance(at, range):
            found = self.frame.slice(at.start, len(at))
        else:
            found = self.frame.take(pa.array(at, pa.int64()))
        return [found.column(i).to_pylist() for i in range(self.width)]

    def table(self, names: list[str]) -> Any:
        return self.frame.select(list(range(self.width))).rename_columns(names)

    def sample(self, count: int) -> list[Any]:
        head = self.frame.slice(0, count)
        return [head.column(i).to_numpy() for i in range(self.width)]


class _Records(Reader):
    def __init__(self, rows: list[Any], keys: list[Any]) -> None:
        super().__init__(rows, len(keys))
        self.keys = keys

    def take(self, at: Sequence[int]) -> list[Sequence[Any]]:
        return [[self._cell(i, key) for i in at] for key in self.keys]

    def _cell(self, row: int, key: Any) -> Any:
        one = self.frame[row]
        return one.get(key) if isinstance(one, dict) else None

    def table(self, names: list[str]) -> Any:
        every = range(len(self.frame))
        return dict(zip(names, self.take(every), strict=True))

    def sample(self, count: int) -> list[Any]:
        import numpy as np

        return [np.array(column) for column in self.take(range(count))]


def _reader(value: Any, width: int) -> Reader:
    library = type(value).__module__.partition(".")[0]
    if library == "pandas":
        return _Pandas(_flat(value), width)
    if library == "polars":
        return _Polars(value.to_frame() if hasattr(value, "to_frame") else value, width)
    if library == "pyarrow":
        return _Arrow(parquet.as_arrow(value), width)
    return _Records(value, list(value[0])[:width])


def _flat(value: Any) -> Any:
    """A pandas table whose index, if it says anything, is its first columns."""
    frame = value.to_frame() if hasattr(value, "to_frame") else value
    if type(frame.index).__name__ == "RangeIndex" and frame.index.name is None:
        return frame
    inner = frame.set_axis(range(frame.shape[1]), axis=1)
    levels = [f"level {i}" for i in range(frame.index.nlevels)]
    return inner.reset_index(names=levels)


def _where(at: Sequence[int]) -> Any:
    return slice(at.start, at.stop) if isinstance(at, range) else list(at)
