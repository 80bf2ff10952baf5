"""The body of a Python cell as the inside of a function, and back.

A cell hands over its last expression's value or the names it binds; a function says `return`. Both
texts mean the same, and the function's is the common form: two bodies with the same inputs and
outputs mean the same when their functions do. Texts are edited where they differ and left alone
everywhere else, comments and layout included.
"""

from __future__ import annotations

import ast
import io
import symtable
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowbook.errors import UsageError

_INDENT = "    "
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class FunctionForm:
    """The inside of a function, indented, and whether it has to be an `async def`."""

    text: str
    is_async: bool = False


def as_function(body: str, inputs: Sequence[str], outputs: Sequence[str]) -> FunctionForm:
    r"""A cell's body as the inside of a function of its inputs that returns its outputs.

    Raises `UsageError` for a body that Python cannot read.

    >>> print(as_function("# tidy\nrows = raw[1:]", ["raw"], ["rows"]).text)
        # tidy
        rows = raw[1:]
        return rows
    >>> as_function("await get(url)", ["url"], ["page"])
    FunctionForm(text='    return await get(url)', is_async=True)
    """
    text = "\n".join(_trimmed(body))
    tree = _parsed(text)
    scope = list(_own_scope(tree))
    is_async = any(map(_awaits, scope))
    if not tree.body:
        text = "\n".join([*filter(None, [text]), "pass"])
    elif not any(isinstance(one, ast.Yield | ast.YieldFrom) for one in scope):
        text = _returning(text, tree.body[-1], inputs, outputs)
    return FunctionForm(_indented(text), is_async)


def as_cell(inside: str, inputs: Sequence[str], outputs: Sequence[str]) -> str:
    r"""The inside of a function, indented or not, as the body of a cell.

    The shortest body whose function this is: a last `return` becomes an expression, or nothing
    where the names it returns are the outputs; where that would mean something else it stays.

    >>> as_cell("    rows = raw[1:]\n    return rows", ["raw"], ["rows"])
    'rows = raw[1:]'
    >>> as_cell("    return 1 + 1", [], ["two"])
    '1 + 1'
    """
    text = "\n".join(_trimmed(_dedented(inside)))
    wanted = meaning_of(_indented(text))
    for body in _shorter(text, outputs):
        try:
            form = as_function(body, inputs, outputs)
        except UsageError:
            continue
        if meaning_of(form.text) == wanted:
            return body
    return text


def meaning_of(inside: str) -> str:
    """What the inside of a function says, the same however it is laid out."""
    try:
        return ast.dump(ast.parse(f"async def _():\n{inside}"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return inside


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        raise UsageError(f"this is not Python: {getattr(broken, 'msg', broken)}") from None


def _returning(text: str, last: ast.stmt, inputs: Sequence[str], outputs: Sequence[str]) -> str:
    if isinstance(last, ast.Return | ast.Raise):
        return text
    if outputs and set(outputs) <= _locals(text, inputs):
        return f"{text}\nreturn {', '.join(outputs)}"
    return _inserted(text, last, "return ") if isinstance(last, ast.Expr) else text


def _locals(text: str, inputs: Sequence[str]) -> set[str]:
    """The names a function of the inputs with that body has of its own."""
    table = symtable.symtable(f"async def _():\n{_indented(text)}", "<cell>", "exec")
    (function,) = table.get_children()
    return {*inputs, *(one.get_name() for one in function.get_symbols() if one.is_local())}


def _shorter(text: str, outputs: Sequence[str]) -> Iterator[str]:
    """Bodies that may mean the same as the text, the shortest first."""
    statements = _parsed(text).body
    last = statements[-1] if statements else None
    if isinstance(last, ast.Pass) and len(statements) == 1:
        yield _cut(text, last)
    if isinstance(last, ast.Return) and last.value is not None:
        if len(statements) > 1 and ast.unparse(last.value).strip("()") == ", ".join(outputs):
            yield _cut(text, last)
        yield _cut(text, last, last.value)


def _cut(text: str, first: ast.stmt, to: ast.expr | None = None) -> str:
    """The text without a statement, or without what stands before an expression in it."""
    lines = [line.encode() for line in text.split("\n")]
    start = lines[first.lineno - 1][: first.col_offset]
    if to is not None:
        word = lines[first.lineno - 1][first.col_offset :].removeprefix(b"return").lstrip()
        lines[first.lineno - 1] = start + word
    else:
        end = lines[(first.end_lineno or 1) - 1][first.end_col_offset or 0 :]
        lines[first.lineno - 1 : first.end_lineno] = [start + end]
    return "\n".join(_trimmed(b"\n".join(lines).decode()))


def _inserted(text: str, before: ast.stmt, word: str) -> str:
    lines = text.split("\n")
    line = lines[before.lineno - 1].encode()
    at = before.col_offset
    lines[before.lineno - 1] = (line[:at] + word.encode() + line[at:]).decode()
    return "\n".join(lines)


def _trimmed(text: str) -> list[str]:
    """The lines, without empty ones at the beginning and the end."""
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return lines


def _indented(text: str) -> str:
    inside = lines_in_strings(text)
    return "\n".join(
        line if number in inside else (_INDENT + line if line.strip() else "")
        for number, line in enumerate(text.split("\n"), 1)
    )


def _dedented(text: str) -> str:
    inside = lines_in_strings(f"if 1:\n{text}")
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    width = len(first) - len(first.lstrip(" "))
    return "\n".join(
        line if number in inside else line[min(width, len(line) - len(line.lstrip(" "))) :]
        for number, line in enumerate(lines, 2)
    )


def lines_in_strings(text: str) -> set[int]:
    """The lines, from 1, that begin inside of a text in quotes: their spaces belong to it."""
    found: set[int] = set()
    open_at: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            if name == "STRING":
                found.update(range(token.start[0] + 1, token.end[0] + 1))
            elif name == "FSTRING_START":
                open_at.append(token.start[0])
            elif name == "FSTRING_END":
                found.update(range(open_at.pop() + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        pass  # whoever parses it says so
    return found


def _own_scope(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs in the body's own scope: of functions and classes all but their insides."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        inside: list[ast.AST] = []
        if isinstance(node, _SCOPES):
            inside = list(node.body) if isinstance(node.body, list) else [node.body]
        waiting.extend(one for one in ast.iter_child_nodes(node) if one not in inside)


def _awaits(node: ast.AST) -> bool:
    return isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) or (
        isinstance(node, ast.comprehension) and bool(node.is_async)
    )
