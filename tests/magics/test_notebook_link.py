"""The kernel's end of the link, asked as a front end asks."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel
TARGET = "flowbook.notebook"
CELLS = {"c1": "%%flow raw\n1", "c2": "%%flow clean\nraw + 1", "c3": "# not run"}


class FrontEnd:
    """A front end with the notebook open, on a subshell as JupyterLab has it."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.client = kernel.client
        self.subshell = self.control("create_subshell_request", {})["subshell_id"]
        views = [
            {"cell": cell, "kind": "code", "source": source, "metadata": {}, "revision": 1}
            for cell, source in CELLS.items()
        ]
        data = {"type": "CELLS", "view": "v", "path": "x.ipynb", "cells": views}
        self.shell("comm_open", {"comm_id": "link", "target_name": TARGET, "data": data})

    def control(self, kind, content):
        return ask(self.kernel, kind, content)

    def shell(self, kind, content):
        message = self.client.session.msg(kind, content)
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def patches(self, reply):
        return [
            message["content"]["data"]
            for message in reply.messages
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == "link"
        ]


def ask(kernel, kind, content):
    message = kernel.client.session.msg(kind, content)
    kernel.client.control_channel.send(message)
    while True:
        reply = kernel.client.control_channel.get_msg(timeout=20)
        if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
            return reply["content"]


def test_a_kernel_is_asked_without_a_trace_and_tells_the_link_its_gestures(kernel):
    assert ask(kernel, "comm_info_request", {"target_name": TARGET})["comms"] == {}
    loaded = kernel.run("%load_ext flowbook")
    assert [message["msg_type"] for message in loaded.messages] == ["execute_input"]
    assert ask(kernel, "comm_info_request", {"target_name": TARGET})["comms"] != {}
    for cell in ("c1", "c2"):
        kernel.run(CELLS[cell], cell)
    front = FrontEnd(kernel)
    busy = kernel.run(
        "import time\n"
        "from flowbook.graph.edits import RenameNode\n"
        "link = get_ipython()._flowbook.notebook.link\n"
        "while not link.connected: time.sleep(0.01)\n"
        "print([cell.id for cell in link.cells])\n"
        "flow.apply(RenameNode('raw', 'rows'))"
    )
    assert busy.error is None
    assert "['c1', 'c2', 'c3']" in busy.text  # the notebook's cells, heard while a cell was busy
    (asked,) = front.patches(busy)
    assert asked["label"] == "Rename raw to rows"
    assert [(one["cell"], one["source"]) for one in asked["patches"]] == [
        ("c1", "%%flow rows\n1"),
        ("c2", "%%flow clean(raw=rows)\nraw + 1"),
    ]
    front.shell("comm_close", {"comm_id": "link", "data": {}})
    closed = kernel.run("while link.connected: time.sleep(0.01)\nprint('alone')")
    assert closed.text.strip() == "alone"
