"""What a node costs, against bare asyncio doing the same in the same round.

Shapes: a chain of n trivial nodes and a fan of one root and n leaves. `off`: nothing is kept.
`fsync`: an append is one write and one fdatasync, in a writer thread; effectful nodes wait for
it, pure ones run ahead. Floors: the same shape on bare asyncio; with one write + fdatasync per
step (`fsync`); through a thread (`asyncio.to_thread`). Rounds are interleaved, medians are shown.

    python -m tests.benchmarks.bench_engine [--nodes 1000] [--rounds 7] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import queue
import statistics
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from tests.run.plans import n, plan_of, works

from flowbook.events import DevNull, TriggerKind, encode
from flowbook.ids import RunId
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept


class Fsync:
    """The least a durable sink can do: group commit in a writer thread."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115
        self._queue = queue.SimpleQueue()
        self.syncs = 0
        threading.Thread(target=self._write, daemon=True).start()

    def append(self, events):
        future = Future()
        self._queue.put((events, future))
        return future

    def _write(self):
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            lines = [encode(event) for events, _ in batch for event in events]
            self._file.write(b"\n".join(lines) + b"\n")
            os.fdatasync(self._file.fileno())
            self.syncs += 1
            for _, future in batch:
                future.set_result(None)


async def node_async(context, inputs):
    return 1


def node_sync(context, inputs):
    return 1


def chain(count):
    return plan_of(n("s0"), *(n(f"s{i}", f"s{i - 1}") for i in range(1, count)))


def fan(count):
    return plan_of(n("s0"), *(n(f"s{i}", "s0") for i in range(1, count)))


SHAPES = {"chain": chain, "fan": fan}


class Floor:
    """A bare scheduler: counters of settled edges, one task per node."""

    def __init__(self, plan, *, threads=False, file=None):
        self.plan, self.threads, self.file = plan, threads, file

    def run(self):
        return asyncio.run(self._run())

    async def _run(self):
        began = time.perf_counter()
        self.waits, self.left = list(self.plan.waits), len(self.plan.steps)
        self.values, self.tasks = [None] * self.left, set()
        self.done = asyncio.Event()
        for i, count in enumerate(self.plan.waits):
            if count == 0:
                self._go(i)
        await self.done.wait()
        return time.perf_counter() - began

    def _go(self, i):
        task = asyncio.create_task(self._step(i))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _step(self, i):
        inputs = {b.input: self.values[b.source.step] for b in self.plan.steps[i].bindings}
        if self.threads:
            self.values[i] = await asyncio.to_thread(node_sync, None, inputs)
        else:
            self.values[i] = await node_async(None, inputs)
        if self.file is not None:
            os.write(self.file, b'{"kind":"NODE_COMPLETED","node":"s1","value":1}\n')
            os.fdatasync(self.file)
        for target, _ in self.plan.feeds[i]:
            self.waits[target] -= 1
            if self.waits[target] == 0:
                self._go(target)
        self.left -= 1
        if self.left == 0:
            self.done.set()


def timed_run(engine, plan, call, pure):
    names = [step.node for step in plan.steps]
    work = works(plan, dict.fromkeys(names, call), pure=set(names) if pure else ())
    began = time.perf_counter()
    run = engine.start(plan, work, {}, run_id=RunId("bench"), trigger=TriggerKind.CLI)
    run.wait()
    took = time.perf_counter() - began
    run.raise_for_status()
    return took


def contenders(folder: Path):
    """Name → how long one go over a plan takes, in seconds; then the floor it is held against."""
    off = Engine(DevNull(), Unkept())
    fsync = Engine(Fsync(folder / "journal.jsonl"), Unkept())
    file = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return {
        "asyncio": (lambda p: Floor(p).run(), "asyncio"),
        "asyncio threads": (lambda p: Floor(p, threads=True).run(), "asyncio"),
        "asyncio fsync": (lambda p: Floor(p, file=file).run(), "asyncio"),
        "async off": (lambda p: timed_run(off, p, node_async, pure=False), "asyncio"),
        "async pure off": (lambda p: timed_run(off, p, node_async, pure=True), "asyncio"),
        "thread off": (lambda p: timed_run(off, p, node_sync, pure=False), "asyncio threads"),
        "async fsync": (lambda p: timed_run(fsync, p, node_async, pure=False), "asyncio fsync"),
        "async pure fsync": (lambda p: timed_run(fsync, p, node_async, pure=True), "asyncio fsync"),
        "thread fsync": (lambda p: timed_run(fsync, p, node_sync, pure=False), "asyncio fsync"),
    }


def measure(nodes: int, rounds: int):
    """Median microseconds per node, by shape and contender."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        runners = contenders(Path(folder))
        plans = {name: shape(nodes) for name, shape in SHAPES.items()}
        took = {(shape, name): [] for shape in plans for name in runners}
        for _ in range(rounds):
            for shape, plan in plans.items():
                for name, (run, _) in runners.items():
                    took[shape, name].append(run(plan) / nodes * 1e6)
        medians = {key: statistics.median(times) for key, times in took.items()}
    return [
        {
            "shape": shape,
            "mode": name,
            "nodes": nodes,
            "us_per_node": round(medians[shape, name], 1),
            "floor": runners[name][1],
            "x_floor": round(medians[shape, name] / medians[shape, runners[name][1]], 2),
            "x_asyncio": round(medians[shape, name] / medians[shape, "asyncio"], 2),
        }
        for shape, name in took
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = measure(asked.nodes, asked.rounds)
    if asked.json:
        print(json.dumps(rows))
        return
    print(f"{'shape':6} {'mode':18} {'µs/node':>9} {'x its floor':>12} {'x asyncio':>10}  floor")
    for row in rows:
        print(
            f"{row['shape']:6} {row['mode']:18} {row['us_per_node']:9.1f} "
            f"{row['x_floor']:12.2f} {row['x_asyncio']:10.2f}  {row['floor']}"
        )


if __name__ == "__main__":
    main()
