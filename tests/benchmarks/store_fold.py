"""What follows an acknowledgement: folding, being seen elsewhere, taking over from the dead."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from store_load import Row, completion, percentile, row, run_of

from flowbook.ids import RunId, mint_uuid7
from flowbook.store import folder as folding
from flowbook.store.store import Store

BACKLOG = 100_000
SIGHTINGS = 20


def killed(root: Path, facts: int) -> None:
    """Write so many facts, fold none, and die without a word."""
    folding.MANY_FACTS, folding.IDLE_SECONDS, folding.LONGEST_SECONDS = 10**9, 3600.0, 3600.0
    store = Store.open(root)
    events = len(run_of(0))
    asked = [store.sink.append(run_of(number)) for number in range(facts // events)]
    for future in asked:
        future.result(60)
    os.kill(os.getpid(), signal.SIGKILL)


def takeover(folder: Path) -> Iterator[Row]:
    """A process dies with a long journal; the next one looks, then folds."""
    start = multiprocessing.get_context("spawn")
    root = folder / "takeover"
    dead = start.Process(target=killed, args=(root, BACKLOG))
    dead.start()
    dead.join()
    journal = sum(path.stat().st_size for path in (root / "journal").glob("*.tsv"))
    started = time.perf_counter()
    store = Store.open(root)
    store.history.runs()
    looked = time.perf_counter()
    facts = store.fold(budget=30)
    done = time.perf_counter()
    store.close()
    yield row("journal, an event", journal / facts, "bytes")
    yield row(f"first look after a kill, {facts:,} facts behind", (looked - started) * 1e3, "ms")
    yield row("  and all folded", (done - started) * 1e3, "ms", "<= 2000")
    yield row("fold, events", facts / (done - looked), "a second")


def seen(root: Path, told: multiprocessing.Queue[float], ready: multiprocessing.Queue[str]) -> None:
    """Another process: look until each expected completion is there, and say when it was."""
    store = Store.open(root)
    while (run := ready.get(timeout=60)) != "":
        while not store.history.events(RunId(run)):
            time.sleep(0.001)
        told.put(time.time())
    store.close()


def sighting(folder: Path) -> Iterator[Row]:
    """From before the append until another process has the completion in its hands."""
    start = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[float] = start.Queue()
    ready: multiprocessing.Queue[str] = start.Queue()
    root = folder / "sighting"
    store = Store.open(root)
    store.sink.append(run_of(0)).result()
    other = start.Process(target=seen, args=(root, told, ready))
    other.start()
    seconds = []
    for number in range(SIGHTINGS + 1):
        run = RunId(mint_uuid7(time.time_ns() // 1_000_000, number))
        ready.put(run)
        if number == 0:
            time.sleep(2)  # it is still starting
        asked = time.time()
        store.sink.append([completion(run, 0)])
        seconds.append(told.get(timeout=60) - asked)
    ready.put("")
    other.join()
    store.close()
    what = "until a completion is seen by another process"
    yield row(f"{what}: p50", percentile(seconds[1:], 50), "ms", "<= 300")
    yield row(f"{what}: the slowest", percentile(seconds[1:], 100), "ms", "<= 300")
