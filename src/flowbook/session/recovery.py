"""Going on with runs whose process is gone, under their own ids.

Everything is checked before the run's first new event: that nobody performs it, that the flow
can be had as it was, that every value an open node reads is there. Whatever is refused is
refused whole, and the run stays as it was found.

Nothing here starts by itself: a crash is taken up by somebody who says so, or by a process that
opens the project (`flowbook.session.reopening`), which is more careful.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flowbook.errors import FlowbookError, IllegalTransition, StoreError, UsageError
from flowbook.events import Event, RunCompleted, RunCreated, RunStatus, TriggerKind
from flowbook.events.ports import Vault
from flowbook.graph.codec import canonical
from flowbook.graph.flow_options import JournalMode
from flowbook.graph.spec import FlowSpec, Json
from flowbook.ids import NodeId, PortName, RunId
from flowbook.plan.compile import compile_plan, version_of
from flowbook.run.past import Past, bring_past
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import Lineage
from flowbook.session.accounting import accounting_of
from flowbook.session.caution import refuse_missing, refuse_unless_safe
from flowbook.session.entrusted import foresee
from flowbook.session.office import RunOffice
from flowbook.session.recording import recording_of, was_redacted
from flowbook.session.replay_items import turns_of
from flowbook.session.replay_plan import story_of, with_inputs_by_hand
from flowbook.session.saved import recorded_spec
from flowbook.session.versions import as_it_was
from flowbook.session.work import kinds_of, work_for

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run
    from flowbook.run.work import Work
    from flowbook.session.queue import Queues
    from flowbook.store.history import History
    from flowbook.store.recording import Recording
    from flowbook.store.rows import RunRow

Own: TypeAlias = Callable[[RunId], "AbstractContextManager[object] | None"]
"""Takes hold of a run for this process alone, until the context ends; None: somebody has it."""


class Office(RunOffice, Protocol):
    """What recovery needs of its project."""

    own: Own
    queues: Queues


_LOST = """
SELECT id FROM runs
WHERE (status = 'suspended' OR (status = 'failed' AND starts_with(error, 'lost: ')))
ORDER BY started_at DESC, id DESC
"""


class TakenMeanwhile(UsageError):
    """Somebody else was quicker, and goes on with the run."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The runs that go on, newest first, and those that cannot, each with the reason.

    >>> len(Recovered())
    0
    """

    runs: tuple[Run, ...] = ()
    refused: Mapping[RunId, FlowbookError] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def wait(self, timeout: float | None = None) -> Recovered:
        """Block until every run is over; `timeout` seconds for each. Raises as `Run.wait` does."""
        for run in self.runs:
            run.wait(timeout)
        return self

    def __repr__(self) -> str:
        lines = [*map(repr, self.runs), *(f"refused {run}: {why}" for run, why in _told(self))]
        return "\n".join(lines) or "nothing to recover"


def _told(recovered: Recovered) -> Iterator[tuple[RunId, str]]:
    for run, why in recovered.refused.items():
        yield run, str(why)


def lost_runs(project: Office, flows: Iterable[str] | None = None) -> list[RunRow]:
    """Runs that are not over and whose process is gone, newest first; of all flows without any."""
    wanted = None if flows is None else set(flows)
    _, rows = project.history.table(_LOST)
    found = [project.history.run(run_id) for (run_id,) in rows]
    found = [row for row in found if row.trigger is not TriggerKind.TEST]  # its mocks are gone
    return [row for row in found if (wanted is None or row.flow in wanted) and lost(project, row)]


def lost(project: Office, row: RunRow) -> bool:
    """True when a run is not over and its process is gone."""
    waits = row.status is RunStatus.SUSPENDED
    return is_lost(row) or (waits and not is_performed(project.history, row))


def recover(project: Office, flows: Iterable[Flow], *, again: bool = False) -> Recovered:
    """Take up every lost run of `flows`; one that is refused does not keep the others."""
    known: dict[str, list[Flow]] = {}
    for flow in flows:
        known.setdefault(flow.spec().id, []).append(flow)
    runs: list[Run] = []
    refused: dict[RunId, FlowbookError] = {}
    for row in lost_runs(project, known):
        try:
            flow = flow_named(known[row.flow], row)
            runs.append(take_up(project, flow, row.id, again=again))
        except FlowbookError as why:
            here = project.engine.running(row.id)  # a run that called it was first
            if here is None:
                refused[row.id] = why
            else:
                runs.append(here)
    return Recovered(tuple(runs), refused)


def flow_named(flows: Sequence[Flow], row: RunRow) -> Flow:
    """The flow a run is of; of several with its name, the one that has not changed since."""
    alike = [flow for flow in flows if flow.spec().id == row.flow]
    if not alike:
        raise UsageError(
            f"run {row.id} is one of flow {row.flow!r}, which is not known here",
            hint=f"define it first, or: flowbook history recover {row.id}",
        )
    if len(alike) == 1:
        return alike[0]
    return next((flow for flow in alike if version_of(flow.spec()) == row.version), alike[0])


def take_up(
    project: Office, flow: Flow, run_id: str, *, again: bool = False, careful: bool = False
) -> Run:
    """Go on with one run and return at once, with the version of the flow that it began with.

    Raises `UsageError` when the run is not lost, when the code it began with is not to be had, or,
    without `again`, when a node with effects would have to be run again because what it gave is
    gone; with `careful` also when one was under way, or the run does not get on.
    """
    row = project.history.run(run_id)
    _refuse_unless_lost(project, row, flow)
    with ExitStack() as hold:
        held = project.own(row.id)
        if held is None:
            raise TakenMeanwhile(f"run {run_id} has just been taken up by another process")
        hold.enter_context(held)
        events = _story(project, row)  # read under the lock: nobody writes any more
        if careful:
            refuse_unless_safe(project, events)
        now, flow = flow, _as_begun(project, flow, events[0])
        if careful:
            refuse_missing(project.live, flow, row.id)
        plan = _plan_of(project, flow, events[0])
        recording = recording_of(plan.options, project.store, project.secrets)
        _refuse_unrecorded(plan, events[0])
        past = _past(project, plan, events, recording)
        work = _work_of(project, flow, plan, _lineage(events[0]))
        _refuse_effects(plan, work, past, again=again)
        project.listener.forget(row.id)
        project.environment.record()
        accounting = accounting_of(plan, project.store, row.id)
        params, above = _params(events[0]), _lineage(events[0])
        place = project.queues.place(plan, params, above)
        with project.calls.knowing(row.id, flow) as known:
            run = project.engine.take_up(
                plan, work, params, past, recording, queued=place is not None
            )
            known.follow(run)
        if accounting is not None:
            accounting.recovered(run)
        project.aftermath.attend(now, run, plan)
        if place is not None:
            project.queues.join(run, place)
        project.live.adopt(flow, run, plan, remember=_origin(events[0]) is None)
        run.when_over(hold.pop_all().close)
    return run


def _work_of(project: Office, flow: Flow, plan: Plan, above: Lineage | None) -> list[Work]:
    spec = with_inputs_by_hand(flow.spec(), [node for node in plan.index if "." in node])
    names = project.live.of(flow).namespace(spec)
    kinds = kinds_of(flow, project.registry)
    work = work_for(plan, spec, kinds, flow.implementations, names, flow.types)
    foresee(project, work, above)
    return work


def _origin(created: Event) -> RunId | None:
    return created.origin if isinstance(created, RunCreated) else None


def _lineage(created: Event) -> Lineage | None:
    if not isinstance(created, RunCreated):
        return None
    return Lineage(created.parent, created.calling_node, secrets=created.secrets)


def _params(created: Event) -> dict[PortName, Json]:
    params = created.params if isinstance(created, RunCreated) else {}
    return {PortName(name): value for name, value in params.items()}


# ---------------------------------------------------------------- may it be taken up?


def _refuse_unless_lost(project: Office, row: RunRow, flow: Flow) -> None:
    if row.flow != flow.spec().id:
        raise UsageError(
            f"run {row.id} is one of flow {row.flow!r}, not of {flow.name!r}",
            hint=f"recover it with the flow {row.flow!r}",
        )
    if is_performed(project.history, row):
        here = "this process" if row.pid == os.getpid() else f"process {row.pid}"
        raise UsageError(
            f"run {row.id} is not lost: {here} on {row.host} performs it",
            hint=f"wait for it, or: flowbook history cancel {row.id}",
        )
    if row.status.over and not is_lost(row):
        raise _over(row)
    if row.trigger is TriggerKind.TEST:
        raise UsageError(f"run {row.id} was a test, and its mocks are gone", hint="run it anew")


def _over(row: RunRow) -> UsageError:
    return UsageError(
        f"run {row.id} is over ({row.status.value}): there is nothing to recover",
        hint="run the flow again for a new run",
    )


def is_lost(row: RunRow) -> bool:
    """True when the run's process went without having ended it."""
    return row.status is RunStatus.FAILED and (row.error or "").startswith("lost: ")


