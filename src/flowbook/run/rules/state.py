"""Where a run stands.

Invariant: run state is nothing but the fold of the run's events; `evolve` is the only code that
changes it. The engine's live state, a history view and the canvas all go through it, so they cannot
disagree.

With a plan, the fold also counts settled edges, which is what `decide` reads. Without one (a
run whose flow has long changed) `RUN_CREATED` lists the nodes: all that a view needs.

Steps are *slots* in flat lists. The flow's own come first, in the plan's order; each turn of a
container adds the slots of its block behind them. So a step inside five containers costs what any
other costs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from flowbook.events import (
    Event,
    ItemsAdded,
    NodeResumed,
    NodeSuspended,
    RunEnding,
    RunStatus,
    SkipReason,
    TriggerKind,
)
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.ids import EventSeq, FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import Edges, Join, Plan, Step
from flowbook.run.rules.limits import Gate
from flowbook.run.rules.outside import Outside
from flowbook.run.rules.phase import Outcome, Phase

_STORY = 24
_NO_RUN, _NO_FLOW, _FIRST = RunId(""), FlowId(""), EventSeq(0)


class Scope(Struct, gc=False):
    """One turn of a container, or the whole flow (`owner` -1), as the slots from `base` on.

    `path` names it (`each[3]`, '' for the flow), `parent` is the path of the scope its container is
    in. `open`: slots that are not done. `failed`: the slot that failed first, -1 if none did.
    `left`: why it was left early, if it was.
    """

    path: str
    base: int = 0
    size: int = 0
    open: int = 0
    owner: int = -1
    block: str = ""
    index: int | None = None
    opened_at: float = 0.0
    failed: int = -1
    left: str = ""
    status: RunStatus | None = None
    """How it ended; None while it goes on."""
    ms: float = 0.0
    gave: Mapping[PortName, ValueRef] | None = None
    """What left it, of a turn that was not run, or that its container does not collect."""
    shielded: bool = False
    """It goes on when the run, or what is around it, is to stop."""


@dataclass(slots=True)
class Turning:
    """A container that is at its turns: how many there are to be, and how they went.

    `scopes`: the last scope of each turn, by block and number.
    """

    total: int | None
    next: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    broken: str = ""
    """Why no more turns begin, if none may."""
    first_failed: int = -1
    """The scope that failed first."""
    trouble: ErrorInfo | None = None
    """What it fails with, once its turns are over."""
    outlasts: bool = False
    """The container is done, and some of its turns are not."""
    tries: dict[int, int] = field(default_factory=dict)
    """How often each turn that failed has been begun."""
    scopes: dict[tuple[str, int | None], int] = field(default_factory=dict)


@dataclass(slots=True)
class RunState:
    """A run as its events tell it; lists are indexed by slot.

    `waits[i]`: in-edges of slot i not settled yet; `live[i]`: settled ones that bring a value;
    `doom[i]` and `blame[i]`: why slot i cannot run, and the node that decided it. These four, and
    `steps`, `edges`, `fed` and `joins`, stay empty without a plan. `fed[i]`: it has in-edges at
    all.
    """

    plan: Plan | None = field(default=None, repr=False, compare=False)
    places: Mapping[NodeId, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each node runs, if the engine has told."""
    machine: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)
    """What nodes may need and the flow says nothing about, if the engine has told."""
    outside: Outside | None = field(default=None, repr=False, compare=False)
    """What its steps may have to wait for outside of the run, if the engine has told."""
    run: RunId = _NO_RUN
    flow: FlowId = _NO_FLOW
    trigger: TriggerKind | None = None
    created_at: float = 0.0
    deadline: float | None = None
    """When it is to be over, in seconds since the epoch."""
    tries: int = 1
    """How often it has had its time."""
    seq: EventSeq = _FIRST
    """The number the next event must have."""
    nodes: tuple[NodeId, ...] = ()
    """The nodes of the flow itself, which have the first slots."""
    blocks: Mapping[NodeId, Mapping[str, tuple[NodeId, ...]]] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict, repr=False)
    """The slot of each node; inside of a container its name is behind its scope's path."""
    scopes: list[Scope] = field(default_factory=list)
    scope: list[int] = field(default_factory=list, repr=False)
    """The number of the scope each slot is in; 0 is the flow itself."""
    turning: dict[int, Turning] = field(default_factory=dict)
    """Containers that are at their turns, or were, by slot."""
    added: dict[int, list[ItemsAdded]] = field(default_factory=dict)
    """The items that were added to those of containers, by slot, in order."""
    names: list[NodeId] = field(default_factory=list, repr=False)
    phase: list[Phase] = field(default_factory=list)
    outcome: list[Outcome | None] = field(default_factory=list)
    attempt: list[int] = field(default_factory=list)
    spared: list[int] = field(default_factory=list)
    """How many attempts of each step count for nothing, because their process was lost."""
    pardoned: dict[int, int] = field(default_factory=dict)
    """The same of attempts that the run gave up for want of time."""
    pause: list[tuple[float, float]] = field(default_factory=list)
    """When each step's last pause between attempts began, and how many seconds it lasts."""
    ms: list[float | None] = field(default_factory=list)
    error: list[ErrorInfo | None] = field(default_factory=list)
    reason: list[str | None] = field(default_factory=list)
    outputs: list[Mapping[PortName, ValueRef]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list, repr=False, compare=False)
    edges: list[Edges] = field(default_factory=list, repr=False, compare=False)
    fed: list[bool] = field(default_factory=list, repr=False, compare=False)
    joins: list[Join | None] = field(default_factory=list, repr=False, compare=False)
    taken: dict[int, frozenset[PortName]] = field(default_factory=dict)
    """Which inputs each join took that had enough before all were settled."""
    gate: Gate | None = None
    """Who may start, None where all may that are ready."""
    waits: list[int] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    doom: list[SkipReason | None] = field(default_factory=list)
    blame: list[NodeId | None] = field(default_factory=list)
    active: int = 0
    """Steps that will go on by themselves: neither waiting, suspended nor done."""
    suspended: int = 0
    waiting: dict[int, NodeSuspended] = field(default_factory=dict, repr=False)
    """What each suspended step waits for."""
    resumed: dict[int, tuple[NodeSuspended, NodeResumed]] = field(default_factory=dict, repr=False)
    """What each step waited for last, and what came."""
    resuming: set[int] = field(default_factory=set, repr=False)
    """Steps that go on with the attempt that was suspended when they start next."""
    answered: dict[str, int] = field(default_factory=dict, repr=False)
    """Signals that are used up, by id: the number of the event that says so."""
    paused: bool = False
    cancelling: bool = False
    forced: bool = False
    """What undoes and cleans up is to stop too."""
    worked: RunEnding | None = None
    """How its work went, once only what undoes it and what tears down is left."""
    stopped: ErrorInfo | None = None
    """Why the run is being stopped, if that is a failure of the run as a whole."""
    ending: RunStatus | None = None
    """How a run ends that one of its nodes stops."""
    stopper: NodeId | None = None
    """The node that stops it."""
    standby: frozenset[NodeId] = frozenset()
    """The nodes that run only when the others are over."""
    setups: frozenset[NodeId] = frozenset()
    setup: set[int] = field(default_factory=set)
    """Steps that all others of the flow itself wait for."""
    compensations: Mapping[NodeId, NodeId] = field(default_factory=dict)
    """Which node undoes which, by the one that is undone."""
    completed: dict[int, int] = field(default_factory=dict)
    """Steps that have completed and may have to be undone, in that order, and what undoes each."""
    undoes: dict[int, int] = field(default_factory=dict)
    """The step that each step undoes, if it has to."""
    undoing: set[int] = field(default_factory=set)
    """Steps that are under way to undo another."""
    roused: list[int] = field(default_factory=list)
    """Steps that were begun to undo another, in that order."""
    compensated: tuple[NodeId, ...] = ()
    uncompensated: tuple[NodeId, ...] = ()
    verdict: RunStatus | None = None
    failure: ErrorInfo | None = None
    story: deque[Event] = field(default_factory=lambda: deque(maxlen=_STORY), repr=False)

    @property
    def over(self) -> bool:
        """True once nothing more may happen."""
        return self.verdict is not None

    @property
    def open(self) -> int:
        """Nodes of the flow itself that are not done."""
        return self.scopes[0].open if self.scopes else 0

    @property
    def first_failed(self) -> NodeId | None:
        """The node of the flow itself that failed first."""
        slot = self.scopes[0].failed if self.scopes else -1
        return None if slot < 0 else self.names[slot]

    def key(self, slot: int) -> NodeId:
        """What the node in a slot is called in the whole run: its scope and its name."""
        path = self.scopes[self.scope[slot]].path
        return NodeId(f"{path}.{self.names[slot]}") if path else self.names[slot]

    def priority(self, slot: int) -> int:
        """That of the step and those of the containers it is in."""
        total = 0
        while slot >= 0:
            total += self.steps[slot].options.priority
            slot = self.scopes[self.scope[slot]].owner
        return total

    def is_over(self, slot: int) -> bool:
        """True when the step is done, and so are its turns where it is a container."""
        turning = self.turning.get(slot)
        return self.phase[slot] is Phase.DONE and not (turning is not None and turning.outlasts)

    def is_current(self, slot: int, attempt: int) -> bool:
        """True when that attempt is the one the run still waits for."""
        phase = self.phase[slot]
        return self.attempt[slot] == attempt and (
            phase is Phase.RUNNING or phase is Phase.TURNING or phase is Phase.CANCELLING
        )

    def is_latest(self, slot: int) -> bool:
        """False in a turn that has begun anew, itself or one around: its names stand for others."""
        number = self.scope[slot]
        while number:
            scope = self.scopes[number]
            turning = self.turning.get(scope.owner)
            if turning is None or turning.scopes.get((scope.block, scope.index)) != number:
                return False
            number = self.scope[scope.owner]
        return True

    @property
    def status(self) -> RunStatus:
        """Suspended means that nothing moves until something from outside comes."""
        if self.verdict is not None:
            return self.verdict
        if self.suspended and not self.active:
            return RunStatus.SUSPENDED
        return RunStatus.RUNNING


def scope_path(parent: str, node: NodeId, block: str, index: int | None) -> str:
    """What a turn of a container is called.

    >>> scope_path("outer[0]", NodeId("each"), "", 3)
    'outer[0].each[3]'
    >>> scope_path("", NodeId("guard"), "catch", None)
    'guard.catch'
    """
    number = "" if index is None else f"[{index}]"
    return f"{parent}{'.' if parent else ''}{node}{number}{'.' if block else ''}{block}"
