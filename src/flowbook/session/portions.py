"""A part of a flow to run: from some nodes on, up to some nodes, or some nodes alone.

Worked out of the definition and of what is known of earlier results; starts nothing. What is not
run again is taken from the last results: those that still follow from the flow, and for nodes alone
the last ones there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import UsageError
from flowbook.graph.nesting import Nesting
from flowbook.ids import NodeId
from flowbook.plan.plan import Plan
from flowbook.session.start import Start

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowbook.graph.flow import Flow
    from flowbook.session.live_flow import LiveFlows


class Office(Protocol):
    """What working out a part needs of its project."""

    live: LiveFlows

    def plan(
        self, flow: Flow, targets: Collection[NodeId] | None = None, *, whole: bool = False
    ) -> Plan: ...


@dataclass(frozen=True, slots=True)
class Portion:
    """Which nodes a run is of; nothing named is the whole flow.

    `since`: these and all behind them. `until`: these and what they need that is not fresh.
    `only`: these, on the last results of the others.
    A node inside of a container stands for the outermost container it is in.
    """

    since: tuple[NodeId, ...] = ()
    until: tuple[NodeId, ...] = ()
    only: tuple[NodeId, ...] = ()


def part_of(project: Office, flow: Flow, portion: Portion, how: Start) -> Start:
    """How to start a run of that part.

    Raises `UsageError` when `until` does not need what is `since`, or when nodes alone read what
    has no result yet, and `UnknownNode` for nodes that are not there.
    """
    since, until, only = (
        outermost(flow, nodes) for nodes in (portion.since, portion.until, portion.only)
    )
    if only:
        _refuse_unknown(project, flow, only)
        return replace(how, targets=only, rerun=only, trust=True)
    if not since:
        return replace(how, targets=until, rerun=until) if until else how
    again = tuple(behind(project.plan(flow), since))
    if not until:
        return replace(how, targets=again, rerun=again)
    needed = project.plan(flow, until).index
    missed = [node for node in since if node not in needed]
    if missed:
        raise UsageError(f"{', '.join(until)} does not need {missed[0]}", hint="run to it alone")
    return replace(how, targets=until, rerun=tuple(node for node in again if node in needed))


def outermost(flow: Flow, nodes: Iterable[NodeId]) -> tuple[NodeId, ...]:
    """The nodes of the flow itself that these are, or are in, each once."""
    spec = flow.spec()
    nesting = Nesting(spec)
    return tuple(dict.fromkeys(nesting.seen_from("", spec.node(node).id) or node for node in nodes))


def behind(plan: Plan, nodes: Iterable[NodeId]) -> Iterator[NodeId]:
    """Those nodes of a plan and all that follow from them, in its order; others are passed by."""
    reached = {plan.index[node] for node in nodes if node in plan.index}
    for step in plan.steps:
        if step.index in reached:
            reached.update(target for target, _ in plan.feeds[step.index])
            yield step.node


def _refuse_unknown(project: Office, flow: Flow, only: tuple[NodeId, ...]) -> None:
    """Nodes alone need a result of everything they read."""
    known = project.live.of(flow).memory.known
    lacking = [
        step.node
        for step in project.plan(flow, only).steps
        if step.node not in known and step.node not in only
    ]
    if lacking:
        names = ", ".join(lacking[:3]) + ("…" if len(lacking) > 3 else "")
        raise UsageError(
            f"{', '.join(only)} cannot run alone: there is no result yet of {names}",
            hint="run to here, which runs what is missing, too",
        )
