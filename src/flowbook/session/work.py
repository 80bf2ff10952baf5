"""From a spec to something the engine can call: one `NodeCall` per step.

The call renders the configuration's templates over its inputs, makes the node, gives it the
names it captured, and runs it. It pickles (cloudpickle) with only those names, so another process
receives no more of the kernel than the node reads.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.expr.evaluate import evaluate
from flowbook.expr.parse import parse
from flowbook.expr.roots import PREVIOUS
from flowbook.expr.template import Template, as_text
from flowbook.graph.container import Container
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node, NodeContext, Outputs, as_outputs
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.suspension import Suspend
from flowbook.graph.versions import versioned
from flowbook.ids import NodeId, PortName
from flowbook.nodes.cell_code import CellText
from flowbook.nodes.pointing import at_setting, pointing
from flowbook.plan.plan import Plan, Step
from flowbook.run.values import nest
from flowbook.run.work import Work
from flowbook.session.ambient import mentions, paths_of, provided
from flowbook.session.checks import Checks, Types, checks_for

Implementation: TypeAlias = "Node | Callable[..., Any]"
"""A node object as it was added, or the function behind a decorated node."""


class NodeCall:
    """The call of one step, as the engine makes it: `call(context, inputs) -> Outputs`."""

    def __init__(
        self, node: Node, templates: Mapping[str, Any], checks: Checks | None = None
    ) -> None:
        self.node = node
        self.templates = templates
        self.checks = checks
        self.text = node.spec.body if type(node).body == "template" else None
        """The template that its body is."""
        self.ambient = paths_of({**templates, "": self.text or ""})
        """What the templates read of the project, such as `$env.REGION`."""
        self.aside = not type(node).expressions and _reads_previous(templates)
        """True when the node before it is there for the templates alone, as `previous`."""
        run = node.run
        self.is_async: bool = getattr(node, "is_async", None) or inspect.iscoroutinefunction(run)
        self.points = _has_settings(node)
        """True when the lines of its body are settings."""

    def __call__(
        self, context: NodeContext, inputs: Mapping[PortName, Any]
    ) -> Outputs | Awaitable[Outputs]:
        if not self.points:
            return self._called(context, inputs)
        with pointing(self.node.spec):
            given = self._called(context, inputs)
        return _pointed(given, self.node.spec) if inspect.isawaitable(given) else given

    def _called(
        self, context: NodeContext, inputs: Mapping[PortName, Any]
    ) -> Outputs | Awaitable[Outputs]:
        checks = self.checks
        if checks is not None:
            checks.take(context, inputs)
        if self.ambient and self.is_async:
            return self._later(context, inputs)
        return self._given(self.rendered(context, inputs), context, inputs)

    async def _later(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """On the loop: what the project provides is looked up in a thread."""
        node = await asyncio.to_thread(self.rendered, context, inputs)
        given = self._given(node, context, inputs)
        return await given if inspect.isawaitable(given) else given

    def _given(
        self, node: Node, context: NodeContext, inputs: Mapping[PortName, Any]
    ) -> Outputs | Awaitable[Outputs]:
        checks = self.checks
        if self.aside:
            inputs = {name: one for name, one in inputs.items() if not _is_aside(node.spec, name)}
        given = node.run(context, inputs)
        if isinstance(node, Container):
            return given  # its items: what it gives is gathered when they are done
        if isinstance(given, Suspend):
            raise given
        ports = type(node).ports(node.spec)
        if inspect.isawaitable(given):
            waited = _awaited(given, ports)
            return waited if checks is None else _checked(waited, context, checks)
        outputs = as_outputs(given, ports)
        if checks is not None:
            checks.give(context, outputs)
        return outputs

    def rendered(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Node:
        """The node with the templates of its configuration rendered over its inputs."""
        node = self.node
        if not self.templates and self.text is None:
            return node
        names = nest(inputs)
        if self.ambient:
            names |= provided(context, self.ambient)
        if self.text is not None:
            node = copy.copy(node)
            node.spec = replace(node.spec, body=str(_render(self.text, names)))
        rendered = {name: _render(value, names, name) for name, value in self.templates.items()}
        try:
            return type(node)(node.spec, **{**_configuration(node), **rendered})
        except (TraitError, UsageError):
            with at_setting(*_culprit(node, rendered)):
                raise

    def container(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Container:
        """The same, of a node that owns others."""
        with pointing(self.node.spec):
            node = self.rendered(context, inputs)
        assert isinstance(node, Container)  # noqa: S101 - asked of containers only
        return node


async def _pointed(given: Awaitable[Outputs], spec: NodeSpec) -> Outputs:
    with pointing(spec):
        return await given


async def _awaited(given: Awaitable[Any], ports: tuple[PortName, ...]) -> Outputs:
    value = await given
    if isinstance(value, Suspend):
        raise value
    return as_outputs(value, ports)


async def _checked(given: Awaitable[Outputs], context: NodeContext, checks: Checks) -> Outputs:
    outputs = await given
    checks.give(context, outputs)
    return outputs


def _configuration(node: Node) -> dict[str, Any]:
    return {name: getattr(node, name) for name in node.trait_names(config=True)}


def evaluate_text(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression over `names`; a module's own function, so it reaches processes.

    >>> evaluate_text("value > 2", {"value": 3})
    True
    """
    return evaluate(parse(expression), names, run_script)


