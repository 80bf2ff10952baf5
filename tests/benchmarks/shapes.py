"""What benchmarks of the engine share: trivial nodes in a few shapes, and the least that runs them.

A shape is a list of what each step reads. `Floor` counts settled edges and makes one task per node:
whatever is slower than it, is slower because it does more.
"""

from __future__ import annotations

import asyncio
import os
import queue
import random
import threading
import time
import uuid
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

from flowbook.events import TriggerKind, encode
from flowbook.graph.options import Options
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import Binding, FromStep, Plan, Step, StepIndex
from flowbook.run.work import Work

VALUE = PortName("value")


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


def flow(reads: list[tuple[int, ...]]) -> Plan:
    """Step i reads the steps `reads[i]`, which come before it."""
    feeds = [[] for _ in reads]
    for i, sources in enumerate(reads):
        for source in sources:
            feeds[source].append((StepIndex(i), VALUE))
    steps = tuple(
        Step(
            StepIndex(i),
            NodeId(f"s{i}"),
            "python",
            tuple(
                Binding(PortName(f"x{n}"), FromStep(StepIndex(source), VALUE))
                for n, source in enumerate(sources)
            ),
            (VALUE,),
            Options(),
            "",
        )
        for i, sources in enumerate(reads)
    )
    waits = tuple(map(len, reads))
    return Plan(FlowId("bench"), "v", steps, waits, tuple(map(tuple, feeds)))


def chain(count):
    return flow([(), *((i,) for i in range(count - 1))])


def fan(count):
    return flow([(), *[(0,)] * (count - 1)])


def wide(count):
    """One feeds all, and all feed one."""
    middle = [(0,)] * (count - 2)
    return flow([(), *middle, tuple(range(1, count - 1))])


def layered(count, seed=7):
    """Layers of ten; each node reads up to three of the layer before, the same in every run."""
    chance = random.Random(seed)
    layers = [range(start, min(start + 10, count)) for start in range(0, count, 10)]
    reads = [()] * len(layers[0])
    for before, here in pairwise(layers):
        reads += [tuple(chance.sample(before, chance.randint(1, 3))) for _ in here]
    return flow(reads)


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
