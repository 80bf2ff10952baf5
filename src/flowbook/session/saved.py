"""What the store holds of a run, at its end or at any event before it.

A fold over the run's own events, against the definition it was started with: nothing is executed,
values are loaded when somebody looks at them, and it works for runs of any process, alive or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import IllegalTransition, UsageError
from flowbook.events import Event, NodeCompleted, NodeReused, RunCreated, RunStatus
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.graph.codec import decode
from flowbook.graph.spec import FlowSpec, no_node
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState
from flowbook.run.view import turns_told

if TYPE_CHECKING:
    from flowbook.store.history import History


class ValueSource(Protocol):
    """Where values are looked at."""

    def shown(self, ref: ValueRef) -> object:
        """The value, or a placeholder that has its type and says why it cannot be had."""
        ...

    def real(self, ref: ValueRef) -> object:
        """The value as it was, or such a placeholder: never less."""
        ...

    def inputs(self, node: str) -> Mapping[PortName, Any]:
        """What a node read, where this process performs its run; else nothing."""
        ...


class Context(Protocol):
    """What a moment is asked for beyond its own run; `flowbook.Project` is one."""

    def run_variables(self, run_id: RunId, until: datetime) -> Mapping[str, Any]:
        """The variables that a run had at a time, by name."""
        ...

    def scratch(self, moment: Moment, node: str | None) -> Any:
        """The moment's objects in a namespace of their own; see `Moment.open`."""
        ...


@dataclass(frozen=True, slots=True)
class MomentNode:
    """One node: `status` is its outcome, or its phase while it has none.

    `outputs` are references to what it gave, `values` the values themselves. `waits_for` names
    the nodes, the time or the thing from outside it waits for; empty when it waits for nothing.
    `source` is the run a reused node has its outputs from; `by_hand`: somebody gave them.
    """

    node: NodeId
    status: str
    attempts: int
    outputs: Mapping[PortName, ValueRef]
    waits_for: tuple[str, ...] = ()
    error: ErrorInfo | None = None
    result: ValueRef | None = None
    source: RunId | None = None
    by_hand: bool = False
    turns: str = ""
    """Of a container with items or passes: how those went, such as `45/100 (3 failed)`."""
    shelf: ValueSource | None = field(default=None, repr=False, compare=False)

    @property
    def values(self) -> Mapping[PortName, Any]:
        """What it had given at that point, by port, read from the store now.

        One that cannot be had (not kept, collected, redacted) is an `Unavailable` in its place,
        with its `type`, its `reason` and its reference.
        """
        return {port: self._shown(ref) for port, ref in self.outputs.items()}

    @property
    def output(self) -> Any:
        """As `NodeRun.output`: its result, the value of its only port, or all ports by name.

        Raises `UsageError` when it had given nothing at that point.
        """
        if self.result is not None:
            return self._shown(self.result)
        if not self.outputs:
            raise UsageError(
                f"node {self.node!r} had no output at that point: it was {self.status}",
                hint="look at a later event",
            )
        values = self.values
        return next(iter(values.values())) if len(values) == 1 else values

    @property
    def objects(self) -> Mapping[PortName, Any]:
        """As `values`, and never less than the value: what was redacted is an `Unavailable`."""
        return {port: self.real(ref) for port, ref in self.outputs.items()}

    def real(self, ref: ValueRef) -> Any:
        """The value behind a reference of this node, or an `Unavailable` in its place."""
        return self._shelved().real(ref)

    def _shown(self, ref: ValueRef) -> Any:
        return self._shelved().shown(ref)

    def _shelved(self) -> ValueSource:
        if self.shelf is None:
            raise UsageError("this picture of a run has no store behind it to read values from")
        return self.shelf


