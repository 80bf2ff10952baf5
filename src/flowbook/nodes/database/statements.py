"""A text of SQL as statements, each with the parameters it binds and the line it begins on.

Text is cut where a semicolon stands outside of strings, quoted names and comments. A parameter is
`:name` outside of these; a cast `::int` is none. Nothing is ever put into the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_COMMON: Final = (
    r'"(?:[^"]|"")*"', r"`[^`]*`", r"--[^\n]*", r"/\*.*?\*/", r"(?P<end>;)", r"::",
    r"(?P<parameter>:[A-Za-z_]\w*)", r"(?P<colon>:)",
)  # fmt: skip
_PLAIN: Final = r"'(?:[^']|'')*'"
_ESCAPED: Final = r"'(?:[^'\\]|\\.|'')*'"
_SCANNERS: Final = {
    "postgresql": re.compile(
        "|".join((rf"\b[eE]{_ESCAPED}", _PLAIN, r"(?P<tag>\$\w*\$).*?(?P=tag)", *_COMMON)), re.S
    ),
    "mysql": re.compile("|".join((_ESCAPED, r'"(?:[^"\\]|\\.|"")*"', r"\#[^\n]*", *_COMMON)), re.S),
    "sqlite": re.compile("|".join((_PLAIN, r"\[[^\]\n]*\]", *_COMMON)), re.S),
}
_FIRST: Final = re.compile(
    r"(?:\s+|--[^\n]*(?:\n|$)|\#[^\n]*(?:\n|$)|/\*(?!!).*?\*/|\()*(\w+)", re.S
)
_IN: Final = re.compile(r"\bin\s*$", re.IGNORECASE)
READS: Final = ("select", "with", "values", "table", "show", "explain", "describe", "desc")
_CONTROL: Final = (
    "begin", "start", "commit", "rollback", "end", "abort", "savepoint", "release", "set", "reset",
    "xa", "lock", "unlock", "use", "attach", "detach", "discard", "prepare", "execute", "delimiter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: `text` as SQLAlchemy's `text` takes it, `sql` as it was written."""

    text: str
    sql: str
    names: frozenset[str]
    lists: frozenset[str]
    """Parameters behind an `in`, which stand for several values."""
    line: int
    """Lines before it, in the text it is of."""

    @property
    def first(self) -> str:
        """Its first word: `select`, `insert`."""
        found = _FIRST.match(self.sql)
        return found[1].lower() if found else ""

    @property
    def reads(self) -> bool:
        """True for one that is there to read; the database sees to it that it does nothing else."""
        return self.first in READS

    @property
    def controls(self) -> bool:
        """True for one that would end the transaction, or change what holds for the session."""
        return self.first in _CONTROL


def split(sql: str, dialect: str) -> list[Statement]:
    """The statements of a text; empty ones are left out.

    >>> [(one.sql, sorted(one.names)) for one in split("select ':a', :b; select 1::int", "sqlite")]
    [("select ':a', :b", ['b']), ('select 1::int', [])]
    """
    found: list[Statement] = []
    begin, pieces, at = 0, [""], 0
    names: dict[str, bool] = {}
    for match in _SCANNERS[dialect].finditer(sql):
        pieces.append(sql[at : match.start()])
        at = match.end()
        groups = match.groupdict()
        if groups["end"]:
            found += _statement(sql, (begin, match.start()), "".join(pieces), names)
            begin, pieces, names = match.end(), [""], {}
        elif groups["parameter"]:
            name = match[0][1:]
            before = "".join(pieces[-2:]) if pieces[-1].strip() == "" else pieces[-1]
            names[name] = names.get(name, False) or bool(_IN.search(before))
            pieces.append(match[0])
        else:
            pieces.append(match[0].replace("\\", "\\\\").replace(":", "\\:"))
    pieces.append(sql[at:])
    return found + _statement(sql, (begin, len(sql)), "".join(pieces), names)


def _statement(
    sql: str, span: tuple[int, int], text: str, names: dict[str, bool]
) -> list[Statement]:
    written = sql[span[0] : span[1]]
    if _FIRST.match(written) is None:
        return []
    indent = len(written) - len(written.lstrip())
    line = sql.count("\n", 0, span[0] + indent)
    lists = frozenset(name for name, several in names.items() if several)
    return [Statement(text.strip(), written.strip(), frozenset(names), lists, line)]
