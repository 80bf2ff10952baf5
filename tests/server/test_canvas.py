"""A canvas is answered without a kernel: from its cells alone, and with patches of them."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.cells.conftest import notebook_of
from tests.server.conftest import TOKEN

from flowbook.server.notebooks import MOST_BYTES


def cell(name, source, revision=1, **metadata):
    return {
        "cell": name,
        "kind": "code",
        "source": source,
        "metadata": metadata,
        "revision": revision,
    }


CELLS = [
    cell("a", "%%flow load -> rows\nrows = [open('ran', 'w')]", revision=4),
    cell("b", "%%flow use(rows)\nlen(rows)"),
]


@pytest.fixture
def post(bare):
    base, _ = bare

    def post(message, cells=CELLS, token=TOKEN, **more):
        headers = {"Authorization": f"token {token}"} if token else {}
        body = {"path": "daily/tour.ipynb", "cells": cells, "message": message} | more
        return httpx.post(f"{base}/canvas", json=body, headers=headers, timeout=20)

    return post


@pytest.fixture
def ask(post):
    def ask(type_, /, **fields):
        about = {key: fields.pop(key) for key in ("path", "cells") if key in fields}
        found = post({"type": type_, "view": "v", **fields}, **about)
        assert found.status_code == 200, found.text
        return found.json()["messages"]

    return ask


def test_a_greeting_is_answered_with_the_flow_and_nothing_is_executed(ask, bare):
    (shown,) = ask("HELLO")
    flow = shown["flow"]
    assert (shown["type"], flow["flow"]) == ("SNAPSHOT", "tour")
    assert [(node["name"], node["cell"]) for node in flow["nodes"]] == [("load", "a"), ("use", "b")]
    assert [(e["source"], e["target"]) for e in flow["edges"]] == [("load", "use")]
    assert shown["run"] is None
    assert not (bare[1] / "ran").exists()


def test_an_edit_is_answered_with_patches_and_then_that_it_is_done(ask):
    edit = {"type": "RENAME_NODE", "old": "load", "new": "get"}
    patch, edited = ask("EDIT", rid=3, edit=edit)
    (one,) = patch["patches"]
    assert (patch["type"], patch["label"]) == ("PATCH", "Rename load to get")
    assert (one["type"], one["cell"], one["revision"]) == ("REPLACE_SOURCE", "a", 4)
    assert one["source"].startswith("%%flow get -> rows\n")
    assert (edited["type"], edited["rid"], edited["label"]) == ("EDITED", 3, "Rename load to get")


def test_a_gesture_says_where_its_cells_go(ask):
    on = {"target": "use", "input": "rows"}
    patch, edited = ask("INSERT", rid=1, kind="sql", on=on, x=10, y=400)
    assert edited["nodes"] == ["sql"]
    rewired, added = patch["patches"]
    assert (rewired["cell"], rewired["source"]) == ("b", "%%flow use(rows=sql)\nlen(rows)")
    assert (added["type"], added["after"]) == ("INSERT_CELL", "a")
    assert added["cell"]["metadata"] == {"flowbook": {"position": [10, 400]}}


def test_nodes_are_moved_in_the_metadata_of_their_cells(ask):
    (patch,) = ask("MOVE", positions={"use": {"x": 5, "y": 6}})
    (one,) = patch["patches"]
    assert (one["type"], one["cell"]) == ("SET_METADATA", "b")
    assert one["metadata"] == {"flowbook": {"position": [5, 6]}}


@pytest.mark.parametrize("question", ["RUN", "CANCEL"])
def test_what_needs_a_kernel_is_refused_and_says_so(ask, question):
    (refused,) = ask(question)
    assert refused["type"] == "REFUSED"
    assert "without a kernel" in refused["message"]
    assert refused["hint"] == "start a kernel for this notebook"


def test_what_needs_no_run_is_answered(ask):
    (details,) = ask("INSPECT", node="use")
    assert details["source"] == "len(rows)"
    (kinds,) = ask("KINDS", rid=2)
    assert {"http", "sql"} <= {one["kind"] for one in kinds["kinds"]}
    (targets,) = ask("TARGETS", rid=2, source="load", output="rows")
    assert [(one["node"], one["input"]) for one in targets["targets"]] == [
        ("use", "rows"),
        ("use", ""),
    ]


def test_an_edit_that_does_not_apply_is_refused_to_whom_asked(ask):
    (refused,) = ask("EDIT", rid=9, edit={"type": "REMOVE_NODE", "node": "lod"})
    assert (refused["type"], refused["rid"], refused["view"]) == ("REFUSED", 9, "v")
    assert "no node 'lod'" in refused["message"]


def test_a_notebook_that_may_not_be_changed_is_only_looked_at(post):
    def said(**message):
        found = post({"view": "v", **message}, locked="its file may not be written")
        return found.json()["messages"]

    (shown,) = said(type="HELLO")
    assert shown["flow"]["locked"] == "its file may not be written"
    (refused,) = said(type="REMOVE", rid=4, nodes=["load"], edges=[], heal=False)
    assert (refused["type"], refused["rid"]) == ("REFUSED", 4)
    assert "its file may not be written" in refused["message"]
    assert said(type="MOVE", positions={"load": {"x": 1, "y": 2}})[0]["type"] == "REFUSED"


def test_a_question_that_is_none_is_refused(ask):
    (refused,) = ask("BOOM")
    assert "cannot read" in refused["message"]


def test_only_who_may_use_the_server_is_answered(post):
    assert post({"type": "HELLO", "view": "v"}, token=None).status_code == 403


def test_what_is_no_notebook_is_refused_by_name(post):
    found = post({"type": "HELLO", "view": "v"}, cells=[{"source": 3}])
    assert found.status_code == 400
    assert "no cells" in found.json()["message"]
    assert "is no field" in post({"type": "HELLO"}, strange=1).json()["message"]


def test_a_notebook_that_is_too_large_is_not_read(post):
    found = post({"type": "HELLO", "view": "v"}, cells=[cell("a", "x" * MOST_BYTES)])
    assert found.status_code == 400
    assert "MB" in found.json()["message"]


def test_without_cells_they_are_those_of_the_file(ask, bare):
    text = notebook_of("%%flow raw\n1", "%%flow twice(raw)\n2").text()
    (bare[1] / "ahead.ipynb").write_text(text)
    (shown,) = ask("HELLO", path="ahead.ipynb", cells=None)
    cells = json.loads(text)["cells"]
    told = [(node["name"], node["cell"]) for node in shown["flow"]["nodes"]]
    assert told == [("raw", cells[0]["id"]), ("twice", cells[1]["id"])]


def test_a_file_whose_cells_have_no_ids_is_not_looked_at_ahead(post, bare):
    document = json.loads(notebook_of("%%flow raw\n1").text())
    document["nbformat_minor"] = 4
    del document["cells"][0]["id"]
    (bare[1] / "old.ipynb").write_text(json.dumps(document))
    for path, said in (("old.ipynb", "no ids"), ("nowhere.ipynb", "cannot be read")):
        refused = post({"type": "HELLO", "view": "v"}, path=path, cells=None)
        assert (refused.status_code, said in refused.json()["message"]) == (400, True)
