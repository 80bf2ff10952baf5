"""What a gesture comes to: one edit, the nodes it is about, and what more there is to say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flowbook.errors import EditRejected
from flowbook.graph.edits import Edit, Several
from flowbook.graph.options import did_you_mean
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId


@dataclass(frozen=True, slots=True)
class Gesture:
    """One edit; `nodes` are new or meant, `note` is what the user should hear beside it."""

    edit: Edit
    nodes: tuple[NodeId, ...] = ()
    note: str = ""

    @property
    def label(self) -> str:
        """What an undo menu calls it."""
        return self.edit.label


def refused(label: str, reason: str, hint: str | None = None) -> EditRejected:
    """A gesture that cannot be done."""
    edit = Several((), label)
    return EditRejected(f"{label}: {reason}", hint=hint, edit=edit, reason=reason)


def known(spec: FlowSpec, label: str, nodes: Collection[NodeId]) -> tuple[NodeSpec, ...]:
    """These nodes, in the order of the spec; `EditRejected` for one that is not there."""
    for node in nodes:
        if node not in spec.by_id:
            hint = did_you_mean(node, tuple(spec.by_id))
            raise refused(label, f"there is no node {node!r}", hint)
    wanted = set(nodes)
    return tuple(node for node in spec.nodes if node.id in wanted)


def some(number: int, word: str) -> str:
    """So many of something.

    >>> some(1, "wire"), some(3, "node")
    ('a wire', '3 nodes')
    """
    return f"a {word}" if number == 1 else f"{number} {word}s"
