"""A cell of SQL over upstream tables.

The body is DuckDB SQL. Inputs that hold tables are tables under the name the cell uses for them,
`clean` or `clean.df` alike; other inputs are parameters, `$name`. The node knows neither DuckDB
nor the store: it asks its context to run the query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NoReturn

from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes import examples
from flowbook.nodes.cell_code import CellText
from flowbook.nodes.tables import columnar


class SqlNode(Node):
    """Runs a query and gives its result as a data frame.

    The body is DuckDB SQL. An input that holds a table (a frame of pandas, Polars or Arrow, or a
    list of dicts) is a table under the name it is wired by, `clean` or `clean.df`; any other input
    is a parameter, `$limit`.
    """

    kind: ClassVar[str] = "sql"
    family: ClassVar[str] = "data"
    example: ClassVar[str] = examples.SQL
    gives: ClassVar[str] = "DataFrame"
    body: ClassVar[str] = "sql"
    defaults: ClassVar[Options] = Options(pure=True)

    @classmethod
    def meaning(cls, spec: NodeSpec) -> str:
        """The query word by word, without comments and layout."""
        return _words(spec.body)

    @property
    def filename(self) -> str:
        """The file name of this node's frames in tracebacks."""
        return CellText.of(self.spec).filename

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The query's rows. An error of the query is a `FlowSyntaxError` at the cell's line."""
        given: dict[str, Any] = dict(inputs.items())
        query = _read(self.spec.body, tuple(sorted(name for name in given if "." in name)))
        parameters = {name: given[name] for name in query.parameters if name in given}
        tables = {
            name: table
            for name, value in given.items()
            if name not in parameters and (table := columnar(value)) is not None
        }
        for name in query.tables & given.keys() - tables.keys():
            raise UsageError(
                f"input {name!r} of sql node {self.name!r} is a {type(given[name]).__name__}, "
                "which is no table",
                hint=f"write ${name} to use its value, or give a data frame",
            )
        try:
            return context.query(query.sql, tables, parameters)
        except Exception as error:  # noqa: BLE001  the database's errors are not ours to import
            _raise_at_cell_line(CellText.of(self.spec), error)


@dataclass(frozen=True, slots=True)
class _Query:
    sql: str
    tables: frozenset[str]
    """Tables it reads, as they are registered."""
    parameters: frozenset[str]


@lru_cache(maxsize=512)
def _read(sql: str, dotted: tuple[str, ...]) -> _Query:
    """What a query reads, with each `node.port` of `dotted` made the name of one table.

    Text is replaced in place, so that line numbers stay. A query that sqlglot cannot read goes to
    the database as written.
    """
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    try:
        statements = [one for one in parse(sql, dialect="duckdb") if one is not None]
    except SqlglotError:
        return _Query(sql, frozenset(), frozenset(re.findall(r"\$([A-Za-z_]\w*)", sql)))
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
    return _Query(sql, frozenset(tables), frozenset(parameters))


@lru_cache(maxsize=4096)
def _words(sql: str) -> str:
    """The words of a query, each with what it is; text that cannot be read stands for itself."""
    from sqlglot import tokenize
    from sqlglot.errors import SqlglotError

    try:
        words = tokenize(sql, dialect="duckdb")
    except SqlglotError:
        return sql
    return repr([(word.token_type.name, word.text) for word in words])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _replace(first: Any, last: Any, text: str) -> Iterator[tuple[int, int, str]]:
    if "start" in first.meta and "end" in last.meta:
        yield first.meta["start"], last.meta["end"] + 1, text


def _raise_at_cell_line(text: CellText, error: Exception) -> NoReturn:
    """Raise what the database said from the cell's own line.

    The database says `LINE n`, counted from the body, or names what it does not know. The error
    is raised from a frame whose file is the cell, so that every traceback shows that line of SQL.
    """
    said = str(error)
    found = re.search(r"^LINE (\d+):", said, re.MULTILINE)
    lines = text.lines()
    line = text.line - 1 + int(found[1]) if found else _line_with(said, text)
    refused = FlowSyntaxError(
        f"{said[: found.start()].strip() if found else said} (node {text.node!r}, line {line})",
        hint=f"look at: {lines[line - 1].strip()}" if line <= len(lines) else None,
        cell=text.cell,
        line=line,
    )
    pad = "\n" * (line - 1)
    code = compile(f"{pad}raise refused from error", text.show_in_tracebacks(), "exec")
    exec(code.replace(co_name=text.node), {"refused": refused, "error": error})  # noqa: S102  our own raise
    raise refused


def _line_with(said: str, text: CellText) -> int:
    """The first cell line of the body that has a name the database quotes; else its first line."""
    names = re.findall(r'["\']([^"\']+)["\']', said)
    for number, line in enumerate(text.body.splitlines()):
        if any(name in line for name in names):
            return text.line + number
    return text.line