@dataclass(frozen=True, slots=True)
class Moment:
    """A run as its events up to number `seq` tell it, at that time (UTC).

    `run.at(seq)` and `flow.state(run, at=seq)` give it. `status` is what the events say: of a lost
    run, that it is running. Whether its process is there is for the history to say.

    >>> from flowbook import Flow
    >>> flow = Flow("doubled")
    >>> @flow.node
    ... def number(n: int = 21):
    ...     return n
    >>> @flow.node
    ... def twice(number):
    ...     return number * 2
    >>> moment = flow.run().at(4)
    >>> moment["number"].output, moment["twice"].status
    (21, 'ready')
    """

    run: RunId
    flow: FlowId
    version: str
    status: RunStatus
    seq: int
    at: datetime
    nodes: tuple[MomentNode, ...]
    inside: tuple[MomentNode, ...] = ()
    """The nodes inside of containers, by turn: `each[3].clean` is one of the item number 3."""
    compensated: tuple[NodeId, ...] = ()
    """The nodes that were undone, in that order, once the run is over."""
    uncompensated: tuple[NodeId, ...] = ()
    """Those that should have been, and were not."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """What the run was given."""
    spec: FlowSpec | None = field(default=None, repr=False, compare=False)
    """The definition that it ran; None where that is not there to be read."""
    context: Context | None = field(default=None, repr=False, compare=False)

    @property
    def variables(self) -> Mapping[str, Any]:
        """The run's own variables as they were then: what its nodes had set in the scope `run`."""
        return self._asked().run_variables(self.run, self.at)

    def open(self, node: str | None = None) -> Any:
        """The objects of that moment in a namespace of their own, which is nobody else's.

        Without a node: what every node had given, by its name, and the parameters. With one, also
        what it reads, under the names that its code reads it by, so that `open("clean").run()`
        runs its code on them. Raises `UnknownNode` when the run has no such node.

        >>> from flowbook import Flow
        >>> flow = Flow("doubled")
        >>> @flow.node
        ... def number():
        ...     return 21
        >>> _ = flow.python("twice", "double = number * 2")
        >>> here = flow.run().at().open("twice")
        >>> here["number"]
        21
        >>> here.run(), here["double"]
        (42, 42)
        """
        return self._asked().scratch(self, node)

    def _asked(self) -> Context:
        if self.context is None:
            raise UsageError("this picture of a run has no project behind it")
        return self.context

    def __getitem__(self, node: str) -> MomentNode:
        """One node; by its plain name, one inside of a container is that of its latest turn."""
        known = (*self.nodes, *self.inside)
        found = next((one for one in known if one.node == node), None)
        if found is None:
            last = f".{node}"
            found = next((one for one in reversed(self.inside) if one.node.endswith(last)), None)
        if found is None:
            names = tuple(one.node for one in known)
            raise no_node(f"run {self.run} has no node {node!r}", node, names)
        return found

    def __repr__(self) -> str:
        moment = self.at.strftime("%Y-%m-%d %H:%M:%S")
        lines = [
            f"<run {self.run} of {self.flow!r}: {self.status.value} at event {self.seq}, {moment}>"
        ]
        width = max((len(one.node) for one in self.nodes), default=0)
        lines += [f"  {one.node:<{width}}  {_line(one)}" for one in self.nodes]
        lines += [f"  {word}: {', '.join(some)}" for word, some in told_of(self) if some]
        return "\n".join(lines)


def told_of(run: Moment) -> tuple[tuple[str, tuple[NodeId, ...]], ...]:
    """What became of the nodes that had to be undone, in words."""
    return ("undone", run.compensated), ("not undone", run.uncompensated)


def moment_of(
    history: History,
    run_id: str,
    *,
    at: int | None = None,
    shelf: ValueSource | None = None,
    context: Context | None = None,
) -> Moment:
    """The run as its first events tell it, up to number `at` inclusive; all of them without.

    Raises `UsageError` for an unknown run and for an event it does not have.
    """
    events = events_until(history, run_id, at)
    created = events[0]
    assert isinstance(created, RunCreated)  # noqa: S101 - `fold` refuses any other beginning
    try:
        made = picture(events, recorded_spec(history, created.flow, created.version), shelf)
    except IllegalTransition as hole:
        raise UsageError(
            f"the events of run {run_id} have holes, as those of a flow with journal=summary do",
            hint="history.node_runs(run_id) says how its nodes ended",
        ) from hole
    return replace(made, context=context)


def events_until(history: History, run_id: str, at: int | None) -> list[Event]:
    """A run's events up to number `at`, all of them without; `UsageError` where it has none."""
    events = history.events(run_id, limit=None if at is None else max(at + 1, 1))
    if not events:
        history.run(run_id)  # says what is wrong with an unknown id
    if not events or (at is not None and at != events[-1].seq):
        raise UsageError(
            f"run {run_id} has no event {0 if at is None else at}",
            hint=f"its events go from 0 to {history.events(run_id)[-1].seq}",
        )
    return events


