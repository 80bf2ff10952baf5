"""Nodes of any kind from keywords: what is a setting, what an option, what an input.

A keyword that the kind has a setting for is that; else one of the options of every node; else,
where its value is a node or a port, an input. `inputs`, `outputs`, `options` and `settings` say the
same in mappings, for names that are two of these at once (`timeout`). What a cell would infer from
its body is inferred here too, by the host, and again when a name it reads is defined later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.draft import Draft
from flowbook.graph.edits import AddNode, ReplaceNode
from flowbook.graph.host import Host
from flowbook.graph.nesting import own_outputs
from flowbook.graph.node import Node
from flowbook.graph.options import OPTIONS, did_you_mean
from flowbook.graph.refs import NodeRef, PortRef
from flowbook.graph.registry import Registry
from flowbook.graph.signature import is_json, options_given, outputs_given
from flowbook.graph.spec import MISSING, FlowSpec, InputSpec, Json, NodeSpec, Wire
from flowbook.graph.written import placed
from flowbook.ids import NodeId, as_node_id, as_port_name

Said: TypeAlias = tuple[tuple[InputSpec, ...], dict[str, Json]]
"""Inputs and settings."""

_KNOWN = frozenset(option.attribute for option in OPTIONS.values()) - {"inputs", "outputs"}
_WORDS = ("inputs", "outputs", "options", "settings")


@dataclass(slots=True)
class _Given:
    """Keywords, sorted out."""

    settings: dict[str, Json] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, InputSpec] = field(default_factory=dict)


class Making(Draft):
    """A draft that makes nodes of all kinds."""

    homes: list[str]
    """The homes that `with` is in, the innermost last."""

    def __init__(self, spec: FlowSpec) -> None:
        super().__init__(spec)
        self._open: dict[NodeId, tuple[NodeSpec, NodeSpec]] = {}
        """Nodes that read what nobody makes yet: as they were declared, and as inferred."""

    @property
    def host(self) -> Host:
        """Who knows the kinds, and how cells are read."""
        raise NotImplementedError  # a flow has one

    @property
    def kinds(self) -> Registry:
        """The kinds that nodes of this flow may have; none where nothing is set up to run it."""
        try:
            return getattr(self.host, "registry", None) or Registry()
        except UsageError:
            return Registry()

    def make(
        self, kind: str, name: str, said: Said, given: Mapping[str, Any], body: str = ""
    ) -> NodeId:
        """Define a node of any kind, or define it anew; its name.

        Raises `FlowSyntaxError`, which says in which line, for a setting or an option that cannot
        be.
        """
        node = as_node_id(name)
        with placed():
            spec = self._spec(node, kind, said, given, body)
        declared = self.housed(spec)
        made = self._inferred(declared)
        self._redefine(made)
        self.settle()
        return node

    def _spec(
        self, node: NodeId, kind: str, said: Said, given: Mapping[str, Any], body: str
    ) -> NodeSpec:
        inputs, config = said
        sorted_out = self._sorted(node, kind, given)
        ports, schemas = outputs_given(given.get("outputs"))
        options = {**sorted_out.options, **(given.get("options") or {})}
        own = own_outputs(node, kind)
        if schemas is not None:  # by name
            options["outputs"] = schemas
            ports = {} if set(ports) <= set(own) else ports
        return NodeSpec(
            node,
            kind=kind,
            inputs=(*inputs, *sorted_out.inputs.values()),
            outputs=tuple(ports),
            body=body,
            config={**config, **sorted_out.settings},
            options=options_given(node, options),
            returns={port: text for port, text in ports.items() if text is not None},
        )

    def _sorted(self, node: NodeId, kind: str, given: Mapping[str, Any]) -> _Given:
        """What each keyword is; `FlowSyntaxError` with what is meant for one that is nothing."""
        node_type: type[Node] | None = self.kinds.get(kind)
        traits = None if node_type is None else set(node_type.class_trait_names(config=True))
        found = _Given()
        words = {key: value for key, value in given.items() if key not in _WORDS}
        for key, value in words.items():
            if traits is not None and key.removesuffix("_") in traits:
                self._set(found, key.removesuffix("_"), value)
            elif key in _KNOWN:
                found.options[key] = value
            elif isinstance(value, NodeRef | PortRef | Wire | InputSpec):
                found.inputs[key] = input_of(key, value)
            elif traits is None:
                self._set(found, key, value)
            else:
                raise FlowSyntaxError(
                    f"node {node!r}: kind {kind} has no setting {key!r}",
                    hint=did_you_mean(key, sorted({*traits, *_KNOWN})),
                )
        for key, value in (given.get("settings") or {}).items():
            self._set(found, key, value)
        for key, value in (given.get("inputs") or {}).items():
            found.inputs[key] = input_of(key, value)
        self._refuse_strangers(node, given)
        return found

    def _set(self, found: _Given, name: str, value: Any) -> None:
        """A setting: the value itself, or the template of an input that a node feeds."""
        if isinstance(value, NodeRef | PortRef | Wire):
            found.inputs[name] = input_of(name, value)
            value = f"{{{{ {name} }}}}"
        found.settings[name] = plain(name, value)

    def _refuse_strangers(self, node: NodeId, given: Mapping[str, Any]) -> None:
        for value in (*given.values(), *(given.get("inputs") or {}).values()):
            source = value.node if isinstance(value, PortRef) else value
            flow: object = getattr(source, "flow", None)
            if isinstance(source, NodeRef) and flow is not self:
                raise UsageError(
                    f"node {node!r} of flow {self.name!r} is wired to {source!r}",
                    hint="wires stay inside one flow",
                )

    # ------------------------------------------------------------ what a cell would infer

    def with_outputs(self, node: NodeSpec) -> NodeSpec:
        """The node with the outputs of its kind where it names none."""
        if node.outputs and not node.config:
            return node
        made, _ = self._completed(node)
        return replace(made, inputs=node.inputs, captures=node.captures)

    def settle(self) -> None:
        """Give nodes what they read and what has been defined since, as part of that change."""
        for node, (declared, inferred) in list(self._open.items()):
            current = self.spec().by_id.get(node)
            if current is None or current.inputs != inferred.inputs:
                del self._open[node]  # it is gone, or somebody has wired it
                continue
            now = self._inferred(declared)
            made = replace(current, inputs=now.inputs, captures=now.captures)
            if made != current:
                self._amend(ReplaceNode(made))

    def _inferred(self, declared: NodeSpec) -> NodeSpec:
        made, awaits = self._completed(declared)
        if awaits:
            self._open[declared.id] = (declared, made)
        else:
            self._open.pop(declared.id, None)
        return made

    def _completed(self, node: NodeSpec) -> tuple[NodeSpec, bool]:
        if node.kind not in self.kinds:
            return replace(node, outputs=node.outputs or own_outputs(node.id, node.kind)), False
        made, awaits = self.host.completed(self.spec(), node)
        return made, awaits

    def housed(self, node: NodeSpec) -> NodeSpec:
        """The node inside of the container whose `with` it is defined in, unless it says where."""
        if not self.homes or node.options.inside:
            return node
        return replace(node, options=replace(node.options, inside=self.homes[-1]))

    def _redefine(self, spec: NodeSpec) -> None:
        was = self.spec().by_id.get(spec.id)
        if was is None:
            self.apply(AddNode(spec))
            return
        spec = replace(spec, position=was.position, place=was.place)
        if spec != was:
            self.apply(ReplaceNode(spec))


def input_of(name: str, value: Any) -> InputSpec:
    """An input by what is said of it: a node, a port, a wire, `...` for its name, or a default."""
    if isinstance(value, InputSpec):
        return replace(value, name=as_port_name(name))
    if isinstance(value, NodeRef | PortRef):
        return InputSpec(as_port_name(name), value.wire)
    if isinstance(value, Wire):
        return InputSpec(as_port_name(name), value)
    return InputSpec(as_port_name(name), default=MISSING if value is ... else plain(name, value))


def plain(name: str, value: Any) -> Json:
    """A value that can be written into a flow; `UsageError` for one that cannot."""
    if isinstance(value, tuple | range):
        value = list(value)
    if not is_json(value):
        raise UsageError(
            f"{name}: a {type(value).__name__} cannot be written into a flow",
            hint="let a node give it, and name the node",
        )
    written: Json = value
    return written
