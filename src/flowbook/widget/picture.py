"""A `FlowSpec` as a view draws it. Pure.

Nodes come in topological order (notebook order where that leaves a choice), which is the order
the Tab key visits them in; a flow with a cycle keeps notebook order for what is on the cycle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flowbook.graph.options import print_options
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec, Position
from flowbook.graph.wiring import EdgeSpec, Wiring, resolve
from flowbook.ids import NodeId, PortName
from flowbook.widget.protocol import (
    EdgeView,
    FlowView,
    InputView,
    NodeView,
    ParamView,
    ProblemView,
)

_CORNER = Position(0.0, 0.0)


def picture(
    spec: FlowSpec,
    problems: Sequence[Problem],
    positions: Mapping[NodeId, Position],
    stale: Collection[NodeId] = (),
) -> FlowView:
    """What to draw. A node without a position stands at the origin."""
    wiring = resolve(spec)
    fed = _sources(wiring)
    return FlowView(
        flow=spec.id,
        nodes=tuple(
            _node(node, positions.get(node.id, _CORNER), fed)
            for node in _in_order(spec.nodes, wiring.edges)
        ),
        edges=tuple(EdgeView(e.source, e.output, e.target, e.input) for e in wiring.edges),
        params=_params(spec, wiring),
        problems=tuple(problem_view(problem) for problem in problems),
        stale=tuple(sorted(stale)),
    )


def problem_view(problem: Problem) -> ProblemView:
    """A problem as it travels."""
    return ProblemView(
        problem.severity.value,
        problem.message,
        problem.node,
        problem.cell,
        problem.line,
        problem.hint,
    )


def sources(spec: FlowSpec, node: NodeId) -> dict[PortName, EdgeSpec]:
    """The edges into `node`, by the input they feed."""
    return {edge.input: edge for edge in resolve(spec).edges if edge.target == node}


def _sources(wiring: Wiring) -> dict[tuple[NodeId, PortName], str]:
    fed = {(edge.target, edge.input): f"{edge.source}.{edge.output}" for edge in wiring.edges}
    for use in wiring.params:
        fed[use.target, use.input] = f"parameter {use.param}"
    return fed


def _node(
    node: NodeSpec, position: Position, fed: Mapping[tuple[NodeId, PortName], str]
) -> NodeView:
    return NodeView(
        name=node.id,
        kind=node.kind,
        x=position.x,
        y=position.y,
        inputs=tuple(
            InputView(one.name, fed.get((node.id, one.name), "nothing"), one.required)
            for one in node.inputs
        ),
        outputs=node.outputs,
        options=print_options(node.options),
        cell=node.place.cell if node.place else None,
        index=node.place.index if node.place else None,
    )


def _params(spec: FlowSpec, wiring: Wiring) -> tuple[ParamView, ...]:
    """The flow's parameters, then those that only a node's header declares."""
    found = {param.name: _param(param) for param in spec.params}
    for use in wiring.params:
        one = spec.node(use.target).input(use.input)
        if use.param not in found and one is not None:
            found[use.param] = _param(ParamSpec(use.param, one.default, one.annotation))
    return tuple(found.values())


def _param(param: ParamSpec) -> ParamView:
    if isinstance(param.default, Missing):
        return ParamView(param.name, True, None, param.annotation, param.help)
    return ParamView(param.name, False, param.default, param.annotation, param.help)


def _in_order(nodes: Sequence[NodeSpec], edges: Sequence[EdgeSpec]) -> list[NodeSpec]:
    waits = {node.id: 0 for node in nodes}
    feeds: dict[NodeId, list[NodeId]] = {}
    for edge in edges:
        waits[edge.target] += 1
        feeds.setdefault(edge.source, []).append(edge.target)
    by_id = {node.id: node for node in nodes}
    ready = [node.id for node in nodes if not waits[node.id]]
    ordered: list[NodeSpec] = []
    for name in ready:  # grows while it is walked
        ordered.append(by_id.pop(name))
        for target in feeds.get(name, ()):
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    return [*ordered, *by_id.values()]
