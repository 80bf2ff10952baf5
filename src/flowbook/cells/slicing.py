"""What nodes take from plain cells, as code that a setup cell can hold: a slice of those cells.

Top-level statements are taken that bind the names asked for, and those that they read in turn, in
the order of the notebook and with the comments above them. Only imports, functions, classes and
values that are cheap and plain to make again are taken: what a loop binds, a call computes or a
later statement changes is left, with the reason. Nothing is executed.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flowbook.cells.analyse import BUILTINS, Names, analyse, readable
from flowbook.cells.flow_line import split_options
from flowbook.cells.header import SETUP, is_flow_cell
from flowbook.cells.notebook import Cell
from flowbook.cells.params import TAG, is_parameters
from flowbook.cells.taking import analyse_body
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import CellId, NodeId

_HARMLESS: Final = frozenset(
    {
        *("dict", "list", "set", "tuple", "frozenset", "int", "float", "str", "bool", "range"),
        *("compile", "Path", "timedelta", "date", "datetime", "Decimal", "Fraction", "namedtuple"),
        *("getLogger", "TypeVar"),
    }
)
"""Calls that make a plain value at no cost."""
_DEFINES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BINDS: Final = (ast.Import, ast.ImportFrom, *_DEFINES)


@dataclass(frozen=True, slots=True)
class Left:
    """A name that cannot be taken over, why, and the cell that makes it, if one does."""

    name: str
    reason: str
    cell: CellId | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    r"""Code that makes names anew, and the names it does not make. `reads`: what it needs besides.

    >>> cells = (Cell.code(CellId("a"), "import math\nprint(math.e)\nTWO = 2 * math.pi"),)
    >>> print(taken_over(cells, ["TWO"]).code)
    # from cell a
    import math
    TWO = 2 * math.pi
    """

    code: str = ""
    left: tuple[Left, ...] = ()
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Statement:
    """One top-level statement of a plain cell."""

    cell: CellId
    text: str
    refused: str
    """Why it cannot be run again elsewhere."""
    binds: frozenset[str]
    reads: frozenset[str]
    changes: frozenset[str]
    """Names whose values it changes."""
    defers: bool
    """What it reads, it reads when it is called."""


def taken_over(cells: Sequence[Cell], names: Collection[str]) -> Slice:
    """The slice of the plain cells among `cells` that makes `names`."""
    slicer = _Slicer([one for cell in cells if is_plain(cell) for one in _statements(cell)])
    for name in sorted(names):
        slicer.want(name, len(slicer.statements), asked=True)
    return slicer.slice()


def captured_slice(cells: Sequence[Cell], spec: FlowSpec) -> Slice:
    """The slice of what nodes and setup cells of `spec` take from the plain cells among `cells`."""
    setup = [_names(one) for one in spec.setup]
    made = {name for one in setup for name in one.known}
    wanted = {name for node in spec.nodes for name in node.captures} - made
    wanted |= {
        read.root
        for one in setup
        for read in one.reads
        if not read.soft and read.root not in BUILTINS | made and not read.root.startswith("__")
    }
    found = taken_over(cells, wanted) if wanted else Slice()
    if any(one.stars for one in setup):  # what no cell makes may come from there
        left = tuple(one for one in found.left if one.cell is not None)
        found = replace(found, left=left)
    return found


def with_slice(spec: FlowSpec, taken: Slice) -> FlowSpec:
    """`spec` with a setup cell of what is taken: the first, unless it needs one of the others."""
    if not taken.code:
        return spec
    own = NodeSpec(NodeId("setup_captured"), kind=SETUP, body=taken.code, body_line=2)
    made = {name for one in spec.setup for name in _names(one).known}
    setup = (*spec.setup, own) if taken.reads & made else (own, *spec.setup)
    return replace(spec, setup=setup)


def _names(setup: NodeSpec) -> Names:
    names, _ = analyse_body(setup.body, shared=True)
    return names


def is_plain(cell: Cell) -> bool:
    """True for code that is no node, no setup, no parameters and no options."""
    if cell.type != "code" or is_flow_cell(cell.source) or TAG in cell.tags:
        return False
    return not is_parameters(cell.source) and not split_options(cell.source)[1]


@dataclass
class _Slicer:
    statements: list[_Statement]
    taken: set[int] = field(default_factory=set)
    left: dict[str, Left] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)

    def want(self, name: str, before: int, *, asked: bool = False) -> bool:
        """Take what makes `name` ahead of a statement; False when that cannot be."""
        makers = [at for at in range(before) if name in self.statements[at].binds]
        if not makers:
            if name in BUILTINS:
                return True
            if asked:
                self.left[name] = Left(name, "no cell of the notebook makes it")
            else:
                self.reads.add(name)
            return not asked
        at = makers[-1]
        if at in self.taken:
            return True
        one = self.statements[at]
        reason = one.refused or self._changed(name, at)
        if reason:
            self.left[name] = Left(name, reason, one.cell)
            return False
        self.taken.add(at)
        limit = len(self.statements) if one.defers else at
        lacking = [read for read in sorted(one.reads) if not self.want(read, limit)]
        if lacking:
            self.taken.discard(at)
            self.left[name] = Left(name, f"it reads {', '.join(lacking)}", one.cell)
        return not lacking

    def _changed(self, name: str, at: int) -> str:
        later = (one for one in self.statements[at:] if name in one.changes)
        return next((f"cell {one.cell} changes it" for one in later), "")

    def slice(self) -> Slice:
        """What has been taken, cell by cell."""
        lines: list[str] = []
        cell = None
        for at in sorted(self.taken):
            one = self.statements[at]
            if one.cell != cell:
                lines.append(f"# from cell {one.cell}")
                cell = one.cell
            lines.append(one.text)
        return Slice("\n".join(lines), tuple(self.left.values()), frozenset(self.reads))


def _statements(cell: Cell) -> Iterator[_Statement]:
    text = readable(cell.source)
    if text is None:
        return
    tree, lines, original = ast.parse(text), text.split("\n"), cell.source.split("\n")
    offset = len(original) - len(lines)  # a `%%time` on top
    for node in tree.body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        last = node.end_lineno or first
        alone = all(one is node or one.end_lineno < first or one.lineno > last for one in tree.body)
        segment = "\n".join(lines[first - 1 : last])
        own = segment if alone else ast.get_source_segment(text, node) or segment
        names = analyse(own, shared=True)
        same = original[offset + first - 1 : offset + last] == lines[first - 1 : last]
        yield _Statement(
            cell.id,
            "\n".join([*_comments(lines, first), own]) if alone else own,
            _refused(node) if same else "IPython's own syntax makes it",
            names.known,
            frozenset(one.root for one in names.reads),
            frozenset(_changes(node)),
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef),
        )


def _comments(lines: Sequence[str], first: int) -> list[str]:
    """The comment right above a line."""
    start = first - 1
    while start > 0 and lines[start - 1].startswith("#"):
        start -= 1
    return list(lines[start : first - 1])


def _refused(node: ast.stmt) -> str:
    if isinstance(node, _BINDS):
        return ""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return "" if node.value is None or _is_cheap(node.value) else "a call computes it"
    if isinstance(node, ast.If | ast.Try):
        inner = [*node.body, *node.orelse]
        inner += [one for handler in getattr(node, "handlers", ()) for one in handler.body]
        inner += getattr(node, "finalbody", ())
        test = isinstance(node, ast.Try) or _is_cheap(node.test)
        reasons = [reason for one in inner if (reason := _refused(one))]
        return reasons[0] if reasons else "" if test else "a call decides about it"
    if isinstance(node, ast.For | ast.AsyncFor | ast.While):
        return "a loop binds it"
    return "" if isinstance(node, ast.Pass) else "it is not bound by a plain statement"


def _is_cheap(value: ast.expr) -> bool:
    return all(
        not isinstance(one, ast.Await | ast.Yield | ast.YieldFrom)
        and (not isinstance(one, ast.Call) or _called(one) in _HARMLESS)
        for one in _now(value)
    )


def _now(value: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that are evaluated with it."""
    yield value
    if not isinstance(value, ast.Lambda):
        for inner in ast.iter_child_nodes(value):
            yield from _now(inner)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _changes(node: ast.stmt) -> Iterator[str]:
    """Names of what a statement changes in place: an item, an attribute, by a method."""
    if isinstance(node, _BINDS):
        return
    for one in ast.walk(node):
        stored = isinstance(one, ast.Attribute | ast.Subscript) and not isinstance(
            one.ctx, ast.Load
        )
        method = one.value if isinstance(one, ast.Expr) else None
        inner: ast.AST | None = one if stored else None
        if isinstance(method, ast.Call) and isinstance(method.func, ast.Attribute):
            inner = method.func
        while isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield inner.id
