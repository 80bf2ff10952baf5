"""Which tables and parameters a query reads, found without a database.

sqlglot reads it in DuckDB's dialect, and loads when the first such cell is met. What it cannot
read, newer grammar above all, is no mistake as long as quotes and brackets fit: then the words
behind FROM and JOIN are taken for names, as soft reads, which nobody complains of, and the
database says what is wrong when the query runs. Names are those of nodes in any case of letters.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from flowbook.cells.analyse import Read
from flowbook.cells.foreign import read_yaml
from flowbook.cells.header import Fault

_SCHEMAS: Final = frozenset({"main", "temp", "information_schema", "pg_catalog"})
"""Schemas every DuckDB database has."""
_EXPLAIN: Final = re.compile(r"(^\s*|;\s*)(explain(?:[ \t]+analyze)?)\b", re.IGNORECASE)
_ATTACH: Final = re.compile(r"--\|\s*(attach\s*:.*)")


@lru_cache(maxsize=2048)
def read_sql(body: str) -> tuple[tuple[Read, ...], tuple[Fault, ...]]:
    """Tables and `$parameters` a query reads, and what is wrong with it, by body line.

    >>> [read.path for read in read_sql("SELECT * FROM clean.df WHERE t > $top")[0]]
    [('clean', 'df'), ('top',)]
    """
    from sqlglot import errors, exp

    body = _EXPLAIN.sub(lambda found: found[1] + " " * len(found[2]), body)
    try:
        statements = _parsed(body)
    except errors.SqlglotError as broken:
        words = _words(body)
        if words is not None:
            return tuple(_by_words(words, _attached(body)).values()), ()
        return (), (_fault(broken),)
    if not statements:
        return (), (Fault("this cell holds no query", 1, "write SELECT … FROM a node"),)
    if any(isinstance(one, exp.Command) for one in statements):
        return tuple(_by_words(_words(body) or (), _attached(body)).values()), ()
    reads = _tables(statements, _attached(body))
    for name in (name for one in statements for name in _sql_parameters(one)):
        found = re.search(rf"\${re.escape(name)}\b", body)
        line = body.count("\n", 0, found.start()) + 1 if found else 1
        reads.setdefault((name,), Read((name,), line))
    return tuple(reads.values()), ()


def _parsed(body: str) -> list[Any]:
    import sqlglot

    logger = logging.getLogger("sqlglot")  # it warns of each statement it takes as it is
    was, logger.disabled = logger.disabled, True
    try:
        return [one for one in sqlglot.parse(body, dialect="duckdb") if one is not None]
    finally:
        logger.disabled = was


def _fault(broken: Exception) -> Fault:
    first = (getattr(broken, "errors", None) or [{}])[0]
    message = str(first.get("description") or broken).splitlines()[0]
    message = re.sub(r"<Token .*?, text: (.*?), line: .*>", r"'\1'", message)
    return Fault(f"this is no SQL: {message}", int(first.get("line") or 1))


def _tables(statements: Sequence[Any], attached: set[str]) -> dict[tuple[str, ...], Read]:
    from sqlglot import exp

    reads: dict[tuple[str, ...], Read] = {}
    created, attached = set[str](), set(attached)
    for one in statements:
        if isinstance(one, exp.Attach):
            attached.add(one.this.alias_or_name.lower())
            continue
        own = _created(one)
        for table in one.find_all(exp.Table):
            if _is_foreign(table) or _is_cte(table) or table.db.lower() in attached:
                continue
            if not table.db and table.name.lower() in created | own:
                continue
            path = (table.db, table.name) if table.db else (table.name,)
            reads.setdefault(path, Read(path, _line(table.this)))
        created |= own
    return reads


def _created(statement: Any) -> set[str]:
    """What a statement creates: statements behind it may read it, and it reads it not."""
    from sqlglot import exp

    if not isinstance(statement, exp.Create) or statement.kind == "INDEX":
        return set()
    table = statement.this.find(exp.Table)
    return {table.name.lower()} if table is not None else set()


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


# ---------------------------------------------------------------- by its words alone

_SOURCES: Final = frozenset({"FROM", "JOIN", "PIVOT", "UNPIVOT", "DESCRIBE", "SUMMARIZE"})
_TAKES_FROM: Final = frozenset({"EXTRACT", "TRIM", "SUBSTRING", "OVERLAY", "POSITION"})
"""Functions whose arguments have a FROM of their own."""
_NEVER_NAMES: Final = frozenset(
    {"WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "ON", "USING", "UNION", "JOIN", "FROM", ";"}
)
_NO_NAMES: Final = _NEVER_NAMES | {"SELECT", "VALUES", "LATERAL", "PIVOT", "UNPIVOT", "WITH"}


def _words(body: str) -> tuple[Any, ...] | None:
    """The words of a query; None where quotes or brackets do not fit, or a name cannot be one."""
    from sqlglot import errors, tokenize

    try:
        words = tuple(tokenize(body, dialect="duckdb"))
    except errors.SqlglotError:
        return None
    open_ones: list[str] = []
    for word in words:
        if word.text in _BRACKETS.values():
            open_ones.append(word.text)
        elif word.text in _BRACKETS and (not open_ones or open_ones.pop() != _BRACKETS[word.text]):
            return None
    if words and words[0].text.upper() not in _BEGIN:
        return None
    pairs = pairwise(words)
    broken = any(_is(one, {"FROM", "JOIN"}) and _is(two, _NEVER_NAMES) for one, two in pairs)
    ends = bool(words) and _is(words[-1], {"FROM", "JOIN"})
    return None if open_ones or broken or ends else words


_BEGIN: Final = frozenset({
    "ALTER", "ANALYZE", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "COMMENT", "COMMIT", "COPY",
    "CREATE", "DEALLOCATE", "DELETE", "DESC", "DESCRIBE", "DETACH", "DROP", "EXECUTE", "EXPLAIN",
    "EXPORT", "FORCE", "FROM", "IMPORT", "INSERT", "INSTALL", "LOAD", "MERGE", "PIVOT", "PRAGMA",
    "PREPARE", "RESET", "ROLLBACK", "SELECT", "SET", "SHOW", "SUMMARIZE", "TABLE", "TRUNCATE",
    "UNPIVOT", "UPDATE", "USE", "VACUUM", "VALUES", "WITH", "(",
})  # fmt: skip
"""What a statement of DuckDB begins with."""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}


def _is(word: Any, among: frozenset[str] | set[str]) -> bool:
    return word.text.upper() in among and not _is_quoted(word)


def _is_quoted(word: Any) -> bool:
    return word.token_type.name in ("IDENTIFIER", "STRING", "HEREDOC_STRING", "RAW_STRING")


def _by_words(words: Sequence[Any], attached: set[str]) -> dict[tuple[str, ...], Read]:
    """What seems to be read: the names behind FROM and JOIN, and `$parameters`."""
    reads: dict[tuple[str, ...], Read] = {}
    defined = _defined(words)
    for at in _source_places(words):
        path = _path(words, at)
        known = not path or path[0].lower() in (attached if len(path) > 1 else defined)
        if path and not known and path[0].lower() not in _SCHEMAS:
            reads.setdefault(path, Read(path, words[at].line, soft=True))
    for one, two in pairwise(words):
        if one.text == "$" and two.text.isidentifier():
            reads.setdefault((two.text,), Read((two.text,), two.line, soft=True))
    return reads


def _defined(words: Sequence[Any]) -> set[str]:
    """Names of a `WITH`, and of what is created."""
    triples = zip(words, words[1:], words[2:], strict=False)
    terms = {
        one.text.lower()
        for one, two, three in triples
        if _is_name(one) and _is(two, {"AS"}) and (three.text == "(" or _is(three, _HOW))
    }
    created = (two for one, two in pairwise(words) if _is(one, {"TABLE", "VIEW", "MACRO"}))
    return terms | {one.text.lower() for one in created if words[0].text.upper() == "CREATE"}


_HOW: Final = frozenset({"MATERIALIZED", "NOT"})


def _source_places(words: Sequence[Any]) -> Iterator[int]:
    """Where a name of a table may begin."""
    callers: list[str] = []
    for at, word in enumerate(words):
        before = words[at - 1].text.upper() if at else ""
        if word.text == "(":
            callers.append(before)
        elif word.text == ")":
            callers = callers[:-1]
        elif (
            _is(word, _SOURCES)
            and before != "DISTINCT"
            and not (callers and callers[-1] in _TAKES_FROM)
        ):
            yield at + 1
            yield from _after_commas(words, at + 1)


def _after_commas(words: Sequence[Any], at: int) -> Iterator[int]:
    """The further names of a list: `FROM a, b AS c, d`."""
    while path := _path(words, at):
        at += 2 * len(path) - 1
        while at < len(words) and (_is(words[at], {"AS"}) or _is_name(words[at])):
            at += 1
        if at >= len(words) or words[at].text != ",":
            return
        at += 1
        yield at


def _path(words: Sequence[Any], at: int) -> tuple[str, ...]:
    """`clean` or `clean.df` where it stands; nothing for a call, a file or a keyword."""
    if at >= len(words) or not _is_name(words[at]):
        return ()
    texts = [words[at].text]
    while at + 2 < len(words) and words[at + 1].text == "." and _is_name(words[at + 2]):
        at += 2
        texts.append(words[at].text)
    called = at + 1 < len(words) and words[at + 1].text == "("
    return () if called or len(texts) > 2 else tuple(texts)


def _is_name(word: Any) -> bool:
    if word.token_type.name == "IDENTIFIER":
        return bool(word.text.isidentifier())
    plain = word.text.isidentifier() and not _is_quoted(word)
    return plain and word.text.upper() not in _NO_NAMES and word.token_type.name != "NUMBER"