def run_script(script: str, names: Mapping[str, Any]) -> Any:
    """The value of JavaScript over `names`, in which tables are lists of records.

    Raises `ExpressionError` where there is no sandbox for it.
    """
    from flowbook.nodes.tables import as_records
    from flowbook.sandbox.javascript import evaluate as sandboxed

    def given(value: Any) -> Any:
        if type(value) is dict:  # a node by its ports
            return {key: as_records(one) for key, one in value.items()}
        return as_records(value)

    return sandboxed(script, {name: given(value) for name, value in names.items()})


def _render(value: Any, names: Mapping[str, Any], *path: str | int) -> Any:
    """`value` with its templates rendered; `path` is where it stands."""
    if isinstance(value, str) and "{{" in value:
        try:
            return Template.parse(value).render(names, run_script)
        except ExpressionError:
            with at_setting(*path, text=_failing(value, names)):
                raise
    if isinstance(value, Mapping):
        return {key: _render(inner, names, *path, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_render(inner, names, *path, at) for at, inner in enumerate(value)]
    return value


def _failing(template: str, names: Mapping[str, Any]) -> str:
    """The first expression of a template that cannot be evaluated; '' where that is unknown."""
    for one in Template.parse(template).expressions:
        try:
            as_text(evaluate(one, names, run_script))
        except ExpressionError:
            return one.text
    return ""


def _culprit(node: Node, rendered: Mapping[str, Any]) -> tuple[str, ...]:
    """The rendered setting that the node type refuses, if it is one of them alone."""
    for name, value in rendered.items():
        try:
            type(node)(node.spec, **{name: value})
        except (TraitError, UsageError):
            return (name,)
    return (next(iter(rendered)),) if len(rendered) == 1 else ()


def _has_settings(node: Node) -> bool:
    """True for a node that has a body of settings, or of text with templates."""
    return type(node).body in ("config", "template") and bool(node.spec.body)


def _reads_previous(value: Any) -> bool:
    """True when a template reads `previous`, which may be an input that nobody has listed."""
    if isinstance(value, str):
        return PREVIOUS in value and any(
            path[0] == PREVIOUS for path in Template.parse(value).inputs
        )
    inner = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list | tuple) and any(map(_reads_previous, inner))


def _is_aside(spec: NodeSpec, name: PortName) -> bool:
    return name.partition(".")[0] == PREVIOUS and spec.input(name) is None


def _has_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, Mapping):
        return any(_has_template(inner) for inner in value.values())
    return isinstance(value, list | tuple) and any(_has_template(inner) for inner in value)


def kinds_of(flow: Flow, registry: Registry) -> Registry:
    """The registered node types, and those of node objects that were added to the flow."""
    added = {
        node.kind: type(node)
        for node in flow.implementations.values()
        if isinstance(node, Node) and node.kind and _unknown(node, registry)
    }
    return registry.with_types(added.values()) if added else registry


def _unknown(node: Node, registry: Registry) -> bool:
    return versioned(node.kind, node.type_version) not in registry


