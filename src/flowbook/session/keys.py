"""Run keys: however often a flow is started with one key, in however many processes, one run is.

Who wants to start such a run takes hold of its key first, looks into the history whether there is
one, and keeps hold until its own is over. The hold ends with its process, so a crash leaves no key
behind that nobody can use; what it leaves is a lost run, which the next start with the key goes on
with.

A key stands for something that is to be done once. A run that failed or was cancelled has not done
it, and frees its key; `key_ttl` says when one that did frees it, too.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flowbook.errors import FlowbookError, StoreBusy
from flowbook.events import RunStatus
from flowbook.graph.flow_options import JournalMode
from flowbook.graph.spec import Json
from flowbook.ids import RunId
from flowbook.run.handle import Run
from flowbook.session.begin import Office as BeginOffice
from flowbook.session.begin import begin
from flowbook.session.recorded import RecordedRun
from flowbook.session.recovery import Office as RecoveryOffice
from flowbook.session.recovery import TakenMeanwhile, lost, take_up
from flowbook.session.start import Start

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.store.rows import RunRow

_PAUSE = 0.02
_PATIENCE = 30.0
"""Seconds to wait for a run to show up that another process is beginning."""

OneRun: TypeAlias = "Run | RecordedRun"


class Office(BeginOffice, RecoveryOffice, Protocol):
    """What keys need of their project; `flowbook.Project` is one."""

    def state(self, run: Any, *, at: int | None) -> Any: ...


class Keys:
    """The run keys of one project, as this process uses them."""

    def __init__(self, project: Office) -> None:
        self._project = project
        self._starting = Lock()
        self._here: dict[tuple[str, str], Run] = {}

    def start(self, flow: Flow, params: Mapping[Any, Json], how: Start) -> OneRun:
        """The run that the key stands for: found, gone on with, or begun now.

        Raises as `Project.start`; `StoreBusy` when another process begins it and cannot be heard.
        """
        name, key = flow.spec().id, how.key or ""
        patience = time.monotonic() + _PATIENCE
        while True:
            with self._starting:
                run = self._here.get((name, key))
                if run is not None and not run.status.over:
                    return run
                held = self._project.own(hold_name(name, key))
                if held is not None:
                    return self._held(flow, params, how, held)
            row = self._project.history.keyed(name, key)
            if row is not None and not row.status.over:
                return RecordedRun(self._project, row.id)
            if time.monotonic() >= patience:
                raise StoreBusy(
                    f"another process holds run key {key!r} of flow {name!r}, and shows no run",
                    hint="try again; it may be waiting for its turn",
                    path=str(self._project.store.root),
                    seconds=_PATIENCE,
                )
            time.sleep(_PAUSE)

    def _held(
        self,
        flow: Flow,
        params: Mapping[Any, Json],
        how: Start,
        held: AbstractContextManager[object],
    ) -> OneRun:
        """Nobody else decides about the key now."""
        name, key = flow.spec().id, how.key or ""
        run: OneRun | None = None
        try:
            run = self._known(flow, key) or begin(self._project, flow, params, how)
        finally:
            if isinstance(run, Run):
                self._here[name, key] = run
                run.when_over(lambda: self._over((name, key), held))
            else:
                held.__exit__(None, None, None)
        return run

    def _known(self, flow: Flow, key: str) -> OneRun | None:
        """The run the key stands for by now, None when it stands for none."""
        row = self._project.history.keyed(flow.spec().id, key)
        if row is None or flow.options.journal is JournalMode.OFF:
            return None
        if lost(self._project, row):
            return self._taken_up(flow, row)
        done = row.status is RunStatus.SUCCEEDED
        if row.status.over and not (
            done and not _free(flow.options.key_ttl, row.started_at.timestamp())
        ):
            return None
        return self._project.engine.running(row.id) or RecordedRun(self._project, row.id)

    def _taken_up(self, flow: Flow, row: RunRow) -> OneRun | None:
        try:
            return take_up(self._project, flow, row.id)
        except TakenMeanwhile:
            return self._of_another(row)
        except FlowbookError:
            if not lost(self._project, self._project.history.run(row.id)):
                return self._of_another(row)
            return None  # it cannot go on, and so its key is as free as that of a failed one

    def _of_another(self, row: RunRow) -> OneRun:
        """The run that somebody else goes on with; it takes a moment until that can be seen."""
        patience = time.monotonic() + _PATIENCE
        while lost(self._project, self._project.history.run(row.id)):
            if time.monotonic() >= patience:
                break
            time.sleep(_PAUSE)
        return self._project.engine.running(row.id) or RecordedRun(self._project, row.id)

    def _over(self, of: tuple[str, str], held: AbstractContextManager[object]) -> None:
        self._here.pop(of, None)
        held.__exit__(None, None, None)


def _free(ttl: float | None, started: float) -> bool:
    """Whether a run that succeeded stands for its key no longer."""
    return ttl is not None and time.time() >= started + ttl


def hold_name(flow: str, key: str) -> RunId:
    """What the hold on a key is called among those on runs; a key may be longer than a name."""
    told = f"{len(flow)} {flow} {key}"
    return RunId(f"key-{hashlib.sha256(told.encode()).hexdigest()[:40]}")
