"""What differs between two definitions of a flow: nodes, wires, parameters, and texts line by line.

Places on the canvas and in the notebook are no difference: two definitions that would run alike
compare as equal. A node is known by its name; one that was renamed counts as gone and as new,
unless all else of it is the same. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, TypeAlias

from flowbook.graph.flow_options import print_flow_options
from flowbook.graph.options import print_options
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import NodeId

Line: TypeAlias = "tuple[str, str]"
"""`" "`, `"-"` or `"+"`, and the line."""


class Mark(StrEnum):
    """What became of a node or a wire."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class NodeChange:
    """One node of either definition; `was` is its earlier name where it was renamed.

    `parts`: what of it changed (`body`, `config`, `options`, `inputs`, `outputs`, `kind`).
    """

    node: NodeId
    mark: Mark
    parts: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    was: NodeId | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What it takes to get from one definition to the other.

    >>> from flowbook.ids import FlowId
    >>> one = FlowSpec(FlowId("f"), (NodeSpec(NodeId("a"), body="1"),))
    >>> two = FlowSpec(FlowId("f"), (NodeSpec(NodeId("a"), body="2"),))
    >>> compare(one, two).nodes[0].lines
    ((' ', 'python a() -> '), ('-', '1'), ('+', '2'))
    >>> bool(compare(one, one))
    False
    """

    nodes: tuple[NodeChange, ...]
    edges: tuple[tuple[EdgeSpec, Mark], ...]
    about: tuple[Line, ...]
    """The flow's own text, parameters, options and setup, as lines."""

    def __bool__(self) -> bool:
        marks = [*(one.mark for one in self.nodes), *(mark for _, mark in self.edges)]
        return any(mark is not Mark.SAME for mark in marks) or any(m != " " for m, _ in self.about)

    def summary(self) -> str:
        """In one line of text, such as `1 added, 2 changed`."""
        counted = [(mark, sum(one.mark is mark for one in self.nodes)) for mark in Mark]
        told = [f"{n} {mark.value}" for mark, n in counted if n and mark is not Mark.SAME]
        return ", ".join(told) if told else ("other wires or settings" if self else "no difference")


def compare(before: FlowSpec, after: FlowSpec) -> Comparison:
    """What is different in `after`; its nodes in order, those that are gone where they were."""
    renamed = _renamed(before, after)
    was = {new: old for old, new in renamed.items()}
    nodes = [
        _change(before.by_id.get(was.get(node.id, node.id)), node, was.get(node.id))
        for node in after.nodes
    ]
    for i, node in enumerate(before.nodes):
        if node.id not in after.by_id and node.id not in renamed:
            gone = NodeChange(node.id, Mark.REMOVED, lines=_lines(text_of(node), ""))
            nodes.insert(min(i, len(nodes)), gone)
    return Comparison(
        tuple(nodes), tuple(_edges(before, after, renamed)), _lines(_about(before), _about(after))
    )


def text_of(node: NodeSpec) -> str:
    """Everything a node says, as text to compare: head, options, settings, body."""
    inputs = ", ".join(_input(one) for one in node.inputs)
    head = f"{node.kind} {node.id}({inputs}) -> {', '.join(node.outputs)}"
    options = [f"{name}: {value}" for name, value in print_options(node.options).items()]
    config = _settings(node.config) if node.config and not node.body.strip() else ""
    return "\n".join(part for part in (head, *options, config, node.body.strip("\n")) if part)


_PARTS: Final = ("kind", "inputs", "outputs", "options", "config", "body")


def _change(before: NodeSpec | None, after: NodeSpec, was: NodeId | None) -> NodeChange:
    if before is None:
        return NodeChange(after.id, Mark.ADDED, lines=_lines("", text_of(after)))
    parts = tuple(
        part for part in _PARTS if _said(getattr(before, part)) != _said(getattr(after, part))
    )
    if not parts and was is None:
        return NodeChange(after.id, Mark.SAME)
    lines = _lines(text_of(before), text_of(after))
    return NodeChange(after.id, Mark.CHANGED, parts, lines, was)


def _said(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _renamed(before: FlowSpec, after: FlowSpec) -> dict[NodeId, NodeId]:
    """Nodes that are gone, by the new one that says the same but for its name."""
    gone = [node for node in before.nodes if node.id not in after.by_id]
    new = [node for node in after.nodes if node.id not in before.by_id]
    found: dict[NodeId, NodeId] = {}
    for node in gone:
        alike = (one for one in new if one.id not in found.values() and _alike(node, one))
        twin = next(alike, None)
        if twin is not None:
            found[node.id] = twin.id
    return found


def _alike(one: NodeSpec, other: NodeSpec) -> bool:
    plain = replace(one, id=other.id, place=None, position=None, outputs=(), body_line=1)
    same = plain == replace(other, place=None, position=None, outputs=(), body_line=1)
    return same and len(one.outputs) == len(other.outputs) and bool(one.body or one.config)


def _edges(
    before: FlowSpec, after: FlowSpec, renamed: Mapping[NodeId, NodeId]
) -> Iterator[tuple[EdgeSpec, Mark]]:
    def now(edge: EdgeSpec) -> tuple[NodeId, str, NodeId, str]:
        source = renamed.get(edge.source, edge.source)
        target = renamed.get(edge.target, edge.target)
        output = edge.output if source == edge.source else ""
        return source, output, target, edge.input

    there = resolve(after).edges
    old = {now(edge): edge for edge in resolve(before).edges}
    met = set()
    for edge in there:
        keys = {now(edge), (edge.source, "", edge.target, edge.input)}
        known = keys & old.keys()
        met |= known
        yield edge, Mark.SAME if known else Mark.ADDED
    yield from ((edge, Mark.REMOVED) for key, edge in old.items() if key not in met)


def _about(spec: FlowSpec) -> str:
    params = [_param(one) for one in spec.params]
    options = [f"{name}: {value}" for name, value in print_flow_options(spec.options).items()]
    setup = [cell.body.strip("\n") for cell in spec.setup]
    return "\n".join([*params, *options, *setup])


def _input(one: object) -> str:
    name, wire = getattr(one, "name", ""), getattr(one, "wire", None)
    default = getattr(one, "default", None)
    if wire is not None:
        return f"{name}={wire}"
    return name if isinstance(default, Missing) else f"{name}={default!r}"


def _param(one: ParamSpec) -> str:
    kind = f": {one.annotation}" if one.annotation else ""
    return f"{one.name}{kind}" + ("" if isinstance(one.default, Missing) else f" = {one.default!r}")


def _settings(config: Mapping[str, object]) -> str:
    return json.dumps(dict(config), indent=2, ensure_ascii=False, default=str)


def _lines(before: str, after: str) -> tuple[Line, ...]:
    old, new = before.splitlines(), after.splitlines()
    found: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found += [(" ", line) for line in old[a:b]]
        else:
            found += [("-", line) for line in old[a:b]]
            found += [("+", line) for line in new[c:d]]
    return tuple(found)
