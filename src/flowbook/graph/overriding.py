"""A variant of a flow in which some nodes are replaced, for tests and evaluation: `flow.with_(…)`.

A variant is a flow like any other, made of the one it came from as that is now; neither is changed
by the other. A node that is given a value has no inputs any more, so what only fed it is not run;
one that is given a function reads what that takes. Variants are not edited, and no hooks of the
flow hang on them.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, Self

from flowbook.errors import UsageError
from flowbook.graph.draft import Code, Draft
from flowbook.graph.edits import Edit
from flowbook.graph.hooks import Moment
from flowbook.graph.nesting import Nesting, container_of, is_container
from flowbook.graph.node import Outputs, as_outputs
from flowbook.graph.options import did_you_mean
from flowbook.graph.refs import NodeRef
from flowbook.graph.signature import is_json, source_of
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName

TAG: Final = "overridden"
"""What nodes of a variant are tagged with that are not the flow's own."""


class Overriding(Draft):
    """A flow that has variants; `flowbook.Flow` is one."""

    base: Self | None = None
    """The flow that this is a variant of."""
    overrides: Mapping[str, Any] = {}
    """What a variant has instead of the flow's own: values and functions by node, parameters."""

    def with_(self, /, **overrides: Any) -> Self:
        """A variant of this flow with other nodes or parameters; this one stays as it is.

        Args:
            **overrides: By name. A parameter's value; for a node what it gives (by port in a
                mapping, or `flowbook.Outputs`, where it has several), or a function that runs
                in its place and takes any of its inputs.

        What only feeds nodes that were given a value is not run, and results of this flow in the
        process that still hold are taken. In the history the values stand as given by hand, the
        nodes are tagged `overridden`, and the run has a version of its own.

        Raises:
            UsageError: there is no node and no parameter of that name, or what is given for it
                does not fit its outputs or its inputs.

        >>> from flowbook import Flow
        >>> flow = Flow("report")
        >>> @flow.node
        ... def raw():
        ...     raise ConnectionError("no network here")
        >>> @flow.node
        ... def top(rows=raw, n: int = 1):
        ...     return sorted(rows)[-n:]
        >>> flow.with_(raw=[3, 1, 2], n=2).run()["top"].output
        [2, 3]
        >>> flow.with_(raw=lambda: [9]).with_(top=lambda rows: rows[0] + 1).run()["top"].output
        10
        """
        base = self.base or self
        made = copy.copy(base)
        made.base, made.overrides = base, {**self.overrides, **overrides}
        made.become(*_Variant(base, made.overrides).made())
        return made

    def become(self, spec: FlowSpec, code: Mapping[NodeId, Code]) -> None:
        """Begin anew as that, with nothing that hangs on what this was."""
        self._start_afresh(spec, code)
        self.homes: list[str] = []
        self.hooks: Any = {moment: [] for moment in Moment}

    def _change(self, edit: Edit, code: Mapping[NodeId, Code]) -> None:
        if self.base is not None:
            raise UsageError(
                f"this is a variant of flow {self.name!r}, and is not edited",
                hint="edit the flow, and call with_ again",
            )
        super()._change(edit, code)

    @property
    def given_params(self) -> dict[str, Any]:
        """The parameters that a variant was given."""
        return {
            name: value for name, value in self.overrides.items() if name not in self.spec().by_id
        }

    @property
    def given_values(self) -> dict[NodeId, Outputs]:
        """What nodes of a variant give without being run."""
        return {
            NodeId(name): outputs_of(self.spec().node(NodeId(name)), value)
            for name, value in self.overrides.items()
            if name in self.spec().by_id and not is_function(value)
        }

    def still_needed(self) -> list[NodeId] | None:
        """The nodes of a variant that run or are given; None where that is all."""
        if self.base is None:
            return None
        idle = _idle(self.base.spec(), self.spec())
        nesting = Nesting(self.spec())
        outer = [one.id for one in self.spec().nodes if not nesting.home(one.id)]
        return [one for one in outer if one not in idle] if idle else None


