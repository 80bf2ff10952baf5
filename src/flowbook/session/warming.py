"""Filling the cache ahead of time: the cached nodes of a flow over many sets of parameters."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import InvalidParameters, RunError, UsageError
from flowbook.events import TriggerKind
from flowbook.graph.problem import Problem
from flowbook.graph.spec import Json
from flowbook.ids import NodeId, RunId
from flowbook.run.rules.phase import Outcome
from flowbook.session.start import Start

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run
    from flowbook.session.live_flow import LiveFlows

MOST_JOBS = 64


class Kitchen(Protocol):
    """What warming needs of its project; `flowbook.Project` is one."""

    live: LiveFlows

    def plan(self, flow: Flow, targets: Collection[NodeId] | None = None) -> Plan: ...
    def start(
        self, flow: Flow, params: Mapping[Any, Json] | None = None, how: Start | None = None
    ) -> Run: ...


@dataclass(frozen=True, slots=True)
class Cold:
    """One set of parameters whose nodes could not all be computed, and why."""

    params: Mapping[str, Any]
    run: RunId
    error: str


@dataclass(frozen=True, slots=True)
class Warmed:
    """What warming came to, counted in cached nodes over all sets of parameters.

    `hits` were there already, `computed` are there now; `failed` are the sets that did not succeed.
    """

    hits: int = 0
    computed: int = 0
    failed: tuple[Cold, ...] = ()
    runs: tuple[RunId, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<warmed by {len(self.runs)} runs: {self.hits} hits, {self.computed} computed, "
            f"{len(self.failed)} failed>"
        )


def warm(
    project: Kitchen,
    flow: Flow,
    records: Sequence[Mapping[str, Any]],
    nodes: Sequence[NodeId],
    *,
    jobs: int,
    trigger: TriggerKind = TriggerKind.MANUAL,
) -> Warmed:
    """Run `nodes` and what they need for each record, at most `jobs` at once; see `FlowCache.warm`.

    Ctrl-C cancels what runs.
    """
    if not 1 <= jobs <= MOST_JOBS:
        raise UsageError(f"{jobs} jobs cannot be", hint=f"write a number from 1 to {MOST_JOBS}")
    _refuse_misfits(project, flow, project.plan(flow, nodes), records)
    under_way: deque[tuple[Mapping[str, Any], Run]] = deque()
    done: list[tuple[Mapping[str, Any], Run]] = []
    waiting = deque(records)
    try:
        while waiting or under_way:
            while waiting and len(under_way) < jobs:
                params = waiting.popleft()
                run = project.start(flow, params, Start(trigger=trigger, targets=nodes, part=True))
                under_way.append((params, run))
            under_way[0][1].wait()
            done.append(under_way.popleft())
    except BaseException:
        for _, run in under_way:
            run.cancel("warming was stopped")
        raise
    return _told(done, nodes)


def _told(done: Sequence[tuple[Mapping[str, Any], Run]], nodes: Sequence[NodeId]) -> Warmed:
    outcomes = [run[node].outcome for _, run in done for node in nodes]
    failed = []
    for params, run in done:
        try:
            run.raise_for_status()
        except RunError as error:
            failed.append(Cold(params, run.id, error.message))
    return Warmed(
        hits=outcomes.count(Outcome.REUSED),
        computed=outcomes.count(Outcome.SUCCEEDED),
        failed=tuple(failed),
        runs=tuple(run.id for _, run in done),
    )


def _refuse_misfits(
    project: Kitchen, flow: Flow, plan: Plan, records: Sequence[Mapping[str, Any]]
) -> None:
    """`InvalidParameters` with every misfit of every record, before anything starts."""
    live = project.live.of(flow)
    problems: list[Problem] = []
    for number, record in enumerate(records, start=1):
        try:
            live.parameters(plan, record)
        except InvalidParameters as refused:
            problems += [
                Problem(one.severity, f"set {number}: {one.message}", hint=one.hint)
                for one in refused.problems
            ]
    if problems:
        raise InvalidParameters(
            f"flow {plan.flow!r} cannot be warmed with these parameters", problems=problems
        )
