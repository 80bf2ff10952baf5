"""What a project offers of the past of a run: any moment of it, with its objects.

The work is in the modules it asks, which load when first asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from flowbook.errors import UsageError
from flowbook.graph.flow import Flow

if TYPE_CHECKING:
    from datetime import datetime

    from flowbook.events import Event
    from flowbook.graph.spec import FlowSpec
    from flowbook.ids import FlowId, RunId
    from flowbook.run.handle import Run
    from flowbook.session.failing import Failure
    from flowbook.session.live_flow import LiveFlows
    from flowbook.session.past_values import PastValues
    from flowbook.session.saved import Moment
    from flowbook.session.scratch import Scratch
    from flowbook.store.history import History
    from flowbook.store.store import Store


class Office(Protocol):
    """What looking back needs of its project; `flowbook.Project` is one."""

    live: LiveFlows

    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...


class LookingBack:
    """Moments of runs; `Project` is one."""

    def state(self, run: str | Flow, *, at: int | None = None) -> Moment:
        """What is stored of a run, at event number `at` or as it is now; executes nothing.

        `run` is its id, or a flow for its newest. Raises `UsageError` when there is none.
        """
        from flowbook.session.saved import moment_of

        office = cast("Office", self)
        if isinstance(run, Flow):
            newest = office.history.runs(flow=run.spec().id, limit=1).runs
            if not newest:
                raise UsageError(f"flow {run.name!r} has not run yet", hint="call flow.run()")
            run = newest[0].id
        shelf = self._shelf(office.history.run(str(run)).flow)
        return moment_of(office.history, str(run), at=at, shelf=shelf, context=self)

    def moment(self, run: Run, at: int | None = None) -> Moment:
        """A run of this process as it stood at event `at`, or as it is now; see `Run.at`."""
        from flowbook.session.saved import picture

        events = run.events()
        until = [one for one in events if at is None or one.seq <= at]
        if not until or (at is not None and until[-1].seq != at):
            last = f"its events go from 0 to {events[-1].seq}" if events else "it has not begun"
            raise UsageError(f"run {run.id} has no event {at or 0}", hint=last)
        made = picture(until, self._spec_of(run.flow, events), self._shelf(run.flow, run, events))
        return replace(made, context=self)

    def run_variables(self, run_id: RunId, until: datetime) -> Mapping[str, Any]:
        """The variables that a run had at a time, by name; `Unavailable` for what is gone."""
        store = cast("Office", self).store
        latest = {
            one.key: one
            for one in reversed(store.memory.of_run(run_id).history())
            if one.changed_at <= until
        }
        shelf = self._shelf(None)
        return {
            key: shelf.real(one.ref) for key, one in sorted(latest.items()) if one.ref is not None
        }

    def scratch(self, moment: Moment, node: str | None) -> Scratch:
        """The objects of a moment in a namespace of their own; see `Moment.open`."""
        from flowbook.session.opened import opened

        return opened(cast("Any", self), moment, node)

    def open_failure(self, flow: Flow, run_id: str | None = None) -> Failure:
        """Open a failed run of `flow` where it failed; see `Flow.open_failure`."""
        from flowbook.session.failing import open_failure

        return open_failure(cast("Any", self), flow, run_id)

    def _shelf(
        self, flow: FlowId | None, run: Run | None = None, events: Sequence[Event] = ()
    ) -> PastValues:
        """Where values of a run of `flow` are; a pickle is read where a flow of this process says.

        Reading one runs code, so what lies in the store is never asked whether it may.
        """
        from flowbook.session.past_values import PastValues

        office = cast("Office", self)
        mine = [one.spec() for one in office.live if flow is not None]
        pickle = any(one.id == flow and one.options.allow_pickle for one in mine)
        return PastValues(office.store.vault.allowing(pickle=pickle), run, events)

    def _spec_of(self, flow: FlowId, events: Sequence[Event]) -> FlowSpec | None:
        """The definition of a run: a live flow's, if it still is so, else the recorded one."""
        from flowbook.plan.compile import version_of
        from flowbook.session.saved import recorded_spec

        office, version = cast("Office", self), getattr(events[0], "version", "")
        for one in office.live:
            spec = one.spec()
            if spec.id == flow and version_of(spec) == version:
                return spec
        return recorded_spec(office.history, flow, version)
