"""A small host and run for the widget's tests: our seams, without a session or an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from flowbook.errors import InvalidParameters, UnknownNode, UsageError
from flowbook.events import (
    Event,
    NodeCompleted,
    NodeStarted,
    RunCompleted,
    RunCreated,
    RunStatus,
    TriggerKind,
)
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.edits import Edit, apply, inverse, label
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Position, Wire
from flowbook.ids import EventSeq, FlowId, NodeId, PortName, RunId
from flowbook.run.rules.phase import Outcome
from flowbook.run.streamed import Streamed
from flowbook.store.figures import FlowStats, Overview
from flowbook.store.preview import Preview

RUN = RunId("run-1")


def spec() -> FlowSpec:
    """fetch(city) -> rows; clean(rows=fetch.rows) -> clean, written before fetch."""
    fetch = NodeSpec(
        NodeId("fetch"),
        kind="http",
        inputs=(InputSpec(PortName("city")),),
        outputs=(PortName("rows"),),
    )
    clean = NodeSpec(
        NodeId("clean"),
        inputs=(InputSpec(PortName("rows"), wire=Wire(NodeId("fetch"), PortName("rows"))),),
        outputs=(PortName("clean"),),
        body="rows.dropna()",
    )
    city = ParamSpec(PortName("city"), default="Oslo", annotation="str", help="where")
    return FlowSpec(FlowId("tour"), (clean, fetch), (city,))


def created(run: RunId = RUN) -> Event:
    return RunCreated(
        run=run,
        seq=EventSeq(0),
        at=1.0,
        flow=FlowId("tour"),
        version="v",
        trigger=TriggerKind.CANVAS,
        nodes=(NodeId("fetch"), NodeId("clean")),
    )


def started(seq: int, node: str = "fetch", run: RunId = RUN) -> Event:
    return NodeStarted(run=run, seq=EventSeq(seq), at=2.0, node=NodeId(node), attempt=1)


def completed(seq: int, node: str = "fetch", inline: bytes | None = None) -> Event:
    ref = ValueRef(
        "", ValueFormat.JSON, "list", inline=msgspec.Raw(inline) if inline else msgspec.UNSET
    )
    return NodeCompleted(
        run=RUN,
        seq=EventSeq(seq),
        at=3.0,
        node=NodeId(node),
        attempt=1,
        ms=12.0,
        outputs={PortName("rows"): ref},
    )


def over(seq: int) -> Event:
    return RunCompleted(run=RUN, seq=EventSeq(seq), at=4.0, status=RunStatus.SUCCEEDED, ms=3000.0)


@dataclass
class FakeNodeRun:
    outcome: Outcome | None = Outcome.SUCCEEDED
    error: Any = None
    held_inputs: Mapping[PortName, Any] = field(default_factory=dict)
    held_outputs: Mapping[PortName, Any] = field(default_factory=dict)
    kept_back: tuple[str, ...] = ()
    stream: Streamed = field(default_factory=lambda: Streamed((), lambda ref: ref))

    def shown(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        return {port: "[redacted]" if port in self.kept_back else v for port, v in values.items()}


class FakeRun:
    def __init__(self, run: RunId = RUN) -> None:
        self.id = run
        self.status = RunStatus.RUNNING
        self.waits_for = ""
        self.told: list[Event] = [created(run)]
        self.listeners: list[Callable[[Any], None]] = []
        self.cancelled: list[str] = []
        self.nodes: dict[str, FakeNodeRun] = {}

    def events(self) -> list[Event]:
        return list(self.told)

    def happen(self, *events: Event) -> None:
        for event in events:
            self.told.append(event)
            for listener in tuple(self.listeners):
                listener(event)

    def notice(self, notice: Any) -> None:
        for listener in tuple(self.listeners):
            listener(notice)

    def cancel(self, reason: str = "") -> None:
        self.cancelled.append(reason)

    def subscribe(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)

    def __getitem__(self, node: str) -> FakeNodeRun:
        if node not in self.nodes:
            raise UnknownNode(f"no node {node!r}", node=node, known=tuple(self.nodes))
        return self.nodes[node]


@dataclass(frozen=True)
class FakeVersion:
    number: int
    version: str
    recorded_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    runs: int = 1
    current: bool = False
    published: bool = False
    published_at: datetime | None = None
    note: str = ""


class FakePast:
    """Two versions: the flow as it is, and one without its last node."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host
        self.notes: list[str] = []
        self.asked_since: datetime | None = None
        self.figures = FlowStats(host.definition.id, Overview(), (), (), (), ())

    def versions(self) -> tuple[FakeVersion, ...]:
        return FakeVersion(1, "aaaa"), FakeVersion(2, "bbbb", current=True)

    def spec_of(self, version: str) -> FlowSpec:
        now = self.host.definition
        if version not in ("", "aaaa", "bbbb"):
            raise UsageError(f"no version {version!r}")
        return replace(now, nodes=now.nodes[1:]) if version == "aaaa" else now

    def stats(self, *, since: datetime | None = None) -> FlowStats:
        self.asked_since = since
        return self.figures

    def publish(self, note: str) -> FakeVersion:
        self.notes.append(note)
        return FakeVersion(2, "bbbb", current=True, published=True, note=note)

    def roll_back(self, version: str) -> str:
        self.spec_of(version)
        return f"Roll back to version {version}"


