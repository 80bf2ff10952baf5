"""Durable completions a second: one writer, so many in flight, each awaiting its own append.

Prints one line per setting, with a bare write + fdatasync loop of the same rows as the floor:
`python tests/benchmarks/bench_store.py [seconds]`.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

from flowbook.events import NodeCompleted, encode
from flowbook.ids import EventSeq, NodeId, RunId, mint_uuid7
from flowbook.store.disk import Durability
from flowbook.store.store import Store


def completion(run: RunId, seq: int) -> NodeCompleted:
    return NodeCompleted(
        run=run, seq=EventSeq(seq), at=time.time(), node=NodeId(f"n{seq % 50}"), attempt=1, ms=1.5
    )


def flight(store: Store, in_flight: int, seconds: float) -> tuple[int, list[float]]:
    """Keep `in_flight` appends unacknowledged; how many were, and their latencies."""
    run = RunId(mint_uuid7(time.time_ns() // 1_000_000, 0))
    room = threading.Semaphore(in_flight)
    latencies: list[float] = []
    seq, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        room.acquire()
        asked = time.perf_counter()

        def acknowledged(_future: object, asked: float = asked) -> None:
            latencies.append(time.perf_counter() - asked)
            room.release()

        store.sink.append([completion(run, seq)]).add_done_callback(acknowledged)
        seq += 1
    for _ in range(in_flight):
        room.acquire()
    return seq, latencies


def floor(seconds: float) -> float:
    line = encode(completion(RunId("r"), 1))
    with tempfile.NamedTemporaryFile(dir=Path.cwd()) as file:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            os.write(file.fileno(), line)
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


SECONDS = 1.5


def main() -> list[dict[str, object]]:
    """One row for the floor, then one for each durability and number in flight."""
    bare = floor(SECONDS)
    rows: list[dict[str, object]] = [
        {"what": "bare write + fdatasync per row", "a second": bare, "ratio to bare": 1.0}
    ]
    for durability in (Durability.FSYNC, Durability.OS):
        for in_flight in (1, 8, 64, 256):
            with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                store = Store.open(Path(folder) / ".flowbook", durability=durability)
                count, latencies = flight(store, in_flight, SECONDS)
                latencies.sort()
                store.close()
            rows.append(
                {
                    "what": f"{durability}, {in_flight} in flight",
                    "a second": count / SECONDS,
                    "ratio to bare": count / SECONDS / bare,
                    "ack p50 ms": latencies[len(latencies) // 2] * 1e3,
                    "ack p99 ms": latencies[len(latencies) * 99 // 100] * 1e3,
                }
            )
    return rows


if __name__ == "__main__":
    for row in main():
        print(row)
