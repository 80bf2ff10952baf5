"""Which names a cell's Python reads from outside and which it binds, found without running it.

Order counts: `df = df.dropna()` reads `df` and binds it. What a function or lambda reads, it reads
when it is called, so only names the cell never binds at its top level count. A name bound on some
paths only (`if …: x = 1`) and read later is a *soft* read: an input if another node makes it, and
no complaint if none does.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

BUILTINS: Final = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "display"}


@dataclass(frozen=True, slots=True)
class Read:
    """A dotted path a body reads, on a line of it (from 1); `soft` ones may be absent."""

    path: tuple[str, ...]
    line: int
    soft: bool = False

    @property
    def root(self) -> str:
        """The name itself."""
        return self.path[0]


@dataclass(frozen=True, slots=True)
class Names:
    """What a body reads and binds. `speaks`: it returns a value, yields or ends in one."""

    reads: tuple[Read, ...] = ()
    binds: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    speaks: bool = False

    @property
    def known(self) -> frozenset[str]:
        """Every name the cell leaves behind at its top level."""
        return frozenset((*self.binds, *self.defines, *self.imports))


@lru_cache(maxsize=4096)
def analyse(body: str) -> Names:
    """The names of a Python body; `SyntaxError` when it is none.

    >>> names = analyse("df = df.dropna()")
    >>> [read.root for read in names.reads], names.binds
    (['df'], ('df',))
    """
    tree = ast.parse(body)
    walk = _Walk()
    walk.block(tree.body)
    walk.finish()
    last = tree.body[-1] if tree.body else None
    return Names(
        reads=tuple(walk.reads.values()),
        binds=tuple(name for name in walk.binds if not name.startswith("_")),
        defines=tuple(name for name in walk.defines if not name.startswith("_")),
        imports=tuple(walk.imports),
        speaks=walk.speaks or isinstance(last, ast.Expr),
    )


_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass
class _Walk(ast.NodeVisitor):
    """One pass over the top-level scope, in the order in which Python runs it."""

    reads: dict[str, Read] = field(default_factory=dict)
    binds: dict[str, None] = field(default_factory=dict)
    defines: dict[str, None] = field(default_factory=dict)
    imports: dict[str, None] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    """Names bound on every path so far."""
    inner: list[set[str]] = field(default_factory=list)
    """Names local to the comprehensions and class bodies we are inside of."""
    later: list[Read] = field(default_factory=list)
    """What functions read when they are called."""
    speaks: bool = False

    def finish(self) -> None:
        """Decide what functions read, now that all top-level names are known."""
        own = {*self.binds, *self.defines, *self.imports}
        for read in self.later:
            if read.root not in own:
                self._note(read)

    def block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    # ------------------------------------------------------------ names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id, node.lineno)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._unbind(node.id)

    def _read(self, name: str, line: int) -> None:
        if any(name in scope for scope in self.inner) or name in self.sure:
            return
        maybe = name in self.binds or name in self.defines or name in self.imports
        self._note(Read((name,), line, soft=maybe))

    def _note(self, read: Read) -> None:
        known = self.reads.get(read.root)
        if known is None or (known.soft and not read.soft):
            self.reads[read.root] = read

    def _bind(self, name: str, kind: dict[str, None] | None = None) -> None:
        if self.inner:
            self.inner[-1].add(name)
            return
        target = self.binds if kind is None else kind
        for other in (self.binds, self.defines, self.imports):
            if other is not target:
                other.pop(name, None)
        target[name] = None
        self.sure.add(name)

    def _unbind(self, name: str) -> None:
        if self.inner:
            self.inner[-1].discard(name)
            return
        self._read(name, 0) if name not in self.sure else None
        self.sure.discard(name)
        for known in (self.binds, self.defines, self.imports):
            known.pop(name, None)

    # ------------------------------------------------------------ statements

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id, node.lineno)
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        outside, self.inner = self.inner, []
        self.visit(node.target)
        self.inner = outside

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        with self._perhaps():
            self.visit(node.target)
            self.block(node.body)
        with self._perhaps():
            self.block(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        with self._perhaps():
            self.block(node.body)
        with self._perhaps():
            self.block(node.orelse)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches([node.body, node.orelse])

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        with self._perhaps() as before:
            self.block(node.body)
            whole = set(self.sure)
        for handler in node.handlers:
            with self._perhaps():
                self.visit(handler)
        self.sure |= whole if not node.handlers else set()
        self.sure |= before
        with self._perhaps():
            self.sure |= whole
            self.block(node.orelse)
        self.block(node.finalbody)

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self.visit_Try(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        self.inner.append({node.name} if node.name else set())
        caught = self.inner.pop()
        with self._local(caught):
            self.block(node.body)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.visit(item.optional_vars)
        self.block(node.body)

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            with self._perhaps():
                self.visit(case.pattern)
                if case.guard is not None:
                    self.visit(case.guard)
                self.block(case.body)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.pattern is not None:
            self.visit(node.pattern)
        if node.name is not None:
            self._bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name is not None:
            self._bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest is not None:
            self._bind(node.rest)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0], self.imports)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self._bind(alias.asname or alias.name, self.imports)

    def visit_Return(self, node: ast.Return) -> None:
        self.speaks = self.speaks or node.value is not None
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield) -> None:
        self.speaks = True
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.speaks = True
        self.generic_visit(node)

    # ------------------------------------------------------------ scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._now_of(node.args)
        if node.returns is not None:
            self.visit(node.returns)
        self._bind(node.name, self.defines)
        self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._now_of(node.args)
        self._function(node)

    def _now_of(self, given: ast.arguments) -> None:
        """Defaults and annotations are evaluated when the function is made."""
        for default in (*given.defaults, *given.kw_defaults):
            if default is not None:
                self.visit(default)
        for argument in _arguments(given):
            if argument.annotation is not None:
                self.visit(argument.annotation)

    def _function(self, node: _Function) -> None:
        around = {name for scope in self.inner for name in scope}
        for name, line in free_names(node):
            if name not in around:
                self.later.append(Read((name,), line))
        for name in _made_global(node):
            self._bind(name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        with self._local(set()):
            self.block(node.body)
        self._bind(node.name, self.defines)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node.generators, [node.elt])

    visit_SetComp = visit_ListComp
    visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node.generators, [node.key, node.value])

    def _comprehension(self, generators: list[ast.comprehension], parts: list[ast.expr]) -> None:
        self.visit(generators[0].iter)
        with self._local(set()):
            for number, generator in enumerate(generators):
                if number:
                    self.visit(generator.iter)
                self.visit(generator.target)
                for condition in generator.ifs:
                    self.visit(condition)
            for part in parts:
                self.visit(part)

    # ------------------------------------------------------------ paths

    @contextmanager
    def _local(self, names: set[str]) -> Iterator[None]:
        self.inner.append(names)
        yield
        self.inner.pop()

    @contextmanager
    def _perhaps(self) -> Iterator[set[str]]:
        """What is bound inside is bound on some paths only."""
        before = set(self.sure)
        yield before
        self.sure &= before

    def _branches(self, blocks: list[list[ast.stmt]]) -> None:
        """What every branch binds is bound for sure."""
        before = set(self.sure)
        ends = []
        for block in blocks:
            self.sure = set(before)
            self.block(block)
            if not (block and isinstance(block[-1], ast.Return | ast.Raise)):
                ends.append(self.sure)
        self.sure = set.intersection(*ends) if ends else before


def _arguments(given: ast.arguments) -> list[ast.arg]:
    extra = [one for one in (given.vararg, given.kwarg) if one is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *extra]


def free_names(function: _Function) -> list[tuple[str, int]]:
    """Names a function takes from outside, with the line of their first use."""
    inside = function.body
    body: list[ast.stmt] = inside if isinstance(inside, list) else [ast.Expr(inside)]
    own = {one.arg for one in _arguments(function.args)} | _locals(body)
    found: dict[str, int] = {}
    for node in _scope(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, node.lineno)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for name, line in free_names(node):
                found.setdefault(name, line)
    return [(name, line) for name, line in found.items() if name not in own]


def _scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node of a function's own scope; inner functions are met but not entered."""
    waiting = list(body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting[:0] = [*node.decorator_list, *_defaults(node.args)]
        elif isinstance(node, ast.Lambda):
            waiting[:0] = _defaults(node.args)
        else:
            waiting[:0] = list(ast.iter_child_nodes(node))


def _defaults(given: ast.arguments) -> list[ast.expr]:
    return [one for one in (*given.defaults, *given.kw_defaults) if one is not None]


def _locals(body: list[ast.stmt]) -> set[str]:
    """Names a function's body binds, those it declares global or nonlocal left out."""
    own: set[str] = set()
    outer: set[str] = set()
    for node in _scope(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            own.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            own |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            own.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer |= set(node.names)
    return own - outer


def _made_global(function: _Function) -> list[str]:
    body = function.body if isinstance(function.body, list) else []
    return [name for node in _scope(body) if isinstance(node, ast.Global) for name in node.names]
