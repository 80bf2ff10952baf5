"""How comprehensions compile: at most two loops, gone through at once into a list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run
from flowbook.expr.forms import built
from flowbook.expr.roots import AMBIENT

MAX_LOOPS: Final = 2

Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp

Loop: TypeAlias = tuple[Run, list[int], bool, tuple[Run, ...]]
"""What is gone through, the slots it fills, whether whole, and the conditions."""


def comprehension(compiler: Compiler, node: Comprehension) -> Run:
    """List, set, dictionary comprehensions and generators, all of them eager."""
    if len(node.generators) > MAX_LOOPS:
        compiler.refuse(node, f"at most {MAX_LOOPS} loops in one comprehension", Code.TOO_COMPLEX)
    outer = dict(compiler.loop)
    loops = [_one_loop(compiler, loop) for loop in node.generators]
    element = _element(compiler, node)
    compiler.loop = outer
    kind = {ast.SetComp: set, ast.DictComp: dict}.get(type(node), list)

    def parts(budget: Budget) -> list[Any]:
        made: list[Any] = []
        for _ in _looped(budget, loops):
            made.append(element(budget))
            budget.tick()
        return made

    return built(node, kind, parts)


def _element(compiler: Compiler, node: Comprehension) -> Run:
    if not isinstance(node, ast.DictComp):
        return compiler.compile(node.elt)
    key, value = compiler.all((node.key, node.value))
    return lambda budget: (key(budget), value(budget))


def _one_loop(compiler: Compiler, loop: ast.comprehension) -> Loop:
    if loop.is_async:
        compiler.refuse(loop.iter, "async is not part of the expression language")
    many = compiler.compile(loop.iter)
    targets = [loop.target]
    if isinstance(loop.target, ast.Tuple):
        targets = loop.target.elts
    slots = [_bind(compiler, target) for target in targets]
    single = not isinstance(loop.target, ast.Tuple)
    return many, slots, single, compiler.all(loop.ifs)


def _bind(compiler: Compiler, target: ast.expr) -> int:
    if not isinstance(target, ast.Name):
        compiler.refuse(target, "a loop variable is a plain name")
    compiler.check_public(target, target.id)
    if target.id in AMBIENT:
        compiler.refuse(target, f"{target.id} is no name of a loop variable")
    compiler.slots += 1
    compiler.loop[target.id] = compiler.slots
    return compiler.slots


def _looped(budget: Budget, loops: list[Loop]) -> Iterator[None]:
    many, slots, single, conditions = loops[0]
    for value in budget.items(many(budget)):
        budget.tick()
        if single:
            budget.slots[slots[0]] = value
        else:
            _unpack(budget, slots, value)
        if all(condition(budget) for condition in conditions):
            if len(loops) == 1:
                yield
            else:
                yield from _looped(budget, loops[1:])


def _unpack(budget: Budget, slots: list[int], value: Any) -> None:
    if type(value) not in (list, tuple) or len(value) != len(slots):
        raise refuse(Code.TYPE, f"cannot take a {type(value).__name__} apart in {len(slots)}")
    for slot, one in zip(slots, value, strict=True):
        budget.slots[slot] = budget.admit(one)
