"""What a query looks at, and how it is stopped."""

import signal
import threading

import duckdb
import pytest

from flowbook.errors import StoreBusy, StoreError, UsageError
from flowbook.store import history
from flowbook.store.asking import bounded, views_of
from flowbook.store.schema import VIEWS

ALL = tuple(VIEWS)


@pytest.fixture
def told(store, story):
    """A history, half of it folded."""
    store.sink.append(story.run()).result(5)
    store.fold()
    store.sink.append(story.run(status="succeeded", at=1_700_000_100.0)).result(5)
    return store.history


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 1", ()),
        ("SELECT ' runs ' AS events", ()),
        ("SELECT count(*) AS usage FROM events", ("events",)),
        ("FROM runs WHERE flow = $1", ("runs",)),
        ("FROM runs WHERE flow = $flow", ("runs",)),
        ('SELECT * FROM "RUNS" -- and a word on "events"', ("runs",)),
        ('SELECT * FROM "values"', ("values",)),
        ("SELECT (SELECT max(seq) FROM events AS e WHERE e.run_id = r.id) FROM runs AS r",
         ("runs", "events")),
        ("FROM runs SEMI JOIN usage ON usage.run_id = id", ("runs", "usage")),
        ("FROM runs, LATERAL (FROM node_runs WHERE run_id = id)", ("runs", "node_runs")),
        ("FROM runs UNION ALL BY NAME FROM registry", ("runs", "registry")),
        ("FROM NODE_STATS('2026-06-01') JOIN runs USING (flow)", ("runs", "node_stats")),
        ("SELECT * FROM flow_stats(until := $until), range(3)", ("flow_stats",)),
        ("SELECT 1 WHERE 'x' IN (SELECT action FROM audit)", ("audit",)),
        ("FROM (PIVOT runs ON status IN ('failed') USING count(*))", ("runs",)),
        ("WITH runs AS (SELECT 1 AS one) FROM runs", ("runs",)),
        ("WITH mine AS (FROM usage) FROM mine", ("usage",)),
        ("WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t WHERE a < 3) FROM t",
         ()),
        ("FROM range(3), (VALUES (1))", ()),
        ("FROM cities JOIN runs ON flow = name", ("runs",)),
    ],
)  # fmt: skip
def test_a_query_gets_the_views_it_names(query, expected):
    with duckdb.connect() as connection:
        assert views_of(connection, query, ["Cities"]) == expected


@pytest.mark.parametrize(
    "query",
    [
        "DESCRIBE runs",
        "SUMMARIZE SELECT * FROM runs",
        "SHOW TABLES",
        "EXPLAIN FROM runs",
        "FROM main.runs",
        "FROM temp.main.runs",
        "FROM stored.runs",
        "FROM information_schema.tables",
        "FROM duckdb_views()",
        "SELECT pg_get_viewdef(1)",
        "FROM query('FROM ru' || 'ns')",
        "FROM query_table('runs')",
        "FROM rnus",
        "FROM sqlite_master",
        "WITH sqlite_master AS (FROM sqlite_master) FROM sqlite_master",
        "FROM (WITH sqlite_master AS (SELECT 1) FROM sqlite_master), sqlite_master",
        "FROM known_runs",
    ],
)
def test_what_may_look_at_more_than_it_names_gets_every_view(query):
    with duckdb.connect() as connection:
        assert views_of(connection, query) == ALL


def test_a_query_of_any_depth_is_looked_through():
    deep = "FROM " + "(FROM " * 300 + "runs" + ")" * 300
    with duckdb.connect() as connection:
        assert "runs" in views_of(connection, deep)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, status FROM runs ORDER BY id",
        "WITH runs AS (SELECT 1 AS one) FROM runs",
        "WITH t AS (WITH runs AS (SELECT 2 AS id) FROM runs) SELECT t.id, r.id FROM t, runs AS r",
        "SELECT node, status FROM node_runs ORDER BY ALL",
        "SELECT name FROM (SHOW TABLES) ORDER BY name",
        "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1",
        "SELECT column_name, column_type FROM (DESCRIBE runs)",
        "SELECT count(*) FROM query('FROM ru' || 'ns')",
        "SELECT count(*) FROM temp.main.runs",
        "FROM (PIVOT (SELECT status, flow FROM runs) ON status IN ('failed') USING count(*))",
        "SELECT kernel, alive FROM registry ORDER BY ALL",
        "SELECT port, hash FROM values ORDER BY ALL",
    ],
)
def test_fewer_views_give_the_same_answer(told, query, monkeypatch):
    narrow = told.table(query)
    monkeypatch.setattr(history, "views_of", lambda *_: ALL)
    assert told.table(query) == narrow
    assert narrow[1]


