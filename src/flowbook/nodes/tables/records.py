"""Tables as lists of dicts. A row that lacks a column has null there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from flowbook.graph.dtypes import family_of
from flowbook.nodes.tables.family import Positions, first_of_each, is_a
from flowbook.nodes.tables.pandas_frames import Pandas

_TRUE: Final = {"true": True, "false": False}
_KINDS: Final[Mapping[type, str]] = {
    bool: "bool", int: "int", float: "float", str: "string", date: "date", datetime: "datetime",
}  # fmt: skip


class Records:
    """A list of dicts, of any length when the table is known to be one."""

    name: ClassVar[str] = "rows"

    def owns(self, value: object) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(r, dict) for r in value)

    def take(self, table: Any) -> Any:
        if isinstance(table, list):
            return table
        if is_a("pandas", ["DataFrame"], table):
            return Pandas().records(table)
        return table.to_dicts() if is_a("polars", ["DataFrame"], table) else table.to_pylist()

    def columns(self, table: Any) -> list[str]:
        return list(dict.fromkeys(name for row in table for name in row))

    def count(self, table: Any) -> int:
        return len(table)

    def kind(self, table: Any, column: str) -> str:
        found = {type(row.get(column)) for row in table} - {type(None)}
        return _KINDS.get(next(iter(found)), "") if len(found) == 1 else ""

    def cells(self, table: Any, column: str) -> list[Any]:
        return [row.get(column) for row in table]

    def records(self, table: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in table]

    def stack(self, tables: Sequence[Any]) -> Any:
        rows = [row for table in tables for row in table]
        blank = dict.fromkeys(self.columns(rows))
        return [{**blank, **row} for row in rows]

    def beside(self, tables: Sequence[Any]) -> Any:
        return [
            {name: value for row in rows for name, value in row.items()}
            for rows in zip(*tables, strict=True)
        ]

    def picked(self, table: Any, rows: Positions) -> Any:
        blank = dict.fromkeys(self.columns(table))
        return [table[number] if number >= 0 else blank for number in rows]

    def chosen(self, table: Any, names: Mapping[str, str]) -> Any:
        return [{new: row.get(old) for new, old in names.items()} for row in table]

    def filled(self, table: Any, other: Any, column: str) -> Any:
        return [
            row if row.get(column) is not None else {**row, column: more.get(column)}
            for row, more in zip(table, other, strict=True)
        ]

    def with_column(self, table: Any, column: str, values: list[Any]) -> Any:
        return [{**row, column: value} for row, value in zip(table, values, strict=True)]

    def distinct(self, table: Any) -> Any:
        names = self.columns(table)
        rows = (tuple(row.get(name) for name in names) for row in table)
        return [table[number] for number in first_of_each(rows)]

    def cast(self, table: Any, column: str, dtype: str) -> Any:
        return self.with_column(
            table, column, [_cast(value, dtype) for value in self.cells(table, column)]
        )


def _cast(value: Any, dtype: str) -> Any:
    if value is None:
        return None
    kind = family_of(dtype)
    if kind == "bool" and isinstance(value, str):
        if value.lower() not in _TRUE:
            raise ValueError(f"{value!r} is neither true nor false")
        return _TRUE[value.lower()]
    if kind == "date":
        return value.date() if isinstance(value, datetime) else _read(date, value)
    if kind == "datetime":
        return _read(datetime, value)
    makers: dict[str | None, Any] = {"int": _whole, "float": float, "string": str, "bool": bool}
    return makers[kind](value)


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def _read(kind: Any, value: Any) -> Any:
    return value if isinstance(value, kind) else kind.fromisoformat(value)
