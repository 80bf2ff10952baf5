"""`LiveFlow`: what this process holds of one flow beyond its definition.

Its last results, by reference; the namespace its cells share; its newest run. All of it lives and
dies with the process: history is elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flowbook.errors import InvalidParameters
from flowbook.events import NodeCompleted, NodeFailed, NodeReused
from flowbook.graph.problem import errors
from flowbook.graph.spec import FlowSpec, Json, Missing, NodeSpec
from flowbook.ids import CellId, NodeId, PortName, RunId
from flowbook.nodes.cell_code import code_meaning
from flowbook.nodes.python import run_setup
from flowbook.plan.params import check_params
from flowbook.plan.plan import Plan
from flowbook.run.work import Reuse
from flowbook.session.digests import Digests
from flowbook.session.freshness import (
    Basis,
    Known,
    Memory,
    bases,
    captured_by,
    value_key,
)
from flowbook.session.start import live_default

if TYPE_CHECKING:
    from flowbook.cells.notebook import Cell
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
        return LiveFlow(
            held.memory.copied(), held.attached, held.own, held.set_up, cells=held.cells
        )

    def adopt(self, flow: Flow, run: Run, plan: Plan, *, remember: bool = True) -> None:
        """`run` is one of this process now: watchers are told.

        Its results are remembered as the flow's own, unless `remember` is False.
        """
        live = self.of(flow)
        live.last = run
        if remember:
            live.follow(run, plan, flow.spec())
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
    loose: Mapping[str, CellId] = field(default_factory=dict)
    """The plain cells that bind names in a kernel."""
    cells: Mapping[CellId, Cell] = field(default_factory=dict)
    """The cells a kernel has run, if it is a notebook's."""
    digests: Digests = field(default_factory=Digests)
    last: Run | None = None
    former: bool = False
    """True for a flow as it was at a version before, which no name stands for."""
    plain: str = ""
    """Code that makes what nodes take from plain cells, where there is no kernel to have run them.
    """

    def namespace(self, spec: FlowSpec) -> dict[str, Any]:
        """The names nodes may capture; setup cells run once, and again when their text changes."""
        if self.attached is not None:
            return self.attached
        bodies = tuple(cell.body for cell in spec.setup)
        if bodies != self.set_up or not self.own:
            self.own = {"__name__": "__main__"}
            if self.plain:
                run_setup(NodeSpec(NodeId("setup_captured"), body=self.plain), self.own)
            for cell in spec.setup:
                run_setup(cell, self.own)
            self.set_up = bodies
        return self.own

    def parameters(self, plan: Plan, given: Mapping[Any, Json]) -> dict[PortName, Json]:
        """A run's parameters: given, else the kernel's value, else the default.

        Raises `InvalidParameters` with every misfit.
        """
        values = self._defaults(plan)
        values.update({PortName(name): value for name, value in given.items()})
        problems = errors(check_params(plan, values))
        if problems:
            raise InvalidParameters(
                f"flow {plan.flow!r} cannot run with these parameters", problems=problems
            )
        return values

    def _defaults(self, plan: Plan) -> dict[PortName, Json]:
        """What parameters are that nobody gives: the kernel's value, else the default."""
        live = self.attached or {}
        defaults = {
            param.name: live_default(live.get(param.name), param.default) for param in plan.params
        }
        return {name: value for name, value in defaults.items() if not isinstance(value, Missing)}

    def bases(
        self, plan: Plan, spec: FlowSpec, values: Mapping[PortName, Json]
    ) -> dict[NodeId, Basis]:
        """What a result of each step would follow from now."""
        if self.attached is None:
            shared = "\n".join(code_meaning(cell.body) for cell in spec.setup)
            return bases(plan, spec, values, {}, shared)
        names = {name for step in plan.steps for name in captured_by(plan, spec, step.node)}
        return bases(plan, spec, values, self.digests.of(self.attached, names))

    def fresh(
        self,
        plan: Plan,
        spec: FlowSpec,
        values: Mapping[PortName, Json],
        rerun: Collection[NodeId],
        *,
        trust: bool = False,
    ) -> dict[NodeId, Reuse]:
        """Results that a run may take as given, leaving out the nodes to run again.

        `trust`: those that are stale, too.
        """
        if trust:
            return self.memory.held(plan, rerun)
        return self.memory.fresh(plan, self.bases(plan, spec, values), rerun)

    def stale(self, plan: Plan, spec: FlowSpec) -> dict[NodeId, str]:
        """Nodes whose last result no longer follows from the flow, and why."""
        if not self.memory.known:
            return {}
        return self.memory.stale(plan, self.bases(plan, spec, self._defaults(plan)))

    def follow(self, run: Run, plan: Plan, spec: FlowSpec) -> None:
        """Remember every result as it comes."""
        follower = _Follower(self.memory, run, plan, self.bases(plan, spec, run.params))
        run.subscribe(follower.keep)
        for event in run.events():  # those that came before anybody listened
            follower.keep(event)


class _Follower:
    """Takes the results of one run into a memory, each with the values it was given there."""

    def __init__(self, memory: Memory, run: Run, plan: Plan, basis: Mapping[NodeId, Basis]) -> None:
        self.memory, self.run, self.plan, self.basis = memory, run, plan, basis
        self.values: dict[tuple[NodeId, PortName], str] = {}
        """What this run's outputs are told apart by; another may go on at the same time."""

    def keep(self, notice: object) -> None:
        """Take an event in; twice is once."""
        if not isinstance(notice, NodeCompleted | NodeReused | NodeFailed) or notice.scope:
            return
        if isinstance(notice, NodeFailed):
            if not self.memory.overtaken(notice.node, self.run.id):
                self.memory.failed.add(notice.node)
            return
        source = self.run.id if isinstance(notice, NodeCompleted) else notice.source
        found = {
            (notice.node, port): value_key(ref, source, notice.node, port)
            for port, ref in notice.outputs.items()
        }
        self.values |= found
        if not self.memory.overtaken(notice.node, self.run.id):
            self._remember(notice, source, found)

    def _remember(
        self,
        notice: NodeCompleted | NodeReused,
        source: RunId | None,
        found: Mapping[tuple[NodeId, PortName], str],
    ) -> None:
        node, memory = notice.node, self.memory
        for port in self.plan.step(node).outputs:  # one may be of a branch that was not taken
            memory.values.pop((node, port), None)
        memory.values |= found
        if isinstance(notice, NodeCompleted):
            memory.failed.discard(node)
        if isinstance(notice, NodeReused) and notice.cache_key is None and node in memory.known:
            return  # it was given: what it follows from was remembered when it was made
        given = self.run[node]
        if given.at_hand:
            reuse = Reuse(given.given, notice.outputs, source)
            wires = self.basis[node].wires
            read = {name: self.values.get(one, "") for name, one in wires.items()}
            memory.known[node] = Known(self.basis[node], reuse, read)
