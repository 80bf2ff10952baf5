"""Node types of our own and specs in a few words."""

from __future__ import annotations

import pytest
import traitlets

from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Place, Wire
from flowbook.ids import CellId, FlowId, NodeId, PortName


class Code(Node):
    kind = "python"
    body = "python"


class Fetch(Node):
    kind = "http"
    defaults = Options(retries=2)
    url = traitlets.Unicode().tag(config=True)
    tries = traitlets.Int(1, min=1).tag(config=True)
    secret = traitlets.Unicode()

    @traitlets.validate("url")
    def _check(self, proposal):
        if proposal["value"] and "://" not in proposal["value"]:
            raise traitlets.TraitError(f"url {proposal['value']!r} has no scheme")
        return proposal["value"]


class Route(Node):
    kind = "router"
    untemplated = ("conditions",)
    conditions = traitlets.List().tag(config=True)

    @classmethod
    def ports(cls, spec):
        return tuple(PortName(str(one.get("id"))) for one in spec.config.get("conditions", []))


class Join(Node):
    kind = "merge"
    tolerant = True


@pytest.fixture(scope="session")
def registry():
    return Registry([Code, Fetch, Route, Join])


def input_(text):
    """`x`, `x=node`, `x=node.port` or `x=3`, as in a head."""
    name, _, default = text.partition("=")
    if not default:
        return InputSpec(PortName(name))
    if default.isdigit():
        return InputSpec(PortName(name), default=int(default))
    source, _, port = default.partition(".")
    return InputSpec(PortName(name), Wire(NodeId(source), PortName(port) if port else None))


def node_(name, *inputs, outputs=None, **fields):
    return NodeSpec(
        NodeId(name),
        inputs=tuple(map(input_, inputs)),
        outputs=tuple(map(PortName, outputs or [name])),
        **{"body": f"# {name}", "place": Place(CellId(f"cell-{name}"), 0), "body_line": 2} | fields,
    )


@pytest.fixture
def node():
    return node_


@pytest.fixture
def flow():
    def flow(*nodes, **fields):
        return FlowSpec(FlowId("tour"), nodes, **fields)

    return flow
