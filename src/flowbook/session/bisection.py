"""`Bisection`: which single change made a run bad, and the runs that were made to find out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flowbook.graph.halving import Verdict
from flowbook.ids import NodeId, RunId
from flowbook.store.display import html_table, text_table

_HEAD = ("try", "changes", "verdict", "run", "why")


@dataclass(frozen=True, slots=True)
class Step:
    """One change between the good and the bad.

    `kind` is `code`, `setup`, `parameter`, `input`, `version` or `environment`.

    `node` is the one it is about, where it is about one.
    """

    kind: str
    name: str
    told: str = ""
    node: NodeId | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{f': {self.told}' if self.told else ''}"

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"kind": self.kind, "name": self.name, "told": self.told, "node": self.node}


@dataclass(frozen=True, slots=True)
class Trial:
    """One try: with which of the changes, in which run, and what it showed."""

    steps: tuple[Step, ...]
    verdict: Verdict
    run: RunId | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "steps": [one.to_json() for one in self.steps],
            "verdict": self.verdict.value,
            "run": self.run,
            "why": self.why,
        }


@dataclass(frozen=True)
class Bisection:
    """What made it bad; `flow.bisect` finds it.

    `found` is the change with which good turns to bad, several where what is between them cannot be
    tried, and none where all of them together are not bad: then it is nothing that is recorded, or
    it is in `untried`, which no replay can change, such as an environment that this process has
    not. `alone`: it makes it bad without the others, too; None where that was not tried.
    """

    good: str
    bad: str
    steps: tuple[Step, ...]
    found: tuple[Step, ...]
    trials: tuple[Trial, ...]
    untried: tuple[str, ...] = ()
    alone: bool | None = None
    forget: Callable[[RunId], object] = field(default=lambda _: None, repr=False, compare=False)

    @property
    def runs(self) -> tuple[RunId, ...]:
        """The runs that were made for it, in order."""
        return tuple(one.run for one in self.trials if one.run is not None)

    def discard(self) -> None:
        """Delete the runs that were made for it; the good and the bad one stay."""
        for run in self.runs:
            self.forget(run)

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "good": self.good,
            "bad": self.bad,
            "steps": [one.to_json() for one in self.steps],
            "found": [one.to_json() for one in self.found],
            "alone": self.alone,
            "trials": [one.to_json() for one in self.trials],
            "untried": list(self.untried),
        }

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        if not self.found:
            more = f"; not tried: {', '.join(self.untried)}" if self.untried else ""
            return f"all changes together are not bad: it is nothing that they change{more}"
        told = " or ".join(map(str, self.found))
        return told if self.alone is not False else f"{told} (together with changes before it)"

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (str(i), str(len(one.steps)), one.verdict.value, one.run or "", one.why)
            for i, one in enumerate(self.trials, 1)
        ]

    def __repr__(self) -> str:
        head = f"{self.summary}\nof {len(self.steps)} changes, in {len(self.trials)} tries"
        return f"{head}\n{text_table(_HEAD, self._rows())}" if self.trials else head

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.summary)}</p>{html_table(_HEAD, self._rows())}"
