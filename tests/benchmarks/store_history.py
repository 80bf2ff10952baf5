"""What history costs on a million runs, ten million events, while others go on writing.

The base is built by SQL, once, into the folder for temporary files, and kept there for the next
time; `FLOWBOOK_BENCH_RUNS` makes it smaller.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
from store_load import Row, percentile, row, run_of

from flowbook.store.migrations import STORAGE_VERSION
from flowbook.store.schema import TABLES
from flowbook.store.store import Store

RUNS = int(os.environ.get("FLOWBOOK_BENCH_RUNS", "1_000_000"))
DAYS = 180
NODES = 4
LOOKS = 15

_RUN = "printf('%08x-%04x-7000-8000-%012x', ms // 65536, ms % 65536, r)"
_MADE = f"""
CREATE TEMP TABLE made AS
SELECT r, {_RUN} AS run, epoch_ms(ms) AS ts, 'flow_' || r % 50 AS flow,
       CASE WHEN r % 20 = 0 THEN 'failed' ELSE 'succeeded' END AS ended
FROM (SELECT r, epoch_ms(now()::TIMESTAMP) - {DAYS * 86_400_000}
             + r * {DAYS * 86_400_000} // {RUNS} - 60000 AS ms FROM range({RUNS}) AS t(r))
"""  # numbers of this module
_HEAD = (
    """'{"kind":"' || kind || '","run":"' || run || '","seq":' || seq || ',"at":' || epoch(ts)"""
)
_EVENTS = f"""
INSERT INTO stored.events BY NAME
SELECT run AS run_id, seq::INTEGER AS seq, ts, kind, node, attempt, status, ms, 'base' AS writer,
       r * {2 * NODES + 2} + seq + 1 AS wseq,
       {_HEAD} || CASE kind
           WHEN 'RUN_CREATED' THEN
               ',"flow":"' || flow || '","version":"v1","trigger":"cron","nodes":["node_0"]}}'
           WHEN 'NODE_STARTED' THEN ',"node":"' || node || '","attempt":1,"on":"thread"}}'
           WHEN 'NODE_COMPLETED' THEN
               ',"node":"' || node || '","attempt":1,"ms":' || ms || '}}'
           ELSE ',"status":"' || status || '","ms":' || ms || '}}' END AS payload
FROM (
    SELECT r, run, flow, seq, ts + INTERVAL 1 MILLISECOND * (seq * 900) AS ts,
           CASE WHEN seq = 0 THEN 'RUN_CREATED' WHEN seq = {2 * NODES + 1} THEN 'RUN_COMPLETED'
                WHEN seq % 2 = 1 THEN 'NODE_STARTED' ELSE 'NODE_COMPLETED' END AS kind,
           CASE WHEN seq BETWEEN 1 AND {2 * NODES}
                THEN 'node_' || (r % 50 * {NODES} + (seq - 1) // 2) END AS node,
           CASE WHEN seq BETWEEN 1 AND {2 * NODES} THEN 1 END AS attempt,
           CASE WHEN seq = {2 * NODES + 1} THEN ended END AS status,
           CASE WHEN seq > 0 AND seq % 2 = 0 OR seq = {2 * NODES + 1}
                THEN (r * 7919 + seq * 104729) % 100000 / 100 END AS ms
    FROM made, range({2 * NODES + 2}) AS t(seq))
"""  # numbers of this module
_RUNS_ROWS = f"""
INSERT INTO stored.runs BY NAME
SELECT run AS id, flow, 'v1' AS version, 'cron' AS trigger, '{{}}' AS params, {NODES} AS nodes,
       'host' AS host, 1 AS pid, ts AS started_at, ts + INTERVAL 9 SECOND AS last_at,
       {2 * NODES + 1} AS last_seq, 'base' AS writer, ended AS outcome,
       ts + INTERVAL 9 SECOND AS ended_at, 9000.0 AS duration_ms, 0 AS failed, 0 AS suspended
FROM made
"""  # numbers of this module
_NODE_ROWS = f"""
INSERT INTO stored.node_runs BY NAME
SELECT run AS run_id, 'node_' || (r % 50 * {NODES} + n) AS node, (2 * n + 2)::INTEGER AS seq,
       'succeeded' AS status, 1 AS attempts, 'thread' AS executor,
       ts + INTERVAL 1 MILLISECOND * ((2 * n + 1) * 900) AS started_at,
       ts + INTERVAL 1 MILLISECOND * ((2 * n + 2) * 900) AS ended_at,
       (r * 7919 + n * 104729) % 100000 / 100 AS duration_ms
FROM made, range({NODES}) AS t(n)
"""  # numbers of this module


def base() -> tuple[Path, float]:
    """The folder of the base, and how many seconds it took to build; 0 when it was there."""
    shape = hashlib.sha256(repr((sorted(TABLES.items()), RUNS, _EVENTS)).encode()).hexdigest()[:12]
    final = Path(tempfile.gettempdir()) / f"flowbook-bench-{shape}"
    if final.exists():
        return final, 0.0
    started = time.perf_counter()
    building = final.with_suffix(".building")
    shutil.rmtree(building, ignore_errors=True)
    store = Store.open(building / ".flowbook")
    store.sink.append(run_of(0)).result()
    store.fold()
    store.close()
    with duckdb.connect() as connection:
        database = building / ".flowbook" / "store.duckdb"
        connection.execute(
            f"SET TimeZone = 'UTC'; ATTACH '{database}' AS stored"
            f" (STORAGE_VERSION '{STORAGE_VERSION}')"
        )
        for statement in (_MADE, _EVENTS, _RUNS_ROWS, _NODE_ROWS, "CHECKPOINT stored"):
            connection.execute(statement)
    building.rename(final)
    return final, time.perf_counter() - started


def live(root: Path, stop: multiprocessing.synchronize.Event) -> None:
    """A writer process beside the reader: twenty runs a second, folded by itself."""
    store = Store.open(root)
    number = os.getpid() << 32
    while not stop.is_set():
        store.sink.append(run_of(number)).result()
        number += 1
        time.sleep(0.05)
    store.close()


def timed(question: Callable[[], object]) -> float:
    """The median of some looks, in milliseconds, after one that warms up."""
    question()
    seconds = []
    for _ in range(LOOKS):
        started = time.perf_counter()
        question()
        seconds.append(time.perf_counter() - started)
    return percentile(seconds, 50)


def looks(folder: Path) -> Iterator[Row]:
    """A page, a timeline and percentiles, with two writers at work."""
    found, built = base()
    root = folder / "history" / ".flowbook"
    shutil.copytree(found / ".flowbook", root)
    start = multiprocessing.get_context("spawn")
    stop = start.Event()
    writers = [start.Process(target=live, args=(root, stop)) for _ in range(2)]
    store = Store.open(root)
    middle = store.history.table(f"SELECT id FROM runs ORDER BY id LIMIT 1 OFFSET {RUNS // 2}")
    for writer in writers:
        writer.start()
    time.sleep(3)
    note = f"{RUNS:,} runs; base built in {built:.0f} s" if built else f"{RUNS:,} runs"
    yield row("latest 50 runs", timed(lambda: store.history.runs(limit=50)), "ms", "<= 60", note)
    old = middle[1][0][0]
    yield row("timeline of one old run", timed(lambda: store.history.events(old)), "ms", "<= 20")
    new = store.history.runs(limit=1).runs[0].id
    yield row("timeline of the newest run", timed(lambda: store.history.events(new)), "ms", "<= 20")
    yield row(
        "30-day percentiles per node",
        timed(
            lambda: store.history.table(
                "SELECT node, count(*), quantile_cont(duration_ms, [0.5, 0.95, 0.99])"
                " FROM node_runs WHERE started_at >= now()::TIMESTAMP - INTERVAL 30 DAY"
                " GROUP BY node"
            )
        ),
        "ms",
        "<= 100",
    )
    yield row("SQL that names no view", timed(lambda: store.history.table("SELECT 1")), "ms")
    stop.set()
    for writer in writers:
        writer.join()
    store.close()
    size = (found / ".flowbook" / "store.duckdb").stat().st_size
    per_event = size / (RUNS * (2 * NODES + 2))
    yield row("DuckDB, all tables, an event", per_event, "bytes", "", f"{size / 1e6:,.0f} MB")
