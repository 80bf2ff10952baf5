"""The engine: a loop of its own on which runs are performed.

The loop lives on a daemon thread, never on the kernel's loop: interrupts of `await` and busy
cells break there. Where threads do not exist (Pyodide), runs are performed on the loop that is
running already, every function runs inline, and `Run.wait` gives way to `await run`.

The engine knows a sink and a vault by their protocols, plans and the code of their steps; it
knows neither flows, nor notebooks, nor DuckDB.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import sys
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, TypeAlias
from weakref import WeakSet

from flowbook.errors import InvalidParameters, UsageError
from flowbook.events import NodeCompleted, NodeReused, RunStatus, TriggerKind
from flowbook.events.ports import Recording, Sink, Vault
from flowbook.graph.choices import On
from flowbook.graph.node import Outputs
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import Missing
from flowbook.ids import NodeId, PortName, RunId
from flowbook.plan.plan import Plan
from flowbook.run.handle import Run
from flowbook.run.past import Past
from flowbook.run.perform import Performance
from flowbook.run.places import capture
from flowbook.run.places.dask import DaskExecutor
from flowbook.run.places.executors import Crew, Executor, InlineExecutor, ThreadExecutor
from flowbook.run.places.processes import ProcessExecutor
from flowbook.run.rules.growing import ITEMS
from flowbook.run.rules.known import ItemsGiven
from flowbook.run.rules.stimulus import Given, Lineage, Origin, Start, TakenUp
from flowbook.run.stage import Assignment, Stage
from flowbook.run.turnstile import Turnstile
from flowbook.run.values import Keeper
from flowbook.run.work import Carried, Reuse, Tools, Work

_Stored: TypeAlias = "dict[int, NodeCompleted | NodeReused]"


_WORKERS = 32
_KEEPERS = 4


class Engine:
    """Performs runs; made once per project, its loop starts with the first run.

    `max_workers`: how many functions may run in threads at once. `tools`: what nodes may ask for
    beyond the engine (expressions, SQL, the cache). `threads=False`: perform on the current loop.
    """

    def __init__(
        self,
        sink: Sink,
        vault: Vault,
        *,
        clock: Callable[[], float] = time.time,
        max_workers: int = _WORKERS,
        tools: Tools | None = None,
        threads: bool = sys.platform != "emscripten",
    ) -> None:
        self._sink, self._vault = sink, vault
        self._clock = clock
        self._max_workers = max_workers
        self._tools = tools or Tools()
        self._threads = threads
        self._lock = threading.Lock()
        self._stage: Stage | None = None
        self._thread: threading.Thread | None = None
        self._running: dict[RunId, Run] = {}
        _engines.add(self)

    def now(self) -> float:
        """The time its runs go by, in seconds since the epoch."""
        return self._clock()

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that are not over."""
        return tuple(self._running.values())

    @property
    def loop(self) -> AbstractEventLoop | None:
        """Where runs are performed; None before the first."""
        stage = self._stage
        return None if stage is None else stage.loop

    def start(  # noqa: PLR0913 - a run is told once all it must know; all but three have names
        self,
        plan: Plan,
        work: Sequence[Work],
        params: Mapping[PortName, Any],
        *,
        run_id: RunId,
        trigger: TriggerKind,
        given: Mapping[NodeId, Reuse] | None = None,
        lineage: Lineage | None = None,
        key: str | None = None,
        recording: Recording | None = None,
        origin: Origin | None = None,
        carried: Carried | None = None,
        called: Mapping[str, str] | None = None,
        queued: bool = False,
        paused: bool = False,
        routed: str | None = None,
    ) -> Run:
        """Start a run of `plan` and return at once; what nodes print goes to the calling cell.

        `work`: the code of each step, in order. `given`: outputs that are known; those steps are
        not run. `origin`: the run this one replays; `carried`: what its containers have of it.
        `called`: versions of other flows, by node. `lineage`: the run that started it, deadline,
        priority. `recording`: in place of sink and vault. `queued`: `Run.entry` is to be opened.
        `paused`: it begins so, and `Run.step` lets one node after the other go. `routed`: why it is
        of this version.
        Raises `InvalidParameters` when a parameter has neither value nor default.
        """
        _refuse_misfit(plan, work)
        stage, known = self._stage_for(recording), _by_step(plan, given or {})
        begin = Start(
            at=self._clock(),
            run=run_id,
            trigger=trigger,
            params=_told(params, recording),
            given={i: _given(stage.keeper, reuse) for i, reuse in known.items()},
            key=key,
            lineage=lineage or Lineage(),
            origin=origin,
            **_carried(stage.keeper, plan, more := carried or Carried()),
            paused=paused,
            called=dict(called or {}),
            routed=routed,
            **_here(self._tools),
        )
        here = tuple(work), _with_defaults(plan, params), copy_context()
        assigned = Assignment(plan, *here, None, _stored(known), more)
        performance = Performance(stage, assigned, lambda: self._closed(run_id))
        return self._begin(_filled(performance, known), run_id, begin, queued=queued)

    def take_up(
        self,
        plan: Plan,
        work: Sequence[Work],
        params: Mapping[PortName, Any],
        past: Past,
        recording: Recording | None = None,
        *,
        queued: bool = False,
    ) -> Run:
        """Go on with a run whose process is gone, under its own id, and return at once.

        `past`: what that process journalled. Steps that are done are not run, except those that
        are `past.gone`; steps that were under way begin another attempt. It is for the caller to
        see to it that nobody else performs the run. `recording` and `queued` as in `start`.
        """
        stage = self._stage_for(recording)
        run_id = past.state.run
        if run_id in self._running:
            raise UsageError(f"run {run_id} is performed here already", hint="nothing was lost")
        assignment = Assignment(
            plan,
            tuple(work),
            _with_defaults(plan, params),
            copy_context(),
            past,
            carried=Carried(past.turns),
        )
        performance = Performance(stage, assignment, lambda: self._closed(run_id))
        again = tuple(sorted(past.gone))
        known = {past.state.index[name]: dict(turns) for name, turns in past.turns.items()}
        taken = TakenUp(at=self._clock(), again=again, known=known, **_here(self._tools))
        return self._begin(performance, run_id, taken, queued=queued)

    def _begin(
        self, performance: Performance, run_id: RunId, first: Start | TakenUp, *, queued: bool
    ) -> Run:
        entry = Turnstile(performance, self._open().loop, first)
        run = Run(performance, run_id, self._thread, entry)
        self._running[run_id] = run
        capture.listen()
        if not queued:
            entry.open()
        return run

    def running(self, run_id: RunId) -> Run | None:
        """The run of that id if it goes on, or waits for its turn, here."""
        return self._running.get(run_id)

    def close(self, timeout: float = 5.0) -> None:
        """Cancel what runs, wait up to `timeout` seconds for it, and let everything go.

        Runs that are suspended stay so in the journal, to be taken up by another process.
        """
        with self._lock:
            stage, self._stage = self._stage, None
            thread, self._thread = self._thread, None
        if stage is None:
            return
        running = self.runs
        for run in running:
            run.end_here("the engine is closing")
        if thread is not None:
            deadline = time.monotonic() + timeout
            for run in running:
                run.settled(max(0.0, deadline - time.monotonic()))
            stage.loop.call_soon_threadsafe(stage.loop.stop)
            thread.join(timeout)
        for executor in stage.executors.values():
            executor.close()
        stage.keeper.close()

    def let_go(self, timeout: float = 1.0) -> None:
        """Leave the runs that are suspended to whoever takes them up, durably; the rest goes on."""
        held = [run for run in self.runs if run.status is RunStatus.SUSPENDED]
        for run in held:
            run.let_go()
        deadline = time.monotonic() + timeout
        for run in held if self._threads else ():
            run.settled(max(0.0, deadline - time.monotonic()))

    def _closed(self, run_id: RunId) -> None:
        self._running.pop(run_id, None)
        capture.unlisten()

    def _stage_for(self, recording: Recording | None) -> Stage:
        opened = self._open()
        return opened if recording is None else opened.recorded(recording)

    def _open(self) -> Stage:
        with self._lock:
            if self._stage is not None and not self._stage.loop.is_closed():
                return self._stage
            loop = self._own_loop() if self._threads else _current_loop()
            crew = Crew("flowbook-keeper", _KEEPERS) if self._threads else None
            self._stage = Stage(
                loop,
                self._sink,
                Keeper(loop, self._vault, crew, shelter=self._tools.shelter),
                self._tools,
                self._clock,
                self._executors(loop),
            )
            return self._stage

    def _own_loop(self) -> AbstractEventLoop:
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=_serve, args=(loop,), name="flowbook-engine", daemon=True
        )
        self._thread.start()
        return loop

    def _executors(self, loop: AbstractEventLoop) -> Mapping[On, Executor]:
        inline = InlineExecutor(loop)
        if not self._threads:
            return dict.fromkeys(set(On) - {On.AUTO}, inline)
        return {
            On.INLINE: inline,
            On.THREAD: ThreadExecutor(loop, self._max_workers),
            On.PROCESS: ProcessExecutor(loop, max(2, os.cpu_count() or 2)),
            On.DASK: DaskExecutor(loop),
        }


