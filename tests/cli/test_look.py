"""`flowbook history show --node` tells what a node gave, and opens nothing for it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import flowbook as package
from flowbook.cli import place
from flowbook.session.progress import Board
from flowbook.session.project import Project


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of which the previews are all that is left."""
    project = Project(tmp_path)
    flow = package.Flow("looking", host=project)

    @flow.node
    def table():
        return pd.DataFrame({"day": [f"day {n}" for n in range(1200)], "rain": 0.5})

    @flow.node
    def array():
        return np.arange(60_000, dtype="float64").reshape(200, 300)

    @flow.node
    def picture():
        return Image.new("RGB", (64, 48))

    @flow.node(outputs=["words", "data"])
    def several():
        return {"words": "x" * 9000, "data": {"deep": [1, 2]}}

    @flow.node
    def broken():
        raise ValueError("no rows")

    made = flow.run()
    for path in tmp_path.rglob("objects/**/*"):
        if path.is_file() and not path.name.endswith(".preview.json"):
            path.unlink()
    monkeypatch.setattr(place, "project", lambda _path: project)
    yield made.id
    project.close()


def told(ask, run, node):
    code, out, _ = ask("history", "show", run, "--node", node)
    assert code == 0
    return out


def test_a_table_is_its_first_rows_and_how_many_there_are(ask, run):
    lines = told(ask, run, "table").splitlines()
    assert lines[0].startswith("table: pandas.DataFrame, parquet, ")
    assert lines[1] == "day     rain"
    assert lines[3] == "day 0    0.5"
    assert lines[-1] == "1,200 rows, the first 20 shown"


def test_an_array_is_its_figures_and_first_values(ask, run):
    _, figures, values = told(ask, run, "array").splitlines()
    assert figures == (
        "shape 200 by 300, dtype float64, min 0.0, max 59999.0, mean 29999.5, missing 0"
    )
    assert values.startswith("0.0 1.0 2.0 ")


def test_pictures_texts_and_plain_data_have_their_say(ask, run):
    assert "a picture of 64 by 48 pixels" in told(ask, run, "picture")
    out = told(ask, run, "several")
    assert "(only a part is shown)" in out
    assert '"deep": [' in out


def test_a_node_that_gave_nothing_and_one_that_is_not_there(ask, run):
    assert told(ask, run, "broken") == "broken has given nothing\nValueError: no rows\n"
    code, _, err = ask("history", "show", run, "--node", "tabel")
    assert code == 2
    assert "table" in err


def test_the_same_as_json(ask, run):
    code, out, _ = ask("history", "show", run, "--node", "array", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["run"], found["node"]) == (run, "array")
    assert found["outputs"]["array"]["shown"] | {"values": [], "bars": []} == {
        "show": "array", "dtype": "float64", "shape": [200, 300], "values": [], "nulls": 0,
        "min": 0.0, "max": 59999.0, "mean": 29999.5, "median": 29999.5, "bars": [],
    }  # fmt: skip
    assert found["outputs"]["array"]["shown"]["bars"] == [3000] * 20


@pytest.fixture
def half_done(tmp_path, monkeypatch):
    """A run that failed, of which one node was undone and another could not be."""
    project = Project(tmp_path)
    flow = package.Flow("order", host=project)

    def undone(reserve):
        pass

    def broken(charge):
        raise ConnectionError("the bank is closed")

    @flow.node(compensate=undone)
    def reserve():
        return 7

    @flow.node(compensate=broken)
    def charge(reserve):
        return 10

    @flow.node
    def ship(charge):
        raise ValueError("no courier")

    made = flow.run()
    monkeypatch.setattr(place, "project", lambda _path: project)
    yield made
    project.close()


def test_a_run_names_what_was_undone_and_what_was_not(ask, half_done):
    _, out, _ = ask("history", "show", half_done.id)
    lines = [line for line in out.splitlines() if "undone " in line]
    assert lines == ["undone       reserve", "not undone   charge", *lines[2:]]


def test_the_last_line_of_progress_names_them_too(half_done):
    made = Board()
    told = [made.take(event) for event in half_done.events()]
    assert told[-1].endswith("; undone: reserve; not undone: charge")
