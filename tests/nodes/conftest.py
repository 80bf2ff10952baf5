"""A context that answers from the test's own hands, and short ways to write specs."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from types import SimpleNamespace

import duckdb
import pytest

from flowbook.errors import ExpressionError
from flowbook.graph.spec import InputSpec, NodeSpec, Place
from flowbook.ids import CellId, NodeId, PortName


class FakeContext:
    """A `NodeContext` without an engine: DuckDB in memory, a tiny expression evaluator."""

    run_id = "01890000-0000-7000-8000-000000000000"
    node = NodeId("node")
    flow = "tour"
    attempt = 1
    idempotency_key = "run/node/0"
    path = "node"
    resumption = None

    def __init__(self) -> None:
        self.logged: list[str] = []

    def log(self, text):
        self.logged.append(text)

    def progress(self, done, total=None, text=""):
        self.logged.append(f"{done}/{total} {text}")

    def cancelled(self):
        return False

    def evaluate(self, expression, names):
        """`left op right`, `true`, or a path; enough for conditions."""
        try:
            tree = ast.parse(expression, mode="eval").body
        except SyntaxError:
            raise ExpressionError(f"cannot read {expression!r}", code="syntax", column=1) from None
        return _value(tree, names)

    def query(self, sql, tables, parameters):
        with duckdb.connect() as connection:
            for name, table in tables.items():
                connection.register(name, table)
            return connection.execute(sql, parameters or None).df()


_OPERATORS = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.Eq: operator.eq,
}


def _value(tree, names):
    if isinstance(tree, ast.Compare):
        compare = _OPERATORS[type(tree.ops[0])]
        return compare(_value(tree.left, names), _value(tree.comparators[0], names))
    if isinstance(tree, ast.Attribute):
        owner = _value(tree.value, names)
        return owner[tree.attr] if isinstance(owner, dict) else getattr(owner, tree.attr)
    if isinstance(tree, ast.Name):
        if tree.id not in names:
            raise ExpressionError(f"nothing is called {tree.id!r}", code="unknown_name")
        return names[tree.id]
    return ast.literal_eval(tree)


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def spec() -> Callable[..., NodeSpec]:
    """`spec("clean", "x + 1", inputs="x", outputs="a b", line=3, **config)`."""

    def make(name="node", body="", inputs="", outputs="", kind="python", line=1, **config):
        options = {key: config.pop(key) for key in ("captures",) if key in config}
        return NodeSpec(
            NodeId(name),
            kind=kind,
            inputs=tuple(InputSpec(PortName(one)) for one in inputs.split()),
            outputs=tuple(PortName(one) for one in outputs.split()),
            body=body,
            config=config,
            place=Place(CellId("cell-1"), 0),
            body_line=line,
            **options,
        )

    return make


@pytest.fixture
def made(spec) -> SimpleNamespace:
    """Nodes from specs: `made.node(RouterNode, "season", inputs="x", mode="broadcast")`."""

    def node(kind, name="node", **given):
        told = spec(name, kind=kind.kind, **given)
        return kind(told, **told.config)

    return SimpleNamespace(node=node)
