"""What attempts take is exact in a process of its own, and an estimate beside others."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest

from flowbook.run.places.measure import (
    LOOK,
    OwnProcess,
    _looker,
    cpu_of,
    measured,
    memory_of,
    took_of,
)

MB = 1_000_000


class Context:
    def __init__(self):
        self.told = []

    def took(self, took):
        self.told.append(took)


def spend(seconds):
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        pass


@pytest.fixture
def context():
    return Context()


def test_a_function_is_charged_its_own_cpu_time(context):
    def call(context, inputs):
        spend(0.05)
        time.sleep(0.05)
        return inputs["x"]

    assert measured(call)(context, {"x": 1}) == 1
    (took,) = context.told
    assert 50 <= took.cpu_ms < 95
    assert took.is_estimate


CHILD = "import time\nwhile time.process_time() < 0.15: pass"


def test_what_a_subprocess_takes_counts_for_the_attempt_that_is_alone(context):
    def call(context, inputs):
        subprocess.run([sys.executable, "-c", CHILD], check=True)

    measured(call)(context, {})
    (took,) = context.told
    assert took.cpu_ms >= 150


def test_beside_another_attempt_nobody_is_charged_for_a_subprocess(context):
    def call(context, inputs):
        def inner(context, inputs):
            subprocess.run([sys.executable, "-c", CHILD], check=True)

        measured(inner)(context, {})

    measured(call)(context, {})
    assert [took.cpu_ms < 140 for took in context.told] == [True, True]


def test_a_coroutine_is_charged_its_own_steps_only(context):
    async def call(context, inputs):
        spend(0.03)
        await asyncio.sleep(0.05)
        spend(0.03)
        return "done"

    async def other():
        for _ in range(20):
            spend(0.005)
            await asyncio.sleep(0)

    async def both():
        return (await asyncio.gather(measured(call)(context, {}), other()))[0]

    assert asyncio.run(both()) == "done"
    assert 60 <= context.told[0].cpu_ms < 150  # the other one took 100


def test_memory_is_by_how_much_the_process_grew(context):
    def call(context, inputs):
        held = bytearray(os.urandom(1)) * (50 * MB)
        time.sleep(3 * LOOK)
        return len(held)

    measured(call)(context, {})
    assert 45 * MB < context.told[0].memory < 500 * MB


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_an_attempt_that_fails_is_measured_too(context, kind):
    def function(context, inputs):
        raise ValueError("no")

    async def coroutine(context, inputs):
        await asyncio.sleep(0)
        raise ValueError("no")

    runs = {
        "function": lambda: measured(function)(context, {}),
        "coroutine": lambda: asyncio.run(measured(coroutine)(context, {})),
    }
    with pytest.raises(ValueError, match="no"):
        runs[kind]()
    assert len(context.told) == 1
    assert not _looker._watches


def test_a_cancelled_coroutine_sees_its_cancellation(context):
    seen = []

    async def call(context, inputs):
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def cancel():
        task = asyncio.ensure_future(measured(call)(context, {}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert seen == ["cancelled"]
    assert len(context.told) == 1


def test_a_process_measures_its_own_call():
    own = OwnProcess()
    spend(0.02)
    took = own.took()
    assert took.cpu_ms >= 20
    assert took.memory > MB
    assert not took.is_estimate


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="there is no /proc")
def test_another_process_can_be_looked_at():
    assert cpu_of(os.getpid()) > 0
    assert memory_of(os.getpid()) > MB
    assert took_of(os.getpid(), 0.0).memory > MB


def test_of_a_process_that_is_gone_nothing_is_known():
    assert (cpu_of(2**30), memory_of(2**30), took_of(2**30, 0.0)) == (None, None, None)
