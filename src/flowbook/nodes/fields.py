"""The field editor: keep, drop, rename, set, cast and order the columns of a table or a record.

Edits come in one order, however they are written: `set`, `cast`, `drop`, `keep`, `rename`, `order`.
So what is set may be read from columns that go, and all but `order` call columns what they were.
A mapping is one record and stays one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.dtypes import family_of
from flowbook.graph.options import did_you_mean
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.tables import Family, families, named_family, settled

Evaluate: TypeAlias = Callable[[str, Mapping[str, Any]], Any]
EDITS: Final = ("set", "cast", "drop", "keep", "rename", "order")
_CASTS: Final = ("int", "float", "string", "bool", "date", "datetime")
_BRACED: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def check_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The edits, each in its full form; `ValueError` for what is none.

    >>> check_fields({"select": "city"})
    {'keep': ['city']}
    """
    checked: dict[str, Any] = {}
    for name, value in fields.items():
        edit = "keep" if name == "select" else name
        if edit not in EDITS:
            raise ValueError(f"unknown edit {name!r}; {did_you_mean(str(name), EDITS)}")
        if edit in ("set", "cast", "rename"):
            if not isinstance(value, Mapping):
                raise ValueError(f"{name} takes a mapping of column to value, not {value!r}")
            checked[edit] = {str(column): one for column, one in value.items()}
        else:
            listed = [value] if isinstance(value, str) else value
            if not isinstance(listed, list | tuple):
                raise ValueError(f"{name} takes a list of columns, not {value!r}")
            checked[edit] = [str(column) for column in listed]
    for column, dtype in checked.get("cast", {}).items():
        if family_of(str(dtype)) not in _CASTS:
            raise ValueError(f"cast {column}: {dtype!r} is none of {', '.join(_CASTS)}")
    return checked


def edit_fields(
    value: Any, fields: Mapping[str, Any], evaluate: Evaluate, names: Mapping[str, Any], asker: str
) -> Any:
    """`value`, a table or one record, with its columns edited.

    An expression of `set` sees the columns of its row by their names, the whole `row`, its number
    `index`, and `names`. Raises `UsageError` in the name of `asker` for columns that are not there
    and values that cannot be cast, `ExpressionError` with the first row that cannot be computed.

    >>> edit_fields({"a": 1, "b": 2}, {"rename": {"a": "x"}, "drop": ["b"]}, None, {}, "edit")
    {'x': 1}
    """
    edits = check_fields(fields)
    value = settled(value)
    if isinstance(value, Mapping):
        edited = _edited(named_family("rows"), [dict(value)], edits, (evaluate, names, asker))
        return edited[0]
    maker = families([value])[0] or (named_family("rows") if value == [] else None)
    if maker is None:
        raise UsageError(
            f"{asker} edits fields of a {type(value).__name__}, which has none",
            hint="give it a table, a list of dicts, or a mapping",
        )
    return _edited(maker, maker.take(value), edits, (evaluate, names, asker))


_Asked: TypeAlias = tuple[Evaluate, Mapping[str, Any], str]


def _edited(maker: Family, table: Any, edits: Mapping[str, Any], asked: _Asked) -> Any:
    asker = asked[2]
    if not maker.columns(table) and not maker.count(table):
        return table
    if setting := edits.get("set"):
        table = _set(maker, table, setting, asked)
    for column, dtype in edits.get("cast", {}).items():
        _known(maker, table, [column], asker)
        table = _cast(maker, table, (column, str(dtype)), asker)
    columns = maker.columns(table)
    dropped = edits.get("drop", [])
    kept = edits.get("keep", columns)
    renamed = edits.get("rename", {})
    _known(maker, table, [*dropped, *kept, *renamed], asker)
    kept = [name for name in kept if name not in dropped]
    names = {str(renamed.get(name, name)): name for name in kept}
    if len(names) < len(kept):
        told = [str(renamed.get(name, name)) for name in kept]
        twice = next(name for name in told if told.count(name) > 1)
        raise UsageError(f"{asker} gives two columns the name {twice!r}", hint="drop one of them")
    if absent := [name for name in edits.get("order", []) if name not in names]:
        raise _no_column(asker, absent[0], names)
    first = list(dict.fromkeys(edits.get("order", [])))
    order = [*first, *(name for name in names if name not in first)]
    if [(name, names[name]) for name in order] == [(name, name) for name in columns]:
        return table
    return maker.chosen(table, {name: names[name] for name in order})


def _set(maker: Family, table: Any, setting: Mapping[str, Any], asked: _Asked) -> Any:
    """All values are computed from the rows as they were before any was set."""
    rows: list[dict[str, Any]] | None = None
    made: dict[str, list[Any]] = {}
    for column, value in setting.items():
        if isinstance(value, str) and _BRACED.search(value):
            rows = maker.records(table) if rows is None else rows
            with at_setting("fields", "set", column):
                made[column] = _computed(column, value, rows, asked)
        else:
            made[column] = [value] * maker.count(table)
    for column, values in made.items():
        try:
            table = maker.with_column(table, column, values)
        except Exception as error:
            raise UsageError(
                f"{asked[2]} sets {column!r} to values of several types: {error}",
                hint="let the expression give one type, or null",
            ) from error
    return table


def _computed(column: str, text: str, rows: Iterable[dict[str, Any]], asked: _Asked) -> list[Any]:
    evaluate, names, asker = asked
    parts = _BRACED.split(text)
    whole = len(parts) == 3 and not parts[0].strip() and not parts[2].strip()
    values = []
    for index, row in enumerate(rows):
        seen = {**names, **row, "row": row, "index": index}
        try:
            if whole:
                values.append(evaluate(parts[1].strip(), seen))
                continue
            found = [
                str(evaluate(part.strip(), seen)) if at % 2 else part
                for at, part in enumerate(parts)
            ]
        except ExpressionError as error:
            raise ExpressionError(
                f"{asker} cannot set {column!r} of row {index}: {error.message}",
                hint=error.hint,
                code=error.code,
                column=error.column,
            ) from None
        values.append("".join(found))
    return values


def _cast(maker: Family, table: Any, wanted: tuple[str, str], asker: str) -> Any:
    column, dtype = wanted
    try:
        return maker.cast(table, column, dtype)
    except Exception as error:
        where = _first_misfit(maker, table, wanted)
        raise UsageError(
            f"{asker} cannot cast {column!r} to {dtype}{where or f': {error}'}",
            hint="mend or leave out those rows, or set the column with an expression",
        ) from error


def _first_misfit(maker: Family, table: Any, wanted: tuple[str, str]) -> str:
    """The first rows whose value alone cannot be cast, where records cannot be either."""
    column, dtype = wanted
    found = []
    rows = named_family("rows")
    for number, value in enumerate(maker.cells(table, column)):
        try:
            rows.cast([{column: value}], column, dtype)
        except (ValueError, TypeError):
            found.append(f"row {number} has {value!r}")
        if len(found) == 3:
            break
    return f": {', '.join(found)}" if found else ""


def _known(maker: Family, table: Any, names: Iterable[str], asker: str) -> None:
    columns = maker.columns(table)
    for name in names:
        if name not in columns:
            raise _no_column(asker, name, columns)


def _no_column(asker: str, name: str, columns: Iterable[str]) -> UsageError:
    return UsageError(
        f"{asker} edits {name!r}, which is no column",
        hint=f"its columns: {', '.join(columns) or 'none'}",
    )
