"""Events go to the sink in order and in batches; a sink fails once."""

from __future__ import annotations

import asyncio

import pytest
from tests.run.conftest import Kept

from flowbook.events import NodeScheduled
from flowbook.run.record import LINGER, Record


class Broken:
    def append(self, events):
        raise OSError("no folder")


def events(*numbers):
    return [NodeScheduled(run="r", seq=seq, at=0.0, node="a") for seq in numbers]


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def ticks(loop, seconds=0.0):
    loop.run_until_complete(asyncio.sleep(seconds))


def test_a_hurry_costs_one_append_for_the_whole_tick(loop, kept):
    record = Record(loop, kept, lambda: None, pytest.fail)
    record.add(events(0, 1))
    record.hurry()
    record.add(events(2))
    record.hurry()
    ticks(loop)
    assert [len(batch) for batch in kept.batches] == [3]
    assert record.durable == 2


def test_without_hurry_events_wait_for_company(loop, kept):
    record = Record(loop, kept, lambda: None, pytest.fail)
    record.add(events(0))
    ticks(loop)
    assert kept.batches == []
    record.add(events(1))
    ticks(loop, LINGER * 4)
    assert [len(batch) for batch in kept.batches] == [2]


def test_durable_grows_only_when_the_sink_says_so(loop):
    sink, synced = Kept(by_hand=True), []
    record = Record(loop, sink, lambda: synced.append(1), pytest.fail)
    record.add(events(0))
    record.hurry()
    ticks(loop)
    assert (record.durable, synced) == (-1, [])
    sink.futures[0].set_result(None)
    ticks(loop)
    assert (record.durable, synced) == (0, [1])


def test_a_sink_that_raises_is_told_once_and_left_alone(loop):
    failures = []
    record = Record(loop, Broken(), pytest.fail, failures.append)
    for seq in (0, 1):
        record.add(events(seq))
        record.hurry()
        ticks(loop)
    assert [str(error) for error in failures] == ["no folder"]
