"""What ran, when, and how it went."""

import os
import time
from datetime import UTC, datetime, timedelta

import duckdb
import msgspec
import pandas as pd
import pytest
from msgspec import Raw

from flowbook.errors import StoreBusy, StoreError, UsageError
from flowbook.events import (
    NodeCompleted,
    NodeStarted,
    NodeStreamed,
    NodeSuspended,
    RunCompleted,
    RunStatus,
    ScopeClosed,
    ScopeOpened,
    TriggerKind,
)
from flowbook.events.values import Usage, ValueFormat, ValueRef
from flowbook.store.environments import Environment
from flowbook.store.facts import Audited, DecidedSlot, MemoryChanged, NoticeWritten, line_of, prefix
from flowbook.store.schema import VIEWS

T0 = 1_700_000_000.0
BILLED = {
    "run": "r", "seq": 0, "at": T0, "node": "ask", "attempt": 1, "ms": 1.0,
    "usage": (Usage("local", "tiny", 3, 4, 7),),
}  # fmt: skip
ENTRY = {"at": T0, "id": "a", "action": "CANCELLED", "actor": "ann", "run": "r", "flow": "tour"}
NAIVE = datetime.fromtimestamp(T0 + 120, UTC).astimezone().replace(tzinfo=None)


@pytest.fixture
def history(store):
    return store.history


@pytest.fixture
def many(store, story):
    """Twelve runs, one a minute, half of them folded."""
    ids = []
    for number in range(12):
        events = story.run(
            flow="tour" if number % 2 else "other",
            status="failed" if number % 3 == 0 else "succeeded",
            trigger="papermill" if number % 4 == 0 else "cli",
            at=T0 + 60 * number,
        )
        store.sink.append(events).result(5)
        ids.append(events[0].run)
        if number == 5:
            store.fold()
    return ids


def test_a_project_without_a_store_has_an_empty_history(layout, history):
    assert history.runs().runs == ()
    assert history.node_runs("none") == ()
    assert len(history.sql("SELECT * FROM runs")) == 0
    assert not layout.root.exists()


def test_a_run_is_told_whole(store, history, story):
    events = story.run()
    store.sink.append(events).result(5)
    row = history.run(events[0].run)
    assert row.to_json() == {
        "id": events[0].run,
        "flow": "tour",
        "version": "v1",
        "status": "failed",
        "trigger": "cli",
        "started_at": "2023-11-14T22:13:20.000Z",
        "ended_at": "2023-11-14T22:13:20.700Z",
        "duration_ms": 700.0,
        "params": {"city": "Oslo", "hot_above": 30.5},
        "nodes": 3,
        "failed": 1,
        "error": 'ValueError: bad "row" \u2028 7',
        "host": os.uname().nodename,
        "pid": os.getpid(),
        "parent": None,
        "key": None,
        "current": None,
        "pinned": False,
        "origin": None,
        "origin_seq": None,
        "origin_node": None,
        "depth": 0,
        "calling_node": None,
        "routed": None,
        "environment": None,
        "paused": False,
        "schedule": None,
        "scheduled_for": None,
    }
    fetch, clean, report = history.node_runs(row.id)
    assert fetch.to_json() == {
        "run_id": row.id,
        "node": "fetch",
        "status": "succeeded",
        "attempts": 2,
        "executor": "loop",
        "started_at": "2023-11-14T22:13:20.020Z",
        "ended_at": "2023-11-14T22:13:20.500Z",
        "duration_ms": 300.0,
        "reason": None,
        "cause": None,
        "error": None,
        "scope": "",
        "turns_total": None,
        "turns_done": None,
        "turns_failed": None,
        "scheduled_at": "2023-11-14T22:13:20.010Z",
        "cpu_ms": None,
        "memory": None,
        "is_estimate": None,
    }
    assert (clean.status, clean.error) == ("failed", 'ValueError: bad "row" \u2028 7')
    assert (report.status, report.reason, report.cause) == ("skipped", "upstream_failed", "clean")
    assert history.events(row.id) == events
    assert history.events(row.id, after=2, limit=2) == events[3:5]


def test_pages_follow_each_other_latest_first(history, many):
    seen, cursor = [], None
    while True:
        page = history.runs(limit=5, cursor=cursor)
        seen += [run.id for run in page.runs]
        cursor = page.next
        if cursor is None:
            break
    assert seen == many[::-1]


