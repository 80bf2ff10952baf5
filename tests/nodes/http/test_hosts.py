"""What all nodes of a process ask of one host is bounded together."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from flowbook.errors import HttpFailed
from flowbook.nodes.http import HttpNode, hosts
from flowbook.nodes.http.hosts import Host, at_host


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    assert not hosts._hosts


@pytest.fixture
def busiest(site):
    """How many requests were under way at once, at the most; a page that knows."""
    seen = {"now": 0, "most": 0}
    lock = threading.Lock()
    gate = threading.Semaphore(0)

    @site.on("/x")
    def page(handler):
        with lock:
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
        gate.acquire(timeout=0.05)
        with lock:
            seen["now"] -= 1
        handler.reply({})

    return seen


def asked(context, made, site, *each):
    async def run():
        nodes = [made.node(HttpNode, url=f"{site.url}/x", **config) for config in each]
        await asyncio.gather(*(node.run(context, {}) for node in nodes))

    asyncio.run(run())


def test_no_more_than_so_many_requests_are_under_way_with_one_host(context, made, site, busiest):
    asked(context, made, site, *[{"per_host": 3}] * 9)
    assert busiest["most"] == 3
    assert len(site.asked) == 9


def test_each_node_keeps_its_own_limit(context, made, site, busiest):
    asked(context, made, site, *[{"per_host": 1}] * 3, {"per_host": 2})
    assert busiest["most"] <= 2


def test_waiting_for_ones_turn_is_not_the_servers_time(context, made, site):
    site.on("/x")(lambda handler: handler.reply({}))

    async def one():
        async with at_host(site.url, 1, 0):
            node = made.node(
                HttpNode, url=f"{site.url}/x", per_host=1, timeout={"total": "500ms", "read": "5s"}
            )
            waiting = asyncio.create_task(node.run(context, {}))
            await asyncio.sleep(0.6)
            assert not waiting.done()
        with contextlib.suppress(HttpFailed):  # a machine that is busy may be slower than that
            await waiting

    asyncio.run(one())
    assert len(site.asked) == 1


def test_a_limit_of_one_host_does_not_hold_for_another():
    async def both():
        async with at_host("http://a", 1, 0), at_host("http://b", 1, 0):
            return True

    assert asyncio.run(both())


def test_who_came_first_is_first():
    order = []

    async def one(name):
        async with at_host("http://a", 1, 0):
            order.append(name)
            await asyncio.sleep(0)

    async def several():
        await asyncio.gather(*(one(name) for name in "abcd"))

    asyncio.run(several())
    assert order == list("abcd")


def test_who_gives_up_while_it_waits_holds_up_nobody():
    async def several():
        async with at_host("http://a", 1, 0):
            waiting = [asyncio.create_task(enter()) for _ in range(2)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await asyncio.sleep(0)
        await asyncio.wait_for(waiting[1], 5)
        return waiting[0].cancelled()

    async def enter():
        async with at_host("http://a", 1, 0):
            pass

    assert asyncio.run(several())


def test_who_gives_up_when_its_turn_has_come_holds_up_nobody():
    async def enter():
        async with at_host("http://a", 1, 0):
            pass

    async def several():
        async with at_host("http://a", 1, 0):
            waiting = asyncio.create_task(enter())
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(enter(), 5)

    asyncio.run(several())


def test_a_loop_that_is_gone_is_passed_over():
    lost = asyncio.new_event_loop()

    async def enter():
        async with at_host("http://a", 1, 0):
            pass

    async def several():
        async with at_host("http://a", 1, 0):
            waiting = lost.create_task(enter())
            await asyncio.to_thread(lost.run_until_complete, asyncio.sleep(0))
            lost.close()
        await asyncio.wait_for(enter(), 5)
        waiting._log_destroy_pending = False
        waiting.get_coro().close()

    asyncio.run(several())


def test_turns_at_a_rate_are_spread_evenly_and_none_is_saved_up():
    host = Host()
    assert [host.reserve(10.0, 0.5) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert host.reserve(60.0, 0.5) == 0.0
    assert host.reserve(60.0, 0.5) == 0.5


def test_a_rate_holds_back_requests(context, made, site, busiest, monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(round(seconds, 1))

    monkeypatch.setattr(hosts.asyncio, "sleep", sleep)
    asked(context, made, site, *[{"rate": "1/10s"}] * 3)
    monkeypatch.undo()
    assert sorted(pauses) == pytest.approx([10.0, 20.0], abs=0.5)
    hosts._hosts.clear()
