"""The tests of a flow: nodes that look at what others gave, and run where they are asked for."""

from __future__ import annotations

from collections.abc import Collection

from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId


def all_tests(spec: FlowSpec, kinds: Registry) -> tuple[NodeSpec, ...]:
    """The tests of a flow, in notebook order."""
    found = ((node, kinds.get(node.kind)) for node in spec.nodes)
    return tuple(node for node, kind in found if kind is not None and kind.asserts)


def with_tests(
    spec: FlowSpec, kinds: Registry, targets: Collection[NodeId] | None
) -> tuple[NodeId, ...]:
    """What to ask for so that tests run, too: all there is, or `targets` and what tests them."""
    if targets is None:
        return tuple(node.id for node in spec.nodes)
    tests = tuple(test.id for test in all_tests(spec, kinds))
    looking = {edge.target for edge in resolve(spec).edges if edge.source in targets}
    return tuple(dict.fromkeys((*targets, *(node for node in tests if node in looking))))