def picture(events: list[Event], spec: FlowSpec | None, shelf: ValueSource | None = None) -> Moment:
    """What `events` lead to; without `spec` it does not say which nodes a node waits for."""
    created, state = events[0], fold(events)
    gave = {
        (one.scope, one.node): one for one in events if isinstance(one, NodeCompleted | NodeReused)
    }
    feeds: dict[NodeId, dict[NodeId, None]] = {}
    for edge in () if spec is None else resolve(spec).edges:
        feeds.setdefault(edge.target, {})[edge.source] = None
    inside = (i for i in state.index.values() if i >= len(state.nodes))

    def node(i: int) -> MomentNode:
        where = (state.scopes[state.scope[i]].path, state.names[i])
        return _node(state, i, feeds, gave.get(where), shelf)

    return Moment(
        run=state.run,
        flow=state.flow,
        version=created.version if isinstance(created, RunCreated) else "",
        status=state.status,
        seq=events[-1].seq,
        at=datetime.fromtimestamp(events[-1].at, UTC),
        nodes=tuple(node(i) for i in range(len(state.nodes))),
        inside=tuple(node(i) for i in sorted(inside)),
        compensated=state.compensated,
        uncompensated=state.uncompensated,
        params=dict(created.params) if isinstance(created, RunCreated) else {},
        spec=spec,
    )


def recorded_spec(history: History, flow: str, version: str) -> FlowSpec | None:
    """A definition as the history has it; None when it has not, or cannot read it any more."""
    query = "SELECT spec FROM flow_versions WHERE flow = ? AND version = ?"
    _, rows = history.table(query, [flow, version])
    try:
        return decode(rows[0][0]) if rows else None
    except UsageError:
        return None


def _node(
    state: RunState,
    i: int,
    feeds: Mapping[NodeId, Iterable[NodeId]],
    gave: NodeCompleted | NodeReused | None,
    shelf: ValueSource | None,
) -> MomentNode:
    phase, outcome = state.phase[i], state.outcome[i]
    given = gave if outcome in (Outcome.SUCCEEDED, Outcome.REUSED) else None
    path = state.scopes[state.scope[i]].path
    sources = feeds.get(state.names[i], ())
    return MomentNode(
        node=state.key(i),
        status=phase.value if outcome is None else outcome.value,
        attempts=state.attempt[i],
        outputs=dict(state.outputs[i]),
        waits_for=_waits(state, i, [f"{path}.{one}" if path else one for one in sources]),
        error=state.error[i],
        turns=turns_told(state, i),
        result=given.result if isinstance(given, NodeCompleted) else None,
        source=given.source if isinstance(given, NodeReused) else None,
        by_hand=isinstance(given, NodeReused) and given.by_hand,
        shelf=shelf,
    )


def _waits(state: RunState, i: int, feeds: Iterable[str]) -> tuple[str, ...]:
    phase = state.phase[i]
    if phase in (Phase.WAITING, Phase.READY):
        return tuple(
            node
            for node in feeds
            if node in state.index and state.phase[state.index[node]] is not Phase.DONE
        )
    if phase is Phase.BACKOFF:
        due = datetime.fromtimestamp(sum(state.pause[i]), UTC).strftime("%Y-%m-%d %H:%M:%S")
        return (f"attempt {state.attempt[i] + 1} at {due} UTC",)
    if phase is Phase.HELD:
        return ("the paused run to go on",)
    return (state.reason[i] or "something outside",) if phase is Phase.SUSPENDED else ()


def _line(one: MomentNode) -> str:
    ports = ", ".join(f"{port}: {_ref(ref)}" for port, ref in one.outputs.items())
    waits = f"waits for {', '.join(one.waits_for)}" if one.waits_for else ""
    error = f"{one.error.name}: {one.error.message}" if one.error else ""
    tries = f"attempt {one.attempts}" if one.attempts > 1 else ""
    given = "given by hand" if one.by_hand else f"from run {one.source}" if one.source else ""
    told = filter(None, (one.turns, tries, ports, given, waits, error))
    return "  ".join([f"{one.status:<10}", *told]).rstrip()


def _ref(ref: ValueRef) -> str:
    rows = "" if ref.rows is None else f", {ref.rows} rows"
    return f"{ref.type}{rows} ({ref.hash[:12] or 'not kept'})"
