"""Functions over tables: frames of pandas and polars, tables of Arrow, and lists of records.

A table is not plain data: it reaches these functions only as a bare path, and only if it is
exactly one of the classes that the libraries define, whose own code alone then runs. A column whose
type is somebody's (an extension of pandas or Arrow) is refused, and what comes out of a column is
plain data or refused like any other value. Nothing is imported: a library whose frame there is has
been loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from flowbook.expr.budget import Budget, Code, defined_by, refuse
from flowbook.expr.fields import ABSENT, led, records
from flowbook.expr.function import Function

MAX_ROWS: Final = 50_000
"""Rows of a column that becomes a list."""
MAX_HEAD: Final = 1_000
"""Rows that become records."""


def is_table(value: Any) -> bool:
    """True for an exact frame or table of a library that is loaded."""
    return _library(value) is not None


def _library(value: Any) -> str | None:
    for library, name in (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table")):
        # Asked of the library itself: what a class says of its own module may be a lie.
        if type(value) is getattr(sys.modules.get(library), name, ABSENT):
            return library
    return None


def row_count(value: Any) -> int:
    """How many rows a table has."""
    return int(value.num_rows if _library(value) == "pyarrow" else len(value))


def _names(value: Any) -> list[Any]:
    return list(value.column_names if _library(value) == "pyarrow" else value.columns)


def _columns(budget: Budget, value: Any) -> list[Any]:
    if is_table(value):
        return _names(value)
    names: dict[Any, None] = {}
    for row in records(budget, value):
        budget.tick()
        names.update(dict.fromkeys(budget.items(_record(row))))
    return list(names)


def _record(row: Any) -> dict[Any, Any]:
    if type(row) is not dict:
        raise refuse(Code.TYPE, f"a row is a dict, not a {type(row).__name__}")
    return row


def _column(budget: Budget, value: Any, name: Any) -> list[Any]:
    if not is_table(value):
        found = [led(budget, _record(row), (name,)) for row in records(budget, value)]
        if found and all(one is ABSENT for one in found):
            raise refuse(Code.NO_FIELD, "there is no such column")
        return [None if one is ABSENT else one for one in found]
    if row_count(value) > MAX_ROWS:
        raise refuse(Code.TOO_LARGE, f"a column of more than {MAX_ROWS:,} rows is no list")
    return _values(value, _place(value, name))


def _place(value: Any, name: Any) -> int:
    """Where a column stands; labels that are no text are passed over, not compared."""
    places = [at for at, one in enumerate(_names(value)) if type(one) is str and one == name]
    if len(places) != 1 or type(name) is not str:
        raise refuse(
            Code.NO_FIELD, "there is no such column" if not places else "it is there twice"
        )
    return places[0]


def _values(value: Any, place: int) -> list[Any]:
    return _VALUES[str(_library(value))](value, place)


def _of_pandas(value: Any, place: int) -> list[Any]:
    column = value.iloc[:, place]
    numpy = sys.modules["numpy"]
    known = isinstance(column.dtype, numpy.dtype) or defined_by(type(column.dtype), "pandas")
    if not known or _is_foreign(getattr(column.dtype, "pyarrow_dtype", None)):
        raise _foreign()
    missing = column.isna().tolist()
    return [None if gone else one for gone, one in zip(missing, column.tolist(), strict=True)]


def _of_polars(value: Any, place: int) -> list[Any]:
    return list(value.to_series(place).to_list())


def _of_arrow(value: Any, place: int) -> list[Any]:
    column = value.column(place)
    if _is_foreign(column.type):
        raise _foreign()
    return list(column.to_pylist())


def _is_foreign(arrow: Any) -> bool:
    """True for a type of Arrow that is an extension, or holds one."""
    if arrow is None:
        return False
    if isinstance(arrow, sys.modules["pyarrow"].BaseExtensionType):
        return True
    return any(_is_foreign(arrow.field(at).type) for at in range(arrow.num_fields))


def _foreign() -> Exception:
    return refuse(Code.OPAQUE, "a column of somebody's own type is not plain data")


_VALUES: Final[Mapping[str, Callable[[Any, int], list[Any]]]] = {
    "pandas": _of_pandas, "polars": _of_polars, "pyarrow": _of_arrow,
}  # fmt: skip


def _head(budget: Budget, value: Any, count: Any = 10) -> list[Any]:
    if type(count) is not int or not 0 <= count <= MAX_HEAD:
        raise refuse(Code.VALUE, f"head gives from 0 to {MAX_HEAD:,} rows")
    if not is_table(value):
        return records(budget, value)[:count]
    part = _cut(value, count)
    names = _names(part)
    budget.tick(len(names) * row_count(part) >> 2)
    columns = [_values(part, place) for place in range(len(names))]
    labels = [budget.admit(name) for name in names]
    return [dict(zip(labels, row, strict=True)) for row in zip(*columns, strict=True)]


def _cut(value: Any, count: int) -> Any:
    return value.slice(0, count) if _library(value) == "pyarrow" else value.head(count)


TABLES: Final = (
    Function("columns", "The names of a table's columns.",
             "columns([{'a': 1}, {'b': 2}]) == ['a', 'b']", _columns, tables=True),
    Function("column", "One column of a table as a list.",
             "column([{'a': 1}, {'a': 2}], 'a') == [1, 2]", _column, 2, 2, tables=True),
    Function("head", "The first rows of a table, 10 or so many, as a list of records.",
             "head([{'a': 1}, {'a': 2}], 1) == [{'a': 1}]", _head, 1, 2, tables=True),
)  # fmt: skip
"""Functions over tables; `len(table)` counts its rows."""
