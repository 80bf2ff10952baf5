"""A `FlowSpec` as a view draws it. Pure; nodes and edges keep the order they were written in.

A view is told of the whole flow after each change, and a change is of few nodes. So a `Pictures`
keeps what it drew of each node, and draws again only what differs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flowbook.graph.container import Container
from flowbook.graph.nesting import container_of, is_container
from flowbook.graph.node import Node
from flowbook.graph.options import print_options
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.sources import (
    Fed,
    Origin,
    Source,
    fed_by,
    input_sources,
    setting_sources,
)
from flowbook.graph.spec import FlowSpec, InputSpec, Missing, NodeSpec, ParamSpec, Position
from flowbook.graph.wiring import EdgeSpec, Wiring, resolve
from flowbook.ids import NodeId, PortName
from flowbook.plan.shapes import of_schema, shown
from flowbook.widget.views import (
    EdgeView,
    FlowView,
    InputView,
    NodeView,
    ParamView,
    PortView,
    ProblemView,
    SettingView,
)

_CORNER: Final = Position(0.0, 0.0)
NOTE = "note"
NOTE_MOST = 600
"""Characters of a note that the canvas shows."""


def picture(
    spec: FlowSpec,
    problems: Sequence[Problem],
    positions: Mapping[NodeId, Position],
    stale: Collection[NodeId] = (),
    registry: Registry | None = None,
) -> FlowView:
    """What to draw. A node without a position stands at the origin.

    Without a `registry` every kind is taken for a known one.
    """
    return Pictures(registry).of(spec, problems, positions, stale)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A node as it was drawn last, and what that followed from."""

    node: NodeSpec
    position: Position
    sources: tuple[tuple[Origin, str] | None, ...]
    inside: NodeId | None
    view: NodeView


class Pictures:
    """Pictures of one flow as it changes."""

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry
        self._drawn: dict[NodeId, _Drawn] = {}
        self._kept_back: tuple[str, ...] = ()

    def of(
        self,
        spec: FlowSpec,
        problems: Sequence[Problem],
        positions: Mapping[NodeId, Position],
        stale: Collection[NodeId] = (),
    ) -> FlowView:
        """What to draw of the flow as it is now."""
        wiring = resolve(spec)
        fed = fed_by(wiring)
        if self._kept_back != tuple(spec.options.sensitive_fields):
            self._kept_back = tuple(spec.options.sensitive_fields)
            self._drawn = {}
        drawn = {
            node.id: self._node(node, positions.get(node.id, _CORNER), fed, spec)
            for node in spec.nodes
        }
        self._drawn = drawn
        return FlowView(
            flow=spec.id,
            nodes=tuple([one.view for one in drawn.values()]),
            edges=tuple([EdgeView(e.source, e.output, e.target, e.input) for e in wiring.edges]),
            params=_params(spec, wiring),
            problems=tuple(problem_view(problem) for problem in problems),
            stale=tuple(sorted(stale)),
            reasons=dict(stale) if isinstance(stale, Mapping) else {},
        )

    def _node(self, node: NodeSpec, position: Position, fed: Fed, spec: FlowSpec) -> _Drawn:
        sources = tuple([fed.get((node.id, one.name)) for one in node.inputs])
        owner = NodeId(container_of(node.options.inside))
        inside = owner if owner in spec.by_id else None
        was = self._drawn.get(node.id)
        if (
            was is not None
            and was.sources == sources
            and was.position == position
            and was.inside == inside
            and (was.node is node or was.node == node)
        ):
            return was
        view = _view(node, position, fed, spec, inside, self._type_of(node))
        return _Drawn(node, position, sources, inside, view)

    def _type_of(self, node: NodeSpec) -> type[Node] | None:
        found: type[Node] | None = Node if self._registry is None else self._registry.get(node.kind)
        return found


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


def _view(
    node: NodeSpec,
    position: Position,
    fed: Fed,
    spec: FlowSpec,
    inside: NodeId | None,
    node_type: type[Node] | None,
) -> NodeView:
    schemas = dict(node.options.inputs)
    return NodeView(
        name=node.id,
        kind=node.kind,
        x=position.x,
        y=position.y,
        inputs=tuple(
            _input(one, source, schemas.get(one.name))
            for one, source in zip(node.inputs, input_sources(node, fed, spec), strict=True)
        ),
        outputs=node.outputs,
        options=print_options(node.options),
        cell=node.place.cell if node.place else None,
        index=node.place.index if node.place else None,
        settings=_settings(node, spec),
        inside=inside,
        contains=is_container(node) or (node_type is not None and issubclass(node_type, Container)),
        known=node_type is not None,
        ports=dict(_ports(node, node_type)),
    )


def _ports(node: NodeSpec, node_type: type[Node] | None) -> Iterator[tuple[PortName, PortView]]:
    """Outputs of which there is a label, a colour or a type to draw."""
    branches = getattr(node_type, "branches", None)
    drawn = {one.port: one for one in branches(node)} if branches is not None else {}
    schemas = dict(node.options.outputs)
    for port in node.outputs:
        branch = drawn.get(port)
        label = "" if branch is None or branch.label == port else str(branch.label)
        color = "" if branch is None else str(branch.color)
        gives = _type(node.returns.get(port) or getattr(node_type, "gives", ""), schemas.get(port))
        if label or color or gives:
            yield port, PortView(label, color, gives)


def _type(annotation: str | None, schema: str | None) -> str:
    """What is said of a value: its annotation, else its schema in words."""
    if annotation or schema is None:
        return annotation or ""
    return shown(of_schema(schema))


def _settings(node: NodeSpec, spec: FlowSpec) -> tuple[SettingView, ...]:
    """What is said of the node; of a note, its text."""
    if node.kind == NOTE:
        return (SettingView("text", Origin.LITERAL.value, node.body.strip()[:NOTE_MOST]),)
    return tuple(
        SettingView(one.name, one.origin.value, one.text) for one in setting_sources(node, spec)
    )


def _input(one: InputSpec, source: Source, schema: str | None) -> InputView:
    told = {
        Origin.PARAMETER: f"parameter {source.text}",
        Origin.NOTHING: "nothing",
    }.get(source.origin, source.text)
    takes = _type(one.annotation, schema)
    return InputView(one.name, told, one.required, source.origin.value, takes)


def param_views(spec: FlowSpec) -> tuple[ParamView, ...]:
    """The parameters that the flow itself declares."""
    return tuple(map(_param, spec.params))


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
