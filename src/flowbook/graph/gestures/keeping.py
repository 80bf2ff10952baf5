"""Edits of a gesture with everything fed that was fed before.

A new node may give what an input found under that name elsewhere, and one that goes into a
container is no longer seen from outside. So whatever a gesture does not mean to change is compared,
and gets an explicit wire where its name alone would lead elsewhere now. What no wire can say, a
parameter that would be hidden, refuses the whole gesture.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from flowbook.graph.edits import AddNode, Edit, SetInputs, Several, apply
from flowbook.graph.gestures.made import refused
from flowbook.graph.spec import MISSING, FlowSpec, InputSpec, NodeSpec, Wire
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import NodeId, PortName

Into: TypeAlias = tuple[NodeId, PortName]
"""One input of one node."""


def keeping(
    spec: FlowSpec,
    label: str,
    edits: Sequence[Edit],
    wanted: Mapping[Into, EdgeSpec] | None = None,
    loose: Collection[Into] = (),
) -> Several:
    """These edits of `spec` as one, with wires where names alone would no longer do.

    `wanted`: edges that are to be there afterwards, beside those that are there now. `loose`:
    inputs that may be fed by anything. Raises `EditRejected`.
    """
    after = apply(spec, Several(tuple(edits), label))
    before = resolve(spec)
    there = {one.id for one in after.nodes}
    asking = {(one.id, name.name) for one in after.nodes for name in one.inputs} - set(loose)
    kept = {
        (edge.target, edge.input): edge
        for edge in before.edges
        if (edge.target, edge.input) in asking and edge.source in there
    }
    wants = {**kept, **(wanted or {})}
    fixed = _fixed(after, wants, label)
    now = resolve(fixed)
    found = {(edge.target, edge.input): edge for edge in now.edges}
    for use in before.params:
        caught = found.get((use.target, use.input))
        if use.target in there and caught is not None and (use.target, use.input) not in wants:
            raise refused(
                label,
                f"{use.target}.{use.input} takes {use.param!r} today, and would take "
                f"{caught.source}.{caught.output}",
                "rename one of the two first",
            )
    for key, edge in wants.items():
        if found.get(key) != edge and (key in (wanted or {}) or fixed is not after):
            _refuse_unfed(label, fixed, key, edge)
    return _written(edits, after, fixed, label)


def wire_to(spec: FlowSpec, edge: EdgeSpec) -> Wire:
    """The explicit wire of an edge, as it is written."""
    sole = len(spec.by_id[edge.source].outputs) == 1
    return Wire(edge.source, None if sole else edge.output)


def _fixed(after: FlowSpec, wants: Mapping[Into, EdgeSpec], label: str) -> FlowSpec:
    """`after` with explicit wires on the inputs that are fed otherwise than wanted."""
    now = {(edge.target, edge.input): edge for edge in resolve(after).edges}
    changed: dict[NodeId, dict[PortName, InputSpec]] = {}
    for (target, name), edge in wants.items():
        if now.get((target, name)) == edge:
            continue
        if edge.source not in after.by_id:
            raise refused(label, f"there is no node {edge.source!r} to feed {target}.{name}")
        node = after.by_id[target]
        inputs = changed.setdefault(target, {one.name: one for one in node.inputs})
        one = inputs.get(name)
        if one is None and (target, name) in now:
            continue
        wire = wire_to(after, edge)
        base = InputSpec(name, required=_needs(node)) if one is None else one
        inputs[name] = replace(base, wire=wire, default=MISSING)
    if not changed:
        return after
    nodes = tuple(
        replace(one, inputs=tuple(changed[one.id].values())) if one.id in changed else one
        for one in after.nodes
    )
    return replace(after, nodes=nodes)


def _needs(node: NodeSpec) -> bool:
    """Whether a new input of a node has to be live: not on a join."""
    return not node.inputs or any(one.required for one in node.inputs)


def _refuse_unfed(label: str, spec: FlowSpec, key: Into, edge: EdgeSpec) -> None:
    target, name = key
    why = next(
        (one.message for one in resolve(spec).problems if one.node == target),
        f"{target} cannot read it",
    )
    raise refused(label, f"{edge.source}.{edge.output} would not feed {target}.{name}: {why}")


def _written(edits: Sequence[Edit], after: FlowSpec, fixed: FlowSpec, label: str) -> Several:
    """The edits, those that add a node with its wires on it, and then what others read now."""
    if fixed is after:
        return Several(tuple(edits), label)
    fixes = {
        node.id: node.inputs
        for was, node in zip(after.nodes, fixed.nodes, strict=True)
        if was is not node
    }
    found: list[Edit] = []
    for edit in edits:
        if isinstance(edit, AddNode) and edit.node.id in fixes:
            edit = replace(edit, node=replace(edit.node, inputs=fixes.pop(edit.node.id)))
        found.append(edit)
    found += [SetInputs(node, inputs) for node, inputs in fixes.items()]
    return Several(tuple(found), label)
