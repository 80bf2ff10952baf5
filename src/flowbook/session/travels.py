"""`Travels`: moments of runs, opened in the kernel of whoever shows the flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from flowbook.graph.flow import Flow

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.session.failing import Failure
    from flowbook.session.live_flow import LiveFlows
    from flowbook.session.saved import Moment
    from flowbook.session.scratch import Scratch

HERE: Final = "here"
"""What an opened moment is called in the kernel."""


class Office(Protocol):
    """What this needs of its project; `flowbook.Project` is one."""

    live: LiveFlows

    def state(self, run: str | Flow, *, at: int | None = None) -> Moment: ...
    def last_run(self, flow: Flow) -> Run | None: ...
    def open_failure(self, flow: Flow, run_id: str | None = None) -> Failure: ...


class Travels:
    """Opens moments of runs of one flow; `ready` has the flow say what its notebook says."""

    def __init__(self, project: Office, flow: Flow, ready: Callable[[], object]) -> None:
        self._project, self._flow, self._ready = project, flow, ready

    def open(self, run: str, at: int | None = None, node: str | None = None) -> Scratch:
        """A moment of a run, also as `here` in the kernel; see `Moment.open`."""
        last = self._project.last_run(self._flow)
        mine = last is not None and last.id == run  # it knows what was not kept, too
        moment = last.at(at) if mine and last is not None else self._project.state(run, at=at)
        here: Scratch = moment.open(node)
        self._put(here)
        return here

    def open_failure(self, run: str | None = None) -> Failure:
        """A failed run where it failed, also as `here` in the kernel; see `Flow.open_failure`."""
        self._ready()
        failure = self._project.open_failure(self._flow, run)
        self._put(failure.here)
        return failure

    def _put(self, here: Any) -> None:
        names = self._project.live.of(self._flow).attached
        if names is not None:
            names[HERE] = here
