"""Nodes of kinds that are configured, in Python: a router and a merge."""

from __future__ import annotations

from flowbook.graph.flow import Flow
from flowbook.graph.refs import NodeRef
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.merge import MergeNode
from flowbook.nodes.router import RouterNode


def spec(name: str, *reads: str) -> NodeSpec:
    return NodeSpec(NodeId(name), inputs=tuple(InputSpec(PortName(read)) for read in reads))


def choice(
    flow: Flow, name: str, reads: str = "value", mode: str = "first_match", **when: str
) -> NodeRef:
    """A router over `reads`: a port for each condition, and `default`.

    The node `value` that it reads, if there is none, gives the parameter `given`.
    """
    if reads == "value" and "value" not in flow:

        @flow.node
        def value(given: int = 0):
            return given

    conditions = [{"id": port, "expression": text} for port, text in when.items()]
    return flow.add(RouterNode(spec(name, reads), conditions=conditions, mode=mode))


def merge(flow: Flow, name: str, *reads: str, mode: str = "dict") -> NodeRef:
    """A merge of those that are live."""
    return flow.add(MergeNode(spec(name, *reads), mode=mode))
