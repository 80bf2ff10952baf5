"""May a run that was lost go on without being asked about?

It may when nothing is in doubt: nodes that were done are not run again, and pure ones may be. A
node with effects that was under way when its process died may have had them or not, which nobody
but the user can tell. So such a run waits for a word, and so does one that does not get on: what
kills its process every time would do so again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowbook.errors import UsageError
from flowbook.events import Event, NodeCompleted, NodeSuspended, RunCreated, RunRecovered
from flowbook.graph.container import Container
from flowbook.graph.flow_options import Durability
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Phase
from flowbook.session.saved import recorded_spec

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.graph.spec import FlowSpec
    from flowbook.ids import NodeId
    from flowbook.session.live_flow import LiveFlows
    from flowbook.session.office import Premises

_WENT = (Phase.RUNNING, Phase.CANCELLING)
_CALL = "call"
"""A call finds the run it had begun: that one is looked at by itself."""


def refuse_unless_safe(project: Premises, events: Sequence[Event]) -> None:
    """`UsageError` for a run that had better not go on unless somebody says so."""
    created = events[0]
    hint = f"flow.recover({created.run!r}) goes on with it; flowbook history show {created.run}"
    doubtful = in_doubt(project, events)
    if doubtful:
        raise UsageError(
            f"run {created.run} was stopped in the middle of {', '.join(doubtful)}, which may "
            "have had effects and would run again",
            hint=hint,
        )
    if _stuck(events):
        raise UsageError(
            f"run {created.run} has not got on since it was taken up last",
            hint=f"see what ends its process; {hint}",
        )


def missing_names(live: LiveFlows, flow: Flow) -> list[str]:
    """The names that its nodes take from a kernel, or from setup cells, and that are not there."""
    spec = flow.spec()
    wanted = {name for node in spec.nodes for name in node.captures}
    names = live.of(flow).namespace(spec) if wanted else {}
    return sorted(name for name in wanted if name not in names)


def refuse_missing(live: LiveFlows, flow: Flow, run_id: str) -> None:
    """`UsageError` when nodes would not find the names that they take from a kernel."""
    missing = missing_names(live, flow)
    if missing:
        raise UsageError(
            f"run {run_id} reads {', '.join(missing)}, which no cell has made here yet",
            hint=f"run those cells, then flow.recover({run_id!r})",
        )


def in_doubt(project: Premises, events: Sequence[Event]) -> list[NodeId]:
    """The nodes with effects that were under way, those of lost runs that were called included."""
    state, created = fold(events), events[0]
    assert isinstance(created, RunCreated)  # noqa: S101 - the first event of a run
    spec = recorded_spec(project.history, created.flow, created.version)
    unsure = spec is not None and spec.options.durability is Durability.OFF
    found = [
        state.key(slot)
        for slot, phase in enumerate(state.phase)
        if (phase in _WENT or (unsure and phase is Phase.READY))
        and not _harmless(project, spec, state.names[slot])
    ]
    for below in _lost_children(project, created):
        found += in_doubt(project, below)
    return found


def _harmless(project: Premises, spec: FlowSpec | None, name: NodeId) -> bool:
    node = None if spec is None else spec.by_id.get(name)
    if node is None or (node.kind not in project.registry and node.kind_name != _CALL):
        return False
    kind = project.registry[node.kind]
    pure = node.options.pure or kind.defaults.pure
    return bool(pure) or node.kind_name == _CALL or issubclass(kind, Container)


def _lost_children(project: Premises, created: RunCreated) -> Iterator[Sequence[Event]]:
    for row in project.history.children(created.run):
        if (row.error or "").startswith("lost: "):
            events = project.history.events(row.id)
            if events and isinstance(events[0], RunCreated):
                yield events


def _stuck(events: Sequence[Event]) -> bool:
    """True when nothing came of the last recovery, and the process died of something else."""
    taken = [at for at, event in enumerate(events) if isinstance(event, RunRecovered)]
    since = events[taken[-1] :] if taken else ()
    return bool(taken) and not any(isinstance(one, NodeCompleted | NodeSuspended) for one in since)
