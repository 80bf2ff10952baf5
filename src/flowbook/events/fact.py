"""What every fact carries."""

from __future__ import annotations

import msgspec

from flowbook.ids import EventSeq, NodeId, RunId


class Fact(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind"
):
    """What every event carries: which run, its place in it, and when.

    Plain data that never leads back to the event: the garbage collector need not look at it, and a
    run keeps very many.
    """

    run: RunId
    seq: EventSeq
    at: float


class OfNode(Fact, frozen=True, kw_only=True):
    """A fact about one node.

    `scope` says inside which turn of which containers, '' outside of all: `each[3]` is the fourth
    turn of `each`, `outer[0].each[3]` one inside another, `guard.catch` a block with a name.
    """

    node: NodeId
    scope: str = ""
