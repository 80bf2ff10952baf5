"""What is wrong with the names of nodes that others cancel or complete. Linear in those names."""

from __future__ import annotations

from collections.abc import Iterator

from flowbook.graph.container import Container
from flowbook.graph.nesting import Nesting, container_of
from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId


def ending_problems(spec: FlowSpec, registry: Registry) -> Iterator[Problem]:
    """Names that stand for nothing a node can reach, for itself, or for what is no loop."""
    ending = [node for node in spec.nodes if node.options.ends_others]
    nesting = Nesting(spec) if ending else None
    for node in ending:
        assert nesting is not None  # noqa: S101 - there is a node
        for name in (*node.options.cancels, *node.options.completes):
            yield from _name(node, name, nesting)
        for name in node.options.completes:
            other = spec.by_id.get(NodeId(name))
            if other is not None and not _is_loop(other, registry):
                yield at(
                    node,
                    f"it completes {name!r}, which is no loop",
                    f"complete a map, foreach, repeat or while; or say cancels: {name}",
                )


def _name(node: NodeSpec, name: str, nesting: Nesting) -> Iterator[Problem]:
    known = {str(one.id) for one in nesting.spec.nodes}
    if name not in known:
        yield at(
            node, f"it ends {name!r}, and no node is called so", did_you_mean(name, tuple(known))
        )
    elif name == node.id:
        yield at(node, "it ends itself, and is over by then", "name another node")
    elif nesting.home(name) not in nesting.around(nesting.home(node.id)):
        owner = container_of(nesting.home(name))
        yield at(
            node,
            f"it ends {name!r}, which is inside of {owner!r} and out of its reach",
            f"name {owner!r}, or say it in a node that is inside of it, too",
        )


def _is_loop(node: NodeSpec, registry: Registry) -> bool:
    kind = registry.get(node.kind)
    if kind is None or not issubclass(kind, Container):
        return kind is None  # of an unknown kind nothing can be said
    return bool(kind.policy(node).counts)
