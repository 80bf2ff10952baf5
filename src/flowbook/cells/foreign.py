"""Bodies that are not Python: which paths a SQL or a configuration body reads.

SQL is read by sqlglot in DuckDB's dialect, configuration by ruamel.yaml; both load when the first
such cell is met. Nothing is executed and no database is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from flowbook.cells.analyse import Read
from flowbook.cells.header import Fault
from flowbook.errors import ExpressionError
from flowbook.expr.template import Template
from flowbook.graph.spec import Json


@lru_cache(maxsize=2048)
def read_sql(body: str) -> tuple[tuple[Read, ...], tuple[Fault, ...]]:
    """Tables and `$parameters` a query reads, and what is wrong with it, by body line.

    >>> [read.path for read in read_sql("SELECT * FROM clean.df WHERE t > $top")[0]]
    [('clean', 'df'), ('top',)]
    """
    import sqlglot
    from sqlglot import errors, exp

    try:
        statements = [one for one in sqlglot.parse(body, dialect="duckdb") if one is not None]
    except errors.SqlglotError as broken:
        first = (getattr(broken, "errors", None) or [{}])[0]
        message = str(first.get("description") or broken).splitlines()[0]
        return (), (Fault(f"this is no SQL: {message}", int(first.get("line") or 1)),)
    if len(statements) != 1:
        return (), (Fault(f"a SQL node is one query, and this is {len(statements)}", 1),)
    query = statements[0]
    reads: dict[tuple[str, ...], Read] = {}
    own = {cte.alias_or_name.lower() for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a table function, such as range(10)
        if not table.db and table.name.lower() in own:
            continue
        path = (table.db, table.name) if table.db else (table.name,)
        reads.setdefault(path, Read(path, _line(table.this)))
    for name in _sql_parameters(query):
        reads.setdefault((name,), Read((name,), 1))
    return tuple(reads.values()), ()


def _sql_parameters(query: Any) -> Iterator[str]:
    from sqlglot import exp

    for one in query.find_all(exp.Parameter, exp.Placeholder):
        name = one.name or (one.this if isinstance(one.this, str) else "")
        if name and str(name).isidentifier():
            yield str(name)


def _line(node: Any) -> int:
    line = node.meta.get("line")
    return int(line) if line else 1


@lru_cache(maxsize=2048)
def read_yaml(body: str) -> tuple[Mapping[str, Json] | None, tuple[Fault, ...]]:
    """A configuration body as settings, and what is wrong with it; an empty body is no setting."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(body)
    except MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        return None, (Fault(f"this is no YAML: {broken.problem or broken}", line),)
    except (YAMLError, ValueError) as broken:
        return None, (Fault(f"this is no YAML: {broken}", 1),)
    if found is None:
        return {}, ()
    if not isinstance(found, dict):
        hint = "write settings as name: value, one a line"
        return None, (Fault(f"the body is a {type(found).__name__}, not settings", 1, hint),)
    return {str(name): _plain(value) for name, value in found.items()}, ()


def _plain(value: Any) -> Json:
    """A YAML value as JSON has it; dates and the like as the text they were."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def read_templates(settings: Mapping[str, Json], body: str) -> tuple[Read, ...]:
    """What the `{{ }}` templates in settings read, by body line; broken ones are `check`'s."""
    reads: dict[tuple[str, ...], Read] = {}
    for text in _texts(list(settings.values())):
        try:
            template = Template.parse(text)
        except ExpressionError:
            continue
        for path in sorted(template.reads):
            reads.setdefault(path, Read(path, _line_with(body, text, path)))
    return tuple(reads.values())


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if "{{" in value:
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _line_with(body: str, text: str, path: tuple[str, ...]) -> int:
    lines = body.splitlines()
    for wanted in (text, ".".join(path), path[0]):
        for number, line in enumerate(lines, 1):
            if wanted in line:
                return number
    return 1