_engines: WeakSet[Engine] = WeakSet()


def _let_all_go() -> None:
    for engine in list(_engines):
        engine.let_go()


atexit.register(_let_all_go)


def _serve(loop: AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left, timeout=1.0) if left else asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())  # what nodes hold open, they close there
        loop.close()


def _current_loop() -> AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError(
            "there is no running event loop to perform the run on",
            hint="start the run from async code, or use an engine with threads",
        ) from None


def _here(tools: Tools) -> dict[str, Any]:
    """Where and in what a run is performed, for its events."""
    known = tools.environments
    digest = None if known is None else known.digest()
    return {"host": socket.gethostname(), "pid": os.getpid(), "environment": digest}


def _told(params: Mapping[PortName, Any], recording: Recording | None) -> dict[str, Any]:
    """Parameters as the run's first event has them."""
    told = {str(name): value for name, value in params.items()}
    return told if recording is None else recording.params(told)


def _by_step(plan: Plan, given: Mapping[NodeId, Reuse]) -> dict[int, Reuse]:
    """What is given of the plan's steps; what sets up, undoes or tears down is done each time."""
    aside = {*plan.standby, *plan.setup}
    return {
        plan.index[node]: reuse
        for node, reuse in given.items()
        if node in plan.index and (reuse.by_hand or node not in aside)
    }


