"""One walk over a scope's code in the order Python evaluates it, noting names read and bound.

What a function reads, it reads when it is called, so its free names count only when the scope
never binds them at all. Class bodies and comprehensions run on the spot, with names of their own;
methods do not see those of their class.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class _Ledger:
    """What a scope has read and bound so far.

    `sure` holds the names bound on every path to here, `maybe` those bound on any. `later` is
    what functions read, with the first line that does.
    """

    def __init__(self, sure: Iterable[str] = ()) -> None:
        self.sure = set(sure)
        self.maybe = set(self.sure)
        self.reads: dict[str, int] = {}
        self.soft: set[str] = set()
        self.later: dict[str, int] = {}
        self.binds: dict[str, None] = {}
        self.defines: dict[str, None] = {}
        self.imports: dict[str, None] = {}
        self.globals: set[str] = set()
        self.speaks = False
        self.stars = False

    @property
    def own(self) -> set[str]:
        """Every name the scope binds anywhere."""
        return {*self.binds, *self.defines, *self.imports}

    def read(self, name: str, line: int) -> None:
        """`name` is read here."""
        if name in self.sure or (name in self.reads and name not in self.soft):
            return
        if name in self.maybe:
            if name not in self.reads:
                self.soft.add(name)
                self.reads[name] = line
        else:
            self.soft.discard(name)
            self.reads[name] = line

    def bind(self, name: str, where: dict[str, None]) -> None:
        """`name` is bound from here on."""
        self.sure.add(name)
        self.maybe.add(name)
        where[name] = None

    def unbind(self, name: str) -> None:
        """`name` is gone from here on."""
        self.sure.discard(name)
        self.maybe.discard(name)
        for names in (self.binds, self.defines, self.imports):
            names.pop(name, None)

    def take(self, inner: _Ledger) -> None:
        """What a scope that runs on the spot reads from this one."""
        for name, line in inner.reads.items():
            self.read(name, line)
        for name, line in inner.later.items():
            self.later.setdefault(name, line)


class Scope(_Ledger):
    """The top level of a cell, or of a function."""

    def walked(self, tree: ast.Module) -> Self:
        """This scope after all of `tree`."""
        self.run(tree.body)
        for name, line in self.later.items():
            if name not in self.own | self.globals:
                self.read(name, line)
        return self

    def run(self, nodes: Iterable[ast.AST | None]) -> None:
        """Visit in the given order; None is nothing."""
        for node in nodes:
            if node is not None:
                self.visit(node)

    def paths(self, branches: Iterable[Sequence[ast.AST | None]]) -> None:
        """Run code of which one branch is taken: what all of them bind is bound for sure."""
        sure, maybe = set(self.sure), set(self.maybe)
        ends: list[set[str]] = []
        after = set(maybe)
        for branch in branches:
            self.sure, self.maybe = set(sure), set(maybe)
            self.run(branch)
            after |= self.maybe
            if not (branch and isinstance(branch[-1], _LEAVES)):
                ends.append(self.sure)
        self.sure = set.intersection(*ends) if ends else sure
        self.maybe = after

    def visit(self, node: ast.AST) -> None:
        """By the table below, else every part of the node in the order of its fields."""
        visitor = _VISITORS.get(type(node))
        if visitor is None:
            self.run(ast.iter_child_nodes(node))
        else:
            visitor(self, node)


_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


# ---------------------------------------------------------------- names


def _name(scope: Scope, node: ast.Name) -> None:
    if isinstance(node.ctx, ast.Store):
        scope.bind(node.id, scope.binds)
        return
    scope.read(node.id, node.lineno)
    if isinstance(node.ctx, ast.Del):
        scope.unbind(node.id)


def _global(scope: Scope, node: ast.Global) -> None:
    scope.globals.update(node.names)


def _import(scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            scope.stars = True
        else:
            scope.bind(alias.asname or alias.name.partition(".")[0], scope.imports)


# ---------------------------------------------------------------- statements out of text order


def _assign(scope: Scope, node: ast.Assign) -> None:
    scope.run([node.value, *node.targets])


def _aug_assign(scope: Scope, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name):
        scope.read(node.target.id, node.lineno)
    scope.run([node.value, node.target])


def _ann_assign(scope: Scope, node: ast.AnnAssign) -> None:
    if isinstance(scope, _ClassScope):  # a function never evaluates its variables' annotations
        scope.visit(node.annotation)
    if node.value is not None or not isinstance(node.target, ast.Name):
        scope.run([node.value, node.target])


def _walrus(scope: Scope, node: ast.NamedExpr) -> None:
    scope.run([node.value, node.target])


def _for(scope: Scope, node: ast.For | ast.AsyncFor) -> None:
    scope.visit(node.iter)
    scope.paths([[node.target, *node.body], []])
    scope.run(node.orelse)


def _while(scope: Scope, node: ast.While) -> None:
    scope.visit(node.test)
    scope.paths([node.body, []])
    scope.run(node.orelse)


def _if(scope: Scope, node: ast.If) -> None:
    scope.visit(node.test)
    scope.paths([node.body, node.orelse])


def _try(scope: Scope, node: ast.Try | ast.TryStar) -> None:
    before = set(scope.sure)
    scope.run(node.body)
    whole, scope.sure = scope.sure, before  # a handler may begin after any line of the body
    scope.paths([[_Sure(whole), *node.orelse], *([handler] for handler in node.handlers)])
    scope.run(node.finalbody)


class _Sure(ast.stmt):
    """Stands for the point at which the names of a whole `try` body are bound."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.names = names


