"""Telling tables from other values, and making tables of what is nearly one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.tables.arrow_tables import Arrow
from flowbook.nodes.tables.family import Family, is_a
from flowbook.nodes.tables.pandas_frames import Pandas
from flowbook.nodes.tables.polars_frames import Polars
from flowbook.nodes.tables.records import Records

_FAMILIES: Final[tuple[Family, ...]] = (Pandas(), Polars(), Arrow(), Records())


def family(value: object) -> Family | None:
    """The family of a table; None for what is no table.

    >>> family([{"a": 1}]) is not None, family([1, 2]) is None
    (True, True)
    """
    return next((one for one in _FAMILIES if one.owns(value)), None)


def named_family(name: str) -> Family:
    """The family that is called `pandas`, `polars`, `arrow` or `rows`.

    >>> named_family("rows").take([{"a": 1}])
    [{'a': 1}]
    """
    return next(one for one in _FAMILIES if one.name == name)


def settled(value: Any) -> Any:
    """A table whose rows are there, of a relation, a lazy frame or a batch; else the value."""
    if is_a("polars", ["LazyFrame"], value):
        return value.collect()
    if is_a("pyarrow", ["RecordBatch"], value):
        import pyarrow as pa

        return pa.Table.from_batches([value])
    if not is_a("duckdb", ["DuckDBPyRelation"], value):
        return value
    try:
        return value.to_arrow_table()
    except ImportError:
        return value.df()


def families(values: Iterable[Any]) -> list[Family | None]:
    """The family of each value; an empty list is one of records where another is a table."""
    found = [(value, family(value)) for value in values]
    if not any(one for _, one in found):
        return [one for _, one in found]
    empty = named_family("rows")
    return [one or (empty if value == [] else None) for value, one in found]


def as_records(value: Any) -> Any:
    """A frame as its rows, in which None stands for what is missing; any other value as it is.

    >>> import pandas as pd
    >>> as_records(pd.DataFrame({"city": ["Oslo", None], "n": [1.5, float("nan")]}))
    [{'city': 'Oslo', 'n': 1.5}, {'city': None, 'n': None}]
    """
    table = settled(value)
    if isinstance(table, list) or family(table) is None:
        return value
    rows = named_family("rows").take(table)
    return [{name: None if is_missing(one) else one for name, one in row.items()} for row in rows]


def is_missing(value: Any) -> bool:
    """True for what stands for no value in a table, of whichever library."""
    return type(value).__name__ in ("NaTType", "NAType") or (
        isinstance(value, float) and value != value  # NaN alone is not itself
    )


def columnar(value: object) -> Any:
    """A table that a query can read in place, or None when `value` is no table.

    Frames stay as they are; lists of dicts and dicts of lists become Arrow tables (pandas frames
    without pyarrow), and a dict of plain values becomes a table of one row.
    """
    value = settled(value)
    found = family(value)
    if found is not None and not isinstance(value, list):
        return value
    if found is not None and isinstance(value, list):
        return from_columns(by_column(value))
    if isinstance(value, Mapping) and value:
        lists = [isinstance(one, list | tuple) for one in value.values()]
        if all(lists) and len({len(one) for one in value.values()}) == 1:
            return from_columns({str(name): list(one) for name, one in value.items()})
        if not any(lists):
            return from_columns({str(name): [one] for name, one in value.items()})
    return None


def rows_of(value: object, asker: str) -> Sequence[Any]:
    """The items of a list, a tuple or anything else that can be gone through; a table's rows.

    Raises `UsageError` in the name of `asker` for a text, a mapping, and what has no items.
    """
    found = family(value)
    if found is not None:
        return value if isinstance(value, list) else named_family("rows").take(value)
    if isinstance(value, list | tuple | range):
        return value
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise UsageError(
            f"{asker!r} cannot go over a {type(value).__name__}",
            hint="give it a list or a table",
        )
    return list(value)


def stacked(values: Sequence[Any], numbers: Sequence[int], column: str, asker: str) -> Any:
    """One table of many, and a first column that says from which each row is.

    A mapping counts as one row. Of the family of the first table; raises `UsageError` for what is
    no table.
    """
    rows: list[dict[str, Any]] = []
    tables = [value for value in values if family(value) is not None]
    for number, value in zip(numbers, values, strict=True):
        if not isinstance(value, Mapping) and family(value) is None:
            raise UsageError(
                f"{asker!r} cannot make one table of a {type(value).__name__}",
                hint="let every turn give a table or a mapping, or write collect: list",
            )
        found = [value] if isinstance(value, Mapping) else rows_of(value, asker)
        rows += [{column: number, **row} for row in found]
    first = family(tables[0]) if tables else None
    if rows and first is not None:
        return first.take(rows)
    return from_columns(by_column(rows))


def from_columns(columns: dict[str, list[Any]]) -> Any:
    """An Arrow table; a pandas frame without pyarrow."""
    try:
        import pyarrow as pa
    except ImportError:
        pass
    else:
        return pa.table(columns)
    try:
        import pandas as pd
    except ImportError:
        raise UsageError(
            "a list of rows needs pyarrow or pandas to be queried",
            hint='pip install "flowbook[tables]"',
        ) from None
    return pd.DataFrame(columns)


def by_column(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns, with None where a row has none."""
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
