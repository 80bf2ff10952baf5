"""Two runs brought side by side: what the history has of each, without looking into values."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from flowbook.errors import UsageError
from flowbook.events import Event, NodeCompleted, NodeReused, RunCreated
from flowbook.events.values import ValueRef
from flowbook.graph.comparing import Comparison, Mark, NodeChange, compare
from flowbook.graph.nesting import container_of
from flowbook.graph.spec import FlowSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName
from flowbook.session.diff import Diff
from flowbook.session.diff_parts import RAN, EdgeDiff, Ended, NodeDiff, OutputDiff, Setting, Turns
from flowbook.session.saved import recorded_spec
from flowbook.store.table_diff import SAMPLES, Comparing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowbook.session.diff_values import Shelves
    from flowbook.store.history import History
    from flowbook.store.rows import NodeRunRow, RunRow

_MOMENTARY: Final = frozenset({"duration_ms"})
_FIRST: Final = 20
"""Turns that differ that are named."""

Key = Any
"""Columns, or columns by table: `node` or `node.port`; None to find some."""


class Archive(Protocol):
    """What two runs are read from; `flowbook.Project` is one."""

    @property
    def history(self) -> History: ...
    @property
    def store(self) -> Shelves: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """How values are to be compared; see `Flow.diff`."""

    key: Key = None
    tolerance: float = 0.0
    samples: int = SAMPLES

    def of(self, node: NodeId, port: PortName) -> tuple[Comparing, bool]:
        """How the table at a port is compared, and whether its key was said of it alone."""
        key, strict = self.key, False
        if isinstance(key, Mapping):
            strict = f"{node}.{port}" in key or node in key
            key = key.get(f"{node}.{port}", key.get(node))
        columns = (key,) if isinstance(key, str) else None if key is None else tuple(key)
        return Comparing(columns, self.tolerance, self.samples), strict


@dataclass
class Side:
    """One of the two runs, as the history has it."""

    history: History
    row: RunRow
    events: Sequence[Event]

    @classmethod
    def of(cls, history: History, run_id: str) -> Side:
        """A run by its id; `UsageError` when there is none."""
        return cls(history, history.run(run_id), history.events(run_id))

    @cached_property
    def created(self) -> RunCreated | None:
        """How it began."""
        first = self.events[0]
        return first if isinstance(first, RunCreated) else None

    @cached_property
    def spec(self) -> FlowSpec | None:
        """The definition it ran."""
        return recorded_spec(self.history, self.row.flow, self.row.version)

    @cached_property
    def nodes(self) -> Mapping[str, NodeRunRow]:
        """How its nodes ended, by name and, inside of containers, turn."""
        return {one.key: one for one in self.history.node_runs(self.row.id)}

    @cached_property
    def gave(self) -> Mapping[str, NodeCompleted | NodeReused]:
        """The events that tell what they gave."""
        return {
            f"{one.scope}.{one.node}" if one.scope else one.node: one
            for one in self.events
            if isinstance(one, NodeCompleted | NodeReused)
        }

    def ended(self, node: NodeId) -> Ended | None:
        """How a node ended; None when it was no part of the run."""
        one = self.nodes.get(node)
        if one is None:
            return None
        return Ended(one.status, one.attempts, one.duration_ms, one.error, one.reason)

    def outputs(self, node: str) -> Mapping[PortName, ValueRef]:
        """References to what it gave."""
        event = self.gave.get(node)
        return {} if event is None else event.outputs

    def source(self, node: str) -> str:
        """The run that made what it gave."""
        event = self.gave.get(node)
        reused = event.source if isinstance(event, NodeReused) and not event.by_hand else None
        return reused or self.row.id

    def by_hand(self, node: str) -> bool:
        """True when somebody gave it."""
        event = self.gave.get(node)
        return isinstance(event, NodeReused) and event.by_hand


def diff(project: Archive, a: str, b: str, asked: Asked) -> Diff:
    """How run `b` is to run `a`; `UsageError` for a run that is not there, or of another flow."""
    one, other = Side.of(project.history, a), Side.of(project.history, b)
    if one.row.flow != other.row.flow:
        raise UsageError(
            f"run {a} is one of flow {one.row.flow!r}, and run {b} one of {other.row.flow!r}",
            hint="compare two runs of one flow",
        )
    return _Making(project.store, one, other, asked).made()


@dataclass
class _Making:
    store: Shelves
    a: Side
    b: Side
    asked: Asked
    definition: Comparison | None = field(init=False)

    def __post_init__(self) -> None:
        before, after = self.a.spec, self.b.spec
        self.definition = compare(before, after) if before and after else None

    def made(self) -> Diff:
        feeds = self._feeds()
        return Diff(
            self.a.row,
            self.b.row,
            self.definition,
            tuple(self._params),
            tuple(self._environment()),
            tuple(self._node(node) for node in _ordered(feeds)),
            tuple(self._edges()),
            feeds,
        )

    # ------------------------------------------------------------ what was given

    @cached_property
    def _params(self) -> list[Setting]:
        return list(_settings(self.a.row.params, self.b.row.params))

    def _environment(self) -> Iterator[Setting]:
        a, b = self.a.row, self.b.row
        if a.host != b.host:
            yield Setting("host", a.host, b.host)
        if a.environment != b.environment:
            then, now = map(self.store.environments.get, (a.environment, b.environment))
            if then is not None and now is not None:
                yield from (Setting(*one) for one in then.differences(now))

    @cached_property
    def _marks(self) -> Mapping[NodeId, NodeChange]:
        return {} if self.definition is None else {one.node: one for one in self.definition.nodes}

    def _given(self, node: NodeId) -> Iterator[str]:
        """What else was different for a node than its own definition."""
        changed = {one.name for one in self._params}
        read = {
            str(use.param)
            for side in (self.a, self.b)
            if side.spec is not None
            for use in resolve(side.spec).params
            if use.target == node and use.frame is None
        }
        yield from (f"parameter {name}" for name in sorted(changed & read))
        if self.a.by_hand(node) != self.b.by_hand(node):
            yield "given by hand in one of them"
        called = [({} if s.created is None else s.created.called).get(node) for s in self._sides]
        if called[0] != called[1]:
            yield "another version of the flow that it calls"
        if self.definition is not None and self._captures(node) and self._shared:
            yield "setup changed"

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.a, self.b

    @cached_property
    def _shared(self) -> bool:
        bodies = [[one.body for one in s.spec.setup] if s.spec else [] for s in self._sides]
        return bodies[0] != bodies[1]

    def _captures(self, node: NodeId) -> bool:
        found = [s.spec.by_id.get(node) for s in self._sides if s.spec is not None]
        return any(one is not None and one.captures for one in found)

    # ------------------------------------------------------------ what came of it

    def _node(self, node: NodeId) -> NodeDiff:
        change = self._marks.get(node) or NodeChange(node, Mark.SAME)
        made = NodeDiff(
            node, self.a.ended(node), self.b.ended(node), change, tuple(self._given(node))
        )
        if any(_inside(side.spec, node) for side in self._sides):
            return replace(made, turns=self._turns(node))
        before, after = self.a.outputs(change.was or node), self.b.outputs(node)
        outputs = {}
        for port in dict.fromkeys([*before, *after]):
            how, strict = self.asked.of(node, port)
            one, other = before.get(port), after.get(port)
            equal = self._equal(change.was or node, node, one, other)
            passing = _MOMENTARY if self._is_summary(node, port) else frozenset()
            outputs[port] = OutputDiff(
                node, port, one, other, equal, self.store, how, strict, passing
            )
        return replace(made, outputs=outputs)

    def _is_summary(self, node: NodeId, port: PortName) -> bool:
        """True of what a map tells of itself, and of how long it took."""
        found = self.b.spec.by_id.get(node) if self.b.spec else None
        return found is not None and found.kind_name == "map" and port == f"{node}_summary"

    def _equal(self, was: str, node: str, one: ValueRef | None, other: ValueRef | None) -> bool:
        """True of values that are the same without a look: one content, or one that was taken."""
        if one is None or other is None:
            return False
        if self.a.source(was) == self.b.source(node):
            return True
        return one.exact and other.exact and (one.hash, one.type) == (other.hash, other.type)

    def _turns(self, node: NodeId) -> Turns:
        keys = [
            {key for key, one in s.nodes.items() if one.node == node and one.scope}
            for s in self._sides
        ]
        both = keys[0] & keys[1]
        other = [key for key in self.b.nodes if key in both and self._turn_differs(key)]
        alone = [len(some - both) for some in keys]
        if self._taken_whole(node):
            alone = [0, 0]
        return Turns(len(both), len(other), alone[0], alone[1], tuple(other[:_FIRST]))

    def _taken_whole(self, node: NodeId) -> bool:
        """True when the container around was taken from another run, without its turns."""
        for side in self._sides:
            inside = side.spec.by_id.get(node) if side.spec else None
            while inside is not None and inside.options.inside and side.spec:
                owner = NodeId(container_of(inside.options.inside))
                if owner in side.nodes and side.nodes[owner].status == "reused":
                    return True
                inside = side.spec.by_id.get(owner)
        return False

    def _turn_differs(self, key: str) -> bool:
        one, other = self.a.nodes[key], self.b.nodes[key]
        if (_way(one), one.error) != (_way(other), other.error):
            return True
        before, after = self.a.outputs(key), self.b.outputs(key)
        if before.keys() != after.keys():
            return True
        return any(
            not self._equal(key, key, before[port], after[port])
            and before[port].exact and after[port].exact
            for port in before
        )  # fmt: skip

    # ------------------------------------------------------------ how nodes follow one another

    def _feeds(self) -> dict[NodeId, frozenset[NodeId]]:
        """What each node of either run follows at once; what is inside comes before the outside."""
        found: dict[NodeId, set[NodeId]] = {}
        for side in (self.b, self.a):
            for node in side.spec.nodes if side.spec else ():
                found.setdefault(node.id, set())
            for key, one in side.nodes.items():
                if not one.scope and "." not in key:
                    found.setdefault(one.node, set())
            for source, target in () if side.spec is None else _follows(side.spec):
                found[target].add(source)
        return {node: frozenset(feeds - {node}) for node, feeds in found.items()}

    def _edges(self) -> Iterator[EdgeDiff]:
        if self.definition is None:
            return
        for edge, mark in self.definition.edges:
            taken = [self._taken(side, edge) for side in self._sides]
            yield EdgeDiff(
                edge.source, edge.output, edge.target, edge.input, mark, (taken[0], taken[1])
            )

    def _taken(self, side: Side, edge: Any) -> bool:
        target = side.nodes.get(edge.target)
        reached = target is not None and target.status in RAN
        known = side.spec is not None and any(edge == one for one in resolve(side.spec).edges)
        return reached and known and edge.output in side.outputs(edge.source)


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Setting]:
    """What has another value, or is in one of them only."""
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name) or (name in before) != (name in after):
            yield Setting(name, before.get(name), after.get(name))


def _way(one: NodeRunRow) -> str:
    return "succeeded" if one.status == "reused" else one.status


def _inside(spec: FlowSpec | None, node: NodeId) -> bool:
    found = None if spec is None else spec.by_id.get(node)
    return found is not None and bool(found.options.inside)


def _follows(spec: FlowSpec) -> Iterator[tuple[NodeId, NodeId]]:
    """Who follows whom: along wires, also into containers, and out of them."""
    inside: dict[NodeId, list[NodeId]] = {}
    for node in spec.nodes:
        owner = container_of(node.options.inside)
        if owner and owner in spec.by_id:
            inside.setdefault(NodeId(owner), []).append(node.id)
            yield node.id, NodeId(owner)
    for edge in resolve(spec).edges:
        within = _within(inside, edge.target)
        if edge.target in _within(inside, edge.source):
            continue  # what a container tells its own nodes
        yield edge.source, edge.target
        if edge.source not in within:
            yield from ((edge.source, one) for one in within)


def _within(inside: Mapping[NodeId, Iterable[NodeId]], node: NodeId) -> list[NodeId]:
    """All nodes inside of a container, however deep."""
    found: list[NodeId] = []
    waiting = list(inside.get(node, ()))
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += inside.get(one, ())
    return found


def _ordered(feeds: Mapping[NodeId, Iterable[NodeId]]) -> list[NodeId]:
    """Every node behind all that it follows, else as they were; a circle comes last."""
    place = {node: i for i, node in enumerate(feeds)}
    open_ = {node: sum(one in place for one in set(before)) for node, before in feeds.items()}
    then: dict[NodeId, list[NodeId]] = {node: [] for node in feeds}
    for node, before in feeds.items():
        for one in set(before):
            if one in then:
                then[one].append(node)
    names = list(feeds)
    heap = [place[node] for node, count in open_.items() if not count]
    heapq.heapify(heap)
    found: dict[NodeId, None] = {}
    while heap:
        node = names[heapq.heappop(heap)]
        found[node] = None
        for one in then[node]:
            open_[one] -= 1
            if not open_[one]:
                heapq.heappush(heap, place[one])
    return [*found, *(node for node in names if node not in found)]
