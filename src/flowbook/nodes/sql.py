"""A cell of SQL over upstream tables.

The body is DuckDB SQL. Inputs that hold tables are tables under the name the cell uses for them,
`clean` or `clean.df` alike; other inputs are parameters, `$name`, which are bound and never become
part of the text. The body has no room for a configuration, so a cell says its settings in comments
at its beginning: `--| result: polars`. The node knows neither DuckDB nor the store: it asks its
context to run the query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, NoReturn

from traitlets import Dict, Enum, Unicode

from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options, did_you_mean
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes.asking import RESULTS, ask, kind_of_first
from flowbook.nodes.cell_code import CellText
from flowbook.nodes.pointing import raise_from_line

_WORD = re.compile(r"\w+|\"[^\"]*\"|\S")
_NAMED = re.compile(r"(?:[\"']|with name )([^\"'\s]+)")
_SETTING = re.compile(r"--\|\s*(.*?)\s*$")


class SqlNode(Node):
    """Runs DuckDB SQL over upstream tables, and gives what its last statement gives.

    An input that holds a table (a frame of pandas, Polars or Arrow, a list of dicts, a DuckDB
    relation) is a table under the name you wire it by, `clean` or `clean.df`; any other input is a
    parameter, `$limit`. A body may have several statements: what the first ones create is there
    for those behind them, and gone at the end.

    Settings are comments at the beginning of the cell: `--| result: polars`,
    `--| attach: {shop: data/shop.duckdb}`. Where files are attached, the SQL reads these only.
    """

    kind: ClassVar[str] = "sql"
    family: ClassVar[str] = "data"
    gives: ClassVar[str] = "DataFrame"
    body: ClassVar[str] = "sql"
    defaults: ClassVar[Options] = Options(pure=True)
    example: ClassVar[str] = """\
%%flow orders
orders = [
    {"city": "Oslo", "total": 30},
    {"city": "Rome", "total": 12},
    {"city": "Oslo", "total": 5},
]

%%flow least
least = 10

%%flow sql by_city(orders, least)
--| result: rows
select city, sum(total)::int as total from orders group by city having sum(total) > $least
order by city
"""

    attach = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        help="Files of DuckDB and SQLite that the SQL may read, by the name it has for them: a "
        "path in the project's folder.",
    ).tag(config=True, examples=[{"shop": "data/shop.duckdb"}])
    result = Enum(
        ("frame", *RESULTS, "auto"),
        default_value="frame",
        help="What comes out: a frame of pandas where it is installed, else an Arrow table "
        "(frame), a table of the kind that is said, or of the first input's kind (auto).",
    ).tag(config=True)

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        """Settings in the body count unless a trait is given as well."""
        super().__init__(spec, **{**_settings(spec), **traits})

    @classmethod
    def meaning(cls, spec: NodeSpec) -> str:
        """The query word by word and its settings, without other comments and layout."""
        settings = [found[1] for found in map(_SETTING.match, _head(spec.body)) if found]
        return "\n".join([*settings, _words(spec.body)])

    @property
    def filename(self) -> str:
        """The file name of this node's frames in tracebacks."""
        return CellText.of(self.spec).filename

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The query's rows. An error of the query is a `FlowSyntaxError` at the cell's line."""
        files = {name: context.services.file(path) for name, path in self.attach.items()}
        kind = "" if self.result == "frame" else self.result
        kind = kind_of_first(inputs) if kind == "auto" else kind
        asker = f"sql node {self.name!r}"
        try:
            return ask(context, self.spec.body, inputs, asker, attach=files, result=kind)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001  the database's errors are not ours to import
            raise_at_cell_line(CellText.of(self.spec), error)


def _head(body: str) -> list[str]:
    """The lines before the first that is neither empty nor a comment."""
    head = []
    for line in body.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("--"):
            break
        head.append(stripped)
    return head


def _settings(spec: NodeSpec) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    found: dict[str, Any] = {}
    for number, line in enumerate(_head(spec.body)):
        match = _SETTING.match(line)
        if match is None:
            continue
        try:
            read = YAML(typ="safe").load(match[1])
        except YAMLError:
            read = None
        wrong = [str(name) for name in read if name not in _NAMES] if isinstance(read, dict) else []
        if not isinstance(read, dict) or wrong:
            told = f"no setting {wrong[0]!r}" if wrong else f"{match[1]!r}, which is no setting"
            raise FlowSyntaxError(
                f"sql node {spec.id!r} has {told}",
                hint=did_you_mean(wrong[0], _NAMES) if wrong else "write --| result: polars",
                cell=spec.place.cell if spec.place else None,
                line=spec.body_line + number,
            )
        found |= read
    return found


_NAMES = ("attach", "result")


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


def raise_at_cell_line(text: CellText, error: Exception) -> NoReturn:
    """Raise what the database said from the cell's own line.

    The database says `LINE n`, counted from the body, or names what it does not know. The error
    is raised from a frame whose file is the cell, so that every traceback shows that line of SQL.
    """
    said = str(error)
    found = re.search(r"^LINE (\d+):", said, re.MULTILINE)
    lines = text.lines()
    if found:
        line = text.line - 1 + int(found[1])
        columns = _columns_in(said[found.start() :], lines[line - 1])
    else:
        line, columns = _place_of(said, text)
    refused = FlowSyntaxError(
        f"{said[: found.start()].strip() if found else said} (node {text.node!r}, line {line})",
        hint=f"look at: {lines[line - 1].strip()}" if line <= len(lines) else None,
        cell=text.cell,
        line=line,
    )
    raise_from_line(text, line, refused, error, columns=columns)


def _columns_in(said: str, line: str) -> tuple[int, int] | None:
    """The word of a line that the database's `^` stands under; of a long line it shows a part."""
    quoted, _, below = said.partition("\n")
    head = quoted.index(":") + 2
    shown, at = quoted[head:], below.find("^") - head
    part = shown.removeprefix("...").removesuffix("...")
    begins = line.find(part.strip("\n"))
    if at < 0 or begins < 0:
        return None
    first = begins + at - (3 if shown.startswith("...") else 0)
    word = _WORD.match(line, first)
    return (first, word.end()) if word else None


def _place_of(said: str, text: CellText) -> tuple[int, tuple[int, int] | None]:
    """The first place in the body of a name the database quotes or names; else the first line."""
    for name in _NAMED.findall(said):
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        for number, line in enumerate(text.body.splitlines()):
            found = word.search(line)
            if found:
                return text.line + number, found.span()
    return text.line, None
