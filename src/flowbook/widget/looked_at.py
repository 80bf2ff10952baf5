"""What passed a port of a recorded run: rows of a table, or any other value at a glance."""

from __future__ import annotations

from typing import Any

from flowbook.errors import ValueUnavailable
from flowbook.ids import NodeId, PortName
from flowbook.widget.answering.looking import (
    GAVE_NOTHING,
    ask_page,
    at_glance,
)
from flowbook.widget.host import CanvasHost
from flowbook.widget.run_protocol import AskPage, Page, Peek


def at_port(host: CanvasHost, node: str, port: str, **asked: Any) -> Page | Peek | None:
    """None when nothing passed there; raises as a page does, and `UnknownNode`."""
    question = AskPage("", 0, NodeId(node), PortName(port), **asked)
    try:
        found = ask_page(host, question)
    except ValueUnavailable:
        return at_glance(host, question)  # which says so
    if not found.none:
        return found
    if found.none == GAVE_NOTHING:
        return None
    return at_glance(host, question)
