"""What goes from port to port, as far as both ends say: a string that feeds an integer is told.

Each end is known by its schema, else by its annotation. Where both have schemas that exclude each
other the flow could never run, which is an error; else it is a warning, as annotations are checked
while a flow runs only where it asks for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.schemas import Validate
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.wiring import Wiring
from flowbook.ids import NodeId, PortName
from flowbook.plan.shapes import Shape, misfit, of_annotation, of_schema, of_value


def type_problems(spec: FlowSpec, wiring: Wiring, registry: Registry) -> Iterator[Problem]:
    """Ends that do not fit, and schemas of ports that are not there."""
    ends = _Ends(spec, registry)
    for edge in wiring.edges:
        into = ends.input(edge.target, edge.input)
        if into is not None:
            yield from ends.compared(
                edge.target,
                (f"{edge.source}.{edge.output}", f"{edge.target}.{edge.input}"),
                ends.output(edge.source, edge.output),
                into,
            )
    for use in wiring.params:
        given = None if use.frame else ends.params.get(use.param)
        into = ends.input(use.target, use.input)
        if given is not None and into is not None:
            names = (f"parameter {use.param}", f"{use.target}.{use.input}")
            yield from ends.compared(use.target, names, (_of_param(given), False), into)
    for node in spec.nodes:
        if node.options.inputs or node.options.outputs:
            yield from _strangers(node, registry)


def misfit_of(
    spec: FlowSpec, registry: Registry, source: NodeId, output: PortName
) -> Callable[[NodeId, PortName], str]:
    """Why an output does not fit an input, as far as both say what they are; '' where it does.

    >>> from flowbook.graph.spec import InputSpec
    >>> from flowbook.ids import FlowId
    >>> load = NodeSpec(NodeId("load"), outputs=("n",), returns={"n": "str"})
    >>> use = NodeSpec(NodeId("use"), inputs=(InputSpec("n", annotation="int"),))
    >>> misfit_of(FlowSpec(FlowId("f"), (load, use)), Registry(), "load", "n")("use", "n")
    'string feeds integer'
    """
    ends = _Ends(spec, registry)
    given, _ = ends.output(source, output)

    def why(target: NodeId, name: PortName) -> str:
        into = ends.input(target, name)
        found = None if into is None or given is None else misfit(given, into[0])
        return "" if found is None else found.text

    return why


class _Ends:
    """The shapes of both ends of every edge, each with whether it is a schema's."""

    def __init__(self, spec: FlowSpec, registry: Registry) -> None:
        self.spec, self.registry = spec, registry
        self.params = {param.name: param for param in spec.params}

    def input(self, node: NodeId, port: PortName) -> tuple[Shape, bool] | None:
        """What an input takes; None where nothing is said, or nothing goes in as it is."""
        target = self.spec.by_id[node]
        if target.options.settled:
            return None  # it is given records
        schema = dict(target.options.inputs).get(port)
        if schema is not None:
            return of_schema(schema), True
        one = target.input(port)
        return None if one is None or not one.annotation else (of_annotation(one.annotation), False)

    def output(self, node: NodeId, port: PortName) -> tuple[Shape, bool]:
        source = self.spec.by_id[node]
        schema = dict(source.options.outputs).get(port)
        if schema is not None:
            return of_schema(schema), True
        text = source.returns.get(port)
        if text is None and source.kind in self.registry:
            text = self.registry[source.kind].gives
        return (of_annotation(text) if text else None), False

    def compared(
        self,
        node: NodeId,
        names: tuple[str, str],
        source: tuple[Shape, bool],
        target: tuple[Shape, bool],
    ) -> Iterator[Problem]:
        found = misfit(source[0], target[0])
        if found is None:
            return
        spec = self.spec.by_id[node]
        validate = spec.options.validate or self.spec.options.validate
        sure = found.always and source[1] and target[1]
        sure = sure and validate in (Validate.SCHEMAS, Validate.ERROR)
        yield at(
            spec,
            f"{found.text} ({names[0]} → {names[1]})",
            "convert it on the way, or correct what one of them says",
            severity=Severity.ERROR if sure else Severity.WARNING,
        )


def _of_param(param: ParamSpec) -> Shape:
    if param.annotation:
        return of_annotation(param.annotation)
    return None if isinstance(param.default, Missing) else of_value(param.default)


def _strangers(node: NodeSpec, registry: Registry) -> Iterator[Problem]:
    """Schemas of ports that the node does not have."""
    outputs = registry[node.kind].ports(node) if node.kind in registry else node.outputs
    for what, schemas, ports in (
        ("input", node.options.inputs, tuple(one.name for one in node.inputs)),
        ("output", node.options.outputs, outputs),
    ):
        for port, _ in schemas:
            if port not in ports:
                yield at(
                    node,
                    f"a schema is given for {what} {port!r}, which it does not have",
                    did_you_mean(port, tuple(map(str, ports))),
                )
