"""How fast facts become durable: one process with many in flight, and several beside a reader."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from store_load import Row, completion, percentile, row

from flowbook.ids import RunId, mint_uuid7
from flowbook.store.store import Store

SECONDS = 1.5
PACE_SECONDS = 8.0
PACE = 200
"""Facts a second of each of the three writers."""


def bare(folder: Path) -> float:
    """Rows a second of nothing but `write` and `fdatasync`: what all the rest is compared with."""
    line = b"x" * 220 + b"\n"
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        count, end = 0, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            os.write(file.fileno(), line)
            os.fdatasync(file.fileno())
            count += 1
    return count / SECONDS


def flight(store: Store, in_flight: int) -> tuple[float, list[float]]:
    """Keep `in_flight` appends unacknowledged; how many a second were, and their latencies."""
    run = RunId(mint_uuid7(time.time_ns() // 1_000_000, 0))
    room = threading.Semaphore(in_flight)
    latencies: list[float] = []
    seq, started = 0, time.perf_counter()
    while time.perf_counter() < started + SECONDS:
        room.acquire()
        asked = time.perf_counter()

        def acknowledged(_future: object, asked: float = asked) -> None:
            latencies.append(time.perf_counter() - asked)
            room.release()

        store.sink.append([completion(run, seq)]).add_done_callback(acknowledged)
        seq += 1
    for _ in range(in_flight):
        room.acquire()
    return seq / (time.perf_counter() - started), latencies


def in_one_process(folder: Path) -> Iterator[Row]:
    """Durable completions a second, by how many wait at once."""
    for in_flight in (1, 8, 32, 64, 256):
        store = Store.open(folder / f"flight {in_flight}")
        rate, latencies = flight(store, in_flight)
        store.close()
        p99 = f"ack p50 {percentile(latencies, 50):.2f}, p99 {percentile(latencies, 99):.2f} ms"
        aim = ">= 10000" if in_flight == 64 else ""
        yield row(f"durable completions, {in_flight} in flight", rate, "a second", aim, p99)


def paced(root: Path, told: multiprocessing.Queue[list[float]]) -> None:
    """One writer process: `PACE` facts a second, each acknowledged or not."""
    store = Store.open(root)
    run = RunId(mint_uuid7(time.time_ns() // 1_000_000, os.getpid()))
    latencies: list[float] = []
    started = time.perf_counter()
    for seq in range(int(PACE * PACE_SECONDS)):
        time.sleep(max(0.0, started + seq / PACE - time.perf_counter()))
        asked = time.perf_counter()

        def acknowledged(_future: object, asked: float = asked) -> None:
            latencies.append(time.perf_counter() - asked)

        last = store.sink.append([completion(run, seq)])
        last.add_done_callback(acknowledged)
    last.result(30)
    told.put(latencies)
    store.close()


def beside_a_reader(folder: Path) -> Iterator[Row]:
    """Three paced writers that fold by themselves, and a reader that holds the store for 1.5 s."""
    start = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[list[float]] = start.Queue()
    root = folder / "paced"
    writers = [start.Process(target=paced, args=(root, told)) for _ in range(3)]
    for writer in writers:
        writer.start()
    store = Store.open(root)
    held, end = 0, time.perf_counter() + PACE_SECONDS
    while time.perf_counter() < end:
        with store.history.snapshot.look("runs") as view:
            view.execute("SELECT count(*) FROM runs").fetchall()
            time.sleep(1.5)
        held += 1
        time.sleep(0.5)
    latencies = [one for _ in writers for one in told.get(timeout=60)]
    for writer in writers:
        writer.join()
    store.close()
    what = f"ack of three writers at {PACE} a second, beside a reader that held 1.5 s, {held} times"
    yield row(f"{what}: p50", percentile(latencies, 50), "ms", "<= 2")
    yield row(f"{what}: p99", percentile(latencies, 99), "ms", "<= 50")