@pytest.mark.parametrize("view", ALL)
def test_each_view_is_whole_alone(told, view):
    assert told.table(f'SELECT count(*) FROM "{view}"')[0] == ("count_star()",)


def test_a_name_that_does_not_exist_is_told_what_does(told):
    with pytest.raises(UsageError, match=r'Did you mean.*"?runs'):
        told.table("FROM runz")


@pytest.mark.parametrize("query", ["FROM runs", "FROM events", "SELECT 1"])
def test_a_callers_table_may_not_be_called_like_a_view(told, query):
    with pytest.raises(UsageError, match="'Runs' is a view of the history"):
        told.sql(query, tables={"Runs": [{"id": 1}]})


def test_a_callers_table_is_found_in_any_spelling(told):
    assert told.sql("SELECT id FROM CITIES", tables={"cities": [{"id": 2}]})["id"].tolist() == [2]


def test_a_look_makes_no_view_that_was_not_asked_for(told):
    made = "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1"
    with told.snapshot.look("events") as view:
        assert view.execute(made).fetchall() == [("events",), ("kept_events",)]
    with told.snapshot.look() as view:
        assert view.execute(made).fetchall() == []
        assert view.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall() == [
            (0,)
        ]


def held(store):
    """True while somebody reads."""
    try:
        store.fold(budget=0.01)
    except StoreBusy:
        return True
    return False


@pytest.mark.parametrize("door", ["sql", "table"])
def test_a_query_without_end_is_stopped_and_lets_a_fold_through(
    told, store, layout, child, eventually, door
):
    asking = child("ask", layout.root, door, 1.5)
    eventually(lambda: held(store), 15)
    assert asking.stdout.readline() == "the query took longer than 1.5 s and was stopped\n"
    assert asking.stdout.readline() == "2\n"
    assert not held(store)
    assert asking.poll() is None


@pytest.mark.parametrize("door", ["sql", "table", "export"])
def test_ctrl_c_stops_a_query_and_lets_a_fold_through(told, store, layout, child, eventually, door):
    asking = child("ask", layout.root, door, 60)
    eventually(lambda: held(store), 15)
    asking.send_signal(signal.SIGINT)
    assert asking.stdout.readline() == "interrupted\n"
    assert asking.stdout.readline() == "2\n"
    assert not held(store)
    assert asking.poll() is None
    assert not list(layout.root.parent.glob("*never*"))


def test_a_query_that_does_not_run_yet_when_its_time_is_over_is_stopped(told):
    endless = "SELECT count(*) FROM runs, range(100000000) AS a, range(100000) AS b"
    with pytest.raises(StoreError, match=r"longer than 0 s"):
        told.table(endless, timeout=0)
    assert len(told.runs().runs) == 2


def test_whoever_asks_gets_what_went_wrong_and_the_query_is_over(told):
    def refuse():
        raise ValueError("no")

    before = threading.active_count()
    with told.snapshot.look() as view, pytest.raises(ValueError, match="no"):
        bounded(view, refuse, 5)
    assert threading.active_count() == before


def test_ctrl_c_while_a_query_is_begun_leaves_none_behind(store, told, monkeypatch):
    """It used to go on behind the lease, which then waited for it to end."""
    begin, asked = threading.Thread.start, []

    def interrupted(thread):
        begin(thread)
        if thread.name == "flowbook-query":
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with duckdb.connect() as view, pytest.raises(KeyboardInterrupt):
        bounded(view, lambda: asked.append("asked"), 5)
    monkeypatch.undo()
    for thread in threading.enumerate():
        if thread.name == "flowbook-query":
            thread.join(5)
    assert asked == []


def test_a_time_limit_may_be_none_at_all(told):
    assert told.table("SELECT count(*) FROM runs", timeout=float("inf"))[1] == [(2,)]
