"""The first rows of a table that do not fit its schema: their numbers, from 0, and their values.

Asked only once a column is known not to fit, so that a table that fits costs nothing. Where the
column is of one type that is not the wanted one, those are simply its first rows.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeAlias

from flowbook.graph.dtypes import dtype_fits, family_of

MOST: Final = 3
"""How many rows are named."""
Rows: TypeAlias = "tuple[tuple[int, Any], ...]"
_FAMILIES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "string"),
    (bytes, "binary"),
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
    (datetime.time, "time"),
    (datetime.timedelta, "duration"),
    (decimal.Decimal, "decimal"),
    (list, "list"),
    (dict, "struct"),
)
"""The first that a value is an instance of counts: a truth is a whole number, too."""


def value_fits(wanted: str, value: Any) -> bool:
    """Whether a value may stand in a column of that type; a missing one may.

    >>> value_fits("float", 1), value_fits("int64", "1"), value_fits("int", None)
    (True, False, True)
    """
    if is_missing(value):
        return True
    bare = value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value
    family = next((word for kind, word in _FAMILIES if isinstance(bare, kind)), None)
    if family is None:
        return True
    asked = family_of(wanted) or wanted
    return dtype_fits(asked, family) is not False or (asked, family) == ("float", "int")


def is_missing(value: Any) -> bool:
    """None, NaN, NaT and the like: what does not equal itself."""
    if value is None:
        return True
    with suppress(Exception):
        return bool(value != value)
    return type(value).__name__ == "NAType"


def misfit_rows(table: Any, column: str, wanted: str) -> Rows:
    """Rows whose value is not of the wanted type; none where the table does not show its rows."""
    return _first(table, column, lambda value: not value_fits(wanted, value))


def missing_rows(table: Any, column: str) -> Rows:
    """Rows without a value."""
    return _first(table, column, is_missing)


def _first(table: Any, column: str, wrong: Callable[[Any], bool]) -> Rows:
    found = ((row, value) for row, value in enumerate(_values(table, column)) if wrong(value))
    with suppress(Exception):  # what is told of rows is a courtesy: the misfit stands without it
        return tuple(islice(found, MOST))
    return ()


def _values(table: Any, column: str) -> Iterator[Any]:
    """The values of a column, a stretch at a time; of one that has to be computed, none."""
    read = next((read for name, read in _READERS if hasattr(table, name)), None)
    return iter(()) if read is None else read(table, column)


def _pandas(frame: Any, column: str) -> Iterator[Any]:
    at = next(i for i, name in enumerate(frame.columns) if str(name) == column)
    return iter(frame.iloc[:, at])


def _polars(frame: Any, column: str) -> Iterator[Any]:
    return iter(frame[column])


def _arrow(table: Any, column: str) -> Iterator[Any]:
    return (value.as_py() for value in table.column(column))


_READERS: Final[Sequence[tuple[str, Callable[[Any, str], Iterator[Any]]]]] = (
    ("itertuples", _pandas),
    ("iter_rows", _polars),
    ("to_pylist", _arrow),
)
"""By a method that only the frames of one library have; lazy frames and relations have none."""
