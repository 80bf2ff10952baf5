"""A `FlowSpec` as a view draws it. Pure; nodes and edges keep the order they were written in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flowbook.graph.options import print_options
from flowbook.graph.problem import Problem
from flowbook.graph.sources import (
    Fed,
    Origin,
    Source,
    fed_by,
    input_sources,
    setting_sources,
)
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
    SettingView,
)

_CORNER = Position(0.0, 0.0)
NOTE = "note"
NOTE_MOST = 600
"""Characters of a note that the canvas shows."""


def picture(
    spec: FlowSpec,
    problems: Sequence[Problem],
    positions: Mapping[NodeId, Position],
    stale: Collection[NodeId] = (),
) -> FlowView:
    """What to draw. A node without a position stands at the origin."""
    wiring = resolve(spec)
    fed = fed_by(wiring)
    return FlowView(
        flow=spec.id,
        nodes=tuple(_node(node, positions.get(node.id, _CORNER), fed, spec) for node in spec.nodes),
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


def _node(node: NodeSpec, position: Position, fed: Fed, spec: FlowSpec) -> NodeView:
    return NodeView(
        name=node.id,
        kind=node.kind,
        x=position.x,
        y=position.y,
        inputs=tuple(
            _input(one.name, source, required=one.required)
            for one, source in zip(node.inputs, input_sources(node, fed, spec), strict=True)
        ),
        outputs=node.outputs,
        options=print_options(node.options),
        cell=node.place.cell if node.place else None,
        index=node.place.index if node.place else None,
        settings=_settings(node, spec),
    )


def _settings(node: NodeSpec, spec: FlowSpec) -> tuple[SettingView, ...]:
    """What is said of the node; of a note, its text."""
    if node.kind == NOTE:
        return (SettingView("text", Origin.LITERAL.value, node.body.strip()[:NOTE_MOST]),)
    return tuple(
        SettingView(one.name, one.origin.value, one.text) for one in setting_sources(node, spec)
    )


def _input(name: PortName, source: Source, *, required: bool) -> InputView:
    told = {
        Origin.PARAMETER: f"parameter {source.text}",
        Origin.NOTHING: "nothing",
    }.get(source.origin, source.text)
    return InputView(name, told, required, source.origin.value)


def _params(spec: FlowSpec, wiring: Wiring) -> tuple[ParamView, ...]:
    """The flow's parameters, then those that only a node's header declares."""
    found = {param.name: _param(param) for param in spec.params}
    for use in wiring.params:
        one = spec.node(use.target).input(use.input)
        if use.frame is None and use.param not in found and one is not None:
            found[use.param] = _param(ParamSpec(use.param, one.default, one.annotation))
    return tuple(found.values())


def _param(param: ParamSpec) -> ParamView:
    if isinstance(param.default, Missing):
        return ParamView(param.name, True, None, param.annotation, param.help)
    return ParamView(param.name, False, param.default, param.annotation, param.help)
