"""Connections are kept for the next request, per event loop, and closed with it."""

from __future__ import annotations

import asyncio

import pytest

from flowbook.errors import HttpFailed, UsageError
from flowbook.nodes.http import HttpNode, clients


@pytest.fixture
def several(context, made, site):
    """Runs so many nodes on one loop, one after the other or `at_once`."""
    site.page("/x", {"ok": True})

    def several(count, *, at_once=False, url=None, between=None, **config):
        async def run():
            nodes = [made.node(HttpNode, url=url or f"{site.url}/x", **config)] * count
            if at_once:
                await asyncio.gather(*(node.run(context, {}) for node in nodes))
                return
            for node in nodes:
                await node.run(context, {})
                if between is not None:
                    await between()

        asyncio.run(run())
        assert not clients._open

    return several


def test_a_hundred_requests_one_after_the_other_need_one_connection(several, site):
    several(100)
    assert (len(site.asked), site.sockets) == (100, 1)


def test_a_hundred_requests_at_once_need_as_many_connections_as_may_be(several, site):
    several(100, at_once=True, per_host=4)
    assert len(site.asked) == 100
    assert site.sockets <= 4


def test_a_connection_is_kept_after_a_refusal(context, made, site):
    site.page("/x", b"no", 503)

    async def refused():
        for _ in range(5):
            with pytest.raises(HttpFailed):
                await made.node(HttpNode, url=f"{site.url}/x").run(context, {})

    asyncio.run(refused())
    assert (len(site.asked), site.sockets) == (5, 1)


def test_a_redirect_needs_no_second_connection(several, site):
    site.page("/here", b"moved to /x", 302, location="/x")
    several(5, url=f"{site.url}/here")
    assert (len(site.asked), site.sockets) == (10, 1)


def test_a_connection_the_server_has_closed_is_not_used_again(several, site):
    site.on("/x")(lambda handler: handler.reply({}, connection="close"))
    several(3)
    assert (len(site.asked), site.sockets) == (3, 3)


def test_a_connection_the_server_closes_while_it_is_idle_is_made_anew(several, site):
    @site.on("/x")
    def page(handler):
        handler.reply({})
        handler.close_connection = True  # without having said so

    async def between():
        while site.closed < len(site.asked):
            await asyncio.sleep(0.002)

    several(3, between=between, method="POST")
    assert (len(site.asked), site.sockets) == (3, 3)


def test_a_request_that_is_cancelled_leaves_the_client_to_others(context, made, site):
    site.page("/x", {"ok": True})

    async def cancel_first():
        node = made.node(HttpNode, url=f"{site.url}/x")
        first = asyncio.create_task(node.run(context, {}))
        await asyncio.sleep(0)
        first.cancel()
        second = await node.run(context, {})
        assert first.cancelled()
        return second.ports["node"]

    assert asyncio.run(cancel_first()) == {"ok": True}
    assert not clients._open


def test_there_is_one_client_for_each_way_of_checking_certificates(certificates):
    async def several():
        held = await clients.pool()
        ways = [True, False, str(certificates.certificate), True]
        made = [await held.client(way) for way in ways]
        assert await clients.pool() is held
        return [made.index(one) for one in made]

    assert asyncio.run(several()) == [0, 1, 2, 0]


def test_certificates_that_could_not_be_read_are_looked_for_again(tmp_path, certificates):
    path = tmp_path / "ca.pem"

    async def twice():
        held = await clients.pool()
        with pytest.raises(UsageError, match="cannot be read"):
            await held.client(str(path))
        path.write_bytes(certificates.certificate.read_bytes())
        return await held.client(str(path))

    assert asyncio.run(twice()).is_closed


def test_proxies_are_those_of_the_environment(several, site, other, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", other.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    other.routes["http://weather.test/x"] = lambda handler: handler.reply({})
    several(1, url="http://weather.test/x")
    assert other.paths == ["http://weather.test/x"]