def _refuse_misfit(plan: Plan, work: Sequence[Work]) -> None:
    if len(work) != len(plan.steps):
        raise UsageError(f"{len(work)} pieces of work for {len(plan.steps)} steps")


def _stored(known: Mapping[int, Reuse]) -> _Stored:
    return {i: one.stored for i, one in known.items() if one.stored is not None}


def _given(keeper: Keeper, reuse: Reuse) -> Given:
    refs = reuse.refs
    there = refs is not None and keeper.touch(refs)  # else its run is deleted, and it collected
    if refs is None or (reuse.outputs is not None and not there):
        refs = keeper.keep_here(reuse.outputs or Outputs({}))
    return Given({port: ref for port, ref in refs.items() if port}, reuse.source, reuse.by_hand)


def _filled(performance: Performance, known: Mapping[int, Reuse]) -> Performance:
    for i, reuse in known.items():
        performance.values[i] = reuse.outputs
    return performance


def _carried(keeper: Keeper, plan: Plan, more: Carried) -> dict[str, Any]:
    """What containers have of the run that is replayed, as `Start` is told."""
    return {"added": _items(keeper, plan, more), "items_of": tuple(more.turns)}


def _items(keeper: Keeper, plan: Plan, carried: Carried) -> tuple[ItemsGiven, ...]:
    """The items that containers have from the beginning beyond their own."""
    found = []
    for node, lists in carried.items.items():
        for one in lists:
            ref = one.ref or keeper.keep_here(Outputs({ITEMS: one.items}))[ITEMS]
            found.append(ItemsGiven(plan.index[node], ref, one.count, one.by))
    return tuple(found)


def _with_defaults(plan: Plan, params: Mapping[PortName, Any]) -> dict[PortName, Any]:
    merged = {
        one.name: one.default for one in plan.params if not isinstance(one.default, Missing)
    } | dict(params)
    missing = [one.name for one in plan.demanded if one.name not in merged]
    if missing:
        raise InvalidParameters(
            f"flow {plan.flow!r} needs a value for {', '.join(missing)}",
            problems=[
                Problem(Severity.ERROR, f"parameter {name!r} has no value", hint="give it one")
                for name in missing
            ],
        )
    return merged
