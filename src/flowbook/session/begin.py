"""Beginning a run: from a flow and parameters to a run of the engine, with all that follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import structs

from flowbook.events import TriggerKind
from flowbook.graph.spec import Json
from flowbook.run.rules.stimulus import Lineage
from flowbook.session.accounting import accounting_of
from flowbook.session.entrusted import foresee
from flowbook.session.office import RunOffice
from flowbook.session.overrides import given_by_overrides
from flowbook.session.recording import record_flow, recordable, recording_of, told_params
from flowbook.session.rehearsal import given_by_mocks, rehearsed
from flowbook.session.start import Start, mint_run_id
from flowbook.session.work import afresh, kinds_of, work_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowbook.graph.flow import Flow
    from flowbook.ids import NodeId, PortName
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run
    from flowbook.run.rules.stimulus import Origin
    from flowbook.run.work import Carried, Reuse, Work
    from flowbook.session.queue import Queues
    from flowbook.session.trials import Trials
    from flowbook.store.recording import Recording


class Office(RunOffice, Protocol):
    """What beginning a run needs of its project."""

    queues: Queues

    @property
    def trials(self) -> Trials: ...

    def plan(
        self, flow: Flow, targets: Collection[NodeId] | None = None, *, whole: bool = False
    ) -> Plan: ...


@dataclass(frozen=True, slots=True)
class Ready:
    """All that was worked out for a run that may begin.

    `given`: what some of its nodes are known to give. `origin`: the run it replays. `remember`:
    what it gives is what the flow gives, for later runs of some of its nodes. `called`: the
    versions of other flows that it calls, by node, where that is settled. `carried`: what
    containers have of the run it replays.
    """

    plan: Plan
    work: Sequence[Work]
    params: Mapping[PortName, Json]
    given: Mapping[NodeId, Reuse]
    recording: Recording | None
    origin: Origin | None = None
    remember: bool = True
    called: Mapping[str, str] = field(default_factory=dict)
    carried: Carried | None = None


def begin(project: Office, flow: Flow, params: Mapping[Any, Json], how: Start) -> Run:
    """Start a run and return at once.

    Raises `InvalidFlow` or `InvalidParameters` with every problem, before anything starts.
    """
    spec = flow.spec()
    plan = project.plan(flow, how.targets, whole=not how.part)
    live = project.live.of(flow)
    values = live.parameters(plan, params)
    kinds = kinds_of(flow, project.registry)
    work = work_for(plan, spec, kinds, flow.implementations, live.namespace(spec), flow.types)
    foresee(project, work, how.lineage)
    if how.force:
        work = list(map(afresh, work))
    rerun = () if flow.base is not None and how.rerun is None else how.rerun
    fresh = (
        {} if rerun is None or how.trial else live.fresh(plan, spec, values, rerun, trust=how.trust)
    )
    given = {**fresh, **given_by_overrides(flow, plan)}
    if how.trial is not None:
        trial = how.trial.settled(spec)
        given = {node: one for node, one in given.items() if node not in trial.mocks}
        given |= given_by_mocks(plan, kinds, spec, trial)
        work, how = rehearsed(plan, work, spec, kinds, trial), replace(how, trial=trial)
    recording = recording_of(plan.options, project.store, project.secrets)
    record_flow(project.store, plan, recordable(spec, values, recording), project.environment)
    return set_out(project, flow, Ready(plan, work, values, given, recording), how)


def set_out(project: Office, flow: Flow, ready: Ready, how: Start) -> Run:
    """Start the run that all is ready for, and see to all that follows it."""
    plan, recording, run_id = ready.plan, ready.recording, how.run_id or mint_run_id()
    place = None if how.trial else project.queues.place(plan, ready.params, how.lineage)
    if how.trial is not None:
        project.trials.enter(run_id, how.trial)
    accounting = accounting_of(plan, project.store, run_id)
    told = {} if accounting is None else told_params(ready.params, recording)
    with project.calls.knowing(run_id, flow) as known:
        run = project.engine.start(
            plan,
            ready.work,
            ready.params,
            run_id=run_id,
            trigger=how.trigger,
            given=ready.given,
            lineage=_lineage(how, plan),
            key=how.key,
            recording=recording,
            origin=ready.origin,
            carried=ready.carried,
            queued=place is not None,
            paused=how.paused,
            routed=how.routed,
            called={**project.calls.pins(flow, plan), **ready.called},
        )
        known.follow(run)
    if accounting is not None:
        accounting.started(run, how.trigger, told)
    if how.trial is not None:
        run.when_over(lambda: project.trials.leave(run_id))
        project.listener.follow(run)
        return run
    project.aftermath.attend(flow, run, plan)
    if place is not None:
        project.queues.join(run, place)
    _show(project, flow, run, ready, how)
    return run


def _show(project: Office, flow: Flow, run: Run, ready: Ready, how: Start) -> None:
    """Let the run be the flow's newest, unless that is one which goes on and called this one."""
    last = project.live.of(flow).last
    if how.trigger is not TriggerKind.SUBFLOW or last is None or last.status.over:
        project.live.adopt(flow, run, ready.plan, remember=ready.remember)
    else:  # what the flow shows is a run that goes on; this one is to be heard all the same
        project.listener.follow(run)


def _lineage(how: Start, plan: Plan) -> Lineage:
    """What the run has of the one that started it; its own priority goes first, then its flow's."""
    lineage = how.lineage or Lineage()
    priority = how.priority
    if priority is None:
        priority = plan.options.priority or lineage.priority
    return structs.replace(lineage, priority=priority)
