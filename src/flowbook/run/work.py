"""What the engine is given to run, and what a running node may ask for.

A plan says what depends on what; `Work` is the code behind one of its steps. The engine never
looks inside: it calls it with a `StepContext` and the step's inputs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Unpack

from msgspec import Struct

from flowbook.errors import UsageError
from flowbook.events import NodeCompleted, NodeReused
from flowbook.events.values import Usage, ValueRef
from flowbook.graph.called import Call, Called
from flowbook.graph.container import Container
from flowbook.graph.memory import Memory
from flowbook.graph.node import NodeContext, Outputs, Progress, UsageAmounts
from flowbook.graph.services import Services
from flowbook.graph.suspension import Resumption
from flowbook.ids import CellId, FlowId, NodeId, PortName, RunId
from flowbook.run.artefacts import artefact_of
from flowbook.run.rules.known import KnownTurn
from flowbook.run.stream import Streams
from flowbook.run.usage import Took, usage_of


@dataclass(frozen=True, slots=True)
class Work:
    """The code of one step.

    `filename` is what its cell was compiled as. `content` is a digest of what the code uses beyond
    its inputs (captured names), None when that cannot be told, for the reason `opaque`: then
    nothing is taken from a cache.
    """

    call: Callable[[NodeContext, Mapping[PortName, Any]], Any]
    is_async: bool = False
    pure: bool = False
    filename: str | None = None
    cell: CellId | None = None
    content: str | None = ""
    opaque: str = ""
    grace: float = 0.5
    """Seconds it may take to stop once it is told."""
    container: Callable[[NodeContext, Mapping[PortName, Any]], Container] | None = None
    """Gives the node itself for its inputs, where it owns others."""
    given: Callable[[NodeContext, Outputs], None] | None = None
    """Looks at what a container gave once it is gathered; raises for what does not fit."""
    inside: Mapping[NodeId, Work] = field(default_factory=dict)
    """The code of the nodes a container owns, of all its blocks."""
    afresh: bool = False
    """True when nothing is taken from the cache; what it gives goes there all the same."""


class Remembered(Protocol):
    """What is known of a step that is looked up."""

    @property
    def done(self) -> NodeCompleted | None:
        """The newest completion under the key."""
        ...

    @property
    def cleared(self) -> float | None:
        """When that was said to be of no use any more, in seconds since the epoch."""
        ...

    @property
    def last(self) -> NodeCompleted | None:
        """Without one: what the node of that flow computed last, under another key."""
        ...


class Memoir(Protocol):
    """Who knows what was done before; the store, in a project."""

    def recall(self, key: str, flow: str, node: str) -> Remembered:
        """What is known under that key. Blocking; called from a worker thread."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A permit that a step of a run wants: to be one of `most` at once that share its `key`.

    `tags` are those that the project limits. `rank`: priority inside of its run. `most` None: its
    tags alone matter.
    """

    run: RunId
    node: NodeId
    tags: tuple[str, ...] = ()
    most: int | None = None
    key: str = ""
    rank: int = 0


class Permit(Protocol):
    """A permit that was wished for, whether it is there yet or not."""

    def give_back(self) -> None:
        """Let others have it; it is wished for no longer. Doing so twice does nothing."""
        ...


class Permits(Protocol):
    """Who hands out what all runs share; the session, in a project."""

    def tags(self) -> Collection[str]:
        """The tags that the project limits."""
        ...

    def wish(self, wish: Wish, permitted: Callable[[], None]) -> Permit:
        """Ask for a permit; `permitted` is called, on any thread, once it is there."""
        ...


class Shelter(Protocol):
    """Keeps values that were brought back at hand, so that they are not read twice."""

    def get(self, ref: ValueRef, read: Callable[[ValueRef], object]) -> object:
        """The value, as nobody else holds it; `read` brings it back. Called from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Reuse:
    """What a step is known to give, so that it is not run.

    `refs` are the references of those values if they were kept already, which spares keeping them
    again; `source` is the run that made them. `by_hand`: somebody gave them. Outputs that no step
    to be run reads may stay in the store: then `stored` is the event that tells of them.
    """

    outputs: Outputs | None
    refs: Mapping[PortName, ValueRef] | None = None
    source: RunId | None = None
    by_hand: bool = False
    stored: NodeCompleted | NodeReused | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """Items of a container beyond its own; `ref` is their list if it is kept already."""

    items: Sequence[Any] | None
    count: int
    ref: ValueRef | None = None
    by: NodeId | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """What containers of a new run have of an earlier one, by the container's name.

    `turns`: those that went well, by number. `items`: those that were added to it, and are now.
    """

    turns: Mapping[NodeId, Mapping[int, KnownTurn]] = field(default_factory=dict)
    items: Mapping[NodeId, Sequence[Items]] = field(default_factory=dict)


def _no_expressions(*_: Any) -> Any:
    raise UsageError("this engine evaluates no expressions", hint="pass Engine(tools=Tools(…))")


def _no_queries(*_: Any, **__: Any) -> Any:
    raise UsageError("this engine runs no SQL", hint="pass Engine(tools=Tools(…))")


async def _no_calls(*_: Any) -> Any:
    raise UsageError("this engine calls no flows", hint="pass Engine(tools=Tools(…))")


def _no_past(run: Any, seq: int | None) -> Any:  # noqa: ARG001 - the seam's signature
    raise UsageError("there is no history here to look back into")


def _no_memory(_: Any) -> Any:
    raise UsageError(
        "nothing is remembered here", hint="leave out on='process' and on='dask' of the node"
    )


def _no_services(_: Any) -> Any:
    raise UsageError(
        "a node in another process has no services of the project",
        hint="leave out on='process' and on='dask' of the node",
    )


def _nothing_around(_: StepContext, __: str) -> Mapping[str, Any]:
    return {}