def is_performed(history: History, row: RunRow) -> bool:
    """True when some process has the run; of one that is suspended the status does not say it."""
    if row.status is not RunStatus.SUSPENDED:
        return row.status is RunStatus.RUNNING
    _names, rows = history.table("SELECT alive FROM registry WHERE run_id = ?", [row.id])
    return rows == [(True,)]


def _story(project: Office, row: RunRow) -> list[Event]:
    events = project.history.events(row.id)
    if not events or not isinstance(events[0], RunCreated):
        raise StoreError(
            f"run {row.id} cannot go on: the history does not have its beginning",
            hint="run the flow again",
        )
    if isinstance(events[-1], RunCompleted):
        raise _over(row)
    return events


# ---------------------------------------------------------------- is it still the same flow?


def _as_begun(project: Office, flow: Flow, created: Event) -> Flow:
    """The flow as it was when the run began, whatever became of it since."""
    assert isinstance(created, RunCreated)  # noqa: S101 - `_story` has seen to it
    try:
        return as_it_was(project, flow, created.version)
    except UsageError as gone:
        before = recorded_spec(project.history, created.flow, created.version)
        what = "" if before is None else f": {'; '.join(differences(before, flow.spec()))}"
        raise UsageError(
            f"flow {created.flow!r} has changed since run {created.run} was started{what}",
            hint=f"bring it back as it was to go on with this run ({gone.message}), or run the "
            "flow again",
        ) from gone


