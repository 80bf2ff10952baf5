"""What a replay has to tell before it starts: what has changed since, and tables of another shape.

None of it keeps the replay from starting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from flowbook.graph.node import Outputs
from flowbook.graph.spec import FlowSpec
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Plan
from flowbook.session.replay_plan import GONE, SCHEMA, Fate, ReplayNode, Story, Terms
from flowbook.store.history import History

_NEWEST = """
SELECT node, port, arg_max(columns, run_id) FROM "values"
WHERE run_id > ? AND port IS NOT NULL AND columns IS NOT NULL
      AND run_id IN (SELECT id FROM runs WHERE flow = ? AND origin IS NULL)
GROUP BY node, port
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything there is to tell of one replay."""

    story: Story
    spec: FlowSpec
    plan: Plan
    terms: Terms
    nodes: Sequence[ReplayNode]

    def warnings(self, history: History, by_hand: Mapping[NodeId, Outputs]) -> Iterator[str]:
        """One sentence each."""
        created = self.story.created
        for one in self.nodes:
            if self._anew(one):
                yield f"{one.node} runs anew: {one.why}"
            elif one.fate is Fate.TAKEN and one.changes:
                yield f"{one.node} is taken although it differs: {'; '.join(one.changes)}"
            else:  # what its values are held to, however much of it is run
                yield from (
                    f"{one.node}: {told}" for told in one.changes if told.startswith(SCHEMA)
                )
        for node in created.nodes:
            if node not in self.spec.by_id and "." not in node:
                yield f"node {node} is gone"
        known = {param.name for param in self.plan.params}
        for name in created.params:
            if name not in known:
                yield f"parameter {name} is gone"
        yield from self._given(by_hand)
        yield from self._since(history)

    def _anew(self, one: ReplayNode) -> bool:
        """True for a result that the point covers and that is not taken."""
        if one.fate is not Fate.RUNS or one.node in self.terms.begin:
            return False
        return one.node in self.story.gave and bool(one.changes or one.why.startswith(GONE))

    def _given(self, by_hand: Mapping[NodeId, Outputs]) -> Iterator[str]:
        """Tables given by hand that are not like those they stand for."""
        for node, outputs in by_hand.items():
            event = self.story.gave.get(node)
            for port, value in outputs.ports.items():
                ref = event.outputs.get(port) if event else None
                if ref is not None and ref.columns is not None:
                    yield from _columns(f"{node} is given", ref.columns, columns_of(value))

    def _since(self, history: History) -> Iterator[str]:
        """Tables that are taken and have come out otherwise since."""
        taken = [
            (one.node, port, ref.columns)
            for one in self.nodes
            if one.fate is Fate.TAKEN
            for port, ref in self.story.gave[one.node].outputs.items()
            if ref.columns is not None
        ]
        newest = newest_columns(history, self.story) if taken else {}
        for node, port, columns in taken:
            yield from _columns(f"{node} has since given", columns, newest.get((node, port)))


def newest_columns(
    history: History, story: Story
) -> dict[tuple[NodeId, PortName], tuple[str, ...]]:
    """The columns of the newest table that later runs of the flow gave, by node and port."""
    created = story.created
    _names, rows = history.table(_NEWEST, [created.run, created.flow])
    return {
        (NodeId(node), PortName(port)): tuple(msgspec.json.decode(columns))
        for node, port, columns in rows
    }


def columns_of(value: Any) -> tuple[str, ...] | None:
    """The columns of a table, None for what is none; what Arrow calls `columns` is its data.

    >>> columns_of([1, 2]) is None
    True
    """
    names = getattr(value, "column_names", None)
    if names is None:
        names = getattr(value, "columns", None)
    return None if names is None or callable(names) else tuple(map(str, names))


def _columns(what: str, then: Sequence[str], now: Sequence[str] | None) -> Iterator[str]:
    if now is None or list(then) == list(now):
        return
    lacking = [name for name in then if name not in now]
    more = [name for name in now if name not in then]
    told = [f"without {', '.join(lacking)}"] if lacking else []
    told += [f"with {', '.join(more)}"] if more else []
    yield f"{what} columns {' and '.join(told)}" if told else f"{what} columns in another order"
