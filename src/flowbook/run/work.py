"""What the engine is given to run, and what a running node may ask for.

A plan says what depends on what; `Work` is the code behind one of its steps. The engine never
looks inside: it calls it with a `StepContext` and the step's inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Unpack

from flowbook.errors import UsageError
from flowbook.events import NodeCompleted, Usage, ValueRef
from flowbook.graph.container import Container
from flowbook.graph.node import NodeContext, Outputs, Progress, UsageAmounts
from flowbook.graph.suspension import Resumption
from flowbook.ids import CellId, NodeId, PortName, RunId
from flowbook.run.usage import usage_of


@dataclass(frozen=True, slots=True)
class Work:
    """The code of one step.

    `filename` is what its cell was compiled as. `content` is a digest of what the code uses beyond
    its inputs (captured names), None when that cannot be told: then nothing is taken from a cache.
    """

    call: Callable[[NodeContext, Mapping[PortName, Any]], Any]
    is_async: bool = False
    pure: bool = False
    filename: str | None = None
    cell: CellId | None = None
    content: str | None = ""
    container: Callable[[Mapping[PortName, Any]], Container] | None = None
    """Gives the node itself for its inputs, where it owns others."""
    inside: Mapping[NodeId, Work] = field(default_factory=dict)
    """The code of the nodes a container owns, of all its blocks."""


class Memoir(Protocol):
    """Who knows what was done before; the history, in a project."""

    def recall(self, key: str) -> NodeCompleted | None:
        """The newest completion under that key. Blocking; called from a worker thread."""
        ...


@dataclass(frozen=True, slots=True)
class Reuse:
    """What a step is known to give, so that it is not run.

    `refs` are the references of those values if they were kept already, which spares keeping them
    again; `source` is the run that made them.
    """

    outputs: Outputs
    refs: Mapping[PortName, ValueRef] | None = None
    source: RunId | None = None


def _no_expressions(*_: Any) -> Any:
    raise UsageError("this engine evaluates no expressions", hint="pass Engine(tools=Tools(…))")


def _no_queries(*_: Any) -> Any:
    raise UsageError("this engine runs no SQL", hint="pass Engine(tools=Tools(…))")


@dataclass(frozen=True, slots=True)
class Tools:
    """What nodes may use of the world: the session brings the expression language and the store.

    `evaluate` also goes to processes, so it must be a function of a module. `memoir` knows what was
    done before, for nodes that may be taken from the cache.
    """

    evaluate: Callable[[str, Mapping[str, Any]], Any] = _no_expressions
    query: Callable[[str, Mapping[str, Any], Mapping[str, Any]], Any] = _no_queries
    memoir: Memoir | None = None


class Voice(Protocol):
    """Where a running node's words go; safe to call from any thread."""

    def say(self, step: int, attempt: int, stream: str, text: str) -> None: ...

    def progress(self, step: int, attempt: int, progress: Progress) -> None: ...

    def used(self, step: int, attempt: int, usage: Usage) -> None: ...


@dataclass(slots=True, eq=False)
class StepContext:
    """The `NodeContext` of one attempt of one step."""

    run_id: RunId
    node: NodeId
    attempt: int
    step: int
    voice: Voice = field(repr=False)
    tools: Tools = field(repr=False)
    scope: str = ""
    """Inside which turn of which containers."""
    stopping: bool = False
    """The run wants this attempt to stop."""
    heeded: bool = False
    """The node knows: what it returns from now on is no result."""
    resumption: Resumption | None = None
    """What came after this attempt was suspended."""

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt: an effect that got through is not done again."""
        return f"{self.run_id}:{self.path}"

    @property
    def path(self) -> str:
        """Its scope and its name."""
        return f"{self.scope}.{self.node}" if self.scope else self.node

    def log(self, text: str) -> None:
        """One line for the run's log."""
        self.voice.say(self.step, self.attempt, "log", f"{text}\n")

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Shown live, never journalled."""
        self.voice.progress(self.step, self.attempt, Progress(done, total, text))

    def record_usage(self, provider: str, model: str, **amounts: Unpack[UsageAmounts]) -> None:
        """Part of the event that ends this attempt."""
        self.used(usage_of(provider, model, amounts))

    def used(self, usage: Usage) -> None:
        """The same, checked already."""
        self.voice.used(self.step, self.attempt, usage)

    def cancelled(self) -> bool:
        """True once this attempt should stop."""
        self.heeded = self.stopping
        return self.stopping

    def hear(self, stream: str, text: str) -> None:
        """What the node prints."""
        self.voice.say(self.step, self.attempt, stream, text)

    def evaluate(self, expression: str, names: Mapping[str, Any]) -> Any:
        return self.tools.evaluate(expression, names)

    def query(self, sql: str, tables: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
        return self.tools.query(sql, tables, parameters)
