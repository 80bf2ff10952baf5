"""What can go wrong between a request and its answer, and where a redirect may lead."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from flowbook.errors import HttpFailed, UsageError
from flowbook.nodes.http import HttpNode


def reset(handler):
    """End the connection without a farewell."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


# ------------------------------------------------------------ faults


def test_no_answer_in_time_is_told(fetch, site):
    site.on("/slow")(lambda handler: site.let_go.wait(5))
    with pytest.raises(HttpFailed, match=r"/slow gave no answer within 0\.05 s") as caught:
        fetch("/slow", timeout="50ms")
    assert not caught.value.final


def test_a_body_that_stops_coming_is_told(fetch, site):
    @site.on("/stops")
    def stops(handler):
        handler.begin(content_length="10")
        handler.wfile.write(b"12345")
        handler.wfile.flush()
        site.let_go.wait(5)

    with pytest.raises(HttpFailed, match=r"/stops gave no answer within 0\.05 s"):
        fetch("/stops", timeout={"read": "50ms"})


def test_a_body_that_trickles_ends_at_the_total(fetch, site):
    @site.on("/trickles")
    def trickles(handler):
        handler.begin(content_length="1000")
        while not site.let_go.wait(0.02):
            handler.wfile.write(b".")
            handler.wfile.flush()

    with pytest.raises(HttpFailed, match=r"/trickles was not answered in whole within 0\.2 s"):
        fetch("/trickles", timeout={"read": "5s", "total": "200ms"})


def test_a_connection_that_is_reset_in_the_body_is_told(fetch, site):
    @site.on("/reset")
    def resets(handler):
        handler.begin(content_length="10")
        handler.wfile.write(b"12345")
        reset(handler)

    with pytest.raises(HttpFailed, match="/reset got no answer: ") as caught:
        fetch("/reset")
    assert not caught.value.final


def test_a_body_shorter_than_it_says_is_no_answer(fetch, site):
    @site.on("/short")
    def short(handler):
        handler.reply(b"12345", content_length=10)
        handler.close_connection = True

    with pytest.raises(HttpFailed, match=r"/short got no answer: .*complete"):
        fetch("/short")


def test_a_body_longer_than_it_says_is_cut_and_spoils_no_other(context, made, site):
    site.page("/long", b"12345", content_length=3, content_type="text/plain")
    site.page("/after", b"after", content_type="text/plain")

    async def both():
        return [
            (await made.node(HttpNode, url=site.url + path).run(context, {})).ports["node"]
            for path in ("/long", "/after")
        ]

    assert asyncio.run(both()) == ["123", "after"]


def test_a_server_that_is_not_there_is_told(fetch):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(HttpFailed, match=rf":{port}/x\?token=… got no answer") as caught:
            fetch(f"http://127.0.0.1:{port}/x?token=hush")
    assert caught.value.status is None
    assert not caught.value.final


def test_a_connection_that_was_lost_is_made_anew_for_what_changes_nothing(fetch, site):
    @site.on("/once")
    def once(handler):
        if len(site.asked) == 1:
            reset(handler)
        else:
            handler.reply({"at": len(site.asked)})

    assert fetch("/once") == {"at": 2}


def test_a_request_that_changes_something_is_not_made_twice(fetch, site):
    site.on("/reset")(reset)
    with pytest.raises(HttpFailed, match=r"POST .*/reset got no answer"):
        fetch("/reset", method="POST")
    assert len(site.asked) == 1


# ------------------------------------------------------------ redirects


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(302, "GET", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT")],
)
def test_a_redirect_is_followed_with_the_method_it_asks_for(fetch, site, status, method, then):
    site.page("/here", status=status, location="/there")
    site.page("/there", {"found": True})
    body = {} if method == "GET" else {"json": {"a": 1}}
    assert fetch("/here", method=method, **body) == {"found": True}
    assert [one.method for one in site.asked] == [method, then]
    assert site.asked[1].body == (b'{"a":1}' if then == method and body else b"")


def test_each_redirect_is_a_line_of_the_log(fetch, site, context):
    site.page("/here", status=302, location="/there")
    site.page("/there", {})
    fetch("/here")
    assert ["/here 302" in context.logged[0], "/there 200" in context.logged[1]] == [True, True]


