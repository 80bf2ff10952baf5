"""The part of a project that runs tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from flowbook.events import TriggerKind
from flowbook.graph.services import Scope
from flowbook.ids import NodeId
from flowbook.session.start import Start
from flowbook.session.trials import Trials, trial_of

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.graph.memory import Memory
    from flowbook.run.handle import Run
    from flowbook.run.work import StepContext
    from flowbook.session.begin import Office
    from flowbook.session.memory import Remembering


class Rehearsals:
    """Test runs; `Project` is one."""

    @cached_property
    def trials(self) -> Trials:
        """The test runs that are not over."""
        return Trials()

    def memory_of(self, context: StepContext) -> Memory:
        """What the flow of a running node remembers; in a test run, what the test says."""
        trial = self.trials.of(context.run_id)
        if trial is not None:
            return trial.memories[Scope.FLOW]
        flow = cast("Office", self).calls.flow_of(context.run_id)
        return cast("Remembering", self).memory.of(flow)

    def test(self, flow: Flow, given: Mapping[str, Any], *, only: Any = None, **said: Any) -> Run:
        """Start a test run and return at once; see `Flow.test`."""
        from flowbook.session.begin import begin

        office = cast("Office", self)
        trial, params = trial_of(flow, given, **said)
        trial.refuse_strangers(flow.spec(), office.registry)
        targets = flow.still_needed() if only is None else _nodes(only)
        how = Start(trigger=TriggerKind.TEST, targets=targets, trial=trial)
        return begin(office, flow, params, how)


def _nodes(only: Any) -> tuple[NodeId, ...]:
    several = only if isinstance(only, list | tuple | set | frozenset) else [only]
    return tuple(NodeId(str(getattr(one, "name", one))) for one in several)
