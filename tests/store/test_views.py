"""What a query sees, folded or not."""

import os

import msgspec
import pytest

from flowbook.events import NodeCompleted, NodeFailed, NodeStarted
from flowbook.events.values import Usage, ValueFormat, ValueRef
from flowbook.store.facts import (
    Audited,
    AuditPruned,
    RunPinned,
    RunsDeleted,
    SettingChanged,
)

T0 = 1_700_000_000.0


@pytest.fixture(params=["journalled", "folded"])
def keep(request, store):
    """Appends facts, and folds them or not."""

    def keep(*facts):
        store.sink.append(facts).result(5)
        if request.param == "folded":
            store.fold()

    return keep


def rows(store, query):
    return store.history.table(query)[1]


def test_a_pinned_run_says_so_until_it_is_released(store, keep, story):
    events = story.run()
    keep(*events)
    keep(RunPinned(at=T0, run=events[0].run, pinned=True))
    assert store.history.run(events[0].run).pinned
    keep(RunPinned(at=T0 + 1, run=events[0].run, pinned=False))
    assert not store.history.run(events[0].run).pinned


def test_pinning_what_is_not_there_makes_no_run(store, keep):
    keep(RunPinned(at=T0, run="nobody", pinned=True))
    assert store.history.runs().runs == ()


def test_a_running_run_names_its_current_node(store, keep, story):
    going, over = story.run(over=False, status="none"), story.run()
    keep(*going[:-1], *over)
    assert store.history.run(going[0].run).current == "clean"
    assert store.history.run(over[0].run).current is None


def test_a_deleted_run_is_gone_from_every_view(store, keep, story):
    gone, stays = story.run(), story.run()
    keep(*gone, *stays)
    keep(RunsDeleted(at=T0, runs=(gone[0].run,)))
    assert [row.id for row in store.history.runs().runs] == [stays[0].run]
    for view in ("events", "node_runs", "values", "usage"):
        assert rows(store, f"SELECT * FROM {view} WHERE run_id = '{gone[0].run}'") == []
    assert len(store.history.events(stays[0].run)) == len(stays)


def test_what_is_said_of_a_deleted_run_later_is_passed_over(store, layout, keep, story):
    events = story.run()
    keep(*events[:4])
    keep(RunsDeleted(at=T0, runs=(events[0].run,)))
    keep(*events[4:])
    keep(RunPinned(at=T0, run=events[0].run, pinned=True))
    assert rows(store, "SELECT * FROM runs") == rows(store, "SELECT * FROM events") == []
    store.fold()
    assert store.fold() == 0
    assert rows(store, "SELECT * FROM runs") == rows(store, "SELECT * FROM events") == []


def test_every_output_is_a_row_of_values(store, keep):
    small = ValueRef("", ValueFormat.NONE, "socket.socket", reason="kept in memory only")
    big = ValueRef("ab", ValueFormat.PARQUET, "pandas.DataFrame", 900, 7, ("a", "b"))
    here = store.vault.inline({"n": None})
    null = store.vault.inline(None)
    outputs = {"open": small, "table": big, "plain": here, "nothing": null}
    keep(
        NodeCompleted(
            run="r", seq=0, at=T0, node="n", attempt=2, ms=1.0, outputs=outputs, result=here
        )
    )
    query = (
        "SELECT port, hash IS NULL, format, type, bytes, rows, columns, inline, reason "
        "FROM values WHERE node = 'n' AND attempt = 2 ORDER BY port NULLS FIRST"
    )
    assert rows(store, query) == [
        (None, False, "json", "dict", 10, None, None, True, None),
        ("nothing", False, "json", "NoneType", 4, None, None, True, None),
        ("open", True, "none", "socket.socket", 0, None, None, False, "kept in memory only"),
        ("plain", False, "json", "dict", 10, None, None, True, None),
        ("table", False, "parquet", "pandas.DataFrame", 900, 7, '["a","b"]', False, None),
    ]


def test_usage_is_counted_for_attempts_that_failed_too(store, keep):
    error = {"type": "ValueError", "message": "no"}
    failed = NodeFailed(
        run="r", seq=0, at=T0, node="ask", attempt=1, ms=1.0, error=error,
        usage=(Usage("far", "big", 10, 2, 12, cost=0.5),),
    )  # fmt: skip
    done = NodeCompleted(
        run="r", seq=1, at=T0, node="ask", attempt=2, ms=1.0,
        usage=(Usage("far", "big", 10, 9, 19), Usage("near", "tiny", 1, 1, 2, is_estimate=True)),
    )  # fmt: skip
    keep(failed, done)
    query = (
        "SELECT attempt, provider, model, prompt_tokens, completion_tokens, total_tokens, cost, "
        "is_estimate FROM usage ORDER BY attempt, provider"
    )
    assert rows(store, query) == [
        (1, "far", "big", 10, 2, 12, 0.5, False),
        (2, "far", "big", 10, 9, 19, None, False),
        (2, "near", "tiny", 1, 1, 2, None, True),
    ]


def test_audit_outlives_its_run_but_not_its_own_retention(store, keep, story):
    events = story.run()
    entries = [
        Audited(
            at=T0 + n, id=f"id{n}", action="DELETED", actor="ann", run=events[0].run, flow="tour",
            metadata={"reason": "asked", "n": n},
        )
        for n in range(3)
    ]  # fmt: skip
    keep(*events, *entries, RunsDeleted(at=T0, runs=(events[0].run,)))
    query = (
        "SELECT id, workflow_id, action, actor, metadata->>'$.reason', epoch(created_at) "
        "FROM audit WHERE run_id IS NOT NULL ORDER BY id"
    )
    assert rows(store, query) == [
        (f"id{n}", "tour", "DELETED", "ann", "asked", T0 + n) for n in range(3)
    ]
    keep(AuditPruned(at=T0 + 9, before=T0 + 2))
    assert [row[0] for row in rows(store, query)] == ["id2"]


def test_the_registry_says_which_process_holds_a_run(store, keep, story):
    keep(*story.run(over=False), *story.run())
    query = "SELECT status, host, pid, alive, heartbeat > started_at FROM registry ORDER BY status"
    here = (os.uname().nodename, os.getpid(), True, True)
    assert rows(store, query) == [("failed", *here), ("running", *here)]


def test_a_setting_has_its_latest_value(store, keep):
    for at, flow, value in ((0, None, b"1"), (1, "tour", b'{"days":30}'), (2, None, b"2")):
        keep(SettingChanged(at=T0 + at, name="keep", value=msgspec.Raw(value), flow=flow))
    with store.datasets.snapshot.look("settings") as view:
        found = view.execute("SELECT flow, value FROM settings ORDER BY ALL").fetchall()
    assert sorted(found, key=str) == [("tour", '{"days":30}'), (None, "2")]


def test_a_node_started_again_is_the_current_one(store, keep, story):
    events = story.run(over=False)
    keep(*events)
    run, seq = events[0].run, len(events)
    keep(NodeStarted(run=run, seq=seq, at=T0 + 5, node="fetch", attempt=3))
    assert store.history.run(run).current == "fetch"
