"""µs per node, trivial nodes: a chain and a fan of a thousand, against bare asyncio.

`off`: nothing is kept. `fsync`: an append is one write and one fdatasync in a writer thread;
nodes with effects wait for it, pure ones run ahead. `store`: the real journal. Floors: the same
shape on bare asyncio, the same through `asyncio.to_thread`, and the same with one write and
fdatasync per step. Rounds are interleaved; each row is a median, and its ratio to its floor.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import queue
import statistics
import tempfile
import threading
import time
import uuid
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path

from flowbook.events import TriggerKind, encode
from flowbook.events.ports import DevNull
from flowbook.graph.options import Options
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import Binding, FromStep, Plan, Step, StepIndex
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept
from flowbook.run.work import Work

NODES = 1000
ROUNDS = 7


class Fsync:
    """The least a durable sink can do: group commit in a writer thread."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - kept open
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


def flow(reads: list[int | None]) -> Plan:
    """Step i reads step `reads[i]`."""
    value = PortName("value")
    feeds = [[] for _ in reads]
    for i, source in enumerate(reads):
        if source is not None:
            feeds[source].append((StepIndex(i), value))
    steps = tuple(
        Step(
            StepIndex(i),
            NodeId(f"s{i}"),
            "python",
            () if source is None else (Binding(value, FromStep(StepIndex(source), value)),),
            (value,),
            Options(),
            "",
        )
        for i, source in enumerate(reads)
    )
    waits = tuple(int(source is not None) for source in reads)
    return Plan(FlowId("bench"), "v", steps, waits, tuple(map(tuple, feeds)))


def chain(count):
    return flow([None, *range(count - 1)])


def fan(count):
    return flow([None, *[0] * (count - 1)])


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
    work = [Work(call, asyncio.iscoroutinefunction(call), pure)] * len(plan.steps)
    began = time.perf_counter()
    run = engine.start(plan, work, {}, run_id=RunId(str(uuid.uuid4())), trigger=TriggerKind.CLI)
    run.wait()
    took = time.perf_counter() - began
    run.raise_for_status()
    return took


def contenders(folder: Path):
    """Name → how long one go over a plan takes, and its floor; and what to close after."""
    let_go = ExitStack()
    off = let_go.enter_context(closing(Engine(DevNull(), Unkept())))
    fsync = let_go.enter_context(closing(Engine(Fsync(folder / "journal.jsonl"), Unkept())))
    file = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    found = {
        "asyncio": (lambda p: Floor(p).run(), "asyncio"),
        "asyncio threads": (lambda p: Floor(p, threads=True).run(), "asyncio"),
        "asyncio fsync": (lambda p: Floor(p, file=file).run(), "asyncio"),
        "async off": (lambda p: timed_run(off, p, node_async, False), "asyncio"),
        "async pure off": (lambda p: timed_run(off, p, node_async, True), "asyncio"),
        "thread off": (lambda p: timed_run(off, p, node_sync, False), "asyncio threads"),
        "async fsync": (lambda p: timed_run(fsync, p, node_async, False), "asyncio fsync"),
        "async pure fsync": (lambda p: timed_run(fsync, p, node_async, True), "asyncio fsync"),
        "thread fsync": (lambda p: timed_run(fsync, p, node_sync, False), "asyncio fsync"),
    }
    if importlib.util.find_spec("flowbook.store.store") is not None:
        found |= with_store(folder, let_go)
    return found, let_go


def with_store(folder: Path, let_go: ExitStack):
    from flowbook.store.store import Store

    store = let_go.enter_context(closing(Store.open(folder / ".flowbook")))
    engine = let_go.enter_context(closing(Engine(store.sink, store.vault)))
    return {
        "async store": (lambda p: timed_run(engine, p, node_async, False), "asyncio fsync"),
        "async pure store": (lambda p: timed_run(engine, p, node_async, True), "asyncio fsync"),
        "thread store": (lambda p: timed_run(engine, p, node_sync, False), "asyncio fsync"),
    }


def main(nodes: int = NODES, rounds: int = ROUNDS):
    """One row per shape and contender."""
    with tempfile.TemporaryDirectory() as folder:
        runners, let_go = contenders(Path(folder))
        plans = {name: shape(nodes) for name, shape in SHAPES.items()}
        took = {(shape, name): [] for shape in plans for name in runners}
        for _ in range(rounds):
            for shape, plan in plans.items():
                for name, (run, _) in runners.items():
                    took[shape, name].append(run(plan) / nodes * 1e6)
        let_go.close()
        medians = {key: statistics.median(times) for key, times in took.items()}
        return [
            {
                "shape": shape,
                "mode": name,
                "nodes": nodes,
                "us/node": round(medians[shape, name], 1),
                "x asyncio": medians[shape, name] / medians[shape, "asyncio"],
                "x floor": medians[shape, name] / medians[shape, runners[name][1]],
                "floor": runners[name][1],
            }
            for shape, name in took
        ]


if __name__ == "__main__":
    for row in main():
        print(*(f"{value:.4g}" if isinstance(value, float) else value for value in row.values()))
