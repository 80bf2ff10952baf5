"""Sub-flows: what a node gets when it calls another flow.

The called flow is a run of its own. Its id follows from the calling run, node and try, so that a
run that goes on after a crash finds the sub-run it had begun and takes that up, instead of
beginning another; only a new try after a failure begins a new one. Nothing enters it but the
parameters that are mapped: no names, no values, no secrets of the caller.

The caller's node waits on the engine's loop. What blocks (reading a notebook, the history, values)
is done in a thread, and never for as long as the sub-run takes.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flowbook.errors import (
    InvalidFlow,
    InvalidParameters,
    RecursionLimit,
    RunError,
    UsageError,
    ValueUnavailable,
)
from flowbook.events import RunStatus, TriggerKind
from flowbook.graph.called import Call, Called
from flowbook.graph.signature import is_json
from flowbook.ids import FlowId, NodeId, RunId, mint_uuid7, uuid7_ms
from flowbook.run.handle import Run
from flowbook.run.places.loops import soon
from flowbook.run.rules.stimulus import Lineage
from flowbook.session.begin import Office as BeginOffice
from flowbook.session.begin import begin
from flowbook.session.called_inputs import call_problems
from flowbook.session.callees import Callees, Library
from flowbook.session.pins import pinned, settled
from flowbook.session.recorded import LOOK, RecordedRun
from flowbook.session.recovery import Office as RecoveryOffice
from flowbook.session.recovery import lost, take_up
from flowbook.session.start import MAX_DEPTH, Start

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.graph.problem import Problem
    from flowbook.plan.plan import Plan
    from flowbook.run.work import StepContext
    from flowbook.store.rows import RunRow

_LAST_WAIT = 5.0
"""Seconds a sub-run gets to stop with the run that called it."""

SubRun: TypeAlias = "Run | RecordedRun"


class Office(BeginOffice, RecoveryOffice, Library, Protocol):
    """What calling needs of its project; `flowbook.Project` is one."""


class _Knowing:
    """The engine may call for a run that it is just being given."""

    def __init__(self, calls: Calls, run_id: RunId) -> None:
        self._calls, self._run_id = calls, run_id
        self.followed = False

    def follow(self, run: Run) -> None:
        """It runs: it is known until it is over."""
        self.followed = True
        run.when_over(lambda: self._calls.forget(self._run_id))


class Calls:
    """The flows behind the runs of this process, and the runs they start."""

    def __init__(self, project: Office) -> None:
        self._project = project
        self._callees = Callees(project)
        self._flows: dict[RunId, Flow] = {}

    @contextmanager
    def knowing(self, run_id: RunId, flow: Flow) -> Iterator[_Knowing]:
        """`flow` is what the run that is now begun is a run of."""
        self._flows[run_id] = flow
        known = _Knowing(self, run_id)
        try:
            yield known
        finally:
            if not known.followed:
                self.forget(run_id)

    def forget(self, run_id: RunId) -> None:
        """The run is over."""
        self._flows.pop(run_id, None)

    def flow_of(self, run_id: RunId) -> FlowId:
        """The name of the flow that a run of this process is of."""
        return self._flows[run_id].spec().id

    def pins(self, flow: Flow, plan: Plan) -> Mapping[str, str]:
        """The versions that a run of `plan`, which begins now, calls by a snapshot."""
        return pinned(self._project, self._callees, flow, plan)

    def problems(self, flow: Flow) -> tuple[Problem, ...]:
        """What does not fit between the calls of a flow and the flows they call, as these are."""
        return tuple(call_problems(self._project, self._callees, flow))

    def above(self, lineage: Lineage | None) -> frozenset[FlowId]:
        """The flows of the runs that a run comes from, as far as they go on here."""
        found: set[FlowId] = set()
        while lineage is not None and lineage.parent is not None:
            run = self._project.engine.running(lineage.parent)
            if run is None:
                break
            found.add(run.flow)
            lineage = run.entry.lineage
        return frozenset(found)

    async def call(self, context: StepContext, wanted: Call) -> Called:
        """Run the flow that a node wants; `UsageError` when that cannot be begun."""
        run = await self._begun(context, wanted)
        if wanted.detach:
            return Called(run.id, RunStatus.RUNNING.value, None)
        try:
            await (_end_of(run) if isinstance(run, Run) else _end_elsewhere(run))
        except asyncio.CancelledError:
            await _stop(run)
            raise
        return await asyncio.to_thread(self._result, run, wanted)

    async def _begun(self, context: StepContext, wanted: Call) -> SubRun:
        beginning = asyncio.ensure_future(asyncio.to_thread(self._begin, context, wanted))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            await _stop(await beginning)  # it was on its way already
            raise

    def _begin(self, context: StepContext, wanted: Call) -> SubRun:
        parent = self._project.engine.running(context.run_id)
        if parent is None:
            raise UsageError(f"run {context.run_id} is over: it calls nothing any more")
        above = parent.entry.lineage
        if above.depth + 1 >= MAX_DEPTH:
            raise RecursionLimit(
                f"{context.node!r} would call {wanted.flow!r} as run {above.depth + 2} in a row; "
                f"{MAX_DEPTH} are the most",
                hint="let the flow that calls itself come to an end, or map over a list instead",
                depth=above.depth + 1,
                limit=MAX_DEPTH,
            )
        wanted = settled(wanted, parent.called, context.path) or wanted
        flow = self._callees.find(self._flows[context.run_id], wanted)
        given = handed_down(above, wanted)
        _refuse_what_cannot_be_given(flow, wanted)
        run = self._first(context, wanted, flow, _below(context, above, wanted, given))
        if isinstance(run, Run):
            parent.children.append(run)
        return run

    def _first(self, context: StepContext, wanted: Call, flow: Flow, lineage: Lineage) -> SubRun:
        """The sub-run of this try, begun now if it was not before."""
        if context.attempt == context.tries:  # no process died while this node was under way
            return self._start(sub_run_id(context), wanted, flow, lineage)
        for again in count():
            run_id = sub_run_id(context, again)
            with suppress(ValueUnavailable):  # it succeeded, and what it gave is gone
                found = self._found(run_id, wanted, self._flows[context.run_id])
                return found or self._start(run_id, wanted, flow, lineage)
        raise AssertionError("unreachable")

    def _found(self, run_id: RunId, wanted: Call, caller: Flow) -> SubRun | None:
        """The sub-run of that id, gone on with if its process is gone; None before it began."""
        project = self._project
        run = project.engine.running(run_id)
        if run is None:
            try:
                row = project.history.run(run_id)
            except UsageError:
                return None
            run = self._taken_up(row, wanted, caller) if lost(project, row) else None
        found: SubRun = run or RecordedRun(project, run_id)
        if found.status is RunStatus.SUCCEEDED and not wanted.detach:
            self._result(found, wanted)  # raises when its values are gone
        return found

    def _taken_up(self, row: RunRow, wanted: Call, caller: Flow) -> Run | None:
        """The lost sub-run, going on as the version it was begun with; None when another has it."""
        project = self._project
        try:
            flow = self._callees.find(caller, replace(wanted, version=row.version))
            return take_up(project, flow, row.id)
        except UsageError:
            here = project.engine.running(row.id)
            if here is None and lost(project, project.history.run(row.id)):
                raise
            return here

    def _start(self, run_id: RunId, wanted: Call, flow: Flow, lineage: Lineage) -> Run:
        how = Start(trigger=TriggerKind.SUBFLOW, run_id=run_id, lineage=lineage)
        trial = self._project.trials.of(lineage.parent) if lineage.parent else None
        if trial is not None:
            inner = trial.within(NodeId(str(lineage.calling_node).rpartition(".")[2]))
            how = replace(how, trigger=TriggerKind.TEST, trial=inner)
        try:
            return begin(self._project, flow, wanted.params, how)
        except (InvalidFlow, InvalidParameters) as refused:
            what = "; ".join(str(problem.message) for problem in refused.problems)
            hint = next((problem.hint for problem in refused.problems if problem.hint), None)
            told = f"flow {wanted.flow!r} cannot be called so: {what}"
            raise UsageError(told, hint=hint) from refused

    def _result(self, run: SubRun, wanted: Call) -> Called:
        """What became of a run that is over, with the outputs that are there."""
        names = wanted.output or run.ends
        given: dict[str, Any] = {}
        for name in names:
            with suppress(RunError):  # it failed, or its branch was not taken
                given[name] = run[name].output
        return Called(run.id, run.status.value, given, _error_of(run))


def sub_run_id(context: StepContext, again: int = 0) -> RunId:
    """The id of the run that this try of a node begins; `again` counts those that are of no use.

    It sorts right behind that of the calling run. A turn of a container that is begun anew has the
    same name as before, but its steps have numbers of their own, and so its sub-runs are others.
    """
    told = f"{context.idempotency_key}:{context.step}:{context.tries}:{again}"
    chance = int.from_bytes(hashlib.sha256(told.encode()).digest()[:10]) >> 6
    return RunId(mint_uuid7(uuid7_ms(context.run_id) + 1, chance))


def handed_down(above: Lineage, wanted: Call) -> dict[str, str]:
    """The secrets that the called run is given, by the names it asks for.

    They are told by what they are called at the run above all. `UsageError` for one that the
    calling run was not given itself.
    """
    if above.calling_node is None:
        return dict(wanted.secrets)
    for theirs, ours in wanted.secrets.items():
        if ours not in above.secrets:
            raise UsageError(
                f"flow {wanted.flow!r} cannot be given the secret {ours!r} as {theirs!r}: "
                "the flow that calls it was not given it either",
                hint=f"map it where that is called: secrets: {{{ours}: …}}",
            )
    return {theirs: above.secrets[ours] for theirs, ours in wanted.secrets.items()}


def _below(context: StepContext, above: Lineage, wanted: Call, secrets: dict[str, str]) -> Lineage:
    """Where a sub-run comes from; it has no more time than is left to the run that waits for it."""
    ends = [] if wanted.timeout is None else [time.time() + wanted.timeout]
    if above.deadline is not None and not wanted.detach:
        ends.append(above.deadline)
    return Lineage(
        parent=context.run_id,
        calling_node=NodeId(context.path),
        depth=above.depth + 1,
        deadline=min(ends, default=None),
        priority=above.priority,
        secrets=secrets,
    )


def _refuse_what_cannot_be_given(flow: Flow, wanted: Call) -> None:
    for name in wanted.output:
        flow.spec().node(NodeId(name))
    for name, value in wanted.params.items():
        if not is_json(value):
            raise UsageError(
                f"parameter {name!r} of flow {wanted.flow!r} is given a {type(value).__name__}; "
                "parameters are plain data",
                hint="give text, numbers, lists or mappings, such as a path or rows as a list",
            )


def _error_of(run: SubRun) -> str | None:
    try:
        run.raise_for_status()
    except RunError as error:
        return error.message
    return None


def _over(run: RecordedRun) -> bool:
    return run.status.over


async def _end_elsewhere(run: RecordedRun) -> None:
    while not await asyncio.to_thread(_over, run):  # noqa: ASYNC110 - another process tells nobody
        await asyncio.sleep(LOOK)


async def _end_of(run: Run) -> None:
    """Wait for the end of a run, however it ends."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not told.done():
            told.set_result(None)

    run.when_over(lambda: soon(loop, tell))
    await told


async def _stop(run: SubRun) -> None:
    """Stop a sub-run with the run that called it; one that another process performs goes on."""
    if isinstance(run, Run):
        run.cancel("the run that called it stopped")
        with suppress(TimeoutError):
            await asyncio.wait_for(_end_of(run), _LAST_WAIT)
