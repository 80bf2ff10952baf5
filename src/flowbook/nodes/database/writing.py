"""Rows into a table: behind those that are there, in their place, or over those of the same key.

A table that is not there is made, of the types of the rows. What is written is all there at the end
of the transaction, or nothing of it; only in MySQL a table that had to be made is left, empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table

MODES: Final = ("append", "replace", "upsert")
_HEAP: Final = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """Which table, how, and by which columns it knows a row again."""

    table: str
    mode: str
    key: tuple[str, ...] = ()


def write_rows(
    connection: Connection,
    target: Target,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    alive: Callable[[], None],
) -> int:
    """Write rows in the transaction of the connection; how many. `alive` is asked in between.

    Raises `UsageError` for a column that the table does not have, and for an upsert by a key that
    the table does not hold unique.
    """
    if target.mode == "upsert" and not target.key:
        raise UsageError(
            f"an upsert into {target.table!r} has no key", hint="name its columns: key: [id]"
        )
    table = _table(connection, target, rows, columns)
    known = {column.name for column in table.columns}
    for name in (*columns, *target.key):
        if name not in known:
            raise UsageError(
                f"the table {target.table!r} has no column {name!r}",
                hint=f"its columns: {', '.join(sorted(known))}; drop or rename it before",
            )
    if target.mode == "replace":
        connection.execute(table.delete())
    statement = _insert(connection, table, target, columns)
    encoders = {name: _encoder(table.columns[name]) for name in columns}
    for heap in _heaps(rows):
        alive()
        values = [
            {name: encode(row.get(name)) for name, encode in encoders.items()} for row in heap
        ]
        connection.execute(statement, values)
    return len(rows)


def _encoder(column: Column[Any]) -> Callable[[Any], Any]:
    """Mappings and lists become JSON, unless the column is of a type that has them."""
    from sqlalchemy import ARRAY, JSON

    if isinstance(column.type, JSON):
        column.type.none_as_null = True
        return _same
    return _same if isinstance(column.type, ARRAY) else _json


def _same(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _heaps(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(rows), _HEAP):
        yield rows[at : at + _HEAP]


def _table(
    connection: Connection,
    target: Target,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
) -> Table:
    from sqlalchemy import Column, MetaData, Table, inspect

    schema, _, name = target.table.rpartition(".")
    if inspect(connection).has_table(name, schema=schema or None):
        table = Table(name, MetaData(), schema=schema or None, autoload_with=connection)
        if target.mode == "upsert":
            _check_unique(connection, table, target)
        return table
    if not columns:
        raise UsageError(
            f"there is no table {target.table!r}, and no rows to make it of",
            hint="create it before",
        )
    made = [
        Column(
            column,
            _type([row.get(column) for row in rows], in_key=column in target.key),
            primary_key=column in target.key and target.mode == "upsert",
            autoincrement=False,
        )
        for column in columns
    ]
    table = Table(name, MetaData(), *made, schema=schema or None)
    table.create(connection)
    return table


def _check_unique(connection: Connection, table: Table, target: Target) -> None:
    from sqlalchemy import inspect

    seen = inspect(connection)
    where = table.name, table.schema
    unique: list[Any] = [seen.get_pk_constraint(*where)["constrained_columns"]]
    unique += [one["column_names"] for one in seen.get_unique_constraints(*where)]
    unique += [one["column_names"] for one in seen.get_indexes(*where) if one.get("unique")]
    if not any(set(one) == set(target.key) for one in unique if one):
        raise UsageError(
            f"the table {target.table!r} does not hold {', '.join(target.key)} unique, so a row "
            "cannot be found again by it",
            hint="name the columns of its primary key, or of a unique index",
        )


def _insert(connection: Connection, table: Table, target: Target, columns: Sequence[str]) -> Any:
    dialect = connection.dialect.name
    rest = [name for name in columns if name not in target.key]
    if target.mode != "upsert":
        return table.insert()
    if dialect in ("mysql", "mariadb"):
        from sqlalchemy.dialects.mysql import insert as mysql_insert

        into = mysql_insert(table)
        changed = rest or list(target.key)
        return into.on_duplicate_key_update({name: into.inserted[name] for name in changed})
    from sqlalchemy.dialects import postgresql, sqlite

    made: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    if not rest:
        return made.on_conflict_do_nothing(index_elements=list(target.key))
    return made.on_conflict_do_update(
        index_elements=list(target.key), set_={name: made.excluded[name] for name in rest}
    )


def _type(values: Sequence[Any], *, in_key: bool) -> Any:
    """The type of a column that has to be made, from what is to be in it."""
    import sqlalchemy as sa

    found = {type(value) for value in values if value is not None}
    if found == {int, float}:
        found = {float}
    kinds: dict[type, Any] = {
        bool: sa.Boolean(),
        int: sa.BigInteger(),
        float: sa.Double(),
        Decimal: sa.Numeric(38, 10),
        datetime: sa.DateTime(timezone=any(getattr(one, "tzinfo", None) for one in values)),
        date: sa.Date(),
        time: sa.Time(),
        bytes: sa.LargeBinary(),
        dict: sa.JSON(),
        list: sa.JSON(),
    }
    text = sa.String(255) if in_key else sa.Text()
    return kinds.get(next(iter(found)), text) if len(found) == 1 else text
