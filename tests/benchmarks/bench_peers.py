"""A chain of trivial steps in flowbook and in whatever other engines are installed here.

Not the same work: `keeps` says what is there afterwards. Hamilton and Dask's local scheduler keep
nothing; DBOS and flowbook with effects have every step on disk before the next one begins; Prefect
tells its server. µs per step, best of a few rounds, everything but the chain itself made before.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FunctionType

from shapes import Floor, chain, node_async, timed_run

from flowbook.events.ports import DevNull
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept
from flowbook.store.store import Store

STEPS, FEW = 1_000, 100
ROUNDS = 5


@contextmanager
def flowbook_off(folder: Path) -> Iterator[Callable[[], float]]:
    plan = chain(STEPS)
    with closing(Engine(DevNull(), Unkept())) as engine:
        yield lambda: timed_run(engine, plan, node_async, True)


@contextmanager
def flowbook_history(folder: Path, *, pure: bool = True) -> Iterator[Callable[[], float]]:
    plan = chain(STEPS)
    with (
        closing(Store.open(folder / ".flowbook")) as store,
        closing(Engine(store.sink, store.vault)) as engine,
    ):
        yield lambda: timed_run(engine, plan, node_async, pure)


@contextmanager
def flowbook_effects(folder: Path) -> Iterator[Callable[[], float]]:
    with flowbook_history(folder, pure=False) as run:
        yield run


@contextmanager
def bare(folder: Path) -> Iterator[Callable[[], float]]:
    plan = chain(STEPS)
    yield lambda: Floor(plan).run()


@contextmanager
def synced(folder: Path) -> Iterator[Callable[[], float]]:
    plan = chain(STEPS)
    file = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    yield lambda: Floor(plan, file=file).run()
    os.close(file)


@contextmanager
def hamilton(folder: Path) -> Iterator[Callable[[], float]]:
    from hamilton import ad_hoc_utils, driver

    sys.setrecursionlimit(20 * STEPS)  # it walks the graph by recursion
    source = ["def s0() -> int:\n    return 1\n"]
    source += [f"def s{i}(s{i - 1}: int) -> int:\n    return 1\n" for i in range(1, STEPS)]
    names: dict[str, FunctionType] = {}
    exec("\n".join(source), names)
    steps = [names[f"s{i}"] for i in range(STEPS)]
    made = driver.Builder().with_modules(ad_hoc_utils.create_temporary_module(*steps)).build()
    yield lambda: timed(lambda: made.execute([f"s{STEPS - 1}"]))


@contextmanager
def dask(folder: Path) -> Iterator[Callable[[], float]]:
    import dask.threaded

    graph = {"s0": (lambda: 1,)}
    graph |= {f"s{i}": (lambda _: 1, f"s{i - 1}") for i in range(1, STEPS)}
    yield lambda: timed(lambda: dask.threaded.get(graph, f"s{STEPS - 1}"))


@contextmanager
def dbos(folder: Path) -> Iterator[Callable[[], float]]:
    from dbos import DBOS

    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.sqlite"})

    @DBOS.step()
    def step(given: int) -> int:
        return 1

    @DBOS.workflow()
    def flow() -> int:
        value = 1
        for _ in range(STEPS):
            value = step(value)
        return value

    DBOS.launch()
    yield lambda: timed(flow)
    DBOS.destroy()


@contextmanager
def prefect(folder: Path) -> Iterator[Callable[[], float]]:
    os.environ["PREFECT_HOME"] = str(folder)
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    from prefect import flow, task

    @task
    def step(given: int) -> int:
        return 1

    @flow
    def steps() -> int:
        value = 1
        for _ in range(FEW):
            value = step(value)
        return value

    yield lambda: timed(steps) * STEPS / FEW


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


ENGINES = {
    "asyncio, counters": (bare, "", "nothing"),
    "Dask, local": (dask, "dask", "nothing"),
    "Hamilton": (hamilton, "hamilton", "nothing"),
    "flowbook, journal off": (flowbook_off, "", "events in memory"),
    "flowbook, pure": (flowbook_history, "", "events and values on disk, in batches"),
    "asyncio, one sync each": (synced, "", "a line each, synced"),
    "flowbook, effects": (flowbook_effects, "", "events and values, synced at each step"),
    "DBOS, SQLite": (dbos, "dbos", "each step's result, committed"),
    "Prefect": (prefect, "prefect", "states, told to its server"),
}
DISTRIBUTIONS = {"hamilton": "sf-hamilton"}


def main():
    """One row per engine that is here."""
    rows = []
    for name, (made, module, keeps) in ENGINES.items():
        if module and importlib.util.find_spec(module) is None:
            continue
        with ExitStack() as let_go:
            folder = let_go.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            run = let_go.enter_context(made(Path(folder)))
            took = min(run() for _ in range(ROUNDS))
        what = f"{name} {version(DISTRIBUTIONS.get(module, module))}" if module else name
        rows.append({"engine": what, "µs/step": took / STEPS * 1e6, "keeps": keeps})
    floor = rows[0]["µs/step"]
    return [{**row, "x asyncio": row["µs/step"] / floor} for row in rows]
