"""What is known of a container before its turns run: some of them, and items it is given."""

from __future__ import annotations

import msgspec

from flowbook.events.values import ValueRef
from flowbook.ids import NodeId, PortName, RunId


class KnownTurn(msgspec.Struct, frozen=True):
    """What a turn of a container gave in run `source`, by the names that leave it.

    `left`: why a node ended it early, if one did.
    """

    outputs: dict[PortName, ValueRef] = {}
    source: RunId | None = None
    left: str = ""


class ItemsGiven(msgspec.Struct, frozen=True):
    """`count` more items for the container in slot `step`, as a list; `by`: the node of theirs."""

    step: int
    items: ValueRef
    count: int
    by: NodeId | None = None
