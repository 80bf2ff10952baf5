"""A syntax tree to closures: the compiler, which knows no node type by itself.

Each compiled node is a function of the `Budget`; nothing is looked up by node type at run time.
What there is to compile is the table of `language`. Loop variables are numbered slots, so a
comprehension cannot touch the names it is given.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NoReturn, TypeAlias

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Budget, Code, refuse

Run: TypeAlias = Callable[[Budget], Any]
Maker: TypeAlias = "Callable[[Compiler, Any], Run]"


class Compiler:
    """Compiles one tree by a table of makers; `loop` maps loop variables in sight to slots."""

    def __init__(self, makers: Mapping[type[ast.AST], Maker]) -> None:
        self._makers = makers
        self.loop: dict[str, int] = {}
        self.slots = 0

    def compile(self, node: ast.AST) -> Run:
        """The closure for `node`; `ExpressionError` when the language has no such thing."""
        make = self._makers.get(type(node))
        if make is None:
            self.refuse(node, f"{spelt(node)} is not part of the expression language")
        return make(self, node)

    def all(self, nodes: Iterable[ast.AST]) -> tuple[Run, ...]:
        """The closures for `nodes`."""
        return tuple(map(self.compile, nodes))

    def refuse(self, node: ast.AST, message: str, code: Code = Code.FORBIDDEN) -> NoReturn:
        """Refuse the expression because of `node`."""
        raise refuse(code, message, column_of(node))

    def check_public(self, node: ast.AST, name: str) -> None:
        """Refuse a name with a leading underscore, whatever it would be the name of."""
        if name.startswith("_"):
            self.refuse(node, f"the name {name!r} starts with an underscore")


def placed(run: Run, column: int) -> Run:
    """`run` whose errors know where in the text they happened."""

    def placed(budget: Budget) -> Any:
        try:
            return run(budget)
        except ExpressionError as error:
            if error.column is None:
                error.column = column
            raise

    return placed


def unknown_name(name: str, names: Mapping[str, Any], column: int | None) -> ExpressionError:
    """The refusal of a name that is not in scope, with the closest that is."""
    return refuse(
        Code.UNKNOWN_NAME, f"there is no value called {name!r}{close_to(name, names)}", column
    )


def close_to(word: str, known: Iterable[str]) -> str:
    """The end of a message that names the closest of `known`, if one is close."""
    found = difflib.get_close_matches(word, [str(one) for one in known], n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def column_of(node: ast.AST) -> int:
    """Where `node` begins in the text, in characters from 1."""
    return int(getattr(node, "col_offset", 0)) + 1


_SPELT: Final[Mapping[type[ast.AST], str]] = {
    ast.Lambda: "lambda",
    ast.NamedExpr: ":=",
    ast.Starred: "*",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.MatMult: "@",
}


def spelt(node: ast.AST) -> str:
    """What the user wrote, for a message."""
    return _SPELT.get(type(node), type(node).__name__)
