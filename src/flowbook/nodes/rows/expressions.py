"""One expression, asked of each row.

A row's fields are names in it; `item` is the row or item itself, `index` its number from 0, and
every other input of the node is there by its own name. Where a field is null and the expression
cannot be worked out with it, its value is null: a null that nobody asked after decides nothing.
Everything else that fails is told with the first rows it fails in.

An expression is read here as Python's grammar only to see what it names; what it means, and what
of it is allowed, the context alone knows. One that is none of Python's grammar is given all names.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from flowbook.errors import ExpressionError, RunCancelled
from flowbook.graph.node import NodeContext
from flowbook.graph.options import did_you_mean
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.rows.columns import listed, shortened
from flowbook.nodes.rows.shapes import Items, Records, Rows, Table

ITEM: Final = "item"
INDEX: Final = "index"
_SCRIPT: Final = "js:"
_KEYWORD_FIELD: Final = re.compile(rf"\.\s*(?:{'|'.join(keyword.kwlist)})\b")
_TOLD: Final = 3
"""How many rows an error names."""
_LOOK: Final = 4096
"""After how many rows it looks whether to stop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression of a setting: `place` says where it stands, for its errors."""

    text: str
    place: str
    names: frozenset[str]
    """What it reads, without its own loop variables and what it calls."""
    paths: tuple[tuple[str, ...], ...]
    wide: bool = False
    """Nobody here knows what it reads: it is given everything."""
    setting: tuple[str, ...] = ()
    """Where it stands in the node's configuration."""

    def at(self) -> at_setting:
        """Whatever is raised in the block is about this expression."""
        return at_setting(*self.setting, text=self.text)


@dataclass(frozen=True, slots=True)
class Question:
    """Where expressions are asked: a context, and the node's other inputs by name."""

    context: NodeContext
    others: Mapping[str, Any]
    strict: bool = False
    """True: a null that an expression cannot be worked out with is an error."""

    def values(self, asked: Asked, rows: Rows) -> list[Any]:
        """The value of an expression for each row; `ExpressionError` names the first that fail."""
        with asked.at():
            self.check(asked, rows)
            return list(_each(self, asked, rows))

    def check(self, asked: Asked, rows: Rows) -> None:
        """Refuse what cannot be worked out for any row: no expression, or a name nobody has."""
        if asked.wide:
            return
        try:
            self.context.evaluate(asked.text, {})
        except ExpressionError as refused:
            if refused.code != "unknown_name":
                raise _at(asked, refused) from None
        if rows.columns is None:
            return
        known = (*rows.columns, *self.others, ITEM, INDEX)
        unknown = sorted(asked.names.difference(known))
        if unknown:
            hint = did_you_mean(unknown[0], list(known))
            columns = f"its columns: {listed(rows.columns)}"
            close = f"{hint} " if hint.startswith("did you mean") else ""
            raise ExpressionError(
                f"{asked.place}: there is no column or input {unknown[0]!r} in `{asked.text}`",
                hint=close + columns,
                code="unknown_name",
            )


def read(text: str, place: str, setting: tuple[str, ...] = ()) -> Asked:
    """An expression as it stands in a setting, with or without braces."""
    bare = without_braces(text)
    tree = _tree(bare)
    if tree is None:
        return Asked(bare, place, frozenset(), (), wide=True, setting=setting)
    names, paths = _reads(tree)
    return Asked(bare, place, names, paths, setting=setting)


def without_braces(text: str) -> str:
    """An expression without the braces that some write around it."""
    bare = text.strip()
    return bare[2:-2].strip() if bare.startswith("{{") and bare.endswith("}}") else bare


def _each(question: Question, asked: Asked, rows: Rows) -> Iterator[Any]:
    context, failures = question.context, list[tuple[int, Mapping[str, Any], ExpressionError]]()
    plain = question.strict
    for index, names in enumerate(_names(question, asked, rows)):
        if not index % _LOOK and context.cancelled():
            raise RunCancelled(f"{asked.place} was told to stop")
        try:
            yield context.evaluate(asked.text, names)
        except ExpressionError as failed:
            if not plain and _for_null(failed, asked, names):
                yield None
                continue
            failures.append((index, {name: names.get(name) for name in asked.names}, failed))
            if len(failures) == _TOLD:
                break
            yield None
    if failures:
        raise _failed(asked, failures)