def _plan_of(project: Office, flow: Flow, created: Event) -> Plan:
    """The plan the run was started with, its steps numbered as they were.

    A replay has more than the flow's own nodes: the inputs that were given by hand.
    """
    assert isinstance(created, RunCreated)  # noqa: S101 - `_story` has seen to it
    spec, version, nodes = flow.spec(), created.version, created.nodes
    kinds = kinds_of(flow, project.registry)
    whole = with_inputs_by_hand(spec, [node for node in nodes if "." in node])
    inside = (names for blocks in created.blocks.values() for names in blocks.values())
    order = (*nodes, *chain.from_iterable(inside))
    return compile_plan(whole, kinds, targets=nodes, order=order, version=version)


def differences(before: FlowSpec, now: FlowSpec) -> list[str]:
    """What differs in meaning, in words: nodes by name, then parameters and setup.

    >>> from flowbook.graph.spec import NodeSpec
    >>> one = FlowSpec("f", (NodeSpec("a", body="1"), NodeSpec("b")))
    >>> differences(one, FlowSpec("f", (NodeSpec("a", body="2"), NodeSpec("c"))))
    ['node a is another', 'node b is gone', 'node c is new']
    """
    old, new = ({node.id: _meaning(spec, node.id) for node in spec.nodes} for spec in (before, now))
    words = [f"node {node} is another" for node in old if node in new and old[node] != new[node]]
    words += [f"node {node} is gone" for node in old if node not in new]
    words += [f"node {node} is new" for node in new if node not in old]
    if {param.name: param for param in before.params} != {one.name: one for one in now.params}:
        words.append("the parameters differ")
    if [cell.body for cell in before.setup] != [cell.body for cell in now.setup]:
        words.append("the setup differs")
    return words or ["its options differ"]


def _meaning(spec: FlowSpec, node: str) -> bytes:
    return canonical(FlowSpec(spec.id, tuple(one for one in spec.nodes if one.id == node)))


# ---------------------------------------------------------------- is everything it needs there?


def _refuse_unrecorded(plan: Plan, created: Event) -> None:
    """What was not written down cannot be gone on with."""
    if plan.options.journal is not JournalMode.FULL:
        raise UsageError(
            f"run {created.run} was recorded with journal={plan.options.journal.value}, which "
            "keeps no values to go on with",
            hint="run the flow again, under another key if it had one; with journal=full its "
            "runs can be recovered",
        )
    hidden = sorted(name for name, value in _params(created).items() if was_redacted(value))
    if hidden:
        raise UsageError(
            f"run {created.run} cannot go on: its parameters {', '.join(hidden)} were redacted "
            "before they were written",
            hint="run the flow again with their values, under another key if it had one",
        )


def _past(project: Office, plan: Plan, events: list[Event], recording: Recording | None) -> Past:
    vault = project.store.vault if recording is None else recording.vault
    try:
        past = bring_past(plan, events, vault)
        return replace(past, turns=_turns(project, plan, past, vault))
    except IllegalTransition as hole:
        raise StoreError(
            f"run {events[0].run} cannot go on: a part of its journal is missing ({hole.message})",
            hint="run the flow again",
        ) from hole


def _turns(project: Office, plan: Plan, past: Past, vault: Vault) -> dict[NodeId, Any]:
    """Of containers that are not done, the turns that the run has of the one it replays."""
    created, state = past.events[0], past.state
    assert isinstance(created, RunCreated)  # noqa: S101 - `_story` has seen to it
    open_ones = [one for one in created.items_of if state.phase[state.index[one]] is not Phase.DONE]
    if not open_ones or created.origin is None:
        return {}
    try:
        events = project.history.events(created.origin)
    except UsageError as gone:
        raise UsageError(
            f"run {created.run} takes items of run {created.origin}, which is gone",
            hint="run the flow again",
        ) from gone
    found = turns_of(story_of(events, created.origin_seq or 0), plan, vault)
    return {node: found[node] for node in open_ones if node in found}


def _refuse_effects(plan: Plan, work: list[Work], past: Past, *, again: bool) -> None:
    """Pure nodes are run again without a question; a node with effects only when told to."""
    effects = [i for i in sorted(past.gone) if not work[i].pure]
    if not effects or again:
        return
    lines = "; ".join(f"{plan.steps[i].node}: {past.gone[i].message}" for i in effects)
    raise UsageError(
        f"run {past.state.run} needs values that are gone ({lines})",
        hint="recover with again=True to run these nodes again, effects and all",
    )
