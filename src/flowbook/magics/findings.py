"""What `%flow check` gives: a list of problems that a person can read."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from flowbook.graph.problem import Problem

WELL = "all is well"


class Findings(list[Problem]):
    """Problems, each once; empty when the flow is sound, and then it says so.

    >>> Findings(())
    all is well
    >>> bool(Findings(())), Findings(()) == []
    (False, True)
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__({str(one): one for one in problems}.values())

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or WELL

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(str(one))}</li>" for one in self)
        return f"<ul>{items}</ul>" if items else f"<p>{WELL}</p>"
