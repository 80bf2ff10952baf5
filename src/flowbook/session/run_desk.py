"""A recorded run on a canvas: the definition that it had, and all that its events tell.

Nothing is executed and nothing can be changed. What was read of a run is kept for the next
question, and only what has happened since is read again: events are added to and never change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from flowbook.errors import IllegalTransition, UsageError
from flowbook.events import RunCreated
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.nested_layout import arrange
from flowbook.graph.problem import Problem
from flowbook.graph.spec import Position
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName, RunId
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Outcome
from flowbook.run.rules.state import RunState
from flowbook.session.document_flow import as_flow
from flowbook.session.past_turns import PastTurn, turn_of
from flowbook.session.recorded import RecordedNode, RecordedRun
from flowbook.session.saved import recorded_spec
from flowbook.session.stills import Archive, Still, StillNode, StillRun
from flowbook.store.values import Unavailable

if TYPE_CHECKING:
    from flowbook.store.grid import Grid
    from flowbook.store.rows import RunRow
    from flowbook.store.store import Store

MOST = 8
"""So many runs are kept between questions, those that were asked about last."""
_IT_IS_OVER = "this is a run as it was"


class PastNode(StillNode):
    """One node of a recorded run, with what it read."""

    def __init__(self, run: PastRun, key: NodeId) -> None:
        node = RecordedNode(run.shelves.store.vault, key, run.state, run.events())
        super().__init__(node, run.tell)
        self._past, self._key = run, key

    @property
    def held_outputs(self) -> Mapping[PortName, ValueRef]:
        """References to what it gave; nothing where it gave nothing."""
        if self.outcome not in (Outcome.SUCCEEDED, Outcome.REUSED):
            return {}
        return super().held_outputs

    @property
    def held_inputs(self) -> Mapping[PortName, Any]:
        """What it read, as far as that is recorded: parameters, and references to other values."""
        return dict(self._past.read_by(self._key))


class PastRun(StillRun):
    """A recorded run as a view asks for it; `refresh` adds what has happened since."""

    def __init__(self, desk: RunDesk, run: RecordedRun) -> None:
        super().__init__(run, desk.told)
        self.shelves, self.tell, self._desk = desk.archive, desk.told, desk
        self._lock = threading.Lock()
        self._row: RunRow | None = None

    @cached_property
    def state(self) -> RunState:
        """What its events lead to; `UsageError` where too few of them are recorded for that."""
        try:
            return fold(self._events)
        except IllegalTransition:
            raise UsageError(
                f"what the nodes of run {self.id} did is not recorded whole",
                hint="a flow with journal=summary keeps no more than how its runs ended",
            ) from None

    def refresh(self, row: RunRow) -> None:
        """Read what has happened since; `row` is the run as the history has it now."""
        with self._lock:
            if row.status.over and row == self._row:
                return  # a lost run may be taken up again, and then it is another row
            self.status, self._row = row.status, row
            more = self.shelves.history.events(self.id, after=self._events[-1].seq)
            if more:
                self._events = [*self._events, *more]
                vars(self).pop("state", None)

    def __getitem__(self, node: str) -> PastNode:
        """One node of it; `UnknownNode` for none."""
        if node not in self.state.index:
            self._run[node]  # says what there is instead
        return PastNode(self, NodeId(node))

    def read_by(self, key: NodeId) -> Iterator[tuple[PortName, Any]]:
        """What a node read, by input; `key` is its name in the whole run."""
        state, spec = self.state, self._desk.spec()
        slot = state.index[key]
        node, path = state.names[slot], state.scopes[state.scope[slot]].path
        created = self._events[0]
        params = created.params if isinstance(created, RunCreated) else {}
        wiring = resolve(spec)
        for use in wiring.params:
            if use.target == node and use.frame is None and use.param in params:
                yield use.input, params[use.param]
            if use.target == node and use.frame is not None:
                yield use.input, self._of_turn(slot, use.frame, use.param)
        for edge in wiring.edges:
            if edge.target == node:
                given = _given(state, path, edge.source)
                if edge.output in given:
                    yield edge.input, given[edge.output]
        for name, by_hand in state.index.items():
            owner, _, port = name.partition(".")
            if owner == key and port in state.outputs[by_hand]:
                yield PortName(port), state.outputs[by_hand][PortName(port)]

    def _of_turn(self, slot: int, container: NodeId, name: PortName) -> Any:
        """What a turn of a container gives the step in a slot by that name."""
        turn = turn_of(self.state, slot, container)
        if turn is None:
            return Unavailable(str(name), "it is in no turn", None)
        given = dict(self.read_by(NodeId(self.state.key(turn.owner))))
        read = self.shelves.store.vault.shown
        return PastTurn(self.state, self._desk.spec(), turn, given, read).value(name)


def _given(state: RunState, path: str, source: NodeId) -> Mapping[PortName, ValueRef]:
    """What `source` gave, as seen from the turn `path`: of the nearest turn outwards."""
    while path:
        found = state.index.get(f"{path}.{source}")
        if found is not None:
            return state.outputs[found]
        path = path.rpartition(".")[0]
    found = state.index.get(source)
    return {} if found is None else state.outputs[found]


class RunDesk(Still):
    """A desk that shows one recorded run, with the definition that it had."""

    locked = _IT_IS_OVER

    def __init__(self, project: Archive, run_id: str) -> None:
        row = project.history.run(run_id)
        spec = recorded_spec(project.history, row.flow, row.version)
        if spec is None:
            raise UsageError(
                f"the definition of run {run_id} is not in the history, or cannot be read",
                hint="its events and values can still be looked at, in SQL",
            )
        super().__init__(project, as_flow(spec, project), RunId(run_id))
        assert self._run is not None  # noqa: S101 - it has just been given
        self.archive = project
        self._shown = PastRun(self, self._run)

    @cached_property
    def _places(self) -> Mapping[NodeId, Position]:
        spec = self.spec()
        placed = {node.id: node.position for node in spec.nodes if node.position is not None}
        return {**arrange(spec), **placed}

    @property
    def runs(self) -> PastTables:
        """What looks into the tables of the run."""
        return PastTables(self.archive.store)

    def problems(self) -> tuple[Problem, ...]:
        """Nothing: it ran."""
        return ()

    def positions(self) -> Mapping[NodeId, Position]:
        """The places that the definition has, else the automatic layout's."""
        return self._places

    def current_run(self) -> PastRun:
        """The run that is shown."""
        return self._shown

    def told(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        """Values without what the flow kept back."""
        return self._tell(values)


class PastTables:
    """The tables of a recorded run, to be paged; nothing can be started."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def grid(self, value: Any) -> Grid | None:
        """A table, in the form in which it was kept; None for what is none."""
        if isinstance(value, ValueRef) and value.redacted and value.format is ValueFormat.JSON:
            value = self._store.vault.shown(value)
        return self._store.looking.at(value)

    def start(self, *_asked: Any, **_how: Any) -> NoReturn:
        """Refused: it is only looked at."""
        raise UsageError(_IT_IS_OVER, hint="replay it, or run the flow anew")

    def start_with(self, tables: Mapping[str, Sequence[Any]], since: Sequence[NodeId] = ()) -> Any:
        """Refused: it is only looked at."""
        self.start(tables, since)


class RunDesks:
    """The runs of one project that are looked at, the last few of them kept.

    >>> from tempfile import mkdtemp; import flowbook
    >>> flow = flowbook.Flow("tour", host=flowbook.project(mkdtemp()))
    >>> @flow.node
    ... def load(): return [1, 2]
    >>> desks = RunDesks(flow.host)
    >>> desks.of(flow.run().id).current_run()["load"].outcome.value
    'succeeded'
    """

    def __init__(self, project: Archive) -> None:
        self._project = project
        self._kept: OrderedDict[str, RunDesk] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run_id: str) -> RunDesk:
        """The desk of a run, as new as the history; `UsageError` when there is none."""
        with self._lock:
            found = self._kept.pop(run_id, None)
        if found is None:
            found = RunDesk(self._project, run_id)
        else:
            found.current_run().refresh(self._project.history.run(run_id))
        with self._lock:
            self._kept[run_id] = found
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found
