"""What flows do in earnest, as a user writes them: many items, much waiting, one large value.

`map`: 10,000 items through one pure node, µs per item. `wait`: 200 nodes that wait 50 ms each, all
at once; the ideal is 50 ms, and bare asyncio says what the machine can do. `frame`: a chain of 20
nodes that hand on a table of 100 MB; every node gets the very object its neighbour gave.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import closing
from inspect import Parameter, Signature
from pathlib import Path

import numpy as np
import pandas as pd

from flowbook import Flow
from flowbook.session.project import Project

ITEMS, WAITS, PAUSE, LINKS, MEGABYTES = 10_000, 200, 0.05, 20, 100
ROUNDS = 5
JOURNALS = ("off", "full")


def map_flow(project, journal):
    flow = Flow(f"map_{journal}", journal=journal, host=project)

    @flow.node(pure=True)
    def numbers():
        return list(range(ITEMS))

    with flow.map("each", numbers):

        @flow.node(pure=True)
        async def one(item):
            return item

    return flow


def wait_flow(project, journal):
    flow = Flow(f"wait_{journal}", journal=journal, host=project)

    @flow.node(pure=True)
    def numbers():
        return list(range(WAITS))

    with flow.map("each", numbers, max_concurrent=WAITS):

        @flow.node(pure=True)
        async def one(item):
            await asyncio.sleep(PAUSE)

    return flow


def frame_flow(project, journal):
    flow = Flow(f"frame_{journal}", journal=journal, host=project)
    seen = set()

    @flow.node(pure=True)
    def s0():
        seen.clear()
        return table()

    for i in range(1, LINKS):
        source = f"s{i - 1}"

        def link(**given):
            (handed,) = given.values()
            seen.add(id(handed))
            return handed

        link.__name__ = f"s{i}"
        link.__signature__ = Signature([Parameter(source, Parameter.KEYWORD_ONLY)])
        flow.node(link, pure=True)
    return flow, seen


def table():
    return pd.DataFrame({"n": np.arange(MEGABYTES * 1_000_000 // 8)})


def best_of(run):
    return min(timed(run) for _ in range(ROUNDS))


def timed(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


async def bare_map():
    async def one(item):
        return item

    for start in range(0, ITEMS, 10):
        await asyncio.gather(*(one(item) for item in range(start, start + 10)))


async def bare_wait():
    await asyncio.gather(*(asyncio.sleep(PAUSE) for _ in range(WAITS)))


def rows_of(name, flows, floor, unit, scale):
    for journal, flow in flows.items():
        best = best_of(lambda flow=flow: flow.run().raise_for_status())
        yield {
            "load": name,
            "journal": journal,
            "took": best * scale,
            "unit": unit,
            "floor": floor * scale,
            "x floor": best / floor,
        }


def main():
    """One row per load and journal."""
    with tempfile.TemporaryDirectory() as folder, closing(Project(Path(folder))) as project:
        floor = best_of(lambda: asyncio.run(bare_map()))
        maps = {journal: map_flow(project, journal) for journal in JOURNALS}
        rows = list(rows_of("map", maps, floor, "µs/item", 1e6 / ITEMS))
        floor = best_of(lambda: asyncio.run(bare_wait()))
        waits = {journal: wait_flow(project, journal) for journal in JOURNALS}
        rows += rows_of("wait", waits, floor, "ms", 1e3)
        floor = best_of(table)
        for journal in JOURNALS:
            chain, seen = frame_flow(project, journal)
            (row,) = rows_of("frame", {journal: chain}, floor, "ms", 1e3)
            rows.append({**row, "objects": len(seen)})
        return rows
