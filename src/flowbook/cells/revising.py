"""One thing about a node changed, as the smallest edit: what follows from it comes along.

A template that reads another name brings that input, one that reads a name no more lets it go, and
where an output is called anew, whoever reads it still does. What a node's author said of its inputs
stays said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flowbook.cells.declaring import changed_sql_settings, completed, sql_settings
from flowbook.graph.edits import (
    Edit,
    SetBody,
    SetConfig,
    SetInputs,
    SetOptions,
    SetOutputs,
    Several,
)
from flowbook.graph.registry import Registry
from flowbook.graph.spec import MISSING, FlowSpec, InputSpec, Json, Missing, NodeSpec, Wire
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName


def revision(spec: FlowSpec, now: NodeSpec, label: str = "") -> Edit | None:
    """The edit that makes a node of `spec` what it is in `now`; None where nothing differs.

    >>> from flowbook.ids import FlowId
    >>> spec = FlowSpec(FlowId("f"), (NodeSpec(NodeId("get"), "http", config={"url": "a"}),))
    >>> now = replace(spec.nodes[0], config={"url": "b"})
    >>> revision(spec, now).label
    'Change config of get'
    """
    was = spec.node(now.id)
    edits = [*_changes(was, now), *_moved(spec, was, now)]
    if not edits:
        return None
    return Several(tuple(edits), label) if label or len(edits) > 1 else edits[0]


def written_settings(node: NodeSpec, registry: Registry) -> Mapping[str, Json]:
    """The settings of a node as they are written, which SQL has in its first comments."""
    kind = registry.get(node.kind)
    return sql_settings(node.body) if kind is not None and kind.body == "sql" else node.config


def with_setting(node: NodeSpec, name: str, value: Json | Missing, registry: Registry) -> NodeSpec:
    """The node with one setting given another value, or `MISSING` to take it away.

    >>> get = NodeSpec(NodeId("get"), "http", config={"url": "a", "tries": 2})
    >>> with_setting(get, "tries", MISSING, Registry()).config
    {'url': 'a'}
    """
    was = written_settings(node, registry)
    now = {key: one for key, one in was.items() if key != name or value is not MISSING}
    if not isinstance(value, Missing):
        now[name] = value
    kind = registry.get(node.kind)
    if kind is not None and kind.body == "sql":
        return replace(node, body=changed_sql_settings(node.body, was, now))
    return replace(node, config=now)


def reread(spec: FlowSpec, now: NodeSpec, registry: Registry) -> NodeSpec:
    """`now`, another text or configuration of a node of `spec`, as its cell would be read.

    Inputs that its author gave stay; a kind that is not there stays as it is.
    """
    if now.kind not in registry:
        return now
    was = spec.node(now.id)
    python = registry[now.kind].body == "python"
    before = completed(spec, replace(was, inputs=()), registry).node
    inferred = {one.name: one for one in before.inputs}
    said = tuple(one for one in was.inputs if not _is_read(one, inferred))
    if python and said:
        return now
    bare = replace(now, inputs=said)
    if python and was.outputs == before.outputs:
        bare = replace(bare, outputs=())
    elif not python and was.outputs == registry[was.kind].ports(was):
        bare = replace(bare, outputs=registry[now.kind].ports(now))
    found = completed(spec, bare, registry).node
    known = {one.name: one for one in found.inputs}
    kept = [known.pop(one.name) for one in was.inputs if one.name in known]
    return replace(now, inputs=(*kept, *known.values()), outputs=found.outputs)


def _is_read(one: InputSpec, inferred: dict[PortName, InputSpec]) -> bool:
    found = inferred.get(one.name)
    return found is not None and (one.wire in (None, found.wire)) and one.required


def _changes(was: NodeSpec, now: NodeSpec) -> Iterator[Edit]:
    if now.body != was.body:
        yield SetBody(now.id, now.body)
    if now.config != was.config:
        yield SetConfig(now.id, now.config)
    if now.options != was.options:
        yield SetOptions(now.id, now.options)
    if now.inputs != was.inputs:
        yield SetInputs(now.id, now.inputs)
    if now.outputs != was.outputs:
        yield SetOutputs(now.id, now.outputs)


def _moved(spec: FlowSpec, was: NodeSpec, now: NodeSpec) -> Iterator[Edit]:
    """What reads an output that is called anew, reading it by its new name."""
    renamed = dict(_renamed(was.outputs, now.outputs))
    fed: dict[NodeId, dict[PortName, PortName]] = {}
    for edge in resolve(spec).edges if renamed else ():
        if edge.source == was.id and edge.output in renamed and edge.target != was.id:
            fed.setdefault(edge.target, {})[edge.input] = renamed[edge.output]
    for target, ports in fed.items():
        inputs = tuple(
            replace(one, wire=Wire(was.id, None if len(now.outputs) == 1 else ports[one.name]))
            if one.name in ports
            else one
            for one in spec.node(target).inputs
        )
        yield SetInputs(target, inputs)


def _renamed(
    was: tuple[PortName, ...], now: tuple[PortName, ...]
) -> Iterator[tuple[PortName, PortName]]:
    """Outputs that stand where they stood, and are called otherwise."""
    if len(was) != len(now):
        return
    for one, other in zip(was, now, strict=True):
        if one not in now and other not in was:
            yield one, other
