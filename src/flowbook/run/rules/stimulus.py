"""What happens to a run: the stimuli; what the engine is then told to do is in `instruction`.

Every stimulus says when: `at`, in seconds since the epoch. `ms` is how long an attempt took.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from flowbook.events import TriggerKind
from flowbook.events.values import ErrorInfo, Usage, ValueRef
from flowbook.ids import CellId, NodeId, PortName, RunId
from flowbook.run.rules.known import ItemsGiven, KnownTurn


class _Stimulus(msgspec.Struct, frozen=True, kw_only=True):
    at: float


class Given(msgspec.Struct, frozen=True):
    """Outputs of a step that are known already, and the run that made them if one is known.

    `by_hand`: somebody gave them.
    """

    outputs: dict[PortName, ValueRef] = {}
    source: RunId | None = None
    by_hand: bool = False


class Origin(msgspec.Struct, frozen=True):
    """The run that another replays, the last event it goes by, and the node it begins at."""

    run: RunId
    seq: int
    node: NodeId | None = None


class Lineage(msgspec.Struct, frozen=True):
    """Where a run comes from, and what it has of there.

    `depth`: how many runs stand above it. `deadline`: seconds since the epoch at which it must be
    over. `schedule`: the one that started it, for its moment `scheduled_for`, in the same seconds.
    """

    parent: RunId | None = None
    calling_node: NodeId | None = None
    depth: int = 0
    deadline: float | None = None
    priority: int = 0
    secrets: dict[str, str] = {}
    """Of a run that another calls: the secrets it is given, and what they are called above all."""
    schedule: str | None = None
    scheduled_for: float | None = None


class Start(_Stimulus, frozen=True, kw_only=True):
    """Begin the run. `given`: the outputs that are known already, by step.

    `origin`: the run this one replays. `called`: which versions of other flows it calls, by node,
    where that is settled. `withdrawn`: it was cancelled while it waited for its turn,
    so it ends as it begins. `paused`: it begins so. `added`: items that containers have beyond
    their own; `items_of`: the containers of which turns are known. `routed`: why it is of this
    version, where that was decided.
    """

    run: RunId
    trigger: TriggerKind
    params: dict[str, Any] = {}
    given: dict[int, Given] = {}
    key: str | None = None
    lineage: Lineage = Lineage()
    host: str | None = None
    pid: int | None = None
    environment: str | None = None
    origin: Origin | None = None
    called: dict[str, str] = {}
    withdrawn: str | None = None
    paused: bool = False
    added: tuple[ItemsGiven, ...] = ()
    items_of: tuple[NodeId, ...] = ()
    routed: str | None = None


class TakenUp(_Stimulus, frozen=True, kw_only=True):
    """Go on with a run whose process is gone, from the state its events lead to.

    `again`: steps that are done but whose outputs, which others still read, cannot be had.
    `known`: by container, the turns that need not run.
    """

    again: tuple[int, ...] = ()
    host: str | None = None
    pid: int | None = None
    environment: str | None = None
    known: dict[int, dict[int, KnownTurn]] = {}


class OfAttempt(_Stimulus, frozen=True, kw_only=True):
    """Something that became of one attempt of a step."""

    step: int
    attempt: int


class StepReturned(OfAttempt, frozen=True, kw_only=True):
    """An attempt gave `outputs`, its live ports; it took `ms`.

    `reason`: what a node that stops the run says about that.
    """

    ms: float
    outputs: dict[PortName, ValueRef] = {}
    result: ValueRef | None = None
    cache_key: str | None = None
    cache_parts: dict[str, str] = {}
    cache_miss: str | None = None
    reason: str = ""
    usage: tuple[Usage, ...] = ()
    added: tuple[ItemsGiven, ...] = ()


class StepUnfolded(OfAttempt, frozen=True, kw_only=True):
    """A container knows its turns: `total`, None when a condition decides.

    `known` are those that need not run, by number.
    """

    total: int | None = None
    known: dict[int, KnownTurn] = {}


class StepConsulted(OfAttempt, frozen=True, kw_only=True):
    """The condition of a container says whether turn `index` is to be."""

    index: int
    go_on: bool


class StepRecalled(OfAttempt, frozen=True, kw_only=True):
    """An attempt was spared: `source` gave these outputs for the same code and content."""

    outputs: dict[PortName, ValueRef] = {}
    source: RunId | None = None
    result: ValueRef | None = None
    cache_key: str | None = None


class StepRaised(OfAttempt, frozen=True, kw_only=True):
    """An attempt failed. `chance` in [0, 1) spreads the retry.

    `final`: another attempt cannot help. `wait`: seconds the other side asks to be left alone.
    """

    ms: float
    error: ErrorInfo
    chance: float = 0.0
    final: bool = False
    wait: float = 0.0
    usage: tuple[Usage, ...] = ()


class StepTimedOut(OfAttempt, frozen=True, kw_only=True):
    """An attempt outlived the step's timeout."""

    ms: float
    chance: float = 0.0
    cell: CellId | None = None
    inputs: dict[str, str] = {}
    usage: tuple[Usage, ...] = ()


