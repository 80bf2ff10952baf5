"""The end of every command's help: examples to paste and the exit codes to rely on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flowbook.export.exits import ExitCode

Command = TypeVar("Command", bound=Callable[..., Any])

_VERBATIM = "\b"
"""What tells click to keep the lines of a paragraph as they are."""


def manual(*examples: str, codes: Sequence[ExitCode] = ()) -> Callable[[Command], Command]:
    """Append `examples` and exit `codes` to the help text of a command."""

    def document(function: Command) -> Command:
        parts = [function.__doc__ or "", _paragraph("Example:", examples)]
        if codes:
            lines = [f"{code.value:>3}  {code.meaning}" for code in codes]
            parts.append(_paragraph("Exit codes:", lines))
        function.__doc__ = "\n\n".join(parts)
        return function

    return document


def _paragraph(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"    {_VERBATIM}", f"    {title}", *(f"      {line}" for line in lines)])
