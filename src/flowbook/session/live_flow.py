"""`LiveFlow`: what this process holds of one flow beyond its definition.

Its last results, by reference; the namespace its cells share; its newest run. All of it lives and
dies with the process: history is elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flowbook.errors import InvalidParameters
from flowbook.events import NodeCompleted, NodeReused
from flowbook.graph.problem import errors
from flowbook.graph.spec import FlowSpec, Json, Missing
from flowbook.ids import PortName
from flowbook.nodes.python import run_setup
from flowbook.plan.params import check_params
from flowbook.plan.plan import Plan
from flowbook.run.work import Reuse
from flowbook.session.freshness import Known, Memory, fingerprints
from flowbook.session.start import live_default

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.run.handle import Run


class LiveFlows:
    """The flows this process has met, each for as long as somebody holds it."""

    def __init__(self) -> None:
        self._flows: WeakKeyDictionary[Flow, LiveFlow] = WeakKeyDictionary()
        self.watchers: list[Callable[[Flow, Run], None]] = []

    def __iter__(self) -> Iterator[Flow]:
        return iter(list(self._flows))

    def of(self, flow: Flow) -> LiveFlow:
        """What is held of `flow`; of a variant at first what is held of the flow it came from."""
        found = self._flows.get(flow)
        if found is None:
            found = self._flows[flow] = LiveFlow() if flow.base is None else self._of(flow.base)
        return found

    def _of(self, base: Flow) -> LiveFlow:
        held = self.of(base)
        return LiveFlow(Memory(dict(held.memory.known)), held.attached, held.own, held.set_up)

    def adopt(self, flow: Flow, run: Run, plan: Plan, *, remember: bool = True) -> None:
        """`run` is one of this process now: watchers are told.

        Its results are remembered as the flow's own, unless `remember` is False.
        """
        live = self.of(flow)
        live.last = run
        if remember:
            live.follow(run, plan, run.params)
        for watcher in list(self.watchers):
            watcher(flow, run)


@dataclass(slots=True)
class LiveFlow:
    """`attached` is a kernel's namespace; without one, setup cells run in one of our own."""

    memory: Memory = field(default_factory=Memory)
    attached: dict[str, Any] | None = None
    own: dict[str, Any] = field(default_factory=dict)
    set_up: tuple[str, ...] = ()
    """Bodies of the setup cells that have run in `own`."""
    last: Run | None = None
    former: bool = False
    """True for a flow as it was at a version before, which no name stands for."""

    def namespace(self, spec: FlowSpec) -> dict[str, Any]:
        """The names nodes may capture; setup cells run once, and again when their text changes."""
        if self.attached is not None:
            return self.attached
        bodies = tuple(cell.body for cell in spec.setup)
        if bodies != self.set_up or not self.own:
            self.own = {"__name__": "__main__"}
            for cell in spec.setup:
                run_setup(cell, self.own)
            self.set_up = bodies
        return self.own

    def parameters(self, plan: Plan, given: Mapping[Any, Json]) -> dict[PortName, Json]:
        """A run's parameters: given, else the kernel's value, else the default.

        Raises `InvalidParameters` with every misfit.
        """
        live = self.attached or {}
        defaults = {
            param.name: live_default(live.get(param.name), param.default) for param in plan.params
        }
        values = {name: value for name, value in defaults.items() if not isinstance(value, Missing)}
        values.update({PortName(name): value for name, value in given.items()})
        problems = errors(check_params(plan, values))
        if problems:
            raise InvalidParameters(
                f"flow {plan.flow!r} cannot run with these parameters", problems=problems
            )
        return values

    def follow(self, run: Run, plan: Plan, values: Mapping[PortName, Json]) -> None:
        """Remember every result as it comes."""
        known = self.memory.known
        prints = fingerprints(plan, values)

        def keep(notice: object) -> None:
            if not isinstance(notice, NodeCompleted | NodeReused) or notice.scope:
                return
            if run[notice.node].at_hand:
                node = notice.node
                source = run.id if isinstance(notice, NodeCompleted) else notice.source
                reuse = Reuse(run[node].given, notice.outputs, source)
                known[node] = Known(prints[node], reuse)

        run.subscribe(keep)
        for event in run.events():  # those that came before anybody listened
            keep(event)
