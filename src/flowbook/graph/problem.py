"""What is wrong with a definition, as data: checks return lists of these and never raise."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from flowbook.ids import CellId, NodeId


class Severity(StrEnum):
    """An `ERROR` keeps the flow from running; a `WARNING` does not."""

    ERROR = "error"
    WARNING = "warning"


class Fix(Protocol):
    """An edit that would mend a problem (`graph.edits`), offered and never made by itself."""

    @property
    def label(self) -> str:
        """What to call it on a button."""
        ...

    def apply(self, spec: Any) -> Any:
        """The definition with it made."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, and what to do next.

    `line` counts from 1 in the cell's own text, its `%%flow` line included. `fix` is an edit that
    would mend it: `flow.apply(problem.fix)`.

    >>> print(Problem(Severity.ERROR, "no node 'raw'", node=NodeId("clean"), hint="add it"))
    error: clean: no node 'raw' (add it)
    """

    severity: Severity
    message: str
    node: NodeId | None = None
    cell: CellId | None = None
    line: int | None = None
    hint: str | None = None
    fix: Fix | None = field(default=None, compare=False)

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.node or "",
                f"cell {self.cell}" if self.cell else "",
                f"line {self.line}" if self.line else "",
            )
            if part
        )
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity}: {place + ': ' if place else ''}{self.message}{hint}"


def errors(problems: list[Problem] | tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that keep the flow from running."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)