def test_runs_of_one_instant_are_paged_apart(store, history, story):
    ids = []
    for _ in range(5):
        events = story.run(at=T0)
        store.sink.append(events).result(5)
        ids.append(events[0].run)
    first = history.runs(limit=2)
    second = history.runs(limit=3, cursor=first.next)
    assert [run.id for run in (*first.runs, *second.runs)] == ids[::-1]
    assert second.next is None


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"flow": "tour"}, [1, 3, 5, 7, 9, 11]),
        ({"status": "failed"}, [0, 3, 6, 9]),
        ({"status": RunStatus.SUCCEEDED, "flow": "other"}, [2, 4, 8, 10]),
        ({"trigger": TriggerKind.PAPERMILL}, [0, 4, 8]),
        ({"since": datetime.fromtimestamp(T0 + 600, UTC)}, [10, 11]),
        (
            {"until": NAIVE},
            [0, 1],
        ),
        ({"flow": "nobody's"}, []),
        ({"text": "BAD "}, [0, 3, 6, 9]),
        ({"text": "no such error"}, []),
        ({"pinned": False, "flow": "tour", "status": "failed"}, [3, 9]),
        ({"pinned": True}, []),
    ],
)
def test_runs_are_narrowed(history, many, narrowed, expected):
    assert [run.id for run in history.runs(**narrowed).runs] == [many[i] for i in expected[::-1]]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"status": "done"}, "running, suspended"),
        ({"trigger": "me"}, "manual, cell"),
        ({"limit": 0}, "limit 0"),
        ({"cursor": "rubbish"}, "'rubbish' is no cursor"),
        ({"cursor": "99999999999999999999_x"}, "no cursor"),
    ],
)
def test_a_wrong_question_says_what_would_be_right(history, wrong, named):
    with pytest.raises(UsageError, match=named):
        history.runs(**wrong)


def test_an_unknown_run_is_refused_by_name(history):
    for ask in (history.run, history.events, history.pin, history.delete):
        with pytest.raises(UsageError, match="no run 'r1'"):
            ask("r1")


def test_another_process_sees_a_fact_within_0_3_seconds(store, history, layout, story, child):
    """On a machine that has time for it: of a few facts, one."""
    store.sink.append(story.run()).result(5)
    reader = child("read", layout.root)
    assert reader.stdout.readline() == "1\n"

    def seconds(runs):
        store.sink.append(story.run()).result(5)
        acknowledged = time.monotonic()
        while reader.stdout.readline() != f"{runs}\n":
            assert time.monotonic() - acknowledged < 20
        return time.monotonic() - acknowledged

    assert any(seconds(runs) < 0.3 for runs in range(2, 22))


@pytest.mark.kill
def test_a_run_whose_process_died_is_lost(store, history, layout, story, child, eventually):
    run = story.run_id(time.time())
    doomed = child("lose", layout.root, run)
    assert doomed.stdout.readline() == "running\n"
    assert history.run(run).status is RunStatus.RUNNING
    store.fold()
    assert history.run(run).status is RunStatus.RUNNING
    doomed.kill()
    doomed.wait()
    for _ in range(2):
        row = history.run(run)
        assert (row.status, row.error) == ("failed", f"lost: process {doomed.pid} is gone")
        assert row.ended_at is not None
        (node,) = history.node_runs(run)
        assert (node.status, node.error) == ("failed", row.error)
        assert [found.id for found in history.runs(status="failed").runs] == [run]
        assert history.runs(status="running").runs == ()
        store.fold()


def test_a_waiting_run_is_suspended_and_needs_no_process(layout, story):
    from flowbook.store.store import Store

    events = story.run(over=False)
    wait = NodeSuspended(run=events[0].run, seq=len(events), at=T0, node="clean", reason="approval")
    first = Store.open(layout.root)
    first.sink.append([*events, wait]).result(5)
    first.close()
    second = Store.open(layout.root)
    assert second.history.run(events[0].run).status is RunStatus.SUSPENDED
    (clean,) = [n for n in second.history.node_runs(events[0].run) if n.node == "clean"]
    assert (clean.status, clean.reason) == ("suspended", "approval")
    second.close()


def test_a_run_taken_up_by_another_writer_runs_again(layout, story):
    from flowbook.store.store import Store

    events = story.run(over=False)
    first = Store.open(layout.root)
    first.sink.append(events).result(5)
    first.close()
    second = Store.open(layout.root)
    assert second.history.run(events[0].run).status is RunStatus.FAILED
    again = NodeStarted(run=events[0].run, seq=len(events), at=T0 + 9, node="clean", attempt=2)
    second.sink.append([again]).result(5)
    assert second.history.run(events[0].run).status is RunStatus.RUNNING
    second.close()


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("view", list(VIEWS))
def test_the_documented_columns_are_the_columns(store, history, story, view, folded):
    store.record_flow("tour", "v1", "{}", [("fetch", "fetch", "clean", "fetch")])
    store.publish("tour", "v1", "the first one")
    store.environments.record(Environment("3.12.4", "Linux", "1.0", {"pandas": "2.2.3"}))
    store.sink.append(story.run()).result(5)
    store.sink.append([NodeCompleted(**BILLED), Audited(**ENTRY)]).result(5)
    store.datasets.publish("cities", [{"city": "Oslo"}])
    store.sink.append([ScopeOpened(run="r", seq=9, at=T0, node="each", index=0)]).result(5)
    ref = ValueRef("", ValueFormat.JSON, "int", inline=Raw(b"1"))
    gave = ScopeClosed(
        run="r", seq=10, at=T0, node="each", index=0, status=RunStatus.SUCCEEDED, outputs={"x": ref}
    )
    streamed = NodeStreamed(
        run="r", seq=11, at=T0, node="ask", attempt=1, channel="data", value=ref
    )
    undone = RunCompleted(
        run="r", seq=12, at=T0, status=RunStatus.FAILED, ms=1.0, compensated=("ask",)
    )
    remembered = MemoryChanged(at=T0, key="last", version=1, value=ref)
    told = NoticeWritten(at=T0, id="n", notice=Raw(b'{"rule": "r"}'), target=Raw(b"{}"))
    store.sink.append([gave, streamed, undone, remembered, told]).result(5)
    store.agenda.save("nightly", "tour", "tour.ipynb", {"cron": "@daily"}, T0, T0 + 9)
    slot = DecidedSlot(scheduled_for=T0, verdict="run", reason="on_time")
    store.agenda.decide("nightly", "tour", [slot], upto=T0)
    if folded:
        store.fold()
    frame = history.sql(f"SELECT * FROM {view}")
    assert list(frame.columns) == list(VIEWS[view])
    assert len(frame) >= 1


