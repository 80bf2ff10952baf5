"""A failed run, opened where it failed: what it had made is at hand, and the failing node may run.

Nothing is run for it. What the run had made before counts as the flow's own latest results, as far
as it still follows from the flow, so that the failing cell runs on the very values it failed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError, ValueUnavailable
from flowbook.events import RunStatus
from flowbook.ids import NodeId, RunId
from flowbook.run.handle import failure_of
from flowbook.run.recall import outputs_of
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Phase
from flowbook.session.freshness import Known, value_key
from flowbook.session.replay import Case, worked_out
from flowbook.session.replay import Office as ReplayOffice
from flowbook.session.replay_asked import Asked
from flowbook.session.replay_plan import Fate
from flowbook.session.start import live_default

if TYPE_CHECKING:
    from flowbook.events import Event
    from flowbook.events.values import ErrorInfo
    from flowbook.graph.flow import Flow
    from flowbook.session.live_flow import LiveFlow
    from flowbook.session.saved import Moment
    from flowbook.session.scratch import Scratch
    from flowbook.store.history import History


class Office(ReplayOffice, Protocol):
    """What opening a failure needs of its project; `flowbook.Project` is one."""

    def state(self, run: Any, *, at: int | None = None) -> Moment: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed run, opened: `here` are the objects that the failing node read.

    `alive`: the nodes whose results of that run are the flow's own now. `gone`: those that had
    given something which is not had any more, or does not follow from the flow as it is, each with
    the reason. `params`: the names that were set in the kernel, as that run had them.
    """

    run: RunId
    node: NodeId
    """What failed; inside of a container with its turn, such as `each[3].clean`."""
    error: ErrorInfo | None
    here: Scratch
    alive: tuple[NodeId, ...] = ()
    gone: Mapping[NodeId, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        raised = f": {self.error.name}: {self.error.message}" if self.error else ""
        lines = [f"{self.node} failed in run {self.run}{raised}"]
        if self.alive:
            lines.append(f"alive: {', '.join(self.alive)}")
        lines += [f"not alive: {node} ({why})" for node, why in self.gone.items()]
        lines += [f"parameter {name} = {value!r}" for name, value in self.params.items()]
        lines.append(f"ready: run the cell of {_plain(self.node)}, or here.run()")
        return "\n".join(lines)


def newest_failure(history: History, flow: str) -> RunId:
    """The newest run of a flow that failed; `UsageError` when none did."""
    found = history.runs(flow=flow, status=RunStatus.FAILED, limit=1).runs
    if not found:
        raise UsageError(f"no run of flow {flow!r} has failed", hint="history.runs() lists them")
    return found[0].id


def failing_node(events: list[Event]) -> NodeId:
    """The node that a run failed at, or that it was at when its process died.

    Raises `UsageError` for a run that did not fail.
    """
    state = fold(events)
    if state.over:
        if state.status is not RunStatus.FAILED:
            told = f"run {state.run} did not fail: it {state.status.value}"
            raise UsageError(told, hint="run.at(seq).open(node) opens any moment of it")
        found = getattr(failure_of(state, events), "node", None)
        if found is None:
            raise UsageError(f"run {state.run} failed, but at none of its nodes")
        return NodeId(found)
    busy = [i for i in range(len(state.names)) if state.phase[i] is Phase.RUNNING]
    if not busy:
        raise UsageError(f"run {state.run} is not over, and none of its nodes has failed")
    return NodeId(state.key(busy[-1]))


def open_failure(project: Office, flow: Flow, run_id: str | None) -> Failure:
    """Open a failed run of `flow` where it failed; its newest without an id.

    Raises `UsageError` for a run that did not fail, and for one of another flow.
    """
    run_id = run_id or newest_failure(project.history, flow.spec().id)
    moment = project.state(run_id)
    node = failing_node(project.history.events(run_id))
    here = moment.open(node)
    root = _plain(node)
    params: dict[str, Any] = {}
    alive: list[NodeId] = []
    gone: dict[NodeId, str] = {}
    if NodeId(root) in flow.spec().by_id:
        case = worked_out(project, flow, run_id, Asked.of(from_=[root]))
        live = project.live.of(flow)
        params = _set_parameters(live, case)
        alive, gone = _put_in_place(live, case, project)
        live.memory.failed.add(NodeId(root))
    return Failure(moment.run, node, moment[node].error, here, tuple(alive), gone, params)


def _plain(node: str) -> str:
    """The outermost node that a key is of: itself, or the container around it."""
    return node.partition(".")[0].partition("[")[0]


def _set_parameters(live: LiveFlow, case: Case) -> dict[str, Any]:
    """Have the kernel's parameters be those of the run; the ones that were other."""
    if live.attached is None:
        return {}
    found = {}
    for param in case.plan.params:
        if param.name not in case.params:
            continue
        value = case.params[param.name]
        if live_default(live.attached.get(param.name), param.default) != value:
            live.attached[str(param.name)] = found[str(param.name)] = value
    return found


def _put_in_place(
    live: LiveFlow, case: Case, project: Office
) -> tuple[list[NodeId], dict[NodeId, str]]:
    """Let what the run had made count as the latest results of the flow."""
    memory, basis = live.memory, live.bases(case.plan, case.definition.spec, case.params)
    alive: list[NodeId] = []
    gone = {
        one.node: one.why
        for one in case.report.nodes
        if one.fate is Fate.RUNS and one.changes and one.node in case.plan.index
    }
    for one in case.report.nodes:
        reuse = case.given.get(one.node)
        if one.fate is not Fate.TAKEN or reuse is None or one.node not in case.plan.index:
            continue
        try:
            if reuse.outputs is None and reuse.stored is not None:
                outputs = outputs_of(project.store.vault, reuse.stored)
                reuse = replace(reuse, outputs=outputs, stored=None)
        except ValueUnavailable as lost:
            gone[one.node] = lost.reason or lost.message
            continue
        for port, ref in (reuse.refs or {}).items():
            memory.values[one.node, port] = value_key(ref, reuse.source, one.node, port)
        wires = basis[one.node].wires
        read = {name: memory.values.get(source, "") for name, source in wires.items()}
        memory.known[one.node] = Known(basis[one.node], reuse, read)
        memory.failed.discard(one.node)
        alive.append(one.node)
    return alive, gone
