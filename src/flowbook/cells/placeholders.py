"""Cells of a kind that is not there, read as far as anybody can: a head, templates, their wires.

What the body means nobody knows, so nothing in it is a mistake. Its settings are kept where it
reads as a mapping, and what its templates name is wired where something makes it. It has the
outputs its head names, else those that others ask it for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flowbook.cells.foreign import read_templates, read_yaml
from flowbook.cells.header import Header
from flowbook.cells.resolve import Draft
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName


def placeholder(header: Header, spec: NodeSpec) -> Draft:
    """The node as far as its own cell tells."""
    settings, _ = read_yaml(spec.body)
    config = settings if isinstance(settings, Mapping) else {}
    texts = config or {"body": spec.body}
    outputs = spec.outputs or (PortName(spec.id),)
    made = replace(spec, config=config, outputs=outputs)
    return Draft(made, header, asks=read_templates(texts, spec.body), adds=True)


def with_wanted_ports(drafts: list[Draft], registry: Registry) -> list[Draft]:
    """Placeholders that name no outputs give those that the heads of others are wired to."""
    guests = {one.spec.id for one in drafts if one.spec.kind not in registry}
    if not guests:
        return drafts
    wired: dict[NodeId, dict[PortName | None, None]] = {}
    for draft in drafts:
        for one in draft.header.inputs or ():
            if one.wire is not None and one.wire.node in guests:
                wired.setdefault(one.wire.node, {})[one.wire.port] = None
    return [_with_ports(one, tuple(wired.get(one.spec.id, ()))) for one in drafts]


def _with_ports(draft: Draft, asked: Sequence[PortName | None]) -> Draft:
    named = tuple(port for port in asked if port is not None)
    if draft.header.outputs or not named:
        return draft
    own = () if len(named) == len(asked) else draft.spec.outputs
    outputs = tuple(dict.fromkeys((*own, *named)))
    return replace(draft, spec=replace(draft.spec, outputs=outputs))
