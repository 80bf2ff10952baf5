"""µs per pure node for graphs of 100 to 10,000, without a journal and with one, and bare asyncio.

`off` keeps nothing; `store` is the real journal with the real value store. `x asyncio` is `off`
against the bare scheduler over the same graph, `durable` is `store` against `off`. Rounds are
interleaved, each number is the best of them: what is left over is the machine's other work.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from shapes import Floor, chain, layered, node_async, timed_run, wide

from flowbook.events.ports import DevNull
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept
from flowbook.store.store import Store

SHAPES = {"chain": chain, "wide": wide, "layered": layered}
SIZES = {100: 20, 1_000: 7, 10_000: 3}
"""How many rounds for each number of nodes."""


def main(sizes=SIZES):
    """One row per shape and size."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Store.open(Path(folder) / ".flowbook")) as store,
        closing(Engine(DevNull(), Unkept())) as off,
        closing(Engine(store.sink, store.vault)) as on,
    ):
        return [
            row(name, shape(nodes), rounds, off, on)
            for nodes, rounds in sizes.items()
            for name, shape in SHAPES.items()
        ]


def row(name, plan, rounds, off, on):
    runners = {
        "asyncio": lambda: Floor(plan).run(),
        "off": lambda: timed_run(off, plan, node_async, True),
        "store": lambda: timed_run(on, plan, node_async, True),
    }
    took = {runner: [] for runner in runners}
    for _ in range(rounds):
        for runner, run in runners.items():
            took[runner].append(run())
    nodes = len(plan.steps)
    best = {runner: min(times) / nodes * 1e6 for runner, times in took.items()}
    return {
        "shape": name,
        "nodes": nodes,
        **{f"{runner} µs": one for runner, one in best.items()},
        "x asyncio": best["off"] / best["asyncio"],
        "durable": best["store"] / best["off"],
    }