def test_sql_takes_parameters_and_the_callers_own_frames(history, many):
    cities = pd.DataFrame({"city": ["Oslo"], "country": ["Norway"]})
    frame = history.sql(
        "SELECT country, count(*) AS runs FROM runs JOIN cities ON params->>'city' = city "
        "WHERE flow = $flow GROUP BY ALL",
        {"flow": "tour"},
        tables={"cities": cities},
    )
    assert frame.to_dict("records") == [{"country": "Norway", "runs": 6}]
    assert history.sql("SELECT count(*) AS n FROM runs WHERE flow = ?", ["other"])["n"][0] == 6


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nope FROM runs",
        "SELEC 1",
        "",
        "SELECT 1; SELECT 2",
        "DROP TABLE stored.runs",
        "COPY runs TO 'x.csv'",
        "ATTACH 'x.db'",
        "SELECT 1/0::INT FROM runs WHERE error('no')",
        "SELECT $missing",
    ],
)
def test_a_bad_query_is_refused_with_what_there_is(history, many, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused:
        history.sql(query)
    assert "runs(id, flow" in str(refused.value)
    assert len(history.runs().runs) == 12
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize(
    "query", ["FROM runs", "DESCRIBE runs", "SUMMARIZE runs", "EXPLAIN FROM runs"]
)
def test_what_reads_like_a_select_is_answered(history, many, query):
    assert len(history.sql(query)) > 0


def test_a_query_that_takes_too_long_is_stopped(history, many):
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"longer than 0\.2 s"):
        history.sql("SELECT count(*) FROM range(100000000) a, range(100000) b", timeout=0.2)
    assert time.monotonic() - began < 5
    assert len(history.runs().runs) == 12


def test_local_variables_are_no_tables(history):
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(UsageError, match="frame"):
        history.sql("SELECT * FROM frame")
    assert len(frame) == 1


def test_times_are_utc_whatever_the_machines_zone(store, history, story, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        store.sink.append(story.run(at=T0)).result(5)
        utc = datetime.fromtimestamp(T0, UTC)
        assert history.runs().runs[0].started_at == utc
        assert history.sql("SELECT started_at AS t FROM runs")["t"][0] == utc.replace(tzinfo=None)
        recent = history.sql("SELECT count(*) AS n FROM runs WHERE started_at > now()")["n"][0]
        assert recent == 0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_commits_go_on_while_a_stranger_holds_the_database(store, history, layout, story, child):
    events = story.run()
    store.sink.append(events).result(5)
    store.fold()
    stranger = child("foreign", layout.database)
    assert stranger.stdout.readline() == "open\n"
    began = time.monotonic()
    store.sink.append(story.run()).result(5)
    assert time.monotonic() - began < 1
    with pytest.raises(StoreBusy) as refused:
        history.runs()
    assert refused.value.pid == stranger.pid
    with pytest.raises(StoreBusy):
        store.fold(budget=0.1)
    stranger.kill()
    stranger.wait()
    assert len(history.runs().runs) == 2
    assert store.fold() == len(story.run())


def test_a_connection_of_the_same_kernel_is_named_as_such(store, history, layout, story):
    store.sink.append(story.run()).result(5)
    store.fold()
    with duckdb.connect(str(layout.database)):
        store.sink.append(story.run()).result(5)
        with pytest.raises(StoreBusy, match="this very process"):
            history.runs()
    assert len(history.runs().runs) == 2


def test_a_newer_event_is_refused_with_its_reason(history, layout):
    layout.journal.mkdir(parents=True)
    layout.segment("new", 0).write_bytes(
        line_of(prefix("new"), 1, b'{"kind":"RUN_BLESSED","run":"r","seq":0,"at":1.0}')
    )
    with pytest.raises(StoreError, match="RUN_BLESSED"):
        history.events("r")


def test_rows_are_plain_json(history, many):
    page = history.runs(limit=2)
    told = msgspec.json.decode(msgspec.json.encode(page.to_json()))
    assert list(told) == ["runs", "next"]
    assert told["next"] == page.next
    assert datetime.fromisoformat(told["runs"][0]["started_at"]) - page.runs[0].started_at < (
        timedelta(milliseconds=1)
    )
