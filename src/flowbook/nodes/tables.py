"""What counts as a table, and the three ways of putting tables together.

Four families are known, each by the library that made the value, none of which has to be
installed: pandas, polars, Arrow, and *rows* (a non-empty list of dicts). A result is of the family
of the first table: tables stay tables. Values that are no tables are refused, not guessed at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from flowbook.errors import UsageError

How: TypeAlias = Literal["left", "inner", "outer"]


class Family(Protocol):
    """One kind of table."""

    def owns(self, value: object) -> bool:
        """True when `value` is a table of this kind; imports nothing."""
        ...

    def take(self, table: Any) -> Any:
        """`table`, of whatever family, as one of this family."""
        ...

    def stack(self, tables: Sequence[Any]) -> Any:
        """All rows, one table under the other; a column absent from one is empty there."""
        ...

    def join(self, left: Any, right: Any, on: list[str], how: How, suffix: str) -> Any:
        """Rows side by side where `on` agrees; clashing columns of `right` get `suffix`."""
        ...

    def beside(self, tables: Mapping[str, Any]) -> Any:
        """Tables of one length, column by column; a later clash gets `_name of its table`."""
        ...

    def columns(self, table: Any) -> list[str]: ...


class _Pandas:
    def owns(self, value: object) -> bool:
        return _is("pandas", "DataFrame", value)

    def take(self, table: Any) -> Any:
        import pandas as pd

        if self.owns(table):
            return table
        if _Rows().owns(table):
            return pd.DataFrame(table)
        return table.to_pandas()

    def stack(self, tables: Sequence[Any]) -> Any:
        import pandas as pd

        return pd.concat(tables, ignore_index=True)

    def join(self, left: Any, right: Any, on: list[str], how: How, suffix: str) -> Any:
        return left.merge(right, on=on, how=how, suffixes=("", suffix))

    def beside(self, tables: Mapping[str, Any]) -> Any:
        import pandas as pd

        names = _distinct({name: self.columns(table) for name, table in tables.items()})
        parts = [
            table.reset_index(drop=True).set_axis(names[name], axis=1)
            for name, table in tables.items()
        ]
        return pd.concat(parts, axis=1)

    def columns(self, table: Any) -> list[str]:
        return [str(name) for name in table.columns]


class _Polars:
    def owns(self, value: object) -> bool:
        return _is("polars", "DataFrame", value)

    def take(self, table: Any) -> Any:
        import polars as pl

        return table if self.owns(table) else pl.DataFrame(table)

    def stack(self, tables: Sequence[Any]) -> Any:
        import polars as pl

        return pl.concat(tables, how="diagonal_relaxed")

    def join(self, left: Any, right: Any, on: list[str], how: How, suffix: str) -> Any:
        kind: Any = "full" if how == "outer" else how
        return left.join(
            right, on=on, how=kind, suffix=suffix, coalesce=True, maintain_order="left_right"
        )

    def beside(self, tables: Mapping[str, Any]) -> Any:
        import polars as pl

        names = _distinct({name: self.columns(table) for name, table in tables.items()})
        parts = [
            table.rename(dict(zip(table.columns, names[name], strict=True)))
            for name, table in tables.items()
        ]
        return pl.concat(parts, how="horizontal")

    def columns(self, table: Any) -> list[str]:
        return list(table.columns)


class _Arrow:
    def owns(self, value: object) -> bool:
        return _is("pyarrow", "Table", value)

    def take(self, table: Any) -> Any:
        import pyarrow as pa

        if self.owns(table):
            return table
        if _Rows().owns(table):
            return pa.table(_by_column(table))
        return pa.Table.from_pandas(table) if _Pandas().owns(table) else table.to_arrow()

    def stack(self, tables: Sequence[Any]) -> Any:
        import pyarrow as pa

        return pa.concat_tables(tables, promote_options="permissive")

    def join(self, left: Any, right: Any, on: list[str], how: How, suffix: str) -> Any:
        import pyarrow as pa

        kind = {"left": "left outer", "inner": "inner", "outer": "full outer"}[how]
        # Arrow joins in no order; this brings the order of the left table back.
        position = pa.array(range(left.num_rows))
        joined = left.append_column(_POSITION, position).join(
            right, keys=on, join_type=kind, right_suffix=suffix
        )
        return joined.sort_by(_POSITION).drop_columns([_POSITION])

    def beside(self, tables: Mapping[str, Any]) -> Any:
        import pyarrow as pa

        names = _distinct({name: self.columns(table) for name, table in tables.items()})
        columns = [column for table in tables.values() for column in table.columns]
        return pa.table(columns, names=[one for name in tables for one in names[name]])

    def columns(self, table: Any) -> list[str]:
        return list(table.column_names)


class _Rows:
    def owns(self, value: object) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(r, dict) for r in value)

    def take(self, table: Any) -> Any:
        if self.owns(table):
            return table
        if _Pandas().owns(table):
            return table.to_dict("records")
        return table.to_dicts() if _Polars().owns(table) else table.to_pylist()

    def stack(self, tables: Sequence[Any]) -> Any:
        return [row for table in tables for row in table]

    def join(self, left: Any, right: Any, on: list[str], how: How, suffix: str) -> Any:
        matches: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in right:
            matches.setdefault(tuple(row.get(name) for name in on), []).append(row)
        clashes = {name for row in left for name in row} - set(on)
        joined: list[dict[str, Any]] = []
        seen = set()
        for row in left:
            key = tuple(row.get(name) for name in on)
            seen.add(key)
            found = matches.get(key, [{}] if how != "inner" else [])
            joined.extend(row | _suffixed(other, clashes, on, suffix) for other in found)
        if how == "outer":
            rest = (row for key, rows in matches.items() if key not in seen for row in rows)
            joined.extend(_suffixed(row, clashes, on, suffix) for row in rest)
        return joined

    def beside(self, tables: Mapping[str, Any]) -> Any:
        old = {name: self.columns(table) for name, table in tables.items()}
        new = _distinct(old)
        return [
            {
                after: row.get(before)
                for name, row in zip(tables, rows, strict=True)
                for before, after in zip(old[name], new[name], strict=True)
            }
            for rows in zip(*tables.values(), strict=True)
        ]

    def columns(self, table: Any) -> list[str]:
        return list(dict.fromkeys(name for row in table for name in row))


_POSITION = "__flowbook_position__"
_FAMILIES: tuple[Family, ...] = (_Pandas(), _Polars(), _Arrow(), _Rows())


def family(value: object) -> Family | None:
    """The family of a table; None for what is no table.

    >>> family([{"a": 1}]) is not None, family([1, 2]) is None
    (True, True)
    """
    return next((one for one in _FAMILIES if one.owns(value)), None)


def columnar(value: object) -> Any:
    """A table that a query can read in place, or None when `value` is no table.

    Frames stay as they are; lists of dicts and dicts of lists become Arrow tables (pandas frames
    without pyarrow), and a dict of plain values becomes a table of one row.
    """
    found = family(value)
    if found is not None and not isinstance(value, list):
        return value
    if found is not None and isinstance(value, list):
        return _from_columns(_by_column(value))
    if isinstance(value, Mapping) and value:
        lists = [isinstance(one, list | tuple) for one in value.values()]
        if all(lists) and len({len(one) for one in value.values()}) == 1:
            return _from_columns({str(name): list(one) for name, one in value.items()})
        if not any(lists):
            return _from_columns({str(name): [one] for name, one in value.items()})
    return None


def rows_of(value: object, asker: str) -> Sequence[Any]:
    """The items of a list, a tuple or anything else that can be gone through; a table's rows.

    Raises `UsageError` in the name of `asker` for a text, a mapping, and what has no items.
    """
    found = family(value)
    if found is not None:
        return value if isinstance(value, list) else _Rows().take(value)
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
    return _from_columns(_by_column(rows))


def _from_columns(columns: dict[str, list[Any]]) -> Any:
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


def _by_column(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _distinct(columns: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Column names, table by table, in which a later clash carries its table's name."""
    taken: set[str] = set()
    names: dict[str, list[str]] = {}
    for table, ones in columns.items():
        names[table] = [f"{one}_{table}" if one in taken else one for one in ones]
        taken.update(names[table])
    return names


def _suffixed(
    row: Mapping[str, Any], clashes: set[str], on: list[str], suffix: str
) -> dict[str, Any]:
    return {
        f"{name}{suffix}" if name in clashes and name not in on else name: value
        for name, value in row.items()
    }


def _is(module: str, name: str, value: object) -> bool:
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)
