"""Nodes and wires that go."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flowbook.graph.edits import Connect, Disconnect, Edit, RemoveNode, Several
from flowbook.graph.gestures.keeping import Into
from flowbook.graph.gestures.made import Gesture, known, refused, some
from flowbook.graph.nesting import Nesting
from flowbook.graph.spec import FlowSpec
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import NodeId


def remove(
    spec: FlowSpec, nodes: Sequence[NodeId], edges: Collection[Into] = (), *, heal: bool = False
) -> Gesture:
    """These nodes go, with what is inside of them, and what feeds these inputs no longer does.

    `heal`: what fed a node that goes feeds what it fed; of several, the one of the same name, else
    the first.
    """
    inside = with_insides(spec, "Delete", nodes)
    gone = set(inside)
    loose = [into for into in dict.fromkeys(edges) if into[0] not in gone]
    label = _label(nodes, inside, loose)
    if not gone and not loose:
        raise refused(label, "nothing is selected", "select nodes or wires first")
    known(spec, label, [target for target, _ in loose])
    made: list[Edit] = [Disconnect(target, name) for target, name in loose]
    if heal:
        made += _healing(resolve(spec).edges, gone, set(loose))
    made += [RemoveNode(node) for node in reversed(inside)]
    return Gesture(Several(tuple(made), label))


def with_insides(spec: FlowSpec, label: str, nodes: Collection[NodeId]) -> tuple[NodeId, ...]:
    """These nodes and all that is inside of them, containers before what they hold."""
    chosen = {one.id for one in known(spec, label, nodes)}
    nesting = Nesting(spec)
    if not nesting.nested:
        return tuple(one.id for one in spec.nodes if one.id in chosen)
    found = [
        (len(nesting.owners(nesting.home(one.id))), one.id)
        for one in spec.nodes
        if one.id in chosen or not chosen.isdisjoint(nesting.owners(nesting.home(one.id)))
    ]
    return tuple(node for _, node in sorted(found, key=lambda one: one[0]))


def _healing(
    edges: Sequence[EdgeSpec], gone: Collection[NodeId], loose: Collection[Into]
) -> list[Edit]:
    into: dict[NodeId, list[EdgeSpec]] = {}
    for edge in edges:
        into.setdefault(edge.target, []).append(edge)
    made: list[Edit] = []
    for edge in edges:
        if edge.source not in gone or edge.target in gone or (edge.target, edge.input) in loose:
            continue
        source: EdgeSpec | None = edge
        seen: set[NodeId] = set()
        while source is not None and source.source in gone and source.source not in seen:
            seen.add(source.source)
            source = _through(into.get(source.source, ()), source)
        if source is not None and source.source not in gone and source.source != edge.target:
            made.append(Connect(source.source, source.output, edge.target, edge.input))
    return made


def _through(fed: Sequence[EdgeSpec], edge: EdgeSpec) -> EdgeSpec | None:
    same = next((one for one in fed if one.input in (edge.output, edge.input)), None)
    return same or next(iter(fed), None)


def _label(nodes: Sequence[NodeId], inside: Sequence[NodeId], loose: Sequence[Into]) -> str:
    what: list[str] = []
    if len(inside) == 1:
        what.append(str(inside[0]))
    elif len(nodes) == 1 and inside:
        what.append(f"{nodes[0]} with {some(len(inside) - 1, 'node')} inside")
    elif inside:
        what.append(some(len(inside), "node"))
    if loose:
        what.append(some(len(loose), "wire"))
    return f"Delete {' and '.join(what)}".rstrip()