def _names(question: Question, asked: Asked, rows: Rows) -> Iterator[dict[str, Any]]:
    """The names of each row, in one mapping that changes; nobody keeps it."""
    names = dict(question.others)
    if isinstance(rows, Table) and ITEM not in asked.names and not asked.wide:
        used = [name for name in rows.columns if name in asked.names]
        columns = [rows.values(name) for name in used]
        for index in range(len(rows)):
            for name, column in zip(used, columns, strict=True):
                names[name] = column[index]
            names[INDEX] = index
            yield names
        return
    fielded = not isinstance(rows, Items)
    whole = isinstance(rows, Records)
    blank = dict.fromkeys(rows.columns or []) if whole else {}
    for index, item in enumerate(rows.items()):
        if fielded:
            names.update(blank)
            names.update(item)
        names[ITEM] = item
        names[INDEX] = index
        yield names


def _for_null(failed: ExpressionError, asked: Asked, names: Mapping[str, Any]) -> bool:
    """True when it fails because something it reads is null."""
    if failed.code not in ("type", "forbidden", "no_field"):
        return False
    return any(_ends_null(path, names) for path in asked.paths)


def _ends_null(path: Sequence[str], names: Mapping[str, Any]) -> bool:
    value: Any = names
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return value is None
        value = value[name]
    return value is None


def _failed(
    asked: Asked, failures: Sequence[tuple[int, Mapping[str, Any], ExpressionError]]
) -> ExpressionError:
    lines = []
    for index, names, failed in failures:
        given = ", ".join(f"{name} = {shortened(value)}" for name, value in sorted(names.items()))
        lines.append(f"row {index} ({given}): {failed.message}")
    first = failures[0][2]
    return ExpressionError(
        f"{asked.place}: `{asked.text}` fails in {'; '.join(lines)}",
        hint=first.hint or "rows count from 0",
        code=first.code,
        column=first.column,
    )


def _at(asked: Asked, refused: ExpressionError) -> ExpressionError:
    return ExpressionError(
        f"{asked.place}: {refused.message} (in `{asked.text}`)",
        hint=refused.hint,
        code=refused.code,
        column=refused.column,
    )


@lru_cache(maxsize=512)
def _tree(text: str) -> ast.expr | None:
    """What Python's grammar makes of an expression; the roots `$env` and so on are spelt `_env`."""
    try:
        return ast.parse(f"({text.replace('$', '_')}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _reads(tree: ast.expr) -> tuple[frozenset[str], tuple[tuple[str, ...], ...]]:
    """Names and dotted paths that an expression reads."""
    own = {
        one.id
        for loop in ast.walk(tree)
        if isinstance(loop, ast.comprehension)
        for one in ast.walk(loop.target)
        if isinstance(one, ast.Name)
    }
    called = {
        id(one.func)
        for one in ast.walk(tree)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)
    }
    names = {
        one.id
        for one in ast.walk(tree)
        if isinstance(one, ast.Name) and not (one.id in own or id(one) in called)
        if not one.id.startswith("_")
    }
    paths = {path for one in ast.walk(tree) if (path := _path(one)) and path[0] in names}
    return frozenset(names), tuple(sorted(paths))


def _path(node: ast.AST) -> tuple[str, ...]:
    fields: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            fields.append(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            fields.append(str(node.slice.value))
        else:
            return ()
        node = node.value
    return (node.id, *reversed(fields))


def is_expression(text: str) -> str:
    """Nothing when `text` may be an expression; else what is wrong with it."""
    bare = without_braces(text)
    if _tree(bare) is not None or bare.startswith(_SCRIPT) or _KEYWORD_FIELD.search(bare):
        return ""
    try:
        ast.parse(bare, mode="eval")
    except SyntaxError as error:
        return f"{text!r} is no expression: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return f"{text!r} is too complex to read"
    return ""
