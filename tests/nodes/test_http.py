"""An HTTP node asks a real server, and its errors say what the server said."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest
from traitlets import TraitError

from flowbook.errors import HttpFailed, UsageError
from flowbook.nodes import http
from flowbook.nodes.http import HttpNode, public_url


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        status, kind, body, extra = PAGES.get(path, (404, "text/plain", b"no such page", {}))
        if path == "/echo":
            body = self.told()
        if path == "/slow":
            self.server.release.wait(2)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def told(self):
        length = int(self.headers.get("Content-Length", 0))
        told = {
            "path": self.path,
            "method": self.command,
            "key": self.headers.get("Idempotency-Key"),
            "body": self.rfile.read(length).decode(),
            "peer": self.client_address[1],
        }
        return json.dumps(told).encode()

    def log_message(self, *_):
        pass


PAGES = {
    "/echo": (200, "application/json", b"", {}),
    "/rows.json": (200, "application/json; charset=utf-8", b'[{"a": 1}, {"a": 2}]', {}),
    "/rows.csv": (200, "text/csv", b"a,b\n1,x\n2,y\n", {}),
    "/page": (200, "text/html", "sm\u00f8rbr\u00f8d".encode(), {}),
    "/blob": (200, "application/octet-stream", b"\x00\x01", {}),
    "/nothing": (204, "", b"", {}),
    "/busy": (503, "text/plain", b"come back later", {"Retry-After": "2"}),
    "/moved": (302, "", b"", {"Location": "/rows.json"}),
    "/broken": (200, "application/json", b"<html>oops", {}),
    "/slow": (200, "text/plain", b"late", {}),
}


@pytest.fixture(scope="module")
def server():
    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads = True
    served.release = threading.Event()
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.release.set()
    served.shutdown()
    served.server_close()


@pytest.fixture
def ask(context, made, server):
    def ask(path, outputs="", **config):
        node = made.node(HttpNode, "fetch", outputs=outputs, url=server + path, **config)
        return dict(asyncio.run(node.run(context, {})).ports)

    return ask


@pytest.mark.parametrize(
    ("path", "response", "expected"),
    [
        ("/rows.json", "auto", [{"a": 1}, {"a": 2}]),
        ("/page", "auto", "smørbrød"),
        ("/blob", "auto", b"\x00\x01"),
        ("/nothing", "json", None),
        ("/rows.csv", "text", "a,b\n1,x\n2,y\n"),
        ("/rows.json", "bytes", b'[{"a": 1}, {"a": 2}]'),
        ("/moved", "auto", [{"a": 1}, {"a": 2}]),
    ],
)
def test_the_body_is_read_as_asked(ask, path, response, expected):
    assert ask(path, response=response) == {"fetch": expected}


@pytest.mark.parametrize(
    ("path", "response", "columns"),
    [("/rows.csv", "auto", ["a", "b"]), ("/rows.json", "table", ["a"])],
)
def test_a_table_is_a_frame(ask, path, response, columns):
    frame = ask(path, response=response)["fetch"]
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == columns
    assert list(frame["a"]) == [1, 2]


def test_without_pandas_a_table_is_a_list_of_rows(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert ask("/rows.csv") == {"fetch": [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]}


def test_status_and_headers_are_ports_when_declared(ask):
    given = ask("/rows.json", outputs="rows status headers")
    assert given["rows"] == [{"a": 1}, {"a": 2}]
    assert given["status"] == 200
    assert given["headers"]["content-type"].startswith("application/json")


def test_the_request_is_what_was_configured(ask):
    told = ask("/echo", params={"city": "New York", "no": None}, method="post", json={"a": 1})
    assert told["fetch"]["path"] == "/echo?city=New+York"
    assert told["fetch"]["method"] == "POST"
    assert json.loads(told["fetch"]["body"]) == {"a": 1}
    assert ask("/echo", method="POST", data={"a": "b"})["fetch"]["body"] == "a=b"
    assert ask("/echo", method="POST", data="plain")["fetch"]["body"] == "plain"


def test_a_query_in_the_url_is_kept(ask):
    assert ask("/echo?a=1")["fetch"]["path"] == "/echo?a=1"


def test_only_requests_that_change_something_carry_the_idempotency_key(ask):
    assert ask("/echo")["fetch"]["key"] is None
    assert ask("/echo", method="POST")["fetch"]["key"] == "run/node/0"
    own = ask("/echo", method="POST", headers={"idempotency-key": "mine"})
    assert own["fetch"]["key"] == "mine"


def test_a_refusal_says_what_the_server_said_and_no_secret(ask):
    with pytest.raises(HttpFailed) as caught:
        ask("/busy", params={"city": "Oslo", "api_key": "hush"})
    message = str(caught.value)
    assert "/busy?city=Oslo&api_key=… answered 503 Service Unavailable: come back later" in message
    assert "hush" not in message + caught.value.url
    assert (caught.value.status, caught.value.retry_after) == (503, 2.0)


def test_a_body_of_the_wrong_kind_is_told(ask):
    with pytest.raises(HttpFailed, match=r"no JSON.*begins <html>oops"):
        ask("/broken")


def test_no_answer_in_time_is_told(ask):
    with pytest.raises(HttpFailed, match=r"/slow gave no answer within 0\.05 s"):
        ask("/slow", timeout="50ms")


def test_a_server_that_is_not_there_is_told(context, made):
    node = made.node(HttpNode, url="http://127.0.0.1:9/x?token=hush")
    with pytest.raises(HttpFailed, match=r"127.0.0.1:9/x\?token=… got no answer") as caught:
        asyncio.run(node.run(context, {}))
    assert caught.value.status is None


@pytest.mark.parametrize("url", ["daily.csv", "ftp://x/y", "http://a:b", ""])
def test_what_is_no_address_is_refused(context, made, url):
    with pytest.raises(UsageError, match="is no address") as caught:
        asyncio.run(made.node(HttpNode, "fetch", url=url).run(context, {}))
    assert "http://" in str(caught.value)


def test_requests_of_one_loop_share_their_connections_and_leave_none(context, made, server):
    async def twice():
        node = made.node(HttpNode, url=f"{server}/echo")
        first = await node.run(context, {})
        second = await node.run(context, {})
        await asyncio.gather(*(node.run(context, {}) for _ in range(3)))
        assert len(http._open) == 1
        return [dict(one.ports)["node"]["peer"] for one in (first, second)]

    peers = asyncio.run(twice())
    assert peers[0] == peers[1]
    assert not http._open


def test_a_cancelled_request_leaves_the_client_to_others(context, made, server):
    async def cancel_first():
        node = made.node(HttpNode, url=f"{server}/page")
        first = asyncio.create_task(node.run(context, {}))
        await asyncio.sleep(0)
        first.cancel()
        second = await node.run(context, {})
        assert first.cancelled()
        return dict(second.ports)["node"]

    assert asyncio.run(cancel_first()) == "smørbrød"
    assert not http._open


def test_a_loop_that_runs_until_exit_leaves_nothing_open(server):
    code = f"""
import asyncio, threading
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.http import HttpNode
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
node = HttpNode(NodeSpec("page", kind="http"), url="{server}/page")
print(asyncio.run_coroutine_threadsafe(node.run(None, {{}}), loop).result(5).ports)
"""
    asked = [sys.executable, "-X", "dev", "-c", code]
    ended = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert "smørbrød" in ended.stdout
    assert "unclosed" not in ended.stderr


@pytest.mark.parametrize("config", [{"timeout": "soon"}, {"method": "FETCH"}, {"response": "xml"}])
def test_a_wrong_setting_is_refused(made, config):
    with pytest.raises(TraitError, match=next(iter(config))):
        made.node(HttpNode, **config)


def test_a_url_for_messages_hides_user_and_secrets():
    url = public_url("https://me:pw@api.test:81/x?a=1&sig=2", {"token": "t", "b": 3})
    assert url == "https://api.test:81/x?a=1&sig=…&token=…&b=3"
