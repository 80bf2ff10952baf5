"""Credentials reach the server that was asked, and nothing that is told or written."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from flowbook.errors import HttpFailed, SecretMissing, UsageError
from flowbook.nodes.http import HttpNode
from flowbook.nodes.http.auth import KINDS

BASIC = "Basic " + base64.b64encode(b"ada:hush").decode()


@pytest.fixture(autouse=True)
def secret(services, site):
    services.secrets["api"] = "hush"
    site.page("/x", {"ok": True})


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ({"type": "basic", "username": "ada"}, "authorization", BASIC),
        ({"type": "bearer"}, "authorization", "Bearer hush"),
        ({"type": "header", "name": "X-Key"}, "x-key", "hush"),
    ],
)
def test_a_secret_is_named_and_sent(fetch, site, auth, name, value):
    fetch("/x", auth={**auth, "secret": "api"})
    assert site.asked[0].headers[name] == value


def test_a_query_parameter_may_be_the_secret(fetch, site, context):
    fetch("/x?a=1", auth={"type": "query", "name": "k", "secret": "api"})
    assert site.paths == ["/x?a=1&k=hush"]
    assert "hush" not in "".join(context.logged)


def test_a_secret_that_was_filled_in_is_sent(fetch, site):
    written = {"auth": {"type": "bearer", "token": "{{ $secret.api }}"}}
    fetch("/x", written=written, auth={"type": "bearer", "token": "filled"})
    assert site.asked[0].headers["authorization"] == "Bearer filled"


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_is_written_out_is_refused_and_not_told(spec, kind):
    auth = {"type": kind} | dict.fromkeys(KINDS[kind].needs, "h-u-s-h")
    with pytest.raises(UsageError, match="written out") as caught:
        HttpNode(spec(kind="http", auth=auth), auth=auth)
    assert "h-u-s-h" not in str(caught.value)
    assert "secret: and its name" in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ({"type": "kerberos"}, "auth has no such type"),
        ({"secret": "api"}, "auth has no such type"),
        ({"type": "basic", "secret": "api"}, "of type basic needs 'username'"),
        ({"type": "bearer"}, "of type bearer needs 'token'"),
        ({"type": "bearer", "secret": "api", "token": "{{ x }}"}, "one of them is enough"),
        ({"type": "bearer", "secret": "api", "user": "h-u-s-h"}, "of type bearer has no 'user'"),
    ],
)
def test_settings_that_are_none_are_refused(spec, auth, told):
    with pytest.raises(UsageError, match=told) as caught:
        HttpNode(spec(kind="http", auth=auth), auth=auth)
    assert "h-u-s-h" not in str(caught.value)


def test_a_secret_that_is_nowhere_is_told(fetch):
    with pytest.raises(SecretMissing, match="no secret is called 'other'"):
        fetch("/x", auth={"type": "bearer", "secret": "other"})


def test_what_the_server_repeats_of_a_secret_is_not_told(fetch, site):
    site.page("/x", b"there is no key hush", 401, content_type="text/plain")
    with pytest.raises(HttpFailed, match="there is no key …"):
        fetch("/x", auth={"type": "bearer", "secret": "api"})


def test_a_node_does_not_show_its_credentials(spec):
    auth = {"type": "bearer", "token": "hush"}
    node = HttpNode(spec(kind="http", auth={"type": "bearer", "token": "{{ x }}"}), auth=auth)
    assert "hush" not in repr(node)


def test_a_name_and_password_in_the_address_are_sent_and_not_told(fetch, site, context):
    fetch(site.url.replace("://", "://ada:hush@") + "/x")
    assert site.asked[0].headers["authorization"] == BASIC
    assert "hush" not in "".join(context.logged)


# ------------------------------------------------------------ digest


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


def test_a_digest_is_made_of_what_the_server_asks_with(fetch, site):
    @site.on("/x")
    def asks(handler):
        told = handler.headers.get("Authorization", "")
        if not told:
            asked = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
            handler.reply(b"who?", 401, www_authenticate=asked)
            return
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', told))
        one, two = digest("ada:r:hush"), digest("POST:/x")
        middle = f"n:{said['nc']}:{said['cnonce']}:auth"
        good = said["response"] == digest(f"{one}:{middle}:{two}")
        handler.reply({"good": good, "nc": said["nc"]})

    auth = {"type": "digest", "username": "ada", "secret": "api"}
    assert fetch("/x", method="POST", json={"a": 1}, auth=auth) == {"good": True, "nc": "00000001"}
    assert [one.body for one in site.asked] == [b'{"a":1}'] * 2


def test_a_digest_that_is_refused_is_not_tried_for_ever(fetch, site):
    asked = 'Digest realm="r", nonce="n", qop="auth"'
    site.page("/x", b"no", 401, www_authenticate=asked)
    with pytest.raises(HttpFailed, match="401"):
        fetch("/x", auth={"type": "digest", "username": "ada", "secret": "api"})
    assert len(site.asked) == 2


def test_a_digest_of_an_unknown_kind_is_told(fetch, site):
    asked = 'Digest realm="r", nonce="n", qop="auth", algorithm=ROT13'
    site.page("/x", b"no", 401, www_authenticate=asked)
    with pytest.raises(UsageError, match="a digest of a kind that is not known"):
        fetch("/x", auth={"type": "digest", "username": "ada", "secret": "api"})