class StepCancelled(OfAttempt, frozen=True, kw_only=True):
    """An attempt stopped because it was told to, or was given up."""

    ms: float = 0.0
    usage: tuple[Usage, ...] = ()


class StepSuspended(OfAttempt, frozen=True, kw_only=True):
    """An attempt waits for something outside; the fields are those of `NodeSuspended`."""

    reason: str
    until: float | None = None
    signal: str | None = None
    timeout_at: float | None = None
    on_timeout: Any = "fail"
    data: dict[str, Any] = {}
    fresh: bool = False
    usage: tuple[Usage, ...] = ()


class StepLogged(_Stimulus, frozen=True, kw_only=True):
    """A step printed or logged `text`."""

    step: int
    stream: str
    text: str


class StepStreamed(OfAttempt, frozen=True, kw_only=True):
    """Something of an attempt's stream is kept; the fields are those of `NodeStreamed`."""

    channel: str
    value: ValueRef
    chunk_index: int = 0
    chunks: int = 1
    name: str = ""
    media_type: str = ""


class StepUsed(OfAttempt, frozen=True, kw_only=True):
    """What an attempt used is known; the fields are those of `NodeUsed`."""

    usage: tuple[Usage, ...] = ()
    cpu_ms: float | None = None
    memory: int | None = None
    is_estimate: bool = False


class StepResumed(_Stimulus, frozen=True, kw_only=True):
    """What a suspended step waited for has come, with the signal of that id.

    `since` is the number of the event that suspended it; None: whichever it was.
    """

    step: int
    since: int | None = None
    payload: Any = None
    signal: str = ""


class StepDue(_Stimulus, frozen=True, kw_only=True):
    """The time may have come that a step waits for since event `since`."""

    step: int
    since: int


class TimerFired(OfAttempt, frozen=True, kw_only=True):
    """The pause after the failed attempt `attempt` is over."""


class StepPermitted(_Stimulus, frozen=True, kw_only=True):
    """A step has the permit that it applied for."""

    step: int


class CancelAsked(_Stimulus, frozen=True, kw_only=True):
    """Somebody wants the run to stop; with `force`, also what undoes and cleans up."""

    reason: str = ""
    force: bool = False


class ItemsOffered(_Stimulus, frozen=True, kw_only=True):
    """Somebody outside has more items for a container."""

    items: ItemsGiven


class CheckpointDue(_Stimulus, frozen=True, kw_only=True):
    """It is time for a checkpoint, if anything has happened since the last one."""


class Expired(_Stimulus, frozen=True, kw_only=True):
    """The run's deadline has passed; `seconds` is how long it was given, all attempts together.

    `spent`: milliseconds that the attempts under way have taken, by step.
    """

    seconds: float
    spent: dict[int, float] = {}


class PauseAsked(_Stimulus, frozen=True, kw_only=True):
    """Start nothing more for now."""


class NextAsked(_Stimulus, frozen=True, kw_only=True):
    """Let one step that is held begin, while all else stays so; the next one, or that `step`."""

    step: int | None = None


class ResumeAsked(_Stimulus, frozen=True, kw_only=True):
    """Go on after a pause."""


class JournalFailed(_Stimulus, frozen=True, kw_only=True):
    """The run can be recorded no more, so it must not go on."""

    error: ErrorInfo


Stimulus: TypeAlias = (
    Start
    | TakenUp
    | StepReturned
    | StepUnfolded
    | StepConsulted
    | StepRaised
    | StepRecalled
    | StepTimedOut
    | StepCancelled
    | StepSuspended
    | StepResumed
    | StepDue
    | StepLogged
    | StepStreamed
    | StepUsed
    | TimerFired
    | StepPermitted
    | CancelAsked
    | ItemsOffered
    | CheckpointDue
    | Expired
    | PauseAsked
    | NextAsked
    | ResumeAsked
    | JournalFailed
)