def test_a_redirect_is_shown_when_it_is_not_followed(run, site):
    site.page("/here", status=302, location="/there")
    given = run("/here", follow_redirects=False, outputs="fetch status headers")
    assert (given["status"], given["headers"]["location"]) == (302, "/there")


def test_redirects_in_a_circle_are_told(fetch, site):
    site.page("/a", status=302, location="/b")
    site.page("/b", status=302, location="/a")
    with pytest.raises(HttpFailed, match=r"/a redirects in a circle, at last to .*/b") as caught:
        fetch("/a")
    assert caught.value.final
    assert site.paths == ["/a", "/b", "/a"]


def test_too_many_redirects_are_told(fetch, site):
    for at in range(5):
        site.page(f"/{at}", status=302, location=f"/{at + 1}")
    site.page("/5", {})
    assert fetch("/0", follow_redirects=5) == {}
    with pytest.raises(HttpFailed, match="/4 redirects more than 4 times"):
        fetch("/0", follow_redirects=4)


def test_cookies_go_from_a_redirect_to_the_next_request_and_no_further(fetch, site):
    site.page("/login", status=302, location="/in", set_cookie="id=7; Path=/")
    site.page("/in", {})
    fetch("/login")
    fetch("/in")
    assert [one.headers.get("cookie") for one in site.asked] == [None, "id=7", None]


def test_another_host_gets_no_credentials(fetch, site, other, services):
    services.secrets["token"] = "hush"
    site.page("/away", status=307, location=f"{other.url}/there", set_cookie="id=7; Path=/x")
    other.page("/there", {})
    fetch(
        "/away",
        method="POST",
        auth={"type": "header", "name": "X-Pass", "secret": "token"},
        headers={"X-Own": "mine", "Authorization": "Bearer hush", "Accept": "text/plain"},
        json={"a": 1},
    )
    assert site.asked[0].headers["x-pass"] == "hush"
    arrived = other.asked[0].headers
    assert {"x-pass", "x-own", "authorization", "cookie"} & set(arrived) == set()
    assert (arrived["accept"], arrived["idempotency-key"]) == ("text/plain", "run/node/0")
    assert other.asked[0].body == b'{"a":1}'


def test_the_same_host_gets_them_again(fetch, site, services):
    services.secrets["token"] = "hush"
    site.page("/here", status=302, location="/there")
    site.page("/there", {})
    fetch("/here", auth={"type": "query", "name": "key", "secret": "token"})
    assert site.paths == ["/here?key=hush", "/there?key=hush"]


def test_a_redirect_to_what_is_no_address_is_told(fetch, site):
    site.page("/here", status=302, location="ftp://there/x")
    with pytest.raises(HttpFailed, match=r"redirects to what is no address, .* ftp://there/x"):
        fetch("/here")


# ------------------------------------------------------------ certificates


def test_a_certificate_nobody_trusts_is_told_with_what_to_do(fetch, secure):
    secure.page("/x", {})
    with pytest.raises(HttpFailed, match="no certificate that is trusted: self-signed") as caught:
        fetch(f"{secure.url}/x")
    assert "verify: path/to/ca.pem" in str(caught.value)
    assert caught.value.final


def test_a_certificate_can_be_trusted_by_its_authority(fetch, secure, services, certificates):
    secure.page("/x", {"ok": True})
    (services.folder / "ca.pem").write_bytes(certificates.certificate.read_bytes())
    assert fetch(f"{secure.url}/x", verify="ca.pem") == {"ok": True}


def test_not_checking_certificates_is_said_in_the_log(fetch, secure, context):
    secure.page("/x", {"ok": True})
    assert fetch(f"{secure.url}/x", verify=False) == {"ok": True}
    assert context.logged[0] == "certificates are not checked (verify: false)"


def test_certificates_that_cannot_be_read_are_told(fetch, services):
    (services.folder / "ca.pem").write_text("no certificate")
    with pytest.raises(UsageError, match=r"verify: the certificates in '.*ca\.pem' cannot be read"):
        fetch("https://127.0.0.1:9/x", verify="ca.pem")
