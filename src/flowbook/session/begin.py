"""Beginning a run: from a flow and parameters to a run of the engine, with all that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import structs

from flowbook.events import TriggerKind
from flowbook.graph.spec import Json
from flowbook.run.stimulus import Lineage
from flowbook.session.recording import record_flow, recordable, recording_of
from flowbook.session.start import Knower, Start, mint_run_id
from flowbook.session.work import kinds_of, work_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowbook.graph.flow import Flow
    from flowbook.graph.registry import Registry
    from flowbook.ids import NodeId
    from flowbook.plan.plan import Plan
    from flowbook.run.engine import Engine
    from flowbook.run.handle import Run
    from flowbook.session.hooks import Aftermath
    from flowbook.session.live_flow import LiveFlows
    from flowbook.session.queue import Queues
    from flowbook.session.recording import Secrets
    from flowbook.store.store import Store


class Office(Protocol):
    """What beginning a run needs of its project; `flowbook.Project` is one."""

    live: LiveFlows
    queues: Queues
    aftermath: Aftermath

    @property
    def registry(self) -> Registry: ...
    @property
    def store(self) -> Store: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def calls(self) -> Knower: ...
    @property
    def secrets(self) -> Secrets | None: ...
    def plan(self, flow: Flow, targets: Collection[NodeId] | None = None) -> Plan: ...


def begin(project: Office, flow: Flow, params: Mapping[Any, Json], how: Start) -> Run:
    """Start a run and return at once.

    Raises `InvalidFlow` or `InvalidParameters` with every problem, before anything starts.
    """
    spec = flow.spec()
    plan = project.plan(flow, how.targets)
    live = project.live.of(flow)
    values = live.parameters(plan, params)
    kinds = kinds_of(flow, project.registry)
    work = work_for(plan, spec, kinds, flow.implementations, live.namespace(spec))
    given = {} if how.rerun is None else live.memory.fresh(plan, values, how.rerun)
    recording = recording_of(plan.options, project.store, project.secrets)
    record_flow(project.store, plan, recordable(spec, values, recording))
    run_id = how.run_id or mint_run_id()
    with project.calls.knowing(run_id, flow) as known:
        run = project.engine.start(
            plan,
            work,
            values,
            run_id=run_id,
            trigger=how.trigger,
            given=given,
            lineage=_lineage(how.lineage, plan),
            key=how.key,
            recording=recording,
            queued=plan.options.max_runs is not None,
        )
        known.follow(run)
    project.aftermath.attend(flow, run, plan)
    if plan.options.max_runs is not None:
        project.queues.join(run, plan, project.calls.above(how.lineage))
    if how.trigger is not TriggerKind.SUBFLOW or live.last is None or live.last.status.over:
        project.live.adopt(flow, run, plan)
    return run


def _lineage(given: Lineage | None, plan: Plan) -> Lineage:
    """What the run has of the one that started it; its flow's own priority goes first."""
    lineage = given or Lineage()
    priority = plan.options.priority or lineage.priority
    return structs.replace(lineage, priority=priority)
