"""The outputs in a header: `-> rows, n: int`, names with or without an annotation.

And where a parenthesis of a header closes.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from flowbook.errors import UsageError
from flowbook.ids import PortName, as_port_name


def read_outputs(text: str) -> tuple[list[tuple[PortName, str | None]], list[str]]:
    """The outputs with their annotations, and the parts of the text that are none.

    >>> read_outputs("rows: dict[str, int], n")
    ([('rows', 'dict[str, int]'), ('n', None)], [])
    """
    found: list[tuple[PortName, str | None]] = []
    wrong: list[str] = []
    for part in _parts(text):
        name, colon, written = part.partition(":")
        try:
            port = as_port_name(name.strip())
            annotation = ast.unparse(ast.parse(written.strip(), mode="eval")) if colon else None
        except (UsageError, SyntaxError, ValueError, RecursionError, MemoryError):
            wrong.append(part.strip())
            continue
        found.append((port, annotation))
    return found, wrong


def print_outputs(outputs: Sequence[PortName], annotations: Mapping[PortName, str]) -> str:
    """Text that `read_outputs` reads back."""
    return ", ".join(
        f"{port}: {annotations[port]}" if port in annotations else port for port in outputs
    )


def _parts(text: str) -> list[str]:
    """The text cut at its commas, those inside of brackets and quotes left alone."""
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[({":
            depth += 1
        elif char in "])}":
            depth -= 1
        elif char == "," and not depth:
            parts.append("")
            continue
        parts[-1] += char
    return parts


def closing(text: str, start: int) -> int | None:
    """Where the parenthesis at `start` closes, quotes and brackets respected."""
    depth, quote, position = 0, "", start
    while position < len(text):
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None
