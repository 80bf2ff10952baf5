"""Requests of a real run: many at once, against a server that fails in every way there is."""

from __future__ import annotations

import socket
import struct

import pytest

import flowbook
from flowbook.graph.options import parse_options
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.nodes.http import HttpNode, hosts


@pytest.fixture
def project(tmp_path):
    project = flowbook.Project(tmp_path)
    yield project
    project.engine.close()
    project.close()


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def cut(handler):
    handler.reply(b'{"a": 1}', content_length=100)
    handler.close_connection = True


FAULTS = [
    lambda handler: handler.reply(b"busy", 503),
    lambda handler: handler.reply(b"slow down", 429, retry_after=0),
    lambda handler: handler.reply(b"<html>", 200),
    reset,
    cut,
    lambda handler: handler.server.site.let_go.wait(0.5),
]


def test_all_get_there_whatever_the_server_does(project, site):
    tries = {}

    @site.on("/x")
    def unreliable(handler):
        which = int(handler.path.partition("=")[2])
        tries[which] = tries.get(which, 0) + 1
        if tries[which] <= 2:
            FAULTS[(which + tries[which]) % len(FAULTS)](handler)
        else:
            handler.reply({"n": which})

    flow = flowbook.Flow("asking", host=project)
    options = parse_options({"retries": 4, "backoff": "1ms"})
    for n in range(24):
        spec = NodeSpec(f"n{n}", kind="http", options=options)
        flow.add(HttpNode(spec, url=f"{site.url}/x", params={"n": n}, timeout="200ms", per_host=8))
    run = flow.run()
    assert run.status == "succeeded", run.error
    assert [run[f"n{n}"].output for n in range(24)] == [{"n": n} for n in range(24)]
    assert not hosts._hosts


def test_pages_read_what_comes_in(project, site):
    site.on("/x")(lambda handler: handler.reply({"rows": [handler.path[-1]]}))
    flow = flowbook.Flow("asking", host=project)

    @flow.node
    def far() -> int:
        return 2

    pages = {"kind": "page", "items": "{{ body.rows }}", "more": "{{ page < far }}"}
    spec = NodeSpec("rows", kind="http", inputs=(InputSpec("far"),))
    flow.add(HttpNode(spec, url=f"{site.url}/x", pages=pages))
    assert flow.run()["rows"].output == ["1", "2"]


def test_a_secret_that_is_written_out_is_refused_before_anything_runs(project, site):
    flow = flowbook.Flow("asking", host=project)
    auth = {"type": "bearer", "token": "h-u-s-h"}
    flow.add(HttpNode(NodeSpec("page", kind="http"), url=f"{site.url}/x", auth=auth))
    problems = flow.check()
    assert ["auth has a token that is written out" in str(one) for one in problems] == [True]
    assert "h-u-s-h" not in str(problems)
