"""What rows come as, and how they go out again: tables, lists of records, plain lists.

`opened` makes `Rows` of a value; `give` makes of them what they came as. Tables go through
narwhals, so that there is one way of doing a thing for every library; DuckDB relations and lazy
Polars frames are read whole. A null is one thing everywhere: None, and in pandas also NaN, NaT and
NA, because pandas keeps its nulls so. NaN elsewhere is a number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError

if TYPE_CHECKING:
    import narwhals as nw


class Rows(Protocol):
    """Rows of one kind."""

    @property
    def columns(self) -> list[str] | None:
        """Names of the columns; None when nobody can know: plain lists, and lists without items."""
        ...

    def __len__(self) -> int: ...

    def take(self, positions: Sequence[int]) -> Rows:
        """The rows at `positions`, in that order."""
        ...

    def values(self, column: str) -> list[Any]:
        """A column as plain Python values, null as None."""
        ...

    def items(self) -> Sequence[Any]:
        """Each row as a record, or the item itself; do not change them."""
        ...

    def put(self, columns: Mapping[str, list[Any]]) -> Rows:
        """The same rows with these columns, in place of or behind those there are."""
        ...

    def only(self, columns: Sequence[str]) -> Rows:
        """The same rows with these columns alone, in this order."""
        ...

    def make(self, columns: Mapping[str, list[Any]]) -> Rows:
        """New rows of the same kind."""
        ...

    def give(self) -> Any:
        """What the rows came as."""
        ...


class Records:
    """A list of records; a field that a record does not have is null."""

    def __init__(
        self, rows: list[dict[str, Any]], columns: list[str] | None = None, *, single: bool = False
    ) -> None:
        self._rows = rows
        self._single = single
        self._columns = columns

    @cached_property
    def columns(self) -> list[str] | None:
        if self._columns is not None or not self._rows:
            return self._columns
        first = self._rows[0].keys()
        if all(row.keys() == first for row in self._rows):
            return list(first)
        return list(dict.fromkeys(name for row in self._rows for name in row))

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, positions: Sequence[int]) -> Records:
        rows = self._rows
        return Records([rows[at] for at in positions], self.columns)

    def values(self, column: str) -> list[Any]:
        return [row.get(column) for row in self._rows]

    def items(self) -> Sequence[Any]:
        names = self.columns or []
        blank = dict.fromkeys(names)
        return [row if len(row) == len(names) else {**blank, **row} for row in self._rows]

    def put(self, columns: Mapping[str, list[Any]]) -> Records:
        names = list(columns)
        values = zip(*columns.values(), strict=True) if columns else ((),) * len(self)
        rows = [
            {**row, **dict(zip(names, new, strict=True))}
            for row, new in zip(self._rows, values, strict=True)
        ]
        return Records(rows, None if rows else self._columns, single=self._single)

    def only(self, columns: Sequence[str]) -> Records:
        rows = [{name: row.get(name) for name in columns} for row in self._rows]
        return Records(rows, list(columns), single=self._single)

    def beside(self, others: Records) -> Records:
        """Each record with the fields of another, which win."""
        rows = [{**one, **other} for one, other in zip(self._rows, others._rows, strict=True)]
        return Records(rows, None if rows else self._columns, single=self._single)

    def renamed(self, names: Sequence[str]) -> Records:
        """The same rows, whose columns are called so, one after the other."""
        old = self.columns or []
        rows = [
            {new: row.get(name) for name, new in zip(old, names, strict=True)} for row in self._rows
        ]
        return Records(rows, list(names), single=self._single)

    def make(self, columns: Mapping[str, list[Any]]) -> Records:
        names = list(columns)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return Records(rows, names)

    def give(self) -> Any:
        return self._rows[0] if self._single else list(self._rows)


class Items:
    """A plain list."""

    columns: list[str] | None = None

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def take(self, positions: Sequence[int]) -> Items:
        return Items([self._items[at] for at in positions])

    def values(self, column: str) -> list[Any]:
        raise UsageError(
            f"a list of plain items has no column {column!r}",
            hint="write an expression over item, such as item.price",
        )

    def items(self) -> Sequence[Any]:
        return self._items

    def put(self, columns: Mapping[str, list[Any]]) -> Rows:
        raise UsageError(
            f"a list of plain items takes no column {next(iter(columns), '')!r}",
            hint="give a table or a list of records",
        )

    def only(self, columns: Sequence[str]) -> Rows:
        raise UsageError("a list of plain items has no columns", hint="give a list of records")

    def make(self, columns: Mapping[str, list[Any]]) -> Records:
        return Records([]).make(columns)

    def give(self) -> list[Any]:
        return list(self._items)


class Table:
    """A frame of any library, and the way back to what it came as."""

    def __init__(
        self, frame: nw.DataFrame[Any], back: Callable[[Any], Any] = lambda native: native
    ) -> None:
        self.frame = frame
        self._back = back

    @property
    def columns(self) -> list[str]:
        return list(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame)

    def like(self, frame: nw.DataFrame[Any]) -> Table:
        """Another frame that goes out as this one does."""
        return Table(frame, self._back)

    def taken(self, other: Table) -> Table:
        """What a query gave, as a table of this kind; its sums are whole numbers again."""
        import narwhals as nw

        wholes = {}
        for name, dtype in other.frame.schema.items():
            values = other.values(name) if isinstance(dtype, nw.Decimal) else [None]
            if {int} == set(map(type, values)) - {type(None)}:
                wholes[name] = values
        frame = other.put(wholes).frame
        if frame.implementation is self.frame.implementation:
            return self.like(frame)
        return self.like(nw.from_arrow(frame, backend=self.frame.implementation))

    def take(self, positions: Sequence[int]) -> Table:
        return self.like(self.frame[list(positions)])

    def values(self, column: str) -> list[Any]:
        return plain_values(self.frame[column])

    def items(self) -> Sequence[Any]:
        names = self.columns
        lists = [self.values(name) for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]

    def put(self, columns: Mapping[str, list[Any]]) -> Table:
        made = [self._series(name, values) for name, values in columns.items()]
        return self.like(self.frame.with_columns(*made) if made else self.frame)

    def only(self, columns: Sequence[str]) -> Table:
        return self.like(self.frame.select(*columns))

    def make(self, columns: Mapping[str, list[Any]]) -> Table:
        import narwhals as nw

        made = {name: self._series(name, values) for name, values in columns.items()}
        return self.like(nw.from_dict(made, backend=self.frame.implementation))

    def give(self) -> Any:
        return self._back(self.frame.to_native())

    def _series(self, name: str, values: list[Any]) -> nw.Series[Any]:
        import narwhals as nw

        try:
            return nw.new_series(name, evened(values), backend=self.frame.implementation)
        except Exception as error:  # noqa: BLE001  each library has its own
            kinds = sorted({type(one).__name__ for one in values if one is not None})
            raise UsageError(
                f"column {name!r} would hold {', '.join(kinds)}, which a table of "
                f"{self.frame.implementation.value} cannot: {error}",
                hint="make them of one type, or work on a list of records",
            ) from None


def evened(values: list[Any]) -> list[Any]:
    """Whole numbers as floats where there are both: a column has one type."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int, float}:
        return [None if one is None else float(one) for one in values]
    return values


