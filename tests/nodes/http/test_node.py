"""An HTTP node asks a real server, and its errors say what the server said."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from traitlets import TraitError

from flowbook.errors import HttpFailed, NotGranted, UsageError
from flowbook.nodes.http import HttpNode, clients
from flowbook.run.places.worker import RemoteContext


@pytest.fixture(autouse=True)
def pages(site):
    site.page("/rows.json", [{"a": 1}, {"a": 2}], content_type="application/json; charset=utf-8")
    site.page("/rows.csv", b"a,b\n1,x\n2,y\n", content_type="text/csv")
    site.page("/page", "smørbrød".encode(), content_type="text/html")
    site.page("/latin", "smørbrød".encode("latin-1"), content_type="text/plain; charset=latin-1")
    site.page("/blob", b"\x00\x01", content_type="application/octet-stream")
    site.page("/nothing", status=204, content_type=None, content_length=None)
    site.page("/empty", b"")
    site.page("/busy", b"come back later", 503, content_type="text/plain", retry_after=2)
    site.page("/broken", b"<html>oops")
    site.page("/echo", {"ok": True})


@pytest.mark.parametrize(
    ("path", "response", "expected"),
    [
        ("/rows.json", "auto", [{"a": 1}, {"a": 2}]),
        ("/page", "auto", "smørbrød"),
        ("/latin", "auto", "smørbrød"),
        ("/blob", "auto", b"\x00\x01"),
        ("/nothing", "json", None),
        ("/nothing", "auto", None),
        ("/empty", "auto", None),
        ("/empty", "table", None),
        ("/empty", "text", ""),
        ("/empty", "bytes", b""),
        ("/rows.csv", "text", "a,b\n1,x\n2,y\n"),
        ("/rows.json", "bytes", b'[{"a": 1}, {"a": 2}]'),
    ],
)
def test_the_body_is_read_as_asked(fetch, path, response, expected):
    assert fetch(path, response=response) == expected


@pytest.mark.parametrize(
    ("path", "response", "columns"),
    [("/rows.csv", "auto", ["a", "b"]), ("/rows.json", "table", ["a"])],
)
def test_a_table_is_a_frame(fetch, path, response, columns):
    frame = fetch(path, response=response)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == columns
    assert list(frame["a"]) == [1, 2]


@pytest.mark.parametrize("path", ["/rows.csv", "/rows.json"])
@pytest.mark.parametrize(
    ("table", "made"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table)]
)
def test_a_table_is_of_the_kind_that_is_asked_for(fetch, path, table, made):
    frame = fetch(path, response="table", table=table)
    assert isinstance(frame, made)
    column = frame["a"]
    assert (column.to_pylist() if table == "arrow" else list(column)) == [1, 2]


def test_rows_are_a_list_of_dicts(fetch):
    assert fetch("/rows.csv", table="rows") == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def test_without_pandas_a_table_is_a_list_of_rows(fetch, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert fetch("/rows.csv") == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def test_a_charset_that_is_said_goes_before_the_servers(fetch, site):
    site.page("/odd", "smørbrød".encode("latin-1"), content_type="text/plain; charset=utf-8")
    assert fetch("/odd", charset="latin-1") == "smørbrød"
    site.page("/unknown", b"ok", content_type="text/plain; charset=klingon")
    assert fetch("/unknown") == "ok"


def test_status_and_headers_are_ports_when_declared(run):
    given = run("/rows.json", outputs="rows status headers")
    assert given["rows"] == [{"a": 1}, {"a": 2}]
    assert given["status"] == 200
    assert given["headers"]["content-type"].startswith("application/json")


def test_the_query_repeats_lists_and_leaves_out_nothing_that_is_there(fetch, site):
    fetch("/echo?a=%20+1", params={"city": ["New York", "Oslo"], "no": None, "dry": True, "n": 0})
    assert site.paths == ["/echo?a=%20+1&city=New+York&city=Oslo&dry=true&n=0"]


def test_headers_are_sent_as_texts(fetch, site):
    fetch("/echo", headers={"X-Number": 7, "X-No": None, "X-List": ["a", "b"], "X-Is": True})
    sent = site.asked[0].headers
    assert (sent["x-number"], sent["x-list"], sent["x-is"]) == ("7", "a, b", "true")
    assert "x-no" not in sent


@pytest.mark.parametrize("value", ["Ørsta", "hush\r\nX-More: 1", "hush\n"])
def test_a_header_that_cannot_be_sent_is_told_without_its_value(fetch, site, value):
    with pytest.raises(UsageError, match="header 'X-Own' has a character") as caught:
        fetch("/echo", headers={"X-Own": value})
    assert "hush" not in str(caught.value)
    assert site.asked == []


def test_json_in_another_charset_is_read(fetch, site):
    site.page("/odd", '["ø"]'.encode("latin-1"), content_type="application/json; charset=latin-1")
    site.page("/wide", '["ø"]'.encode("utf-16"))
    assert (fetch("/odd"), fetch("/wide")) == (["ø"], ["ø"])


def test_only_requests_that_change_something_carry_the_idempotency_key(fetch, site):
    fetch("/echo")
    fetch("/echo", method="POST")
    fetch("/echo", method="POST", headers={"Idempotency-Key": "mine"})
    keys = [one.headers.get("idempotency-key") for one in site.asked]
    assert keys == [None, "run/node/0", "mine"]


@pytest.mark.parametrize("method", ["get", "HEAD", "OPTIONS", "DELETE", "propfind"])
def test_any_method_is_sent_by_its_name(fetch, site, method):
    body = fetch("/echo", method=method)
    assert site.asked[0].method == method.upper()
    assert body == (None if method == "HEAD" else {"ok": True})


def test_a_refusal_says_what_the_server_said_and_no_secret(fetch):
    with pytest.raises(HttpFailed) as caught:
        fetch("/busy", params={"city": "Oslo", "api_key": "hush"})
    message = str(caught.value)
    assert "/busy?city=Oslo&api_key=… answered 503 Service Unavailable: come back later" in message
    assert "hush" not in message + caught.value.url
    assert (caught.value.status, caught.value.retry_after) == (503, 2.0)
    assert "asks to wait 2 s" in message


def test_a_body_of_the_wrong_kind_is_told(fetch):
    with pytest.raises(HttpFailed, match=r"no JSON.*begins <html>oops"):
        fetch("/broken")


@pytest.mark.parametrize("url", ["daily.csv", "ftp://x/y", "http://a:b", "http://", ""])
def test_what_is_no_address_is_refused(context, made, url):
    with pytest.raises(UsageError, match="is no address") as caught:
        asyncio.run(made.node(HttpNode, "fetch", url=url).run(context, {}))
    assert "http://" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "ok", "fails"),
    [
        (404, "2xx, 3xx", True),
        (404, [200, 404], False),
        (404, "any", False),
        (503, "any", False),
        (200, "201-204", True),
        (201, 201, False),
    ],
)
def test_what_is_ok_is_said(run, site, status, ok, fails):
    site.page("/x", {"x": 1}, status)
    if fails:
        with pytest.raises(HttpFailed, match=str(status)):
            run("/x", ok=ok)
    else:
        assert run("/x", ok=ok, outputs="fetch status") == {"fetch": {"x": 1}, "status": status}


@pytest.mark.parametrize(
    ("status", "retry_on", "final"),
    [
        (503, None, False),
        (501, None, True),
        (404, None, True),
        (404, "4xx", False),
        (503, [], True),
    ],
)
def test_only_a_status_to_retry_on_is_worth_another_attempt(run, site, status, retry_on, final):
    site.page("/x", b"no", status)
    with pytest.raises(HttpFailed) as caught:
        run("/x", **({} if retry_on is None else {"retry_on": retry_on}))
    assert caught.value.final is final


def test_each_request_is_a_line_of_the_log_without_its_secrets(run, context):
    run("/rows.json", params={"city": "Oslo", "api_key": "hush"})
    (line,) = context.logged
    assert line.startswith("GET http://127.0.0.1:")
    assert "/rows.json?city=Oslo&api_key=… 200 20 " in line
    assert line.endswith("attempt 1")


def test_the_library_tells_no_address_of_ours(run, caplog):
    caplog.set_level("DEBUG")
    run("/rows.json", params={"api_key": "hush"})
    assert "hush" not in caplog.text


def test_a_test_run_sends_nothing_that_changes_something(run, services, site):
    services.effects = False
    for changing in ({"method": "POST"}, {"save_to": "x.json"}):
        with pytest.raises(NotGranted, match="a test run changes nothing outside"):
            run("/echo", **changing)
    assert site.asked == []
    assert run("/echo")["fetch"] == {"ok": True}


def test_it_works_in_another_process(made, site):
    context = RemoteContext("run", "node", 1, "run:node", evaluator=print, tell=lambda *_: None)
    node = made.node(HttpNode, url=f"{site.url}/echo", method="POST")
    assert dict(asyncio.run(node.run(context, {})).ports) == {"node": {"ok": True}}


@pytest.mark.parametrize(
    "config",
    [
        {"timeout": "soon"},
        {"method": "GET /"},
        {"response": "xml"},
        {"ok": "fine"},
        {"retry_on": "99"},
        {"rate": "often"},
        {"follow_redirects": "maybe"},
        {"per_host": 0},
        {"max_size": "big"},
        {"auth": "me"},
    ],
)
def test_a_wrong_setting_is_refused(made, config):
    with pytest.raises(TraitError, match=next(iter(config))):
        made.node(HttpNode, **config)


def test_a_charset_nobody_knows_is_refused(made):
    with pytest.raises(UsageError, match="charset cannot be 'klingon'"):
        made.node(HttpNode, charset="klingon")


def test_it_says_what_it_is():
    assert (HttpNode.family, HttpNode.external) == ("services", True)
    assert all(trait.help for trait in HttpNode.class_traits(config=True).values())


def test_a_loop_that_runs_until_exit_leaves_nothing_open(site):
    code = f"""
        import asyncio, threading
        from types import SimpleNamespace
        from flowbook.graph.spec import NodeSpec
        from flowbook.nodes.http import HttpNode
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        node = HttpNode(NodeSpec("page", kind="http"), url="{site.url}/page")
        services = SimpleNamespace(effects=True, keep=lambda key, make, close: make())
        context = SimpleNamespace(log=lambda text: None, attempt=1, services=services)
        print(asyncio.run_coroutine_threadsafe(node.run(context, {{}}), loop).result(5).ports)
    """
    asked = [sys.executable, "-X", "dev", "-c", textwrap.dedent(code)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert "smørbrød" in ended.stdout
    assert "unclosed" not in ended.stderr


def test_it_runs_in_a_flow_and_leaves_nothing_open_when_its_project_is_closed(site, tmp_path):
    import flowbook
    from flowbook.graph.spec import NodeSpec

    project = flowbook.Project(tmp_path)
    flow = flowbook.Flow("asking", host=project)
    flow.add(HttpNode(NodeSpec("page", kind="http"), url=f"{site.url}/rows.json"))
    assert flow.run()["page"].output == [{"a": 1}, {"a": 2}]
    assert clients._open
    held = next(iter(clients._open.values())).pool
    project.close()
    assert not held.clients
    project.engine.close()
    assert not clients._open


def test_a_server_that_asks_to_wait_is_waited_for(site, tmp_path):
    import flowbook
    from flowbook.graph.options import parse_options
    from flowbook.graph.spec import NodeSpec

    @site.on("/twice")
    def twice(handler):
        first = len(site.asked) == 1
        handler.reply(b"{}", 429 if first else 200, **({"retry_after": 1} if first else {}))

    project = flowbook.Project(tmp_path)
    flow = flowbook.Flow("asking", host=project)
    options = parse_options({"retries": 1, "backoff": "1ms"})
    flow.add(HttpNode(NodeSpec("page", kind="http", options=options), url=f"{site.url}/twice"))
    run = flow.run()
    assert run["page"].output == {}
    delays = [event.delay for event in run.events() if type(event).__name__ == "NodeRetryScheduled"]
    assert delays == [1.0]
    project.close()


def test_the_example_runs(tmp_path):
    import flowbook

    cells = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "outputs": [],
         "execution_count": None, "source": f"%%flow{text}"}
        for at, text in enumerate(HttpNode.example.split("%%flow")[1:])
    ]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (tmp_path / "page.ipynb").write_text(json.dumps(notebook))
    project = flowbook.Project(tmp_path)
    flow = project.read_notebook(tmp_path / "page.ipynb")
    assert not flow.check()
    assert len(flow.run()["daily"].output["rows"]) == 1461
    project.close()
