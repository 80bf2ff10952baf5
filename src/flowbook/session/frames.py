"""Columns of tables at run time: pandas, Polars, Arrow and DuckDB relations, by what they are.

No library is imported: a value of one of them shows that its library is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flowbook.graph.dtypes import dtype_fits, family_of
from flowbook.graph.schemas import Columns
from flowbook.session.misfit_rows import Rows, misfit_rows, missing_rows

_INFERRED: Final[Mapping[str, str]] = {
    "string": "string", "integer": "int64", "floating": "float64", "boolean": "bool",
    "bytes": "binary", "date": "date", "datetime": "datetime", "datetime64": "datetime",
    "time": "time", "timedelta": "duration", "timedelta64": "duration", "decimal": "decimal",
}  # fmt: skip


def dtypes_of(table: Any) -> dict[str, str] | None:
    """The type of each column; None for what is no table.

    >>> dtypes_of([1, 2]) is None
    True
    """
    read = _READERS.get(_kind(table))
    return None if read is None else read(table)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A column that does not fit: what was expected, what is there, and its first such rows."""

    column: str
    expected: str
    there: str
    rows: Rows = ()


def column_misfits(table: Any, wanted: Columns) -> Iterator[Misfit]:
    """Every column that does not fit.

    Values are looked at only where a column may have none that are missing, where it holds objects
    of several types, and for what is told of one that does not fit.
    """
    found = dtypes_of(table) or {}
    for name, column in wanted.columns.items():
        there = found.get(name)
        if there is None:
            yield Misfit(name, f"a column of {column.dtype}", f"columns {_some(list(found))}")
        elif (fits := dtype_fits(column.dtype, there)) is False:
            yield Misfit(name, column.dtype, there, misfit_rows(table, name, column.dtype))
        elif fits is None and not there and (rows := misfit_rows(table, name, column.dtype)):
            yield Misfit(name, column.dtype, "values of several types", rows)
        elif not column.nullable and _HAS_NULLS[_kind(table)](table, name):
            expected = f"{column.dtype} without missing values"
            yield Misfit(name, expected, "missing values", missing_rows(table, name))
    if not wanted.extra and (more := [name for name in found if name not in wanted.columns]):
        only = f"columns {_some(list(wanted.columns))} only"
        yield Misfit(more[0], only, f"columns {_some(more)}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "") if names else "(none)"


def _kind(value: Any) -> tuple[str, str]:
    kind = type(value)
    return kind.__module__.partition(".")[0].lstrip("_"), kind.__name__


def _pandas(frame: Any) -> dict[str, str]:
    found = {}
    for i, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes, strict=True)):
        text = str(dtype)
        found[str(name)] = text if family_of(text) else _inferred(frame.iloc[:, i])
    return found


def _inferred(series: Any) -> str:
    """What the objects of a column are."""
    from pandas.api.types import infer_dtype

    return _INFERRED.get(infer_dtype(series, skipna=True), "")


def _polars(frame: Any) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.collect_schema().items()}


def _arrow(table: Any) -> dict[str, str]:
    return {one.name: str(one.type) for one in table.schema}


def _relation(relation: Any) -> dict[str, str]:
    return dict(zip(map(str, relation.columns), map(str, relation.types), strict=True))


def _lazy_nulls(frame: Any, name: str) -> bool:
    return bool(frame.select(name).null_count().collect().item())


def _relation_nulls(relation: Any, name: str) -> bool:
    quoted = name.replace('"', '""')
    lacking = relation.filter(f'"{quoted}" IS NULL').aggregate("count(*)")
    return bool(lacking.fetchall()[0][0])


_READERS: Final[Mapping[tuple[str, str], Callable[[Any], dict[str, str]]]] = {
    ("pandas", "DataFrame"): _pandas,
    ("polars", "DataFrame"): _polars,
    ("polars", "LazyFrame"): _polars,
    ("pyarrow", "Table"): _arrow,
    ("pyarrow", "RecordBatch"): _arrow,
    ("duckdb", "DuckDBPyRelation"): _relation,
}
_HAS_NULLS: Final[Mapping[tuple[str, str], Callable[[Any, str], bool]]] = {
    ("pandas", "DataFrame"): lambda frame, name: bool(frame[name].isna().to_numpy().any()),
    ("polars", "DataFrame"): lambda frame, name: bool(frame[name].null_count()),
    ("polars", "LazyFrame"): _lazy_nulls,
    ("pyarrow", "Table"): lambda table, name: bool(table.column(name).null_count),
    ("pyarrow", "RecordBatch"): lambda table, name: bool(table.column(name).null_count),
    ("duckdb", "DuckDBPyRelation"): _relation_nulls,
}
