"""A context that answers from the test's own hands, and short ways to write specs."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from flowbook.errors import ExpressionError, MemoryConflict, NotGranted, SecretMissing
from flowbook.graph.services import Grant, Scope
from flowbook.graph.spec import InputSpec, NodeSpec, Place
from flowbook.ids import CellId, NodeId, PortName
from flowbook.store.query import Tables

_TABLES = Tables()


class FakeServices:
    """Services from the test's own hands; nothing is granted until `granted` has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.granted: set[Grant] = set()
        self.allowed_urls: list[str] = []
        self.kept: dict[object, object] = {}
        self.scopes: dict[Scope, FakeMemory] = {}
        self.effects = True

    def secret(self, name):
        if name not in self.secrets:
            raise SecretMissing(f"no secret is called {name!r}", name=name, places=("the test",))
        return self.secrets[name]

    def env(self, name):
        if name not in self.environment:
            raise NotGranted(f"{name!r} is not listed", grant="env", what=name)
        return self.environment[name]

    def require(self, grant, what):
        if grant not in self.granted:
            raise NotGranted(f"not allowed: {what}", grant=grant.value, what=what)

    def file(self, path, *, writing=False):
        if "://" in str(path):
            if not str(path).startswith(tuple(self.allowed_urls)):
                raise NotGranted(f"not allowed: {path}", grant="allow_urls", what=str(path))
            return str(path)
        place = (self.folder / path).resolve()
        if not place.is_relative_to(self.folder.resolve()):
            raise NotGranted(f"not allowed: {path}", grant="allow_paths", what=str(place))
        return str(place)

    def keep(self, key, make, close=None):
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def variables(self, scope):
        return self.scopes.setdefault(Scope(scope), FakeMemory())


class FakeMemory(dict):
    """Values by key with versions that never go back."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, int] = {}

    @property
    def shared(self):
        return self

    def version(self, key):
        return self.versions.get(key, 0) if key in self else 0

    def set(self, key, value, *, if_version=None):
        if if_version is not None and if_version != self.version(key):
            raise MemoryConflict(
                f"{key!r} has version {self.version(key)}",
                key=key,
                flow=None,
                expected=if_version,
                found=self.version(key),
            )
        self[key] = value
        self.versions[key] = self.versions.get(key, 0) + 1
        return self.versions[key]

    def update(self, key, change, default=None):
        self.set(key, change(self.get(key, default)))
        return self[key]

    def delete(self, key, *, if_version=None):
        return self.pop(key, None) is not None


class FakeContext:
    """A `NodeContext` without an engine: DuckDB in memory, a tiny expression evaluator."""

    run_id = "01890000-0000-7000-8000-000000000000"
    node = NodeId("node")
    flow = "tour"
    attempt = 1
    idempotency_key = "run/node/0"
    path = "node"
    resumption = None

    def __init__(self, folder: Path = Path()) -> None:
        self.logged: list[str] = []
        self.services = FakeServices(folder)

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

    def query(self, sql, tables, parameters, **options):
        return _TABLES.query(sql, tables, parameters, **options)


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
def context(tmp_path) -> FakeContext:
    return FakeContext(tmp_path)


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