def work_for(
    plan: Plan,
    spec: FlowSpec,
    registry: Registry,
    implementations: Mapping[NodeId, Implementation],
    namespace: Mapping[str, Any],
    types: Mapping[NodeId, Types] | None = None,
) -> list[Work]:
    """What the engine calls for each step of `plan`, in order.

    `types` are the classes that nodes were given as schemas.
    """

    def work(step: Step, *, cached: bool = False) -> Work:
        node = spec.node(step.node)
        cached = cached or bool(node.options.cache)
        code = implementations.get(step.node)
        own = _work(node, registry, code, namespace, cached=cached)
        checks = checks_for(node, spec, code, namespace, (types or {}).get(node.id))
        if checks is not None:
            own = _with_checks(own, checks)
        if step.inside is None:
            return own
        steps = [one for block in step.inside.blocks.values() for one in block.plan.steps]
        inside = {one.node: work(one, cached=cached) for one in steps}
        return _whole(own, inside) if cached else replace(own, inside=inside)

    return [work(step) for step in plan.steps]


def afresh(own: Work) -> Work:
    """The same code, and what it owns, computed whatever the cache has."""
    inside = {node: afresh(one) for node, one in own.inside.items()}
    return replace(own, afresh=True, inside=inside)


def _with_checks(own: Work, checks: Checks) -> Work:
    call = own.call
    assert isinstance(call, NodeCall)  # noqa: S101 - `_work` has made it
    checked = NodeCall(call.node, call.templates, checks)
    given = None if own.container is None else checks.give
    return replace(own, call=checked, given=given)


def _whole(own: Work, inside: Mapping[NodeId, Work]) -> Work:
    """A container with what it owns: what it uses is what they use."""
    untold = next((one for one in inside.values() if one.content is None), None)
    if own.content is None or untold is not None:
        return replace(own, inside=inside, content=None, opaque=untold.opaque if untold else "")
    used = "\n".join(str(one.content) for one in (own, *inside.values()))
    return replace(own, inside=inside, content=hashlib.sha256(used.encode()).hexdigest())


def _work(
    spec: NodeSpec,
    registry: Registry,
    implementation: Implementation | None,
    namespace: Mapping[str, Any],
    *,
    cached: bool,
) -> Work:
    """`told`: what it uses beyond its inputs has to be told, for a cache."""
    node_type = registry[spec.kind]
    live = {
        name: value
        for name, value in spec.config.items()
        if name not in node_type.untemplated and _has_template(value)
    }
    still = {name: value for name, value in spec.config.items() if name not in live}
    node = _node(node_type, spec, still, implementation)
    captured = {name: namespace[name] for name in spec.captures if name in namespace}
    node.bind(captured)
    call = NodeCall(node, live)
    content, opaque = _content(captured, implementation, node) if cached else ("", "")
    return Work(
        call=call,
        is_async=call.is_async,
        pure=spec.options.pure or node_type.defaults.pure,
        filename=CellText.of(spec).show_in_tracebacks()
        if call.points
        else getattr(node, "filename", None),
        cell=spec.place.cell if spec.place else None,
        content=content,
        opaque=opaque,
        grace=node_type.grace,
        container=call.container if isinstance(node, Container) else None,
    )


def _content(
    captured: Mapping[str, Any], implementation: Implementation | None, node: Node
) -> tuple[str | None, str]:
    """A digest of what a node uses beyond its inputs; None, and why, when it cannot be told."""
    from flowbook.session.content import Untold, digest_of

    if type(node).family == "state":
        return None, "what it gives follows from what is remembered"
    root = mentions(node.spec.config)
    if root:
        return None, f"it reads {root}, which is no input"
    function = None if isinstance(implementation, Node) else implementation
    text = node.spec.body
    if node.opaque:
        return None, node.opaque
    try:
        return digest_of(captured, function, type(node), told=bool(text)), ""
    except Untold as untold:
        return None, str(untold)


def _node(
    node_type: type[Node],
    spec: NodeSpec,
    config: Mapping[str, Any],
    implementation: Implementation | None,
) -> Node:
    if implementation is None:
        return node_type(spec, **config)
    if isinstance(implementation, Node):
        node = copy.copy(implementation)  # as it was added, and where the flow has it now
        node.spec = spec
        for name, value in config.items():
            setattr(node, name, value)
        return node
    return node_type.from_function(spec, implementation)
