"""Cells are read and edited over HTTP; nothing is executed, and nothing is written."""

from __future__ import annotations

import httpx
import pytest
from tests.cells.conftest import notebook_of
from tests.server.conftest import TOKEN

from flowbook.server.notebooks import MOST_BYTES

CELLS = [
    {"id": "p", "source": "top: int = 3  # how many", "metadata": {"tags": ["parameters"]}},
    {"id": "a", "source": ["%%flow load --retries 2\n", "rows = [open('ran', 'w')]"]},
    {"id": "b", "source": "%%flow use\nlen(rows) + top + nothing"},
]


@pytest.fixture
def post(bare):
    base, _ = bare

    def post(path, /, token=TOKEN, **asked):
        headers = {"Authorization": f"token {token}"} if token else {}
        return httpx.post(f"{base}/{path}", json=asked, headers=headers, timeout=20)

    return post


def test_cells_are_answered_with_their_flow_and_its_problems(post, bare):
    found = post("parse", cells=CELLS).json()
    assert [(node["name"], node["cell"], node["options"]) for node in found["nodes"]] == [
        ("load", "a", {"retries": "2"}),
        ("use", "b", {}),
    ]
    assert found["edges"] == [
        {"source": "load", "output": "rows", "target": "use", "input": "rows"}
    ]
    assert found["params"][0]["default"] == 3
    (problem,) = found["problems"]
    assert (problem["node"], problem["cell"], problem["line"]) == ("use", "b", 2)
    assert not (bare[1] / "ran").exists()


def test_a_notebook_is_read_by_its_path_and_none_outside(post, bare):
    (bare[1] / "tour.ipynb").write_text(notebook_of("%%flow load\n1").text())
    found = post("parse", path="tour.ipynb").json()
    assert (found["flow"], found["nodes"][0]["name"]) == ("tour", "load")
    refused = post("parse", path="../../etc/passwd")
    assert (refused.status_code, refused.json()["hint"]) == (400, "name one in it")
    assert post("parse", path="gone.ipynb").status_code == 400


def test_an_edit_is_answered_with_the_smallest_patches(post):
    edit = {"type": "RENAME_NODE", "old": "load", "new": "get"}
    told = post("edit", cells=CELLS, edit=edit).json()
    assert [(one["type"], one["cell"]) for one in told["patches"]] == [("REPLACE_SOURCE", "a")]
    assert told["patches"][0]["source"].startswith("%%flow get --retries 2\n")
    assert told["inverse"][0]["source"].startswith("%%flow load --retries 2\n")
    assert (told["label"], told["overtaken"]) == ("Rename load to get", [])


def test_an_edit_of_older_cells_is_made_on_those_of_now(post):
    now = [*CELLS[:2], {"id": "b", "source": "%%flow use\nlen(rows) * 2"}]
    edit = {"type": "SET_BODY", "node": "use", "body": "sum(rows)"}
    told = post("edit", cells=now, seen=CELLS, edit=edit).json()
    assert told["patches"][0]["source"] == "%%flow use\nsum(rows)"
    assert told["overtaken"] == [{"cell": "b", "text": "%%flow use\nlen(rows) * 2"}]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"cells": CELLS}, "an edit is needed"),
        ({"edit": {"type": "REMOVE_NODE", "node": "a"}}, "either cells or a path"),
        ({"cells": CELLS, "edit": {"type": "BOOM"}}, "this is no edit"),
        ({"cells": [1], "edit": {"type": "REMOVE_NODE", "node": "a"}}, "cell 0 is no object"),
        ({"cells": CELLS, "edit": {"type": "REMOVE_NODE", "node": "usee"}}, "no node 'usee'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(post, asked, told):
    refused = post("edit", **asked)
    assert refused.status_code == 400
    assert told in refused.json()["message"]
    assert refused.json()["hint"]


def test_nobody_asks_without_a_token_and_nobody_too_much(post):
    assert post("parse", token=None, cells=[]).status_code == 403
    assert post("edit", token=None, cells=[]).status_code == 403
    large = post("parse", cells=[{"source": "x" * MOST_BYTES}])
    assert (large.status_code, "more than 20 MB" in large.json()["message"]) == (400, True)