def _sure(scope: Scope, node: _Sure) -> None:
    scope.sure |= node.names


def _handler(scope: Scope, node: ast.ExceptHandler) -> None:
    scope.run([node.type])
    bound_before = node.name in scope.binds
    if node.name:
        scope.bind(node.name, scope.binds)
    scope.run(node.body)
    if node.name:  # Python takes the name away when the handler ends
        scope.sure.discard(node.name)
        if not bound_before:
            scope.unbind(node.name)


def _match(scope: Scope, node: ast.Match) -> None:
    scope.visit(node.subject)
    last = node.cases[-1]
    complete = isinstance(last.pattern, ast.MatchAs) and not last.pattern.pattern and not last.guard
    cases: list[list[ast.AST | None]] = [[one.pattern, one.guard, *one.body] for one in node.cases]
    scope.paths(cases if complete else [*cases, []])


def _match_name(scope: Scope, node: ast.MatchAs | ast.MatchStar) -> None:
    scope.run(ast.iter_child_nodes(node))
    if node.name:
        scope.bind(node.name, scope.binds)


def _match_mapping(scope: Scope, node: ast.MatchMapping) -> None:
    scope.run(ast.iter_child_nodes(node))
    if node.rest:
        scope.bind(node.rest, scope.binds)


def _return(scope: Scope, node: ast.Return) -> None:
    scope.run([node.value])
    scope.speaks = scope.speaks or node.value is not None


def _yield(scope: Scope, node: ast.Yield | ast.YieldFrom) -> None:
    scope.run([node.value])
    scope.speaks = True


# ---------------------------------------------------------------- scopes of their own


class _ClassScope(Scope):
    """A class body."""


def _function(scope: Scope, node: _Function) -> None:
    scope.run([*node.decorator_list, *_evaluated(node.args), node.returns])
    scope.bind(node.name, scope.defines)
    _inside(scope, node.args, node.body)


def _lambda(scope: Scope, node: ast.Lambda) -> None:
    scope.run(_evaluated(node.args))
    _inside(scope, node.args, [node.body])


def _inside(scope: Scope, given: ast.arguments, body: Iterable[ast.AST]) -> None:
    """A function's own names stay inside; what it takes from outside is read later."""
    inner = Scope(one.arg for one in _arguments(given))
    local = set(inner.sure)
    inner.run(body)
    local |= inner.own
    for name, line in [*inner.reads.items(), *inner.later.items()]:
        if name not in local or name in inner.globals:
            scope.later.setdefault(name, line)
    for name in inner.globals & inner.own:
        # The cell sees what its functions make global, but it is no variable of the cell.
        scope.globals.add(name)
        scope.sure.add(name)
        scope.maybe.add(name)


def _arguments(given: ast.arguments) -> list[ast.arg]:
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [one for one in every if one is not None]


def _evaluated(given: ast.arguments) -> list[ast.expr | None]:
    """What a definition evaluates on the spot: defaults and annotations."""
    annotations = [one.annotation for one in _arguments(given)]
    return [*given.defaults, *given.kw_defaults, *annotations]


def _class(scope: Scope, node: ast.ClassDef) -> None:
    scope.run([*node.decorator_list, *node.bases, *node.keywords])
    inner = _ClassScope()
    inner.run(node.body)
    scope.take(inner)
    scope.bind(node.name, scope.defines)


def _comprehension(scope: Scope, node: _Comprehension) -> None:
    scope.visit(node.generators[0].iter)
    walruses = [one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]
    inner = Scope()
    for number, loop in enumerate(node.generators):
        inner.run([loop.iter if number else None, loop.target, *loop.ifs])
    inner.run([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
    own = inner.own.difference(walruses)
    inner.later = {name: line for name, line in inner.later.items() if name not in own}
    scope.take(inner)
    for name in walruses:
        scope.bind(name, scope.binds)


_VISITORS: Mapping[type[ast.AST], Callable[[Scope, Any], None]] = {
    ast.Name: _name,
    ast.Global: _global,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Assign: _assign,
    ast.AugAssign: _aug_assign,
    ast.AnnAssign: _ann_assign,
    ast.NamedExpr: _walrus,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.If: _if,
    ast.Try: _try,
    ast.TryStar: _try,
    _Sure: _sure,
    ast.ExceptHandler: _handler,
    ast.Match: _match,
    ast.MatchAs: _match_name,
    ast.MatchStar: _match_name,
    ast.MatchMapping: _match_mapping,
    ast.Return: _return,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
}
