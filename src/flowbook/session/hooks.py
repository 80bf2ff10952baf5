"""What follows from a run besides its results: hooks, and the flow that handles its failure.

All of it happens in a thread of its own, off the engine's loop, and none of it can break a run:
what a hook raises is logged. The thread is no daemon, so that a script's last run is told of before
the interpreter ends.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flowbook.errors import RunError
from flowbook.events import NodeSuspended, RunCompleted, RunStatus, TriggerKind
from flowbook.graph.hooks import Moment
from flowbook.ids import PortName
from flowbook.run.rules.stimulus import Lineage
from flowbook.session.callees import Callees, Library
from flowbook.session.start import MAX_DEPTH, Start

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run

_LOOK = 1.0
_log = logging.getLogger(__name__)


class Aftermath:
    """Tells the hooks of a flow, and starts its `on_failure`."""

    def __init__(self, project: Library, begin: Callable[..., Run]) -> None:
        self._project = project
        self._begin = begin
        self._callees = Callees(project)

    def attend(self, flow: Flow, run: Run, plan: Plan) -> None:
        """See to it that all follows what follows from this run; nothing if nothing does."""
        if flow.hooks[Moment.SLEEP]:
            self._watch_sleep(flow, run)
        handler = plan.options.on_failure
        if flow.hooks[Moment.COMPLETE] or flow.hooks[Moment.ERROR] or handler is not None:
            self._watch_end(flow, run, handler)

    def _watch_sleep(self, flow: Flow, run: Run) -> None:
        def look(notice: object) -> None:
            if isinstance(notice, NodeSuspended) and run.status is RunStatus.SUSPENDED:
                _aside(_tell, flow, run, Moment.SLEEP)

        run.subscribe(look)

    def _watch_end(self, flow: Flow, run: Run, handler: str | None) -> None:
        """Begin with the run's last event: who waits for the run may end the interpreter next."""
        first = threading.Lock()

        def end() -> None:
            if first.acquire(blocking=False):
                _aside(self._over, flow, run, handler)

        run.subscribe(lambda notice: end() if isinstance(notice, RunCompleted) else None)
        run.when_over(end)  # a run that broke has no last event
        if any(isinstance(event, RunCompleted) for event in run.events()[-1:]):
            end()

    def _over(self, flow: Flow, run: Run, handler: str | None) -> None:
        while not run.settled(_LOOK):
            continue
        failed = run.status is RunStatus.FAILED
        _tell(flow, run, Moment.COMPLETE)
        if failed:
            _tell(flow, run, Moment.ERROR)
        if failed and handler is not None:
            try:
                self._handle(flow, run, handler)
            except Exception:  # noqa: BLE001 - logged; the run is over and stays as it ended
                _log.exception("flow %r could not handle the failure of run %s", handler, run.id)

    def _handle(self, flow: Flow, run: Run, name: str) -> None:
        lineage = run.entry.lineage
        if name == flow.name or lineage.depth + 1 >= MAX_DEPTH:
            _log.warning("the failure of run %s of %r is left to nobody", run.id, flow.name)
            return
        handler = self._callees.latest(name, flow)
        told = _told(run)
        params = {one.name: told[one.name] for one in handler.params if one.name in told}
        above = Lineage(parent=run.id, depth=lineage.depth + 1, priority=lineage.priority)
        how = Start(trigger=TriggerKind.EVENT, lineage=above)
        with suppress(RunError):
            self._begin(handler, params, how).wait()


def _told(run: Run) -> dict[PortName, Any]:
    """What a handler may have as parameters."""
    node, message = None, None
    try:
        run.raise_for_status()
    except RunError as error:
        node, message = getattr(error, "node", None), error.message
    told = {"failed_run_id": run.id, "flow": run.flow, "node": node, "error": message}
    return {PortName(name): value for name, value in told.items()}


def _tell(flow: Flow, run: Run, moment: Moment) -> None:
    for hook in tuple(flow.hooks[moment]):
        try:
            hook(run)
        except Exception:  # noqa: BLE001 - logged; a hook must not keep the others from hearing
            _log.exception("a hook of flow %r failed on run %s", flow.name, run.id)


def _aside(call: Callable[..., None], *args: object) -> None:
    # Told to be no daemon: it would inherit that from the engine's thread.
    threading.Thread(target=call, args=args, name="flowbook-hooks", daemon=False).start()
