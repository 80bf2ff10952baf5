"""A cell's Python body as a function whose tracebacks point at the cell.

The body becomes the body of one (async) function of the node's inputs. It is compiled under a
file name of its own, and the source behind that name is the *cell*: the lines above the body are
filled in, so line 3 of a traceback is line 3 of what the user sees, in this process and in any
other. Nothing here runs the code.

The name holds a digest of the text, so an edited cell never shows its lines in the traceback of
the run before, and compiling the same body again costs a dictionary lookup.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import CodeType
from typing import Final

from flowbook.errors import FlowSyntaxError
from flowbook.graph.spec import NodeSpec

TAIL: Final = "__flowbook_tail__"
"""The global a body that falls off its end calls with its last value and the names it bound."""
NAMES: Final = "__flowbook_names__"
"""The global under which the tail finds `locals`, whatever the body calls so itself."""


@dataclass(frozen=True, slots=True)
class CellText:
    r"""Where a body is written and under which file name Python knows it.

    >>> CellText("clean", "df = raw", line=2).lines()
    ['# %%flow clean\n', 'df = raw\n']
    """

    node: str
    body: str
    cell: str | None = None
    line: int = 1
    """The cell line, from 1, on which the body starts."""

    @classmethod
    def of(cls, spec: NodeSpec) -> CellText:
        """The text of a node, from its spec."""
        cell = spec.place.cell if spec.place else None
        return cls(str(spec.id), spec.body, cell, max(spec.body_line, 1))

    @property
    def filename(self) -> str:
        """`<node NAME digest>`: the same for the same text, in every process."""
        text = f"{self.cell}\0{self.line}\0{self.body}"
        return f"<node {self.node} {hashlib.sha256(text.encode()).hexdigest()[:8]}>"

    def lines(self) -> list[str]:
        """The cell, line by line; the header is not kept in a spec, so a comment stands for it."""
        above = [f"# %%flow {self.node}\n", *["#\n"] * (self.line - 2)] if self.line > 1 else []
        return [*above, *(f"{line}\n" for line in self.body.splitlines())]

    def show_in_tracebacks(self) -> str:
        """Put the cell where `traceback`, `inspect` and debuggers look; returns the file name.

        An entry without a modification time is one that `linecache.checkcache` leaves alone.
        """
        filename = self.filename
        if filename not in linecache.cache:
            lines = self.lines()
            linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)
        return filename

    def refuse(self, message: str, line: int | None = None, column: int | None = None) -> Exception:
        """The error for a body that cannot be: names the node, the cell and its line."""
        place = ", ".join(
            [*([f"cell {self.cell}"] if self.cell else []), *([f"line {line}"] if line else [])]
        )
        lines = self.lines()
        shown = lines[line - 1].strip() if line and line <= len(lines) else ""
        return FlowSyntaxError(
            f"node {self.node!r}{f' ({place})' if place else ''}: {message}",
            hint=f"look at: {shown}" if shown else None,
            cell=self.cell,
            line=line,
            column=column,
        )


@dataclass(frozen=True)
class CellCode:
    """A compiled body: its code, the names it can bind, and what it hands back."""

    code: CodeType
    filename: str
    streams: bool
    """True when the body yields."""
    speaks: bool
    """True when it returns a value or ends in an expression."""

    @cached_property
    def names(self) -> frozenset[str]:
        """Inputs, and whatever the body may bind at its top level."""
        return frozenset(self.code.co_varnames + self.code.co_cellvars)

    @property
    def is_async(self) -> bool:
        """True when the body awaits at its top level."""
        return bool(self.code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))


@lru_cache(maxsize=2048)
def compile_cell(
    text: CellText,
    inputs: tuple[str, ...],
    rewrite: Callable[[ast.Module, CellText], ast.Module] | None = None,
) -> CellCode:
    """The body as a function of `inputs`; `FlowSyntaxError` with cell and line when it is none.

    `rewrite` is given the tree, and what it makes of it is compiled; it may raise `SyntaxError`.
    """
    for name in inputs:
        if not name.isidentifier():
            raise text.refuse(f"input {name!r} is no Python name; write name={name} in the header")
    try:
        tree = parse_body(text)
        return _compile(text, tree if rewrite is None else rewrite(tree, text), inputs)
    except SyntaxError as error:
        raise text.refuse(error.msg, error.lineno, error.offset) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise text.refuse(f"Python cannot compile it: {error}", text.line) from None


def parse_body(text: CellText) -> ast.Module:
    """The body as a tree whose line numbers are the cell's."""
    try:
        tree = ast.parse(text.body, text.filename)
    except SyntaxError as error:
        error.lineno = text.line - 1 + (error.lineno or 1)
        raise
    ast.increment_lineno(tree, text.line - 1)
    return tree


@lru_cache(maxsize=2**16)
def code_meaning(body: str) -> str:
    """A digest of what Python code says, the same however it is laid out.

    Text that Python cannot read stands for itself.

    >>> code_meaning("x = f( 1 )  # one") == code_meaning("x = f(1)")
    True
    """
    try:
        said = ast.dump(ast.parse(body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        said = body
    return hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()


def _compile(text: CellText, tree: ast.Module, inputs: tuple[str, ...]) -> CellCode:
    scope = list(_own_scope(tree))
    streams = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in scope)
    returns = any(isinstance(one, ast.Return) and one.value is not None for one in scope)
    ends_in_value = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
    body = list(tree.body) if streams else _with_tail(tree.body)
    kind = ast.AsyncFunctionDef if any(map(_awaits, scope)) else ast.FunctionDef
    function = kind(
        name=text.node,
        args=ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name, lineno=1, col_offset=0) for name in inputs],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        ),
        body=body,
        decorator_list=[],
        lineno=1,
        col_offset=0,
    )
    module = ast.fix_missing_locations(ast.Module([function], type_ignores=[]))
    compiled = compile(module, text.filename, "exec", dont_inherit=True)
    code = next(one for one in compiled.co_consts if isinstance(one, CodeType))
    return CellCode(code, text.show_in_tracebacks(), streams, returns or ends_in_value)


def _with_tail(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The body, ended by handing over its last expression's value and all it has bound."""
    last = statements[-1] if statements else ast.Pass(lineno=1, col_offset=0)
    value: ast.expr = last.value if isinstance(last, ast.Expr) else ast.Constant(None)
    kept = statements[:-1] if isinstance(last, ast.Expr) else statements
    names = ast.Call(ast.Name(NAMES, ast.Load()), [], [])
    hand_over = ast.Call(ast.Name(TAIL, ast.Load()), [value, names], [])
    tail = ast.Return(hand_over)
    for synthetic in (tail, hand_over, names, hand_over.func, names.func):
        ast.copy_location(synthetic, last)
    return [*kept, tail]


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def _own_scope(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs in the body's own scope: of functions and classes all but their insides."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _SCOPES):
            inside = node.body if isinstance(node.body, list) else [node.body]
            waiting.extend(one for one in ast.iter_child_nodes(node) if one not in inside)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _awaits(node: ast.AST) -> bool:
    return isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) or (
        isinstance(node, ast.comprehension) and bool(node.is_async)
    )
