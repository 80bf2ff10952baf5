"""Text as Python's parser takes it, character for character, and back again in the tree.

Three things of this language are none of Python's: roots with a `$`, fields called like a keyword
(`mail.from`, `$vars.global.x`), and lines that go on without brackets. Each is spelt so that its
place stays the same: a first letter becomes an underscore, which no name of the language may begin
with, and line ends and comments become blanks. `restored` puts the names back by their place, and
turns the parser's places (lines, bytes) into characters from the beginning of the text.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flowbook.expr.budget import Code, refuse
from flowbook.expr.compiling import close_to
from flowbook.expr.roots import AMBIENT, SCOPES, path_of

_TOKEN: Final = re.compile(
    r'''(?P<quoted>"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|(?!"""|\'\'\')'''
    r"""(?:"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'))"""
    r"""|(?P<open>["'])"""
    r"""|(?P<blank>\\?\r?\n|\r|\#[^\r\n]*)"""
    r"""|(?P<number>\d\w*(?:\.\w*)?|\.\d\w*|\.\.\.)"""
    r"""|(?P<root>\$\w*)"""
    r"""|(?P<word>[^\W\d]\w*)"""
    r"""|(?P<other>\S)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """`text` for Python's parser; `names` are those it spells otherwise, by where they begin."""

    text: str
    names: Mapping[int, str]


def spelt(text: str) -> Spelling:
    """How `text` is given to Python's parser; `ExpressionError` for a `$` that begins no root.

    >>> spelt("$env.HOME + mail.from").text
    '_env.HOME + mail._rom'
    """
    made: list[str] = []
    names: dict[int, str] = {}
    last, before = 0, ""
    for found in _TOKEN.finditer(text):
        kind, token, start = found.lastgroup, found[0], found.start()
        if kind == "open":
            break  # a quote that is never closed: the parser says so
        made.append(text[last:start])
        last = found.end()
        if kind == "root":
            _check_root(token, start)
        if kind == "root" or (kind == "word" and before == "." and keyword.iskeyword(token)):
            names[start] = token
            token = "_" + token[1:]
        elif kind == "blank":
            made.append(" " * len(token))
            continue
        made.append(token)
        before = token
    return Spelling("".join((*made, text[last:])), names)


def _check_root(token: str, start: int) -> None:
    if token not in AMBIENT:
        known = ", ".join(sorted(AMBIENT))
        message = f"there is no {token}{close_to(token, AMBIENT)}; what begins with $ is {known}"
        raise refuse(Code.UNKNOWN_NAME, message, start + 1)


def restored(tree: ast.expr, spelling: Spelling) -> ast.expr:
    """`tree` with the names that were written and the places they were written at."""
    places = Places(spelling.text)
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        if isinstance(node, ast.Name):
            node.id = _written(spelling, places.start(node), node.id)
        elif isinstance(node, ast.Attribute):
            node.attr = _written(spelling, places.end(node) - len(node.attr), node.attr)
        node.col_offset = places.start(node)
    _name_variables(tree)
    return tree


def _written(spelling: Spelling, start: int, name: str) -> str:
    """The name as it was written, if it is one that is spelt otherwise there."""
    written = spelling.names.get(start, name)
    return written if written[1:] == name[1:] else name


def _name_variables(tree: ast.expr) -> None:
    """`vars.flow.x` means `$vars.flow.x`, unless the expression has a `vars` of its own."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "vars"]
    if not names or any(isinstance(node.ctx, ast.Store) for node in names):
        return
    for node in ast.walk(tree):
        path = path_of(node)
        if path is not None and len(path) == 3 and path[0] == "vars" and path[1] in SCOPES:
            inner: ast.AST = node
            while isinstance(inner, ast.Attribute | ast.Subscript):
                inner = inner.value
            assert isinstance(inner, ast.Name)  # noqa: S101 - what a path begins with
            inner.id = "$vars"


class Places:
    """Characters from the beginning of a text, for the parser's lines and bytes."""

    def __init__(self, text: str) -> None:
        # As the parser has them: a form feed, say, ends no line.
        self._lines = list(io.StringIO(text, newline="")) or [""]
        # Blanks before an expression, where a comment was, are not the parser's.
        self._lead = len(text) - len(text.lstrip(" "))
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: ast.expr) -> int:
        """Where `node` begins, from 0."""
        return self._at(node.lineno, node.col_offset)

    def end(self, node: ast.expr) -> int:
        """Where `node` ends."""
        return self._at(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _at(self, line: int, byte: int) -> int:
        # What stands in an f-string has a line of its own making in some versions of Python.
        number = min(max(line, 1), len(self._lines)) - 1
        before = self._lines[number].encode()[: byte + (0 if number else self._lead)]
        return self._starts[number] + len(before.decode(errors="ignore"))

    def column(self, error: SyntaxError) -> int:
        """The column a syntax error is at, from 1."""
        number = min(max(error.lineno or 1, 1), len(self._lines)) - 1
        lead = 0 if number else self._lead
        return self._starts[number] + lead + max(error.offset or 1, 1)
