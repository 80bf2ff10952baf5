"""The node that looks at what other nodes gave, and fails where something does not hold.

Its body is a Python cell of assertions. It is compiled with each `assert` told apart: what it
compares, calls and is given is kept while it is worked out, once and in Python's order, so that a
failure can say what the values were. An assertion that holds costs a call more and leaves nothing.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Awaitable, Mapping
from reprlib import Repr
from types import ModuleType
from typing import Any, ClassVar, Final

from flowbook.graph.node import NodeContext, Outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes import examples
from flowbook.nodes.cell_code import CellCode, CellText, compile_cell
from flowbook.nodes.python import PythonNode

TALLY: Final = "__flowbook_tally__"
"""The global by which a rewritten `assert` finds its `Tally`."""
_LINES: Final = 8
"""Lines of one value that are shown; a table has more."""


class TestNode(PythonNode):
    """Says what has to hold of other nodes: Python whose assertions run behind them.

    `%%flow test clean` is a test of the node `clean`, and is called `test_clean`. A test has no
    outputs, so nothing waits for it; it runs where it is asked for: in its own cell, by
    `%flow run --test`, `flowbook test` and pytest. A run that nobody asked to test leaves it out.
    A failed `assert` shows the values of what it compares.

    >>> from flowbook.graph.spec import InputSpec
    >>> from flowbook.ids import NodeId
    >>> inputs = (InputSpec(PortName("rows")),)
    >>> spec = NodeSpec(NodeId("test_rows"), "test", inputs=inputs, body="assert len(rows) == 3")
    >>> TestNode(spec).run(None, {"rows": ["tea", "jam", "rye"]}).result
    '1 assertion held'
    >>> TestNode(spec).run(None, {"rows": ["tea"]})
    Traceback (most recent call last):
    AssertionError: assert len(rows) == 3
      rows is ['tea']
      len(rows) is 1
    """

    __test__: ClassVar[bool] = False
    """No class of tests, whatever pytest makes of its name."""
    kind: ClassVar[str] = "test"
    begins: ClassVar[str] = "assert {input} is not None"
    family: ClassVar[str] = "code"
    asserts: ClassVar[bool] = True
    defaults: ClassVar[Options] = Options(pure=True)
    example: ClassVar[str] = examples.TEST

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:  # noqa: ARG003  # the contract
        """None: nothing waits for a test."""
        return ()

    def run(
        self, context: NodeContext, inputs: Mapping[PortName, Any]
    ) -> Outputs | Awaitable[Outputs]:
        """How many assertions held; `AssertionError` for the first that did not."""
        tally = Tally()
        given = self._run(context, inputs, {TALLY: tally})
        if inspect.isawaitable(given):
            return _behind(given, tally)
        return Outputs({}, result=tally.told())

    def _cell(self) -> CellCode:
        names = tuple(one.name for one in self.spec.inputs)
        return compile_cell(CellText.of(self.spec), names, telling)


async def _behind(given: Awaitable[Any], tally: Tally) -> Outputs:
    await given
    return Outputs({}, result=tally.told())


# ---------------------------------------------------------------- what is kept of an assertion


class Tally:
    """The assertions of one run: how many held, and the parts of the one that is worked out."""

    def __init__(self) -> None:
        self.held = 0
        self._parts: dict[str, Any] = {}

    def part(self, text: str, value: Any) -> Any:
        """Keep a part of an assertion as it is worked out; gives it back."""
        self._parts.pop(text, None)
        self._parts[text] = value
        return value

    def holds(self) -> None:
        """The assertion held."""
        self.held += 1
        self._parts.clear()

    def fails(self, text: str, sides: tuple[str, str] | None, *said: object) -> AssertionError:
        """The error of an assertion: `said` is its own message, `sides` what it takes for equal."""
        lines = [f"{said[0]}: assert {text}" if said else f"assert {text}"]
        if sides is not None and all(side in self._parts for side in sides):
            lines += _difference(*(self._parts[side] for side in sides))
        for part, value in self._parts.items():
            shown = _shown(value)
            if shown not in (None, part):
                lines.append(f"{part} is {shown}")
        self._parts.clear()
        return AssertionError("\n  ".join(lines))

    def told(self) -> str:
        """How it went, in words.

        >>> Tally().told()
        'nothing failed, and it asserts nothing itself'
        """
        if not self.held:
            return "nothing failed, and it asserts nothing itself"
        return f"{self.held:,} assertion{'' if self.held == 1 else 's'} held"


_SHORT: Final = Repr()
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = _SHORT.maxdict = 8
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxlevel = 200, 1_000, 4


def _shown(value: Any) -> str | None:
    """A value as text that is not long; None for what says nothing: modules, functions, truths."""
    if isinstance(value, ModuleType | type | bool) or inspect.isroutine(value):
        return None
    lines = _SHORT.repr(value).splitlines() or [""]
    more = [f"… {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    shown = [*lines[:_LINES], *more]
    return shown[0] if len(shown) == 1 else "\n    ".join(["", *shown])


def _difference(left: Any, right: Any) -> list[str]:
    """The first place where two lists, or two mappings, differ.

    >>> _difference([1, 2, 3], [1, 5]), _difference({"a": 1}, {"a": 1, "b": 2})
    (['they differ at [1]: 2 and 5'], ["'b' is missing on the left"])
    """
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in (*right, *left):
            if key not in left or key not in right:
                return [f"{key!r} is missing on the {'right' if key in left else 'left'}"]
            if not _same(left[key], right[key]):
                return [f"they differ at [{key!r}]: {_shown(left[key])} and {_shown(right[key])}"]
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        for at, (one, other) in enumerate(zip(left, right, strict=False)):
            if not _same(one, other):
                return [f"they differ at [{at}]: {_shown(one)} and {_shown(other)}"]
        if len(left) != len(right):
            return [f"there are {len(left)} on the left and {len(right)} on the right"]
    return []


def _same(left: Any, right: Any) -> bool:
    try:
        return left is right or bool(left == right)
    except Exception:  # noqa: BLE001 - arrays and strangers may raise anything
        return False


# ---------------------------------------------------------------- assertions rewritten


def telling(tree: ast.Module, text: CellText) -> ast.Module:
    """The tree with each `assert` counted, and its parts kept; their order is Python's own.

    Raises `SyntaxError` for an assertion that cannot fail.
    """
    _Asserts("\n" * (text.line - 1) + text.body).visit(tree)
    return ast.fix_missing_locations(tree)


_SPEAKING = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.Await, ast.NamedExpr,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp,
)  # fmt: skip


class _Asserts(ast.NodeTransformer):
    """`assert test, message` → `if test: holds() else: raise fails(…, message)`."""

    def __init__(self, source: str) -> None:
        self.source = source

    def visit_Assert(self, node: ast.Assert) -> ast.If:
        if isinstance(node.test, ast.Tuple) and node.test.elts:
            raise SyntaxError(
                "an assert of a tuple always holds: take the parentheses off",
                (None, node.lineno, node.col_offset + 1, None),
            )
        said = [node.msg] if node.msg is not None else []
        text, sides = self._text(node.test), self._sides(node.test)
        made = ast.If(
            test=self._watched(node.test),
            body=[ast.Expr(_ask("holds"))],
            orelse=[ast.Raise(_ask("fails", text, sides, *said), None)],
        )
        for one in ast.walk(made):
            if not hasattr(one, "lineno"):
                ast.copy_location(one, node)
        return ast.copy_location(made, node)

    def _text(self, part: ast.expr) -> ast.Constant:
        """How it is written, on one line."""
        written = ast.get_source_segment(self.source, part) or ""
        if "\n" in written:
            written = " ".join(written.split())
        return ast.Constant(written)

    def _sides(self, test: ast.expr) -> ast.expr:
        """The texts of what a condition takes for equal, as code; None for any other."""
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            return ast.Tuple([self._text(test.left), self._text(test.comparators[0])], ast.Load())
        return ast.Constant(None)

    def _watched(self, test: ast.expr) -> ast.expr:
        """A condition whose parts are kept, but not itself: that it is false is known."""
        if isinstance(test, ast.BoolOp):
            test.values = [self._watched(one) for one in test.values]
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test.operand = self._watched(test.operand)
        elif isinstance(test, ast.Compare):
            test.left = self._kept(test.left)
            test.comparators = [self._kept(one) for one in test.comparators]
        else:
            return self._kept(test)
        return test

    def _kept(self, part: ast.expr) -> ast.expr:
        """An expression whose value is kept, with the parts it is made of."""
        if not isinstance(part, _SPEAKING):
            return part
        text = self._text(part)
        if isinstance(part, ast.Call):
            self._watch_call(part)
        elif isinstance(part, ast.BinOp):
            part.left, part.right = self._kept(part.left), self._kept(part.right)
        elif isinstance(part, ast.Attribute):
            part.value = self._kept(part.value)
        return ast.copy_location(_ask("part", text, part), part)

    def _watch_call(self, call: ast.Call) -> None:
        """Keep what a call is given; of `all(…)` over a generator the parts of its last item."""
        if isinstance(call.func, ast.Attribute):
            call.func.value = self._kept(call.func.value)
        (first, *others) = [*call.args, None]
        if isinstance(first, ast.GeneratorExp) and others == [None]:
            if isinstance(call.func, ast.Name) and call.func.id == "all":
                first.elt = self._watched(first.elt)
            return
        call.args = [self._kept(one) for one in call.args]
        for keyword in call.keywords:
            keyword.value = self._kept(keyword.value)


def _ask(what: str, *arguments: ast.expr) -> ast.Call:
    tally = ast.Name(TALLY, ast.Load())
    return ast.Call(ast.Attribute(tally, what, ast.Load()), list(arguments), [])