class FakeHost:
    def __init__(self, run: FakeRun | None = None) -> None:
        self.run = run
        self.definition = spec()
        self.places = {NodeId("fetch"): Position(0, 0), NodeId("clean"): Position(270, 0)}
        self.watchers: list[Callable[[], None]] = []
        self.started_with: list[Mapping[str, Any]] = []
        self.tidied = 0
        self.previews: dict[str, Preview] = {}
        self.locked = ""
        self.kinds = Registry([])
        self.past = FakePast(self)
        self.done: list[tuple[Edit, Edit]] = []
        self.undone: list[tuple[Edit, Edit]] = []

    def spec(self) -> FlowSpec:
        return self.definition

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def stale(self) -> frozenset[NodeId]:
        return frozenset()

    def positions(self) -> Mapping[NodeId, Position]:
        return self.places

    @property
    def registry(self) -> Registry:
        return self.kinds

    def apply(self, edit: Edit) -> None:
        self.done.append((edit, inverse(self.definition, edit)))
        self.definition = apply(self.definition, edit)
        self.undone.clear()
        self.changed()

    def history(self) -> tuple[str | None, str | None]:
        undo, redo = (label(stack[-1][0]) if stack else None for stack in (self.done, self.undone))
        return undo, redo

    def undo(self) -> str | None:
        return self._step(self.done, self.undone)

    def redo(self) -> str | None:
        return self._step(self.undone, self.done)

    def _step(self, source: list[tuple[Edit, Edit]], sink: list[tuple[Edit, Edit]]) -> str | None:
        if not source:
            return None
        edit, back = source.pop()
        doing = back if source is self.done else edit
        sink.append((edit, back))
        self.definition = apply(self.definition, doing)
        self.changed()
        return label(edit)

    def move(self, positions: Mapping[NodeId, Position]) -> None:
        self.places = {**self.places, **positions}
        self.changed()

    def tidy(self) -> None:
        self.tidied += 1

    def start(self, params: Mapping[str, Any]) -> FakeRun:
        if "city" in params and not isinstance(params["city"], str):
            problem = Problem(Severity.ERROR, "'city' cannot be 7", hint="write text")
            raise InvalidParameters("1 parameter does not fit", problems=(problem,))
        self.started_with.append(params)
        self.run = FakeRun(RunId(f"run-{len(self.started_with)}"))
        self.changed()
        return self.run

    def current_run(self) -> FakeRun | None:
        return self.run

    def preview(self, ref: ValueRef) -> Preview | None:
        return self.previews.get(ref.hash)

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self.watchers.append(callback)
        return lambda: self.watchers.remove(callback)

    def changed(self) -> None:
        for watcher in tuple(self.watchers):
            watcher()
