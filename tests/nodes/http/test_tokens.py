"""Tokens are asked for once, kept in memory, and renewed when they are refused."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import parse_qs

import pytest

from flowbook.errors import HttpFailed, UsageError
from flowbook.nodes.http import HttpNode


@pytest.fixture
def auth(site, services):
    """Credentials for a token server that counts, and a page that takes only its last token."""
    services.secrets["client"] = "hush"
    site.given = 0
    site.lasts = 3600

    @site.on("/token")
    def token(handler):
        site.given += 1
        handler.reply({"access_token": f"t{site.given}", "expires_in": site.lasts})

    @site.on("/x")
    def page(handler):
        good = handler.headers["Authorization"] == f"Bearer t{site.given}"
        handler.reply({"ok": good}, 200 if good else 401)

    return {
        "type": "oauth2_client_credentials",
        "token_url": f"{site.url}/token",
        "client_id": "me",
        "secret": "client",
        "scope": "read",
    }


@pytest.fixture
def several(context, made, site):
    """Runs several nodes on one loop, one after the other or `at_once`."""

    def several(count, *, at_once=False, between=lambda: None, **config):
        async def run():
            nodes = [made.node(HttpNode, url=f"{site.url}/x", **config) for _ in range(count)]
            if at_once:
                return await asyncio.gather(*(node.run(context, {}) for node in nodes))
            given = []
            for node in nodes:
                given.append(await node.run(context, {}))
                between()
            return given

        return [one.ports["node"] for one in asyncio.run(run())]

    return several


def test_a_token_is_asked_for_once(several, site, auth):
    assert several(3, auth=auth) == [{"ok": True}] * 3
    assert site.paths == ["/token", "/x", "/x", "/x"]
    asked = site.asked[0]
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["read"],
    }
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"me:hush").decode()


def test_nodes_at_once_wait_for_one_token(several, site, auth):
    assert several(5, at_once=True, auth=auth) == [{"ok": True}] * 5
    assert site.given == 1


def test_a_token_of_the_same_host_does_not_wait_for_itself(several, site, auth):
    assert several(2, auth=auth, per_host=1, timeout={"total": "5s"}) == [{"ok": True}] * 2


def test_a_token_that_is_refused_is_renewed_once(several, site, auth):
    def forget():
        site.given += 1

    assert several(2, between=forget, auth=auth) == [{"ok": True}] * 2
    assert site.paths == ["/token", "/x", "/x", "/token", "/x"]


def test_a_refusal_of_a_new_token_stands(several, site, auth):
    site.page("/x", {}, 401)
    with pytest.raises(HttpFailed, match="/x answered 401") as caught:
        several(1, auth=auth)
    assert site.paths == ["/token", "/x", "/token", "/x"]
    assert caught.value.final


def test_a_token_whose_time_is_over_is_asked_for_anew(several, site, auth):
    site.lasts = 0
    assert several(2, auth=auth) == [{"ok": True}] * 2
    assert site.given == 2


def test_other_credentials_have_a_token_of_their_own(several, site, auth, services):
    several(1, auth=auth)
    services.secrets["client"] = "other"
    several(1, auth=auth)
    assert site.given == 2


def test_the_client_may_say_who_it_is_in_the_body(several, site, auth):
    several(1, auth={**auth, "client_auth": "body"})
    told = parse_qs(site.asked[0].body.decode())
    assert (told["client_id"], told["client_secret"]) == (["me"], ["hush"])
    assert "authorization" not in site.asked[0].headers
    with pytest.raises(UsageError, match="client_auth is basic or body"):
        several(1, auth={**auth, "client_auth": "cookie"})


def test_what_a_token_server_says_is_told_without_the_secret(several, site, auth):
    site.page("/token", b"the secret hush is wrong", 400, content_type="text/plain")
    with pytest.raises(HttpFailed, match="/token answered 400 Bad Request: the secret … is wrong"):
        several(1, auth=auth)
    site.page("/token", {"token": "other"})
    with pytest.raises(HttpFailed, match="/token answered without an access_token"):
        several(1, auth=auth)


def test_tokens_are_in_no_line_of_the_log(several, site, auth, context):
    several(1, auth=auth)
    assert len(context.logged) == 2
    assert not [line for line in context.logged if "hush" in line or "t1" in line]
