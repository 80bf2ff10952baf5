"""Asking a query over inputs: which of them are tables, which parameters, and what kind comes back.

Values are bound as parameters and never become part of the text. The query is asked of the node's
context; neither DuckDB nor the store is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.nodes.tables import columnar, families, named_family, settled

RESULTS: Final = ("pandas", "polars", "arrow", "rows")


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the database is given it."""

    sql: str
    tables: frozenset[str]
    """Tables it reads, as they are registered."""
    parameters: frozenset[str]


def ask(
    context: NodeContext,
    sql: str,
    inputs: Mapping[Any, Any],
    asker: str,
    *,
    attach: Mapping[str, str] | None = None,
    result: str = "",
) -> Any:
    """The rows of the last statement, as `result`: pandas, polars, arrow or rows.

    Without one: pandas where it is installed, else Arrow. Raises `UsageError` for an input that is
    read as a table and is none, and whatever the database says of the query.
    """
    given: dict[str, Any] = dict(inputs.items())
    query = read_query(sql, tuple(sorted(name for name in given if "." in name)))
    parameters = {name: given[name] for name in query.parameters if name in given}
    tables = {
        name: table
        for name, value in given.items()
        if name not in parameters and (table := columnar(value)) is not None
    }
    for name in query.tables & given.keys() - tables.keys():
        raise UsageError(
            f"input {name!r} of {asker} is a {type(given[name]).__name__}, which is no table",
            hint=f"write ${name} to use its value, or give a data frame",
        )
    more: dict[str, Any] = {"attach": attach} if attach else {}
    if not result or result == "pandas" or find_spec("pyarrow") is None:
        found = context.query(query.sql, tables, parameters, **more)
    else:
        found = context.query(query.sql, tables, parameters, result="arrow", **more)
    return named_family(result).take(found) if result else found


def kind_of_first(inputs: Mapping[Any, Any]) -> str:
    """The family of the first input that is a table; empty when none is.

    >>> kind_of_first({"limit": 3, "rows": [{"a": 1}]})
    'rows'
    """
    return next((one.name for one in families(map(settled, inputs.values())) if one), "")


@lru_cache(maxsize=512)
def read_query(sql: str, dotted: tuple[str, ...]) -> Query:
    """What a query reads, with each `node.port` of `dotted` made the name of one table.

    Text is replaced in place, so that line numbers stay. A query that sqlglot cannot read goes to
    the database as written.
    """
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    try:
        statements = [one for one in parse(sql, dialect="duckdb") if one is not None]
    except SqlglotError:
        return Query(sql, frozenset(), frozenset(re.findall(r"\$([A-Za-z_]\w*)", sql)))
    tables: set[str] = set()
    parameters: set[str] = set()
    changes: list[tuple[int, int, str]] = []
    for node in (node for one in statements for node in one.walk()):
        if isinstance(node, exp.Placeholder | exp.Parameter):
            parameters.add(node.name)
        elif isinstance(node, exp.Table):
            tables.add(f"{node.db}.{node.name}" if node.db else node.name)
            if f"{node.db}.{node.name}" in dotted:
                alias = "" if node.alias else f" AS {_quoted(node.name)}"
                one_table = _quoted(f"{node.db}.{node.name}") + alias
                changes.extend(_replace(node.args["db"], node.this, one_table))
        elif isinstance(node, exp.Column) and f"{node.db}.{node.table}" in dotted:
            changes.extend(_replace(node.args["db"], node.args["table"], _quoted(node.table)))
    for start, end, text in sorted(changes, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return Query(sql, frozenset(tables), frozenset(parameters))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _replace(first: Any, last: Any, text: str) -> Iterator[tuple[int, int, str]]:
    if "start" in first.meta and "end" in last.meta:
        yield first.meta["start"], last.meta["end"] + 1, text
