"""What two runs are compared by: settings, nodes, outputs, turns and wires, each in both runs.

What is cheap is there at once: how nodes ended, and which values have equal content. How values
differ that have not is worked out when somebody asks for it, and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from flowbook.errors import UsageError, ValueUnavailable
from flowbook.events.values import ValueRef
from flowbook.graph.comparing import Mark, NodeChange
from flowbook.ids import NodeId, PortName
from flowbook.session import diff_values
from flowbook.session.diff_values import KINDS, Change, Difference, Shelves
from flowbook.store.table_diff import Comparing

RAN: Final = frozenset({"succeeded", "reused", "failed", "running", "suspended", "backoff"})
"""How nodes stand that were reached."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter, or something of the environment, that differs; None where it is not there."""

    name: str
    before: Any = None
    after: Any = None

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"name": self.name, "a": self.before, "b": self.after}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a node ended in one run; `None` in its place where the run has no such node."""

    status: str
    attempts: int
    duration_ms: float | None
    error: str | None
    reason: str | None

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "status": self.status,
            "attempts": self.attempts,
            "duration_ms": self.duration_ms,
            "error": self.error,
            "reason": self.reason,
        }


@dataclass
class OutputDiff:
    """One output of a node, in both runs; None where it gave none there.

    `equal`: known to be the same without a look.
    """

    node: NodeId
    port: PortName
    a: ValueRef | None
    b: ValueRef | None
    equal: bool
    shelves: Shelves = field(repr=False)
    how: Comparing = field(repr=False)
    strict: bool = field(default=False, repr=False)
    passing: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of a mapping that are of the moment, such as how long something took."""

    @property
    def by_content(self) -> Difference:
        """How it differs as far as hashes tell, without a look."""
        if self.equal:
            return Difference.SAME
        if self.a is None:
            return Difference.ADDED
        if self.b is None:
            return Difference.REMOVED
        return Difference.UNKNOWN if diff_values.unknown(self.a, self.b) else Difference.CHANGED

    @property
    def difference(self) -> Difference:
        """How it differs; looks into the values where they are not equal by content."""
        told = self.by_content
        if told is not Difference.CHANGED:
            return told
        if isinstance(self._looked, str):
            return Difference.UNKNOWN
        if self._looked:
            return told
        moved = getattr(self._looked, "moved", False)
        return Difference.MOVED if moved else Difference.SAME

    @property
    def change(self) -> Change | None:
        """What differs: rows of a table, places of plain data, lines, elements; None for nothing.

        It is worked out when it is asked for first.
        """
        if self.by_content is not Difference.CHANGED or isinstance(self._looked, str):
            return None
        return self._looked

    @property
    def why(self) -> str:
        """Why it is not known how it differs; '' when it is."""
        if self.a is None or self.b is None or self.equal:
            return ""
        reason = diff_values.unknown(self.a, self.b)
        return reason or (self._looked if isinstance(self._looked, str) else "")

    @cached_property
    def _looked(self) -> Change | str:
        assert self.a is not None  # noqa: S101 - asked of what is in both runs only
        assert self.b is not None  # noqa: S101 - as above
        try:
            return diff_values.changed(self.shelves, self.a, self.b, self.how, self.passing)
        except ValueUnavailable as gone:
            return gone.reason or gone.message
        except UsageError:
            if self.strict:
                raise
        free = Comparing(None, self.how.tolerance, self.how.samples)
        return diff_values.changed(self.shelves, self.a, self.b, free)  # a key of other tables

    def __str__(self) -> str:
        return f"{self.difference.value}{f': {told}' if (told := self.why or self.change) else ''}"

    def to_json(self, *, rows: bool = True) -> dict[str, Any]:
        """The same as plain data; without `rows`, as far as hashes tell."""
        change = self.change if rows else None
        told = self.difference if rows else self.by_content
        return {
            "port": self.port,
            "difference": told.value,
            "why": self.why if rows else "",
            "a": _ref(self.a),
            "b": _ref(self.b),
            "kind": None if change is None else KINDS[type(change)],
            "change": None if change is None else change.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Turns:
    """A node inside of containers: how many turns are in both runs, or in one, and differ."""

    compared: int
    differing: int
    only_a: int
    only_b: int
    first: tuple[str, ...] = ()
    """The first of those that differ, such as `each[3].clean`."""

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "compared": self.compared,
            "differing": self.differing,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "first": list(self.first),
        }


@dataclass
class NodeDiff:
    """One node in both runs.

    `change`: what differs in its definition; `given`: what else was different for it, such as
    `parameter city`. `turns` is about a node inside of a container, whose values are compared by
    content alone.
    """

    node: NodeId
    a: Ended | None
    b: Ended | None
    change: NodeChange
    given: tuple[str, ...] = ()
    outputs: Mapping[PortName, OutputDiff] = field(default_factory=dict)
    turns: Turns | None = None

    @property
    def diverges(self) -> bool:
        """True when it ended otherwise or gave something else; looks into values to know."""
        return self.parts_from(rows=True)

    def parts_from(self, *, rows: bool) -> bool:
        """The same; without `rows`, as far as hashes tell."""
        if self.turns is not None:
            return bool(self.turns.differing or self.turns.only_a or self.turns.only_b)
        if _way(self.a) != _way(self.b):
            return True
        told = (one.difference if rows else one.by_content for one in self.outputs.values())
        return any(one.real for one in told)

    @property
    def causes(self) -> tuple[str, ...]:
        """What was different for it: of its definition, its parameters, its surroundings."""
        parts = tuple(f"{part} changed" for part in self.change.parts)
        whole = {Mark.ADDED: ("node added",), Mark.REMOVED: ("node removed",)}
        return (*whole.get(self.change.mark, parts), *self.given)

    def __getitem__(self, port: str) -> OutputDiff:
        return self.outputs[PortName(port)]

    def to_json(self, *, rows: bool = True) -> dict[str, Any]:
        """The same as plain data."""
        change = self.change
        return {
            "node": self.node,
            "was": change.was,
            "definition": {
                "mark": change.mark.value,
                "parts": list(change.parts),
                "lines": [list(line) for line in change.lines],
            },
            "a": None if self.a is None else self.a.to_json(),
            "b": None if self.b is None else self.b.to_json(),
            "diverges": self.parts_from(rows=rows),
            "causes": list(self.causes),
            "outputs": [one.to_json(rows=rows) for one in self.outputs.values()],
            "turns": None if self.turns is None else self.turns.to_json(),
        }


@dataclass(frozen=True, slots=True)
class EdgeDiff:
    """A wire of either definition, and in which of the runs something went along it."""

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName
    mark: Mark
    taken: tuple[bool, bool]


def _way(ended: Ended | None) -> tuple[str, str | None]:
    """How it ended; a result that was taken from elsewhere is as good as one that was made."""
    if ended is None:
        return "", None
    return ("succeeded" if ended.status == "reused" else ended.status), ended.error


def _ref(ref: ValueRef | None) -> dict[str, Any] | None:
    if ref is None:
        return None
    return {
        "type": ref.type,
        "format": ref.format.value,
        "bytes": ref.size,
        "rows": ref.rows,
        "hash": ref.hash or None,
    }
