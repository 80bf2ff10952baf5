"""Histories for tests of the run history: rows made by SQL when they are many, else journalled."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from flowbook.events import Event, NodeStarted, RunCompleted, RunCreated, RunStatus, TriggerKind
from flowbook.events.values import ErrorInfo
from flowbook.ids import EventSeq, FlowId, NodeId, RunId, mint_uuid7
from flowbook.store.migrations import STORAGE_VERSION
from flowbook.store.store import Store

_RUN = "printf('%08x-%04x-7000-8000-%012x', ms // 65536, ms % 65536, r)"
_MADE = """
INSERT INTO stored.runs BY NAME
SELECT {run} AS id, 'flow_' || r % 20 AS flow, 'v1' AS version,
       ['cron', 'manual', 'cli', 'webhook'][1 + r % 4] AS trigger, '{{}}' AS params, 4 AS nodes,
       'elsewhere' AS host, 1 AS pid, epoch_ms(ms) AS started_at,
       epoch_ms(ms) + INTERVAL 9 SECOND AS last_at, 9 AS last_seq, 'made' AS writer,
       CASE WHEN r % 20 = 0 THEN 'failed' WHEN r % 33 = 0 THEN 'cancelled' ELSE 'succeeded' END
           AS outcome,
       epoch_ms(ms) + INTERVAL 9 SECOND AS ended_at, 100.0 + r * 7919 % 900000 AS duration_ms,
       CASE WHEN r % 20 = 0 THEN 1 ELSE 0 END AS failed, 0 AS suspended,
       CASE WHEN r % 20 = 0 THEN 'load: no connection to warehouse ' || r % 7 END AS error
FROM (SELECT r, epoch_ms(now()::TIMESTAMP) - 60000 - ({runs} - r) * 60000 AS ms
      FROM range({runs}) AS t(r))
"""


def made(folder: Path, runs: int) -> None:
    """Give a project so many runs of twenty flows, a minute apart, the last one a minute ago."""
    recorded(folder, "seed", RunStatus.SUCCEEDED)
    with duckdb.connect() as connection:
        database = folder / ".flowbook" / "store.duckdb"
        connection.execute(
            f"SET TimeZone = 'UTC'; ATTACH '{database}' AS stored"
            f" (STORAGE_VERSION '{STORAGE_VERSION}')"
        )
        connection.execute(_MADE.format(run=_RUN, runs=runs))
        connection.execute("CHECKPOINT stored")


def recorded(folder: Path, flow: str, status: RunStatus, **how: Any) -> str:
    """One run that is over, journalled and folded, as `events_of` has it; its id."""
    run, events = events_of(flow, status, **how)
    with closing(Store.open(folder / ".flowbook")) as store:
        store.sink.append(events).result()
        store.fold()
    return run


def events_of(
    flow: str,
    status: RunStatus,
    *,
    trigger: TriggerKind = TriggerKind.MANUAL,
    error: str | None = None,
    ago: float = 1.0,
) -> tuple[RunId, list[Event]]:
    """A run of one node that is over, and its events. `ago`: seconds since it began."""
    began = time.time() - ago
    run = RunId(mint_uuid7(int(began * 1000), int.from_bytes(os.urandom(9))))
    node = NodeId("load")
    created = RunCreated(
        run=run, seq=EventSeq(0), at=began, flow=FlowId(flow), version="v1", trigger=trigger,
        nodes=(node,),
    )  # fmt: skip
    started = NodeStarted(run=run, seq=EventSeq(1), at=began, node=node, attempt=1, on="thread")
    why = None if error is None else ErrorInfo("ValueError", error)
    ended = RunCompleted(
        run=run, seq=EventSeq(2), at=began + ago / 2, status=status, ms=ago * 500, error=why
    )
    return run, [created, started, ended]
