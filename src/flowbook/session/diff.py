"""`Diff`: how one run is to another: what was different in it, and what came of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.graph.comparing import Comparison
from flowbook.graph.spec import no_node
from flowbook.ids import NodeId
from flowbook.session import diff_view
from flowbook.session.diff_parts import RAN, EdgeDiff, Ended, NodeDiff, Setting
from flowbook.store.rows import RunRow


@dataclass
class Diff:
    """How the run `b` is to the run `a`; `flow.diff` makes it.

    >>> from flowbook import Flow
    >>> flow = Flow("doubled")
    >>> @flow.node
    ... def twice(n: int = 1):
    ...     return n * 2
    >>> diff = flow.diff(flow.run(), flow.run(n=3))
    >>> diff.params, diff.first
    ((Setting(name='n', before=1, after=3),), ('twice',))
    >>> print(diff["twice"]["twice"])
    changed: value: 2 → 6
    """

    a: RunRow
    b: RunRow
    definition: Comparison | None
    """What differs in the flow; None where a definition is not there to be read."""
    params: tuple[Setting, ...]
    environment: tuple[Setting, ...]
    nodes: tuple[NodeDiff, ...]
    """Every node of either run, in the order in which they follow one another."""
    edges: tuple[EdgeDiff, ...]
    feeds: Mapping[NodeId, frozenset[NodeId]] = field(repr=False)
    """What each follows at once, in either definition."""

    def __bool__(self) -> bool:
        """True when anything differs: what was given, or what came of it."""
        given = self.params or self.environment or self.definition
        return bool(given) or bool(self.diverging)

    def __getitem__(self, node: str) -> NodeDiff:
        """One node; `UnknownNode` when neither run has it."""
        found = next((one for one in self.nodes if one.node == node), None)
        if found is None:
            names = tuple(one.node for one in self.nodes)
            raise no_node(f"neither run has a node {node!r}", node, names)
        return found

    @property
    def diverging(self) -> tuple[NodeId, ...]:
        """The nodes that ended otherwise or gave something else; looks into all values."""
        return tuple(one.node for one in self.nodes if one.diverges)

    @property
    def first(self) -> tuple[NodeId, ...]:
        """Where the runs part: the nodes that diverge and follow none that does."""
        return tuple(self._first(rows=True))

    def _first(self, *, rows: bool) -> Iterator[NodeId]:
        parted: set[NodeId] = set()
        for one in self.nodes:
            if not parted.isdisjoint(self.feeds.get(one.node, ())):
                parted.add(one.node)
            elif one.parts_from(rows=rows):
                parted.add(one.node)
                yield one.node

    @property
    def path(self) -> tuple[tuple[NodeId, ...], tuple[NodeId, ...]]:
        """The nodes that were reached in the first run alone, and in the second alone."""
        reached = [(one.node, _reached(one.a), _reached(one.b)) for one in self.nodes]
        return (
            tuple(node for node, a, b in reached if a and not b),
            tuple(node for node, a, b in reached if b and not a),
        )

    def to_json(self, *, rows: bool = True) -> dict[str, Any]:
        """The whole as plain data, in the shape that docs/guides/history.md tells.

        Without `rows` no value is looked into: those with other content count as changed.
        """
        about = () if self.definition is None else self.definition.about
        only_a, only_b = self.path
        return {
            "a": self.a.to_json(),
            "b": self.b.to_json(),
            "definition": {
                "known": self.definition is not None,
                "same": self.definition is not None and not self.definition,
                "summary": "" if self.definition is None else self.definition.summary(),
                "about": [list(line) for line in about],
            },
            "params": [one.to_json() for one in self.params],
            "environment": [one.to_json() for one in self.environment],
            "nodes": [one.to_json(rows=rows) for one in self.nodes],
            "edges": [self._edge(one, rows=rows) for one in self.edges],
            "first": list(self._first(rows=rows)),
            "path": {"only_a": list(only_a), "only_b": list(only_b)},
        }

    def _edge(self, edge: EdgeDiff, *, rows: bool) -> dict[str, Any]:
        node = next((one for one in self.nodes if one.node == edge.source), None)
        output = None if node is None else node.outputs.get(edge.output)
        told = None if output is None else output.difference if rows else output.by_content
        return {
            "source": edge.source,
            "output": edge.output,
            "target": edge.target,
            "input": edge.input,
            "definition": edge.mark.value,
            "taken": {"a": edge.taken[0], "b": edge.taken[1]},
            "difference": None if told is None else told.value,
        }

    def __str__(self) -> str:
        return diff_view.text_of(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return diff_view.html_of(self)


def _reached(ended: Ended | None) -> bool:
    return ended is not None and ended.status in RAN
