"""The history leaves as a file: whole, consistent, and in the form that was asked for."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import duckdb
import msgspec
import pytest

from flowbook.errors import StoreError, UsageError
from flowbook.events import NodeCompleted
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.export import NODE_IO, VIEWS_OUT
from flowbook.store.facts import Audited
from flowbook.store.schema import VIEWS

AT = 1_700_000_000.0
DAY = 86_400.0


@pytest.fixture
def history(store, story):
    """A failed run that is folded, and a newer one of another flow that is not."""
    store.sink.append(story.run(at=AT)).result(5)
    store.fold()
    store.sink.append(story.run(flow="other", status="succeeded", at=AT + DAY)).result(5)
    return store.history


def read(path):
    return json.loads(path.read_text())


def lines(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_csv_has_a_header_iso_times_and_json_as_text(history, tmp_path):
    done = history.export(tmp_path / "runs.csv")
    assert (done.rows, done.bytes) == (2, (tmp_path / "runs.csv").stat().st_size)
    first, second = lines(tmp_path / "runs.csv")
    assert list(first) == list(VIEWS["runs"])
    assert (first["flow"], second["flow"]) == ("tour", "other")
    assert first["started_at"] == "2023-11-14T22:13:20.000000Z"
    assert json.loads(first["params"]) == {"city": "Oslo", "hot_above": 30.5}


def test_json_is_an_array_with_json_inside_and_jsonl_a_line_each(history, tmp_path):
    history.export(tmp_path / "runs.json")
    rows = read(tmp_path / "runs.json")
    assert rows[0]["params"] == {"city": "Oslo", "hot_above": 30.5}
    assert datetime.fromisoformat(rows[0]["started_at"]) == datetime.fromtimestamp(AT, UTC)
    history.export(tmp_path / "runs.jsonl")
    assert [
        json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().strip().split("\n")
    ] == rows


def test_parquet_keeps_types(history, tmp_path):
    done = history.export(tmp_path / "nodes.parquet", view="node_runs")
    with duckdb.connect() as stranger:
        found = stranger.sql(f"FROM '{tmp_path}/nodes.parquet'")
        assert found.columns == list(VIEWS["node_runs"])
        assert str(found.types[found.columns.index("started_at")]) == "TIMESTAMP"
        assert len(found.fetchall()) == done.rows == 5


def test_a_duckdb_has_every_view_in_one_file_that_anybody_opens(history, tmp_path):
    path = tmp_path / "copy.duckdb"
    history.export(path)
    assert [file.name for file in tmp_path.glob("*copy*")] == ["copy.duckdb"]
    with duckdb.connect(str(path), read_only=True) as stranger:
        tables = {name for (name,) in stranger.sql("SHOW TABLES").fetchall()}
        assert tables == set(VIEWS)
        assert stranger.sql("SELECT flow FROM runs ORDER BY id").fetchall() == [
            ("tour",), ("other",)
        ]  # fmt: skip
    assert len(history.runs().runs) == 2  # the store itself is none the worse


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
@pytest.mark.parametrize("view", VIEWS_OUT)
def test_every_view_goes_into_every_file_also_without_rows(store, tmp_path, view, suffix):
    assert store.history.export(tmp_path / f"out.{suffix}", view=view).rows == 0
    if suffix == "json":
        assert read(tmp_path / "out.json") == []


@pytest.mark.parametrize(
    ("narrowed", "flows"),
    [
        ({"flow": "tour"}, ["tour"]),
        ({"status": "succeeded"}, ["other"]),
        ({"trigger": "manual"}, []),
        ({"since": datetime.fromtimestamp(AT + 1, UTC)}, ["other"]),
        ({"until": datetime.fromtimestamp(AT + DAY, UTC)}, ["tour"]),
        ({"flow": "other", "status": "failed"}, []),
    ],
)
def test_filters_narrow_the_runs_and_what_belongs_to_them(history, tmp_path, narrowed, flows):
    ids = {run.flow: run.id for run in history.runs().runs}
    history.export(tmp_path / "runs.json", **narrowed)
    assert [row["flow"] for row in read(tmp_path / "runs.json")] == flows
    for view in ("events", "node_runs", "values", "registry", "node_io"):
        history.export(tmp_path / "out.json", view=view, overwrite=True, **narrowed)
        found = {row["run_id"] for row in read(tmp_path / "out.json")}
        assert found == {ids[flow] for flow in flows}
    history.export(tmp_path / "all.duckdb", **narrowed)
    with duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True) as stranger:
        rows = stranger.sql("SELECT DISTINCT run_id FROM events").fetchall()
        assert {run for (run,) in rows} == {ids[flow] for flow in flows}


def test_figures_are_those_of_the_period_that_was_asked_for(store, story, tmp_path):
    day = 86_400.0
    for at in (AT, AT + 40 * day, AT + 40 * day + 3600):
        store.sink.append(story.run(at=at)).result(5)
    later = datetime.fromtimestamp(AT + 40 * day, UTC)
    noon = datetime.fromtimestamp(AT + 40 * day + 1800, UTC)

    def runs(view, **narrowed):
        store.history.export(tmp_path / "out.json", view=view, overwrite=True, **narrowed)
        return {row.get("node", row["flow"]): row["runs"] for row in read(tmp_path / "out.json")}

    assert runs("node_stats")["fetch"] == 3
    assert runs("node_stats", since=later)["fetch"] == 2
    assert runs("node_stats", until=later, flow="tour")["fetch"] == 1
    assert runs("flow_stats", since=later, until=noon) == {"tour": 1}
    assert runs("daily_stats", since=noon) == {"tour": 1}
    assert runs("flow_stats", flow="other") == {}


def test_figures_of_all_runs_are_not_told_of_some(store, story, tmp_path):
    store.sink.append(story.run(at=AT)).result(5)
    with pytest.raises(UsageError, match="node_stats sums up all runs") as refused:
        store.history.export(tmp_path / "out.csv", view="node_stats", status="failed")
    assert "since" in refused.value.hint
    assert not (tmp_path / "out.csv").exists()
    store.history.export(tmp_path / "all.duckdb", status="failed")
    with duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True) as stranger:
        tables = {name for (name,) in stranger.sql("SHOW TABLES").fetchall()}
    assert {"runs", "critical_path"} <= tables
    assert not {"node_stats", "flow_stats"} & tables


def test_audit_entries_are_found_by_what_they_say_although_the_run_is_gone(store, tmp_path):
    def entry(number, flow, at):
        return Audited(at=at, id=f"{number}", action="DELETED", actor="ann", flow=flow, run="gone")

    store.sink.append([entry(1, "tour", AT), entry(2, "other", AT + DAY)]).result(5)
    path = tmp_path / "audit.json"

    def ids(**narrowed):
        store.history.export(path, view="audit", overwrite=True, **narrowed)
        return [row["id"] for row in read(path) if row["action"] == "DELETED"]

    assert ids() == ["1", "2"]
    assert ids(flow="tour") == ["1"]
    assert ids(since=datetime.fromtimestamp(AT + 1, UTC)) == ["2"]
    assert ids(status="failed") == []


def test_datasets_are_found_by_their_own_time_and_tags_stay_a_list(store, tmp_path):
    store.datasets.publish("cities", [{"city": "Oslo"}], tags=("golden", "v1"))
    store.history.export(tmp_path / "sets.json", view="datasets")
    assert read(tmp_path / "sets.json")[0]["tags"] == ["golden", "v1"]
    store.history.export(tmp_path / "sets.csv", view="datasets")
    (row,) = lines(tmp_path / "sets.csv")
    assert json.loads(row["tags"]) == ["golden", "v1"]
    old = datetime.fromtimestamp(AT, UTC)
    done = store.history.export(tmp_path / "old.csv", view="datasets", until=old)
    assert done.rows == 0


def test_a_node_run_has_its_inputs_outputs_and_duration(store, story, tmp_path):
    spec = {"nodes": [
        {"id": "fetch", "inputs": [{"name": "city", "default": "x"}, {"name": "n", "default": 3}]},
        {"id": "clean", "inputs": [{"name": "rows", "wire": {"node": "fetch", "port": None}}]},
    ]}  # fmt: skip
    store.record_flow("tour", "v1", msgspec.json.encode(spec)).result(5)
    small = ValueRef("", ValueFormat.JSON, "int", size=1, inline=msgspec.Raw(b"7"))
    events = [
        msgspec.structs.replace(event, outputs={"a b": small})
        if isinstance(event, NodeCompleted) and event.node == "fetch"
        else event
        for event in story.run(at=AT)
    ]
    store.sink.append(events).result(5)
    store.history.export(tmp_path / "done.json", view="node_io", flow="tour")
    fetch, clean, report = read(tmp_path / "done.json")
    assert list(fetch) == list(NODE_IO)
    assert fetch["inputs"] == {"city": {"inline": "Oslo"}, "n": {"inline": 3}}
    assert fetch["outputs"]["a b"]["inline"] == 7
    assert (fetch["duration_ms"], fetch["attempts"]) == (300.0, 2)
    assert clean["inputs"]["rows"]["inline"] == 7
    assert (clean["outputs"], clean["status"]) == ({}, "failed")
    assert (report["node"], report["inputs"]) == ("report", {})


def test_an_input_without_a_wire_takes_what_is_called_so(store, story, tmp_path):
    spec = {"nodes": [
        {"id": "fetch", "inputs": [{"name": "city"}], "outputs": ["rows"]},
        {"id": "clean", "inputs": [{"name": "rows"}, {"name": "fetch"}, {"name": "gone"}]},
    ]}  # fmt: skip
    store.record_flow("tour", "v1", msgspec.json.encode(spec)).result(5)
    small = ValueRef("", ValueFormat.JSON, "int", size=1, inline=msgspec.Raw(b"7"))
    store.sink.append([
        msgspec.structs.replace(event, outputs={"rows": small})
        if isinstance(event, NodeCompleted) and event.node == "fetch"
        else event
        for event in story.run(at=AT)
    ]).result(5)  # fmt: skip
    store.history.export(tmp_path / "done.json", view="node_io")
    fetch, clean, _report = read(tmp_path / "done.json")
    assert fetch["inputs"] == {"city": {"inline": "Oslo"}}
    told = {name: value["inline"] for name, value in clean["inputs"].items()}
    assert told == {"rows": 7, "fetch": 7, "gone": None}


def test_a_query_with_parameters_is_exported_as_it_is(history, tmp_path):
    query = "SELECT flow, 'NaN'::DOUBLE AS n FROM runs WHERE flow = $flow; "
    done = history.export(tmp_path / "q.json", query=query, parameters={"flow": "tour"})
    assert (done.rows, read(tmp_path / "q.json")) == (1, [{"flow": "tour", "n": None}])
    history.export(tmp_path / "q.duckdb", query="FROM runs -- all of them")
    with duckdb.connect(str(tmp_path / "q.duckdb"), read_only=True) as stranger:
        assert len(stranger.sql("FROM query").fetchall()) == 2


def test_a_file_is_replaced_only_when_that_is_said(history, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        history.export(path)
    assert path.read_text() == "mine"
    history.export(path, overwrite=True)
    assert path.read_text().startswith("id,")


@pytest.mark.parametrize(
    ("name", "asked", "what"),
    [
        ("runs.xlsx", {}, "'xlsx' is no format"),
        ("runs", {}, "has no suffix"),
        ("runs.csv", {"format": "xml"}, "'xml' is no format"),
        ("runs.csv", {"view": "nodes"}, "no view is called 'nodes'"),
        ("runs.csv", {"status": "sideways"}, "'sideways' is no RunStatus"),
        ("runs.csv", {"query": "DROP TABLE runs"}, "this is DROP"),
        ("runs.csv", {"query": "SELECT nope FROM runs"}, "the query is refused"),
        ("runs.csv", {"query": "FROM runs", "flow": "tour"}, "a query says itself"),
        ("gone/runs.csv", {}, "there is no folder"),
        (".flowbook/runs.csv", {}, "inside the store"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(
    history, tmp_path, name, asked, what
):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=what):
        history.export(tmp_path / name, **asked)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_suffix_that_is_none_of_ours_is_told_what_there_is(history, tmp_path):
    with pytest.raises(UsageError) as refused:
        history.export(tmp_path / "runs.xlsx")
    assert refused.value.hint == "there are .csv, .json, .jsonl, .parquet, .duckdb"
    assert history.export(tmp_path / "runs.dat", format="csv").rows == 2


def test_a_folder_that_cannot_be_written_is_said(history, tmp_path, monkeypatch):
    def full(*_paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(StoreError, match="No space left"):
        history.export(tmp_path / "runs.csv")
    assert [path.name for path in tmp_path.iterdir()] == [".flowbook"]


def test_an_export_waits_for_no_writer_and_creates_no_store(store, layout, tmp_path):
    store.history.export(tmp_path / "runs.csv")
    assert not layout.root.exists()
