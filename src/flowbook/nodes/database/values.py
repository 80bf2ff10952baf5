"""Values on their way into a database and out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from flowbook.errors import UsageError
from flowbook.nodes.tables import families, from_columns, named_family, settled


def bound(value: Any, kind: str) -> Any:
    """A value as the drivers take it; mappings as JSON.

    >>> bound({"a": 1}, "sqlite"), bound([1, 2], "sqlite")
    ('{"a": 1}', [1, 2])
    """
    if isinstance(value, Mapping):
        return json.dumps(value, default=str)
    return _plain(value, kind)


def _plain(value: Any, kind: str) -> Any:
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    elif type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and value != value and kind == "mysql":
        return None  # MySQL has no NaN
    if kind == "sqlite":
        if isinstance(value, Decimal | UUID):
            return str(value)
        if isinstance(value, date | datetime):
            return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return value


def plain_rows(table: Any, asker: str, kind: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows as mappings of all columns, and these; one mapping is one row.

    Raises `UsageError` for what is no table.
    """
    table = settled(table)
    table = [dict(table)] if isinstance(table, Mapping) else table
    maker = families([table])[0] or (named_family("rows") if table == [] else None)
    if maker is None:
        raise UsageError(
            f"{asker} is given rows as a {type(table).__name__}, which is no table",
            hint="give it a data frame, an Arrow table or a list of dicts",
        )
    columns = [str(name) for name in maker.columns(table)]
    rows = [{name: _typed(row.get(name), kind) for name in columns} for row in maker.records(table)]
    return rows, columns


def _typed(value: Any, kind: str) -> Any:
    """Dates stay dates: a column that is written to knows how it wants them."""
    if isinstance(value, float) and value != value:
        return None
    return _plain(value, "" if isinstance(value, date) else kind)


def table_of(names: Sequence[str], rows: Sequence[Sequence[Any]], kind: str) -> Any:
    """Rows of a result as a table of a kind; a later column of the same name gets a number.

    >>> table_of(["a", "a"], [(1, 2)], "rows")
    [{'a': 1, 'a_2': 2}]
    """
    unique: list[str] = []
    for name in names:
        new, number = name, 2
        while new in unique:
            new, number = f"{name}_{number}", number + 1
        unique.append(new)
    if kind == "rows":
        return [dict(zip(unique, row, strict=True)) for row in rows]
    if kind == "frame":
        kind = "pandas" if find_spec("pandas") else "arrow"
    cells = list(zip(*rows, strict=True)) or [()] * len(unique)
    columns = {name: list(map(_simple, one)) for name, one in zip(unique, cells, strict=True)}
    if kind == "pandas":
        import pandas as pd

        return pd.DataFrame(columns)
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(columns, strict=False, infer_schema_length=None)
    return from_columns(columns)


def _simple(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
