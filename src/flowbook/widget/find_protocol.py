"""Messages that look for a text in a flow: in its cells, and in what its last run gave.

Names and kinds are with every view already; what is asked for here is what a view does not have.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from flowbook.ids import NodeId


class FindText(msgspec.Struct, frozen=True, tag_field="type", tag="FIND"):
    """Where is this text, in whatever case? Answered with `Found`."""

    view: str
    rid: int
    text: str


class Hit(msgspec.Struct, frozen=True):
    """A line in which the text is: of a node's `code`, of a `setting`, or of an `output`.

    `name`: which setting, or which port. `line`: of the code, from 1. A long line is cut around
    the text.
    """

    node: NodeId
    where: str
    text: str
    name: str = ""
    line: int | None = None


class Found(msgspec.Struct, frozen=True, tag_field="type", tag="FOUND"):
    """Where the text is, in the order of the flow; `notes` say what was not searched, and why."""

    view: str
    rid: int
    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()


FindAsked: TypeAlias = FindText
FindAnswer: TypeAlias = Found
