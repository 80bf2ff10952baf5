"""An engine per test, and the shortest way to run something on it."""

from __future__ import annotations

import itertools
from concurrent.futures import Future

import pytest
from tests.run.plans import works

from flowbook.events import TriggerKind
from flowbook.events.ports import DevNull
from flowbook.ids import RunId
from flowbook.run.engine import Engine
from flowbook.run.places.dask import local_cluster
from flowbook.run.values import Unkept


class Kept:
    """A sink that remembers, and whose futures the test may hold back."""

    def __init__(self, *, by_hand: bool = False) -> None:
        self.batches = []
        self.futures = []
        self.by_hand = by_hand

    def append(self, events):
        self.batches.append(list(events))
        future = Future()
        self.futures.append(future)
        if not self.by_hand:
            future.set_result(None)
        return future

    @property
    def events(self):
        return [event for batch in self.batches for event in batch]


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def engines():
    """Makes engines, and closes them."""
    made = []

    def make(sink=None, vault=None, **more):
        made.append(Engine(sink or DevNull(), vault or Unkept(), **more))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster that is somebody else's: it is there before the engine, and after it."""
    with local_cluster(2) as there:
        yield there


@pytest.fixture
def start(engines):
    """`start(plan, {"node": function})` on a fresh engine."""
    numbers = itertools.count()

    def begin(plan, calls, *, engine=None, params=None, given=None, pure=(), **more):
        engine = engine or engines(**more)
        return engine.start(
            plan,
            works(plan, calls, pure=pure),
            params or {},
            run_id=RunId(f"run-{next(numbers)}"),
            trigger=TriggerKind.MANUAL,
            given=given,
        )

    return begin
