"""A canvas of an open notebook, in a real kernel: its cells are the flow, run or not."""

from __future__ import annotations

import pytest
from tests.magics.test_notebook_link import FrontEnd

pytestmark = pytest.mark.kernel


def test_a_canvas_of_the_notebook_shows_cells_that_never_ran_and_changes_them(kernel):
    kernel.run("%load_ext flowbook")
    front = FrontEnd(kernel)
    ask_canvas(front, {"type": "HELLO", "view": "canvas"})
    shown = heard(front, "SNAPSHOT")
    assert [node["name"] for node in shown["flow"]["nodes"]] == ["raw", "clean"]
    on = {"target": "clean", "input": "raw"}
    insert = {"type": "INSERT", "view": "canvas", "rid": 1, "kind": "log", "on": on}
    ask_canvas(front, insert)
    patch, edited = heard(front, "PATCH"), heard(front, "EDITED")
    assert (patch["label"], edited["nodes"]) == ("Add log", ["log"])
    assert [one["type"] for one in patch["patches"]] == ["REPLACE_SOURCE", "INSERT_CELL"]
    assert kernel.run("print(list(flow.spec().by_id))").text.strip().endswith("[]")
    front.shell("comm_close", {"comm_id": "link", "data": {}})


def ask_canvas(front, message):
    front.shell("comm_msg", {"comm_id": "link", "data": message})


def heard(front, kind):
    """The next message of that kind on the link."""
    while True:
        message = front.client.get_iopub_msg(timeout=20)
        if message["msg_type"] == "comm_msg" and message["content"]["data"]["type"] == kind:
            return message["content"]["data"]
