"""One walk over a scope's code in the order Python evaluates it, noting names read and bound.

What a function reads, it reads when it is called, so its free names count only when the scope
never binds them at all. Class bodies and comprehensions run on the spot, with names of their own;
methods and comprehensions do not see those of their class.

The walk knows which names are bound at each point, on all paths to it or on some. Code that no path
leads to (behind a `return`, say) is read as if it might run: what it reads is a soft read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from flowbook.cells.ledger import Ledger, Point, joined

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Scope(Ledger):
    """The top level of a cell, or of a function.

    `shared`: it is that of a module, where the annotations of variables are evaluated.
    """

    def __init__(self, sure: Iterable[str] = (), *, shared: bool = False) -> None:
        super().__init__(sure)
        self.shared = shared
        self.breaks: list[list[Point]] = []
        """Where the loops around this point are left, innermost last."""
        self.turns: list[list[Point]] = []
        """Where `continue` begins another turn of them."""

    def walked(self, tree: ast.Module) -> Self:
        """This scope after all of `tree`."""
        self.run(tree.body)
        self.dead = False
        for name, line in self.later.items():
            bound = name in self.own or name in self.globals
            if not bound or (name in self.doubted and name in self.maybe):
                self.read(name, line, soft=bound)
        return self

    def run(self, nodes: Iterable[ast.AST | None]) -> None:
        """Visit in the given order; None is nothing."""
        for node in nodes:
            if node is not None:
                self.visit(node)

    def paths(self, branches: Iterable[Sequence[ast.AST | None]]) -> None:
        """Run code of which one branch is taken: what all of them bind is bound for sure."""
        start, dead = self.here(), self.dead
        ends: list[Point] = []
        for branch in branches:
            self.go_on(start, dead=dead)
            self.run(branch)
            if not self.dead:
                ends.append(self.here())
        self.meet(ends)

    def meet(self, ends: Sequence[Point]) -> None:
        """Go on where those paths come together; none of them: no path goes on."""
        if ends:
            self.go_on(joined(ends))
        else:
            self.dead = True

    def visit(self, node: ast.AST) -> None:
        """By the table below, else every part of the node in the order of its fields."""
        visitor = _VISITORS.get(type(node))
        if visitor is None:
            self.run(ast.iter_child_nodes(node))
        else:
            visitor(self, node)


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


def _nonlocal(scope: Scope, node: ast.Nonlocal) -> None:
    scope.outers.update(node.names)
    for name in node.names:  # it has to be there, whatever becomes of it
        scope.read(name, node.lineno)


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
    else:
        scope.run([node.target, node.value])


def _ann_assign(scope: Scope, node: ast.AnnAssign) -> None:
    if node.value is not None or not isinstance(node.target, ast.Name):
        scope.run([node.value, node.target])
    if scope.shared:  # a function never evaluates its variables' annotations
        scope.visit(node.annotation)


def _walrus(scope: Scope, node: ast.NamedExpr) -> None:
    scope.visit(node.value)
    if isinstance(scope, _Inner):
        scope.leaks[node.target.id] = None
    scope.visit(node.target)


def _dict(scope: Scope, node: ast.Dict) -> None:
    for pair in zip(node.keys, node.values, strict=True):
        scope.run(pair)


# ---------------------------------------------------------------- paths


def _leave(scope: Scope, node: ast.Raise | ast.Return | ast.Break | ast.Continue) -> None:
    scope.run(ast.iter_child_nodes(node))
    if not scope.dead:
        if isinstance(node, ast.Break) and scope.breaks:
            scope.breaks[-1].append(scope.here())
        elif isinstance(node, ast.Continue) and scope.turns:
            scope.turns[-1].append(scope.here())
    scope.dead = True


def _return(scope: Scope, node: ast.Return) -> None:
    scope.speaks = scope.speaks or node.value is not None
    _leave(scope, node)


def _for(scope: Scope, node: ast.For | ast.AsyncFor) -> None:
    scope.visit(node.iter)
    _loop(scope, [node.target, *node.body], node.orelse)


def _while(scope: Scope, node: ast.While) -> None:
    scope.visit(node.test)
    always = isinstance(node.test, ast.Constant) and bool(node.test.value)
    _loop(scope, node.body, node.orelse, endless=always)


def _loop(
    scope: Scope, body: Sequence[ast.AST], orelse: Sequence[ast.AST], *, endless: bool = False
) -> None:
    """Any number of turns, then `orelse`, unless a `break` leaves it or it is `endless`."""
    start, dead = scope.here(), scope.dead
    left: list[Point] = []
    turned: list[Point] = []
    scope.breaks.append(left)
    scope.turns.append(turned)
    scope.run(body)
    scope.breaks.pop()
    scope.turns.pop()
    turned += [] if scope.dead else [scope.here()]
    scope.go_on(joined([start, *turned]), dead=dead or endless)
    scope.run(orelse)
    scope.meet([*left, *([] if scope.dead else [scope.here()])])


def _if(scope: Scope, node: ast.If) -> None:
    scope.visit(node.test)
    scope.paths([node.body, node.orelse])


def _try(scope: Scope, node: ast.Try | ast.TryStar) -> None:
    start, dead = scope.here(), scope.dead
    scope.run(node.body)
    # A handler may begin after any line of the body.
    caught = Point(start.sure & scope.sure, start.maybe | scope.maybe)
    scope.run(node.orelse)
    ends = [] if scope.dead else [scope.here()]
    for handler in node.handlers:
        scope.go_on(caught, dead=dead)
        scope.visit(handler)
        ends += [] if scope.dead else [scope.here()]
    scope.go_on(joined(ends) if ends else caught, dead=dead)  # `finally` runs in any case
    scope.run(node.finalbody)
    scope.dead = scope.dead or not ends


def _handler(scope: Scope, node: ast.ExceptHandler) -> None:
    scope.run([node.type])
    if node.name:
        scope.bind(node.name, scope.binds)
    scope.run(node.body)
    if node.name:  # Python takes the name away when the handler ends
        scope.unbind(node.name)


def _match(scope: Scope, node: ast.Match) -> None:
    scope.visit(node.subject)
    last = node.cases[-1]
    complete = not last.guard and _takes_all(last.pattern)
    cases: list[list[ast.AST | None]] = [[one.pattern, one.guard, *one.body] for one in node.cases]
    scope.paths(cases if complete else [*cases, []])


def _takes_all(pattern: ast.pattern) -> bool:
    """True for a pattern that matches whatever comes."""
    if isinstance(pattern, ast.MatchAs):
        return pattern.pattern is None or _takes_all(pattern.pattern)
    return isinstance(pattern, ast.MatchOr) and any(map(_takes_all, pattern.patterns))


def _match_name(scope: Scope, node: ast.MatchAs | ast.MatchStar) -> None:
    scope.run(ast.iter_child_nodes(node))
    if node.name:
        scope.bind(node.name, scope.binds)


def _match_mapping(scope: Scope, node: ast.MatchMapping) -> None:
    scope.run(ast.iter_child_nodes(node))
    if node.rest:
        scope.bind(node.rest, scope.binds)


def _yield(scope: Scope, node: ast.Yield | ast.YieldFrom) -> None:
    scope.run([node.value])
    scope.speaks = True


# ---------------------------------------------------------------- scopes of their own


class _Class(Scope):
    """A class body; `beyond` is what comprehensions in it read, which do not see its names."""

    def __init__(self) -> None:
        super().__init__(shared=True)
        self.beyond: dict[str, int] = {}


class _Inner(Scope):
    """A comprehension; `leaks` are names that a walrus binds outside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.leaks: dict[str, None] = {}


