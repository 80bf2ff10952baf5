"""What the benchmarks of the store write, and the shape of a result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from flowbook.events import (
    Event,
    NodeCompleted,
    NodeStarted,
    RunCompleted,
    RunCreated,
    RunStatus,
    TriggerKind,
)
from flowbook.ids import EventSeq, FlowId, NodeId, RunId, mint_uuid7


@dataclass(frozen=True)
class Row:
    """One measured number. `aim` is what it should be on two cores with nothing else to do."""

    what: str
    measured: float
    unit: str
    aim: str
    note: str

    def shown(self, bare: float) -> dict[str, object]:
        """The row, with its ratio to a bare write and sync; times are counted in such."""
        compared = {"a second": self.measured / bare, "ms": self.measured * bare / 1e3}
        return {
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit,
            "aim": self.aim or None,
            "ratio to bare": compared.get(self.unit),
            "note": self.note or None,
        }


def row(what: str, measured: float, unit: str, aim: str = "", note: str = "") -> Row:
    """A row; aim and note may be left out."""
    return Row(what, measured, unit, aim, note)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """That percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e3


def completion(run: RunId, seq: int) -> NodeCompleted:
    """What a node that gave nothing reports."""
    return NodeCompleted(
        run=run, seq=EventSeq(seq), at=time.time(), node=NodeId(f"n{seq % 50}"), attempt=1, ms=1.5
    )


def run_of(number: int, nodes: int = 4) -> list[Event]:
    """The events of one whole run: `2 * nodes + 2` of them."""
    now = time.time()
    run = RunId(mint_uuid7(int(now * 1000), number))
    names = tuple(NodeId(f"node_{n}") for n in range(nodes))
    events: list[Event] = [
        RunCreated(
            run=run, seq=EventSeq(0), at=now, flow=FlowId("load"), version="v1",
            trigger=TriggerKind.CLI, nodes=names, params={"day": "2026-01-01"},
        )
    ]  # fmt: skip
    for at, node in enumerate(names):
        events += (
            NodeStarted(run=run, seq=EventSeq(2 * at + 1), at=now, node=node, attempt=1, on="loop"),
            NodeCompleted(run=run, seq=EventSeq(2 * at + 2), at=now, node=node, attempt=1, ms=1.5),
        )
    last = EventSeq(2 * nodes + 1)
    events.append(RunCompleted(run=run, seq=last, at=now, status=RunStatus.SUCCEEDED, ms=9.0))
    return events
