"""Answers to pages that want more of the canvas's own code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowbook.widget.host import CanvasHost
from flowbook.widget.parts import text_of
from flowbook.widget.protocol import AskPart, Part


def part(_host: CanvasHost, asked: AskPart) -> Part:
    """One part; `UsageError` for a name that is none, and where none was built."""
    return Part(asked.view, asked.rid, text_of(asked.name))


ANSWERS: Final[Mapping[type, Callable[[CanvasHost, Any], Part]]] = {AskPart: part}
