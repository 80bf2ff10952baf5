"""What no spec may say, however incomplete it is: two things of one name, or a name that is none.

These are contradictions, which no edit may make. Wires to nowhere, unbound inputs and cycles are
not: a flow passes through them while it is being built, and `plan.check` lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowbook.errors import UsageError
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import as_node_id


def contradiction(spec: FlowSpec, before: FlowSpec | None = None) -> str | None:
    """The first contradiction in `spec` as a sentence; None for a sound spec. Linear.

    Nodes that it has of a sound spec `before` are not looked at again.

    >>> from flowbook.ids import FlowId, NodeId
    >>> contradiction(FlowSpec(FlowId("tour"), (NodeSpec(NodeId("a")), NodeSpec(NodeId("a")))))
    "two nodes are called 'a'"
    """
    known = set() if before is None else set(map(id, before.nodes))
    return next(_contradictions(spec, [one for one in spec.nodes if id(one) not in known]), None)


def _contradictions(spec: FlowSpec, changed: Iterable[NodeSpec]) -> Iterator[str]:
    if len(spec.by_id) < len(spec.nodes):
        yield from _twice("nodes", (node.id for node in spec.nodes))
    yield from _twice("parameters", (param.name for param in spec.params))
    for node in changed:
        yield from _unnameable(node)
        yield from _twice(f"inputs of {node.id}", (one.name for one in node.inputs))
        yield from _twice(f"outputs of {node.id}", node.outputs)


def _unnameable(node: NodeSpec) -> Iterator[str]:
    try:
        as_node_id(node.id)
    except UsageError as refused:
        yield f"{refused.message}: {refused.hint}"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"two {what} are called {name!r}"
        seen.add(name)