class Environments(Protocol):
    """Knows in what runs are performed."""

    def digest(self) -> str:
        """Of what this process is now."""
        ...

    def get(self, digest: str | None) -> Any:
        """What the digest of a run stands for."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What nodes may use of the world: the session brings the expression language and the store.

    `evaluate` also goes to processes, so it must be a function of a module. `memoir` knows what was
    done before, for nodes that may be taken from the cache; `shelter` holds what it gave.
    `permits` hands out what nodes of all runs share; without one nothing is shared. `ambient` gives
    the names of an expression that begin with `$`.
    """

    evaluate: Callable[[str, Mapping[str, Any]], Any] = _no_expressions
    query: Callable[..., Any] = _no_queries
    memoir: Memoir | None = None
    shelter: Shelter | None = None
    call: Callable[[StepContext, Call], Awaitable[Called]] = _no_calls
    permits: Permits | None = None
    memory: Callable[[StepContext], Memory] = _no_memory
    services: Callable[[StepContext], Services] = _no_services
    ambient: Callable[[StepContext, str], Mapping[str, Any]] = _nothing_around
    variables: Callable[[RunId], Memory] = _no_memory
    """Those of one run."""
    told: Callable[[str], str] = str
    """What is printed, as it may be shown."""
    moment: Callable[[Any, int | None], Any] = _no_past
    """A run of this process as it stood at an event."""
    environments: Environments | None = None
    """In what runs are performed; without, that is not told."""


class Voice(Protocol):
    """Where a running node's words go; safe to call from any thread."""

    def say(self, step: int, attempt: int, stream: str, text: str) -> None: ...

    def progress(self, step: int, attempt: int, progress: Progress) -> None: ...

    def used(self, step: int, attempt: int, usage: Usage) -> None: ...

    def adds(self, step: int, attempt: int, container: str, items: Iterable[Any]) -> None: ...
    @property
    def streams(self) -> Streams: ...

    @property
    def taken(self) -> dict[tuple[int, int], Took]: ...


class StepContext(Struct, eq=False):
    """The `NodeContext` of one attempt of one step."""

    run_id: RunId
    node: NodeId
    attempt: int
    step: int
    voice: Voice
    tools: Tools
    scope: str = ""
    """Inside which turn of which containers."""
    stopping: bool = False
    """The run wants this attempt to stop."""
    heeded: bool = False
    """The node knows: what it returns from now on is no result."""
    tries: int = 1
    """Which try this is: attempts that were cut short with their process do not count."""
    resumption: Resumption | None = None
    """What came after this attempt was suspended."""
    writes: dict[str, int] | None = None
    """How often this attempt has changed what is remembered, by key; None for never."""
    flow: FlowId = FlowId("")

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt: an effect that got through is not done again."""
        return f"{self.run_id}:{self.path}"

    @property
    def path(self) -> str:
        """What the node is called in the whole run: its scope and its name."""
        return f"{self.scope}.{self.node}" if self.scope else self.node

    @property
    def memory(self) -> Memory:
        return self.tools.memory(self)

    @property
    def services(self) -> Services:
        return self.tools.services(self)

    def log(self, text: str) -> None:
        """One line for the run's log."""
        self.voice.say(self.step, self.attempt, "log", f"{text}\n")

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Shown live; the last one is kept."""
        self.voice.progress(self.step, self.attempt, Progress(done, total, text))

    def token(self, content: str) -> None:
        """Shown live; all of an attempt are kept as one text."""
        self.voice.streams.token((self.step, self.attempt), content)

    def emit(self, data: Any) -> None:
        """Kept as a value."""
        self.voice.streams.emit((self.step, self.attempt), data)

    def artefact(self, name: str, content: Any, media_type: str | None = None) -> None:
        """Kept as bytes."""
        self.made(*artefact_of(name, content, media_type))

    def made(self, name: str, content: bytes, media_type: str) -> None:
        """The same, as bytes already."""
        self.voice.streams.artefact((self.step, self.attempt), name, content, media_type)

    def tokens(self, text: str, chunks: int) -> None:
        """Several tokens at once."""
        self.voice.streams.token((self.step, self.attempt), text, chunks)

    def record_usage(self, provider: str, model: str, **amounts: Unpack[UsageAmounts]) -> None:
        """Part of the event that ends this attempt."""
        self.used(usage_of(provider, model, amounts))

    def used(self, usage: Usage) -> None:
        """The same, checked already."""
        self.voice.used(self.step, self.attempt, usage)

    def add_items(self, container: str, items: Iterable[Any]) -> None:
        """More items for a container, once this attempt has succeeded."""
        self.voice.adds(self.step, self.attempt, container, items)

    def took(self, took: Took) -> None:
        """What this attempt took, told before its end is."""
        self.voice.taken[self.step, self.attempt] = took

    def cancelled(self) -> bool:
        """True once this attempt should stop."""
        self.heeded = self.stopping
        return self.stopping

    def hear(self, stream: str, text: str) -> str:
        """What the node prints; as it may be shown."""
        self.voice.say(self.step, self.attempt, stream, text)
        return self.tools.told(text)

    def evaluate(self, expression: str, names: Mapping[str, Any]) -> Any:
        if "$" in expression:
            names = {**names, **self.tools.ambient(self, expression)}
        return self.tools.evaluate(expression, names)

    def query(
        self,
        sql: str,
        tables: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        attach: Mapping[str, str] | None = None,
        result: str = "frame",
    ) -> Any:
        stop = lambda: self.stopping  # noqa: E731 - `cancelled` is for the node to ask
        return self.tools.query(sql, tables, parameters, attach=attach, result=result, stop=stop)

    async def call(self, wanted: Call) -> Called:
        return await self.tools.call(self, wanted)
