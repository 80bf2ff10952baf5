"""Bodies that are not Python: which paths a SQL or a configuration body reads.

SQL is read by sqlglot in DuckDB's dialect, configuration by ruamel.yaml; both load when the first
such cell is met. Nothing is executed and no database is asked.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from flowbook.cells.analyse import Read
from flowbook.cells.header import Fault
from flowbook.errors import ExpressionError
from flowbook.expr.parse import bare, parse
from flowbook.expr.template import Template
from flowbook.graph.spec import Json

_SCHEMAS: Final = frozenset({"main", "temp", "information_schema", "pg_catalog"})
"""Schemas every DuckDB database has."""
_ATTACH: Final = re.compile(r"--\|\s*(attach\s*:.*)")


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
        message = re.sub(r"<Token .*?, text: (.*?), line: .*>", r"'\1'", message)
        return (), (Fault(f"this is no SQL: {message}", int(first.get("line") or 1)),)
    if not statements:
        return (), (Fault("this cell holds no query", 1, "write SELECT … FROM a node"),)
    reads: dict[tuple[str, ...], Read] = {}
    attached, created = _attached(body), set[str]()
    for one in statements:
        own = {one.this.find(exp.Table).name.lower()} if _creates(one) else set[str]()
        for table in one.find_all(exp.Table):
            if _is_foreign(table) or _is_cte(table) or table.db.lower() in attached:
                continue
            if not table.db and table.name.lower() in created | own:
                continue
            path = (table.db, table.name) if table.db else (table.name,)
            reads.setdefault(path, Read(path, _line(table.this)))
        created |= own
    for name in (name for one in statements for name in _sql_parameters(one)):
        found = re.search(rf"\${re.escape(name)}\b", body)
        line = body.count("\n", 0, found.start()) + 1 if found else 1
        reads.setdefault((name,), Read((name,), line))
    return tuple(reads.values()), ()


def _creates(statement: Any) -> bool:
    """True for a table or a view, which the statements behind it may read."""
    from sqlglot import exp

    return isinstance(statement, exp.Create) and statement.kind in ("TABLE", "VIEW")


def _attached(body: str) -> set[str]:
    """What the settings at the beginning of a query call its attached files."""
    names: set[str] = set()
    for line in body.splitlines():
        if not line.strip().startswith("--"):
            break
        if (found := _ATTACH.match(line.strip())) is not None:
            settings, _ = read_yaml(found[1])
            attach = (settings or {}).get("attach")
            names |= {str(name).lower() for name in attach} if isinstance(attach, dict) else set()
    return names


def _is_foreign(table: Any) -> bool:
    """True for a table function, a file, or a table of the database itself."""
    from sqlglot import exp

    named = isinstance(table.this, exp.Identifier) and table.name.isidentifier()
    return not named or bool(table.catalog) or table.db.lower() in _SCHEMAS


def _is_cte(table: Any) -> bool:
    """True when a `WITH` around the table defines its name.

    A plain `WITH` term does not see itself: `WITH clean AS (SELECT * FROM clean)` reads a table.
    """
    from sqlglot import exp

    child, node = table, table.parent
    while node is not None and not table.db:
        if isinstance(node, exp.With):
            at = node.expressions.index(child)
            visible = node.expressions[: at + 1 if node.recursive else at]
        else:
            clause = node.args.get("with_") or node.args.get("with")
            visible = clause.expressions if clause and clause is not child else []
        if any(term.alias_or_name.lower() == table.name.lower() for term in visible):
            return True
        child, node = node, node.parent
    return False


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
        text = body.split("\n")[line - 1] if line <= body.count("\n") + 1 else ""
        bare = re.search(r":\s*\{\{", text)
        hint = 'put quotes around it: name: "{{ … }}"' if bare else f"look at: {text.strip()}"
        return None, (Fault(f"this is no YAML: {broken.problem or broken}", line, hint),)
    except (YAMLError, ValueError, RecursionError) as broken:
        return None, (Fault(f"this is no YAML: {broken}", 1),)
    if found is None:
        return {}, ()
    if not isinstance(found, dict):
        hint = "write settings as name: value, one a line"
        return None, (Fault(f"the body is a {type(found).__name__}, not settings", 1, hint),)
    try:
        return {str(name): _plain(value) for name, value in found.items()}, ()
    except (ValueError, RecursionError) as refused:
        return None, (Fault(f"this is no configuration: {refused}", 1),)


def _plain(value: Any) -> Json:
    """A YAML value as JSON has it; dates and the like as the text they were."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def write_yaml(settings: Mapping[str, Json]) -> str:
    r"""Settings as the body of a cell.

    >>> write_yaml({"url": "{{ server.url }}", "city": None})
    "url: '{{ server.url }}'\ncity: null"
    """
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # half typed
    return _dumped(yaml, dict(settings))


def changed_yaml(body: str, was: Mapping[str, Json], now: Mapping[str, Json]) -> str:
    """`body` saying `now` where it said `was`; comments and untouched lines stay."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    try:
        found = yaml.load(body)
    except YAMLError:
        found = None
    if not isinstance(found, dict):
        return write_yaml(now)
    for name in [name for name in found if str(name) not in now]:
        del found[name]
    for name, value in now.items():
        if name not in was or was[name] != value:
            found[name] = value
    return _dumped(yaml, found)


def _dumped(yaml: Any, value: Any) -> str:
    yaml.width = 4096  # a line of the author's is never folded
    written = io.StringIO()
    yaml.dump(value, written)
    return written.getvalue().rstrip("\n")


def read_templates(
    settings: Mapping[str, Json], body: str, untemplated: Collection[str] = ()
) -> tuple[Read, ...]:
    """What the `{{ }}` templates in settings read, by body line; broken ones are `check`'s.

    Settings called in `untemplated` hold expressions that the node evaluates itself. What the
    project provides (`$env`, `$vars`) is not of the flow, and no read of it.
    """
    reads: dict[tuple[str, ...], Read] = {}
    for text in _texts([one for name, one in settings.items() if name not in untemplated]):
        try:
            template = Template.parse(text)
        except ExpressionError:
            continue
        for path in sorted(template.inputs):
            reads.setdefault(path, Read(path, _line_with(body, text, path)))
    return tuple(reads.values())


def read_expressions(
    settings: Mapping[str, Json], body: str, named: Collection[str], brought: Collection[str] = ()
) -> tuple[Read, ...]:
    """What the settings in `named` read, in that order; broken ones are `check`'s.

    Each is an expression, or a list of what has one under `expression`. Names that the node itself
    brings are no reads.

    >>> read_expressions({"condition": "last < limit"}, "condition: last < limit", ["condition"])
    (Read(path=('last',), line=1, soft=False), Read(path=('limit',), line=1, soft=False))
    """
    reads: dict[tuple[str, ...], Read] = {}
    for name in named:
        for text in _expressions(settings.get(name)):
            try:
                paths = parse(bare(text)).inputs
            except ExpressionError:
                continue
            for path in sorted(paths, key=lambda path: (text.find(path[0]), path)):
                if path[0] not in brought:
                    reads.setdefault(path, Read(path, _line_with(body, name, path)))
    return tuple(reads.values())


def _expressions(value: Json) -> list[str]:
    if isinstance(value, list):
        value = [one.get("expression") for one in value if isinstance(one, dict)]
        return [one for one in value if isinstance(one, str)]
    return [value] if isinstance(value, str) else []


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
