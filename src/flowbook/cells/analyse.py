"""Which names a cell's Python reads from outside and which it binds, found without running it.

A node's cell runs as the body of a function of its inputs, so the order of the text decides: `df =
df.dropna()` reads `df` and then binds it (`cells.scope` walks it). A name bound on some paths only
(`if …: x = 1`) and read later is a *soft* read: an input if a parameter or a node further up makes
it, and no complaint if none does.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from flowbook.cells.scope import Scope
from flowbook.graph.leaving import is_aside

BUILTINS: Final = frozenset(dir(builtins)) | {"__file__", "display", "get_ipython"}
_TRANSPARENT: Final = re.compile(r"%%(?:time|timeit|capture|prun)\b")
_MAGIC: Final = re.compile(r"^([^\S\n]*)(?:[%!?].*|[\w.%]+\?{1,2}[^\S\n]*)$", re.MULTILINE)
_RARE: Final = re.compile(r"\b(?:nonlocal|await|async)\b")
_KEPT: Final = 2**14
"""Cells whose names are remembered: more than a notebook has, or each reading begins anew."""
_ASSIGNED_MAGIC: Final = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$", re.MULTILINE)


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
    stars: bool = False
    """It imports `*`: nobody knows which names it leaves behind."""

    @property
    def public(self) -> tuple[str, ...]:
        """The names that are the cell's outputs when it gives nothing else."""
        return tuple(name for name in self.binds if not name.startswith("_"))

    @property
    def known(self) -> frozenset[str]:
        """Every name the cell leaves behind at its top level."""
        return frozenset((*self.binds, *self.defines, *self.imports))


@lru_cache(maxsize=_KEPT)
def analyse(body: str, *, shared: bool = False) -> Names:
    """The names of a Python body; `SyntaxError` when it is none.

    `shared` code runs in a namespace, as setup cells do; a node runs as a function.

    >>> names = analyse("df = df.dropna()")
    >>> [read.root for read in names.reads], names.binds
    (['df'], ('df',))
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python says it when the cell runs
        tree = ast.parse(body)
        if not shared:
            _compile(tree, body)
    scope = Scope(shared=shared).walked(tree)
    reads = sorted(scope.reads.items(), key=lambda item: item[1])
    last = tree.body[-1] if tree.body else None
    return Names(
        reads=tuple(Read((name,), line, name in scope.soft) for name, line in reads),
        binds=_without(scope.left(scope.binds), scope.globals, scope.imports),
        defines=_without(scope.left(scope.defines), scope.binds, scope.imports),
        imports=tuple(scope.left(scope.imports)),
        speaks=scope.speaks or (isinstance(last, ast.Expr) and not is_aside(last.value)),
        stars=scope.stars,
    )


def _without(names: Iterable[str], *others: Container[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not any(name in other for other in others))


@lru_cache(maxsize=_KEPT)
def analyse_plain(source: str) -> Names | None:
    r"""The names of a cell that is no node, IPython's own syntax looked past; None: unreadable.

    >>> analyse_plain("%matplotlib inline\nrun = %flow run\n!ls").binds
    ('run',)
    """
    text = readable(source)
    return None if text is None else analyse(text, shared=True)


def readable(source: str) -> str | None:
    """A plain cell as Python of the same lines, but for a `%%time` on top; None: it is none."""
    if _TRANSPARENT.match(source):
        source = source.partition("\n")[2]
    if source.startswith("%%"):
        return None
    for text in (source, _MAGIC.sub(r"\1pass", _ASSIGNED_MAGIC.sub(r"\1None", source))):
        try:
            analyse(text, shared=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return text
    return None


def _compile(tree: ast.Module, body: str) -> None:
    """Let the compiler refuse what the parser lets through, such as a `break` outside a loop.

    Names that its functions declare `nonlocal` may be inputs.
    """
    # Most bodies have neither word, and a walk costs more than all the rest.
    nodes = tuple(ast.walk(tree)) if _RARE.search(body) else ()
    outer = {name for one in nodes if isinstance(one, ast.Nonlocal) for name in one.names}
    given = [ast.arg(name, lineno=1, col_offset=0) for name in sorted(outer)]
    inputs = ast.arguments(posonlyargs=[], args=given, kwonlyargs=[], kw_defaults=[], defaults=[])
    kind = ast.AsyncFunctionDef if any(map(_awaits, nodes)) else ast.FunctionDef
    function = kind(
        name="cell",
        args=inputs,
        body=tree.body or [ast.Pass(lineno=1, col_offset=0)],
        decorator_list=[],
        lineno=1,
        col_offset=0,
    )
    compile(ast.Module([function], type_ignores=[]), "<cell>", "exec", dont_inherit=True)


def _awaits(node: ast.AST) -> bool:
    return isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) or (
        isinstance(node, ast.comprehension) and bool(node.is_async)
    )
