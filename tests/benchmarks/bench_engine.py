"""µs per node, trivial nodes: a chain and a fan of a thousand, against bare asyncio.

`off`: nothing is kept. `fsync`: an append is one write and one fdatasync in a writer thread;
nodes with effects wait for it, pure ones run ahead. `store`: the real journal. Floors: the same
shape on bare asyncio, the same through `asyncio.to_thread`, and the same with one write and
fdatasync per step. Rounds are interleaved; each row is a median, and its ratio to its floor.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from shapes import Floor, Fsync, chain, fan, node_async, node_sync, timed_run

from flowbook.events.ports import DevNull
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept
from flowbook.store.store import Store

NODES = 1000
ROUNDS = 7


SHAPES = {"chain": chain, "fan": fan}


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
    found |= with_store(folder, let_go)
    return found, let_go


def with_store(folder: Path, let_go: ExitStack):
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