class _Variant:
    """What a variant consists of."""

    def __init__(self, base: Overriding, overrides: Mapping[str, Any]) -> None:
        self.base = base
        self.spec = base.spec()
        self.overrides = overrides
        params = {str(param.name) for param in base.params}
        for name in overrides:
            if name not in self.spec.by_id and name not in params:
                known = (*self.spec.by_id, *params)
                raise UsageError(
                    f"flow {self.spec.id!r} has neither a node nor a parameter {name!r}",
                    hint=did_you_mean(name, tuple(map(str, known))),
                )

    def made(self) -> tuple[FlowSpec, dict[NodeId, Code]]:
        """The spec, and the code behind it."""
        code = dict(self.base._state.code)  # noqa: SLF001 - a draft of the same class
        gone = set(self._owned())
        nodes = []
        for node in self.spec.nodes:
            if node.id in gone:
                code.pop(node.id, None)
                continue
            if node.id in self.overrides:
                node, function = self._replaced(node, self.overrides[node.id])
                types = code[node.id].types if node.id in code else {}
                code[node.id] = Code(function, node, types)
            nodes.append(node)
        self._refuse_values()
        return replace(self.spec, nodes=tuple(nodes)), code

    def _owned(self) -> Iterator[NodeId]:
        """The nodes inside of containers that are replaced as a whole."""
        nesting = Nesting(self.spec)
        whole = {one.id for one in self.spec.nodes if is_container(one)} & self.overrides.keys()
        for node in self.spec.nodes:
            if nesting.owners(nesting.home(node.id)) & whole:
                yield node.id

    def _replaced(self, node: NodeSpec, given: Any) -> tuple[NodeSpec, Callable[..., Any]]:
        options = replace(node.options, tags=(*node.options.tags, TAG), cache=False)
        made = replace(node, kind="python", config={}, captures=(), options=options)
        if not is_function(given):
            outputs = outputs_of(node, given)
            body = f"# {TAG}: a {type(given).__name__}"
            made = replace(made, inputs=(), body=body, options=replace(options, inputs=()))
            return made, partial(_give, outputs)
        function: Callable[..., Any] = getattr(given, "function", None) or given
        if is_container(node):
            raise UsageError(
                f"{node.id!r} is a {node.kind}: it is replaced by a value, not by a function",
                hint="replace the nodes inside of it",
            )
        inputs = _taken(node, function)
        kept = tuple(one for one in options.inputs if one[0] in {i.name for i in inputs})
        body = source_of(function) or f"# {TAG}: {getattr(function, '__name__', 'a function')}"
        return replace(made, inputs=inputs, body=body, options=replace(options, inputs=kept)), (
            function
        )

    def _refuse_values(self) -> None:
        for name, value in self.overrides.items():
            if name not in self.spec.by_id and not is_json(value):
                raise UsageError(
                    f"parameter {name!r} cannot be a {type(value).__name__}",
                    hint="use None, text, a number, a list or a mapping",
                )


def is_function(given: Any) -> bool:
    """True for what runs in place of a node; a model or a class is a value."""
    if isinstance(given, NodeRef):
        return given.function is not None
    return inspect.isroutine(given) or isinstance(given, partial)


def outputs_of(node: NodeSpec, given: Any) -> Outputs:
    """A value as what the node gives; `UsageError` where it does not say of which port it is."""
    by_port = isinstance(given, Outputs) or (
        isinstance(given, Mapping) and set(given) <= set(node.outputs) and len(node.outputs) > 1
    )
    if not by_port and is_container(node):
        return Outputs({PortName(node.id): given})
    try:
        whole = Outputs(dict(given)) if isinstance(given, Mapping) and by_port else given
        return as_outputs(whole, node.outputs)
    except TypeError as refused:
        raise UsageError(
            f"what is given for node {node.id!r} does not fit: {refused}",
            hint=f"say its outputs: {{{', '.join(f'{one!r}: …' for one in node.outputs)}}}",
        ) from None


def _give(outputs: Outputs) -> Outputs:
    return outputs


def _taken(node: NodeSpec, function: Any) -> tuple[Any, ...]:
    """The inputs of the node that the function takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return node.inputs
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return node.inputs
    known = {str(one.name): one for one in node.inputs}
    for one in parameters:
        if (
            one.name not in known
            and one.default is one.empty
            and one.kind is not one.VAR_POSITIONAL
        ):
            raise UsageError(
                f"node {node.id!r} has no input {one.name!r} for the function in its place",
                hint=did_you_mean(one.name, tuple(known)),
            )
    return tuple(known[one.name] for one in parameters if one.name in known)


def _idle(base: FlowSpec, variant: FlowSpec) -> set[NodeId]:
    """Nodes, as seen from outside of containers, that fed others and feed none that runs."""
    fed, left = _consumers(base), _consumers(variant)
    idle: set[NodeId] = set()
    while True:
        more = {one for one in fed if one not in idle and left.get(one, set()) <= idle}
        more &= variant.by_id.keys()
        if not more:
            return idle
        idle |= more


def _consumers(spec: FlowSpec) -> dict[NodeId, set[NodeId]]:
    nesting = Nesting(spec)

    def outermost(node: NodeId) -> NodeId:
        while home := nesting.home(node):
            node = NodeId(container_of(home))
        return node

    found: dict[NodeId, set[NodeId]] = {}
    for edge in resolve(spec).edges:
        source, target = outermost(edge.source), outermost(edge.target)
        if source != target:
            found.setdefault(source, set()).add(target)
    return found