def plain_values(series: nw.Series[Any]) -> list[Any]:
    """A column as Python's own values, null as None."""
    import narwhals as nw

    values = series.to_list()
    if series.implementation.is_pandas_like() and series.null_count():
        absent = series.is_null().to_list()
        values = [None if null else one for one, null in zip(values, absent, strict=True)]
    kind = series.dtype
    if kind.is_temporal() or kind in (nw.Object, nw.Unknown) or isinstance(kind, nw.Decimal):
        return [plain(one) for one in values]
    return values


def plain(value: Any) -> Any:
    """A library's own scalar or array as Python's value; a decimal as a whole number or a float."""
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, datetime) and hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if isinstance(value, timedelta) and hasattr(value, "to_pytimedelta"):
        return value.to_pytimedelta()
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return value


def table_of(value: object) -> Table | None:
    """`value` as a table; None when it is none, or its library is not even loaded."""
    if not {"pandas", "polars", "pyarrow", "duckdb", "modin", "cudf"} & sys.modules.keys():
        return None
    import narwhals as nw

    _check_twice(value)
    found = nw.from_native(value, pass_through=True)
    if isinstance(found, nw.DataFrame):
        return Table(found)
    if not isinstance(found, nw.LazyFrame):
        return None
    if found.implementation.is_polars():
        return Table(found.collect("polars"), lambda native: native.lazy())
    if found.implementation.is_duckdb():
        # A relation is made by the library that the value came from.
        return Table(found.collect("pyarrow"), sys.modules["duckdb"].from_arrow)
    return None


def _check_twice(value: object) -> None:
    """Refuse columns of one name, which only pandas and Arrow have: nobody knows what is meant."""
    if type(value).__module__.partition(".")[0] not in ("pandas", "pyarrow"):
        return
    names = getattr(value, "column_names", getattr(value, "columns", ()))
    seen: set[Any] = set()
    for name in names:
        if name in seen:
            raise UsageError(
                f"two columns of the table are called {name!r}",
                hint="give each a name of its own before it gets here",
            )
        seen.add(name)


def opened(value: object, asker: str, *, single: bool = False) -> Rows:
    """`value` as rows; `UsageError` in the name of `asker` for what has none.

    With `single` a record may stand alone, and goes out alone.

    >>> opened([{"a": 1}, {"a": 2}], "filter 'big'").take([1]).give()
    [{'a': 2}]
    """
    if isinstance(value, list | tuple | range):
        items = list(value)
        if all(isinstance(one, dict) for one in items):
            return Records(items)
        return Items(items)
    if single and isinstance(value, dict):
        return Records([value], single=True)
    table = table_of(value)
    if table is not None:
        _check_names(table, asker)
        return table
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise UsageError(
            f"{asker} cannot go over a {type(value).__name__}",
            hint="give it a table, a list of records or a list",
        )
    return opened(list(value), asker)


def _check_names(table: Table, asker: str) -> None:
    names: list[Any] = list(table.columns)
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise UsageError(
            f"{asker}: a column is called {odd[0]!r}, which is no text",
            hint="name the columns, such as df.columns = ['city', 'total']",
        )


def spare(columns: Iterable[str], name: str) -> str:
    """A name for a column of ours that no column of theirs has."""
    taken = set(columns)
    found = f"__{name}__"
    while found in taken:
        found += "_"
    return found