def _function(scope: Scope, node: _Function) -> None:
    scope.run([*node.decorator_list, *_defaults(node.args)])
    _typed(scope, node, [*(one.annotation for one in _arguments(node.args)), node.returns])
    scope.bind(node.name, scope.defines)
    _inside(scope, [*_arguments(node.args), *_type_names(node)], node.body)


def _lambda(scope: Scope, node: ast.Lambda) -> None:
    scope.run(_defaults(node.args))
    _inside(scope, _arguments(node.args), [node.body])


def _inside(scope: Scope, given: Iterable[ast.arg | str], body: Iterable[ast.AST]) -> None:
    """A function's own names stay inside; what it takes from outside is read later."""
    inner = Scope(one if isinstance(one, str) else one.arg for one in given)
    local = set(inner.sure)
    inner.run(body)
    local |= inner.own - inner.outers
    for name, line in [*inner.reads.items(), *inner.later.items()]:
        if name not in local or name in inner.globals:
            scope.read_later(name, line)
    for name in inner.globals & inner.own:
        # The cell sees what its functions make global, but it is no variable of the cell.
        scope.globals.add(name)
        scope.sure.add(name)
        scope.maybe.add(name)


def _arguments(given: ast.arguments) -> list[ast.arg]:
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [one for one in every if one is not None]


def _defaults(given: ast.arguments) -> list[ast.expr | None]:
    return [*given.defaults, *given.kw_defaults]


def _type_names(node: ast.AST) -> list[str]:
    """The type parameters of a definition: `def first[T](rows: list[T])`."""
    return [one.name for one in getattr(node, "type_params", ())]


def _typed(scope: Scope, node: ast.AST, parts: Iterable[ast.AST | None]) -> None:
    """Run what a definition evaluates where its type parameters are known."""
    inner = Scope(_type_names(node))
    inner.run(parts)
    scope.take(inner)


def _class(scope: Scope, node: ast.ClassDef) -> None:
    scope.run(node.decorator_list)
    _typed(scope, node, [*node.bases, *node.keywords])
    inner = _Class()
    inner.sure |= (known := set(_type_names(node)))
    inner.run(node.body)
    for name, line in inner.beyond.items():
        if name not in known:
            scope.read(name, line)
    scope.take(inner)
    scope.bind(node.name, scope.defines)


def _comprehension(scope: Scope, node: _Comprehension) -> None:
    scope.visit(node.generators[0].iter)
    inner = _Inner()
    for number, loop in enumerate(node.generators):
        inner.run([loop.iter if number else None, loop.target, *loop.ifs])
    inner.run([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
    own = inner.own.difference(inner.leaks)
    for names in (inner.later, inner.reads):
        for name in own.intersection(names):  # its own names hide all others, bound or not yet
            del names[name]
    if isinstance(scope, _Class):
        for name, line in inner.reads.items():
            scope.beyond.setdefault(name, line)
        inner.reads = {}
    scope.take(inner)
    for name in inner.leaks:
        if isinstance(scope, _Inner):
            scope.leaks[name] = None
        scope.bind(name, scope.binds)


_VISITORS: Mapping[type[ast.AST], Callable[[Scope, Any], None]] = {
    ast.Name: _name,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Assign: _assign,
    ast.AugAssign: _aug_assign,
    ast.AnnAssign: _ann_assign,
    ast.NamedExpr: _walrus,
    ast.Dict: _dict,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.If: _if,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.ExceptHandler: _handler,
    ast.Match: _match,
    ast.MatchAs: _match_name,
    ast.MatchStar: _match_name,
    ast.MatchMapping: _match_mapping,
    ast.Return: _return,
    ast.Raise: _leave,
    ast.Break: _leave,
    ast.Continue: _leave,
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
