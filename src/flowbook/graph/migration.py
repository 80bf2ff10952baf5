"""The edit that brings the nodes of a flow to the latest versions of their kinds.

It is an edit like any other: applied whole or not at all, undone by its inverse, written into the
cells it changes and into no others. What each version makes of the one before is the node types'
own to say (`Node.migrate`).
"""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.graph.edits import Edit, ReplaceNode, Several
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec
from flowbook.graph.versions import name_of


def migration(
    spec: FlowSpec, registry: Registry, since: Mapping[str, int] | None = None
) -> Edit | None:
    """What brings every node to the latest version of its kind; None when all are there.

    `since` says for kinds that are written without a version which one was meant. Nodes of kinds
    that are not there stay as they are.

    Raises `UsageError` when a version cannot take over what a node has.
    """
    meant = since or {}
    pairs = [
        (node, registry.migrated(node, meant.get(node.kind)))
        for node in spec.nodes
        if name_of(node.kind) in registry
    ]
    edits = tuple(ReplaceNode(now) for was, now in pairs if was != now)
    if not edits:
        return None
    count = f"{len(edits)} node{'' if len(edits) == 1 else 's'}"
    return Several(edits, f"Migrate {count}")
