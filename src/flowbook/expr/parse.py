"""Text to `Expression`: bounded before it is parsed, whitelisted before it can run.

Parsed expressions are kept (the last 2,048), because the same few are asked of every item.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run
from flowbook.expr.javascript import PREFIX, reads_of, script_of
from flowbook.expr.language import LANGUAGE
from flowbook.expr.roots import Path, is_ambient, path_of
from flowbook.expr.spelling import Places, restored, spelt

MAX_SOURCE: Final = 4_096
MAX_NODES: Final = 500
MAX_NESTING: Final = 40


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    `reads`: the dotted paths it reads, from names that are not its own loop variables, as far as
    they are written out; what the project provides (`$env`) is among them. `path`: that path when
    the expression is nothing but one bare path, whose value may be any object. `script`: the
    JavaScript it is, which is evaluated elsewhere.
    """

    text: str
    reads: frozenset[Path]
    path: Path | None
    program: Run = field(repr=False, compare=False)
    script: str | None = None

    @property
    def inputs(self) -> frozenset[Path]:
        """What it reads of a flow: `reads` without what the project provides."""
        return frozenset(path for path in self.reads if not is_ambient(path))


@lru_cache(maxsize=2_048)
def parse(text: str) -> Expression:
    """The expression `text` holds; `ExpressionError` when it is none or asks for too much.

    >>> sorted(parse("fetch.status == 200 and any(r.ok for r in rows)").reads)
    [('fetch', 'status'), ('rows',)]
    >>> sorted(parse("$env.REGION == $vars.global.region").reads)
    [('$env', 'REGION'), ('$vars', 'global', 'region')]
    """
    text = text.strip()
    script = script_of(text)
    if script is not None:
        return _scripted(text, script)
    tree = _tree(text)
    _check_size(tree)
    program = Compiler(LANGUAGE).compile(tree)
    dotted = all(isinstance(node, _DOTTED) for node in ast.walk(tree))
    path = path_of(tree) if dotted else None
    return Expression(text, frozenset(_reads(tree, frozenset())), path, program)


def _scripted(text: str, script: str) -> Expression:
    try:
        return Expression(text, reads_of(script), None, _unavailable, script)
    except ExpressionError as refused:
        if refused.column is not None:
            refused.column += len(PREFIX)
        raise


def _unavailable(_budget: Budget) -> Any:
    raise refuse(Code.UNAVAILABLE, "there is no JavaScript here: write it in Python's syntax")


def bare(text: str) -> str:
    """An expression without the braces that some write around it.

    >>> bare("{{ value > 2 }}"), bare("value > 2")
    ('value > 2', 'value > 2')
    """
    text = text.strip()
    return text[2:-2].strip() if text.startswith("{{") and text.endswith("}}") else text


_DOTTED = (ast.Name, ast.Attribute, ast.Load)


def _tree(text: str) -> ast.expr:
    if not text:
        raise refuse(Code.SYNTAX, "the expression is empty")
    if len(text) > MAX_SOURCE:
        raise refuse(Code.TOO_COMPLEX, f"the expression is longer than {MAX_SOURCE:,} characters")
    spelling = spelt(text)
    try:
        return restored(ast.parse(spelling.text.lstrip(" "), mode="eval").body, spelling)
    except SyntaxError as error:
        message = f"this is not an expression: {error.msg}"
        raise refuse(Code.SYNTAX, message, Places(spelling.text).column(error)) from None
    except (ValueError, RecursionError, MemoryError):
        raise refuse(Code.TOO_COMPLEX, "the expression is too complex to read") from None


def _check_size(tree: ast.AST) -> None:
    count, level = 0, [tree]
    for _ in range(MAX_NESTING):
        count += len(level)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level or count > MAX_NODES:
        raise refuse(
            Code.TOO_COMPLEX,
            f"the expression has more than {MAX_NODES} parts or is nested more than "
            f"{MAX_NESTING} deep",
        )


def _reads(node: ast.AST, own: frozenset[str]) -> Iterator[Path]:
    path = path_of(node)
    if path is not None:
        if path[0] not in own:
            yield path
        return
    if isinstance(node, ast.Call):
        # What is called is a function or a method, not a value.
        called = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        children: list[ast.AST] = [*called, *node.args, *node.keywords]
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        yield from _reads_of_comprehension(node, own)
        return
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _reads(child, own)


def _reads_of_comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, own: frozenset[str]
) -> Iterator[Path]:
    for loop in node.generators:
        yield from _reads(loop.iter, own)
        targets = (one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name))
        own = own.union(targets)
        for condition in loop.ifs:
            yield from _reads(condition, own)
    elements = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    for element in elements:
        yield from _reads(element, own)
