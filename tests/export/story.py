"""A run told by hand: two nodes overlap, one retries, one fails, one is skipped."""

from __future__ import annotations

from flowbook.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeLogged,
    NodeRetryScheduled,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    RunCompleted,
    RunCreated,
    RunStatus,
    SkipReason,
    TriggerKind,
)
from flowbook.events.values import ErrorInfo, ValueFormat, ValueRef

RUN = "0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90"
BORN = 1_700_000_000.0
TABLE = ValueRef("ab", ValueFormat.PARQUET, "pandas.DataFrame", rows=1461)
BUSY = ErrorInfo("HTTPError", "503 busy\nsecond line")
BOOM = ErrorInfo(
    "ValueError", "3 days | missing", traceback="Traceback\n  line 4\nValueError: 3 days", line=4
)


def story(*, good: bool = False) -> list[Event]:
    """The events of a run of `daily`, `station` → `clean` → `chart`, in order."""
    ended = RunStatus.SUCCEEDED if good else RunStatus.FAILED
    clean: list[tuple[float, type[Event], dict]] = (
        [
            (1.6, NodeCompleted, {"node": "clean", "attempt": 1, "ms": 100.0}),
            (1.6, NodeScheduled, {"node": "chart"}),
            (1.6, NodeStarted, {"node": "chart", "attempt": 1}),
            (1.7, NodeCompleted, {"node": "chart", "attempt": 1, "ms": 100.0}),
        ]
        if good
        else [
            (1.6, NodeFailed, {"node": "clean", "attempt": 1, "ms": 100.0, "error": BOOM}),
            (
                1.6,
                NodeSkipped,
                {"node": "chart", "reason": SkipReason.UPSTREAM_FAILED, "cause": "clean"},
            ),
        ]
    )
    told = [
        (
            0.0,
            RunCreated,
            {
                "flow": "tour",
                "version": "0123456789abcdef",
                "trigger": TriggerKind.CLI,
                "nodes": ("daily", "station", "clean", "chart"),
                "params": {"city": "Oslo"},
            },
        ),
        (0.0, NodeScheduled, {"node": "daily"}),
        (0.0, NodeScheduled, {"node": "station"}),
        (0.1, NodeStarted, {"node": "daily", "attempt": 1, "on": "thread"}),
        (0.1, NodeStarted, {"node": "station", "attempt": 1, "on": "thread"}),
        (
            0.3,
            NodeRetryScheduled,
            {"node": "station", "attempt": 1, "ms": 200.0, "delay": 0.5, "error": BUSY},
        ),
        (
            0.7,
            NodeCompleted,
            {"node": "daily", "attempt": 1, "ms": 600.0, "outputs": {"daily": TABLE}},
        ),
        (0.8, NodeStarted, {"node": "station", "attempt": 2, "on": "thread"}),
        (1.4, NodeCompleted, {"node": "station", "attempt": 2, "ms": 600.0}),
        (1.4, NodeScheduled, {"node": "clean"}),
        (1.5, NodeStarted, {"node": "clean", "attempt": 1, "on": "thread"}),
        (1.5, NodeLogged, {"node": "clean", "stream": "stdout", "text": "cleaning\n"}),
        *clean,
        (1.7, RunCompleted, {"status": ended, "ms": 1700.0}),
    ]
    return [
        kind(run=RUN, seq=seq, at=BORN + at, **rest) for seq, (at, kind, rest) in enumerate(told)
    ]
