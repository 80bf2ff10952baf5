"""Exactly once, whatever happens on the way."""

import logging
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.store import segments
from flowbook.store.facts import WriterOpened, encode_line, line_of, prefix
from flowbook.store.locks import alive
from flowbook.store.store import Store

STEPS = [
    "locked",
    "created",
    "begun",
    "inserted",
    "committed",
    "checkpointing",
    "detached",
    "unlinked",
]
NODE_STATUS = {
    "NODE_SCHEDULED": "scheduled",
    "NODE_STARTED": "running",
    "NODE_RETRY_SCHEDULED": "backoff",
    "NODE_COMPLETED": "succeeded",
    "NODE_FAILED": "failed",
    "NODE_SKIPPED": "skipped",
}


def tag(event):
    return type(event).__struct_config__.tag


def dead_segment(layout, number, events, *, writer="dead", first=1):
    """A segment a dead process left: its own first fact, then the events."""
    layout.journal.mkdir(parents=True, exist_ok=True)
    opened = WriterOpened(at=0.0, host="elsewhere", pid=4711)
    facts = [(0, opened), *enumerate(events, first)]
    path = layout.segment(writer, number)
    path.write_bytes(b"".join(encode_line(prefix(writer), wseq, fact) for wseq, fact in facts))
    return path


def stored(store):
    """Everything the views say, in one comparable piece."""
    views = {
        "runs": "id",
        "node_runs": "run_id, node",
        "events": "run_id, seq",
        "flow_versions": "flow, version",
    }
    return {
        view: store.history.table(f"SELECT * FROM {view} ORDER BY {order}")
        for view, order in views.items()
    }


def test_a_fold_moves_everything_and_changes_nothing_one_can_see(store, layout, story):
    runs = [story.run(), story.run(status="succeeded"), story.run(over=False)]
    store.record_flow("tour", "v1", b'{"id":"tour"}')
    for events in runs:
        store.sink.append(events).result(5)
    before = stored(store)
    assert store.fold() == 1 + 1 + sum(map(len, runs))
    assert stored(store) == before
    assert segments.listed(layout) == []
    assert store.fold() == 0
    assert [len(store.history.events(run[0].run)) for run in runs] == [len(run) for run in runs]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.lists(st.integers(0, 33), max_size=3), order=st.randoms(use_true_random=False))
def test_projections_are_the_fold_of_the_events_wherever_folds_fall(
    tmp_path_factory, story, cuts, order
):
    store = Store.open(tmp_path_factory.mktemp("split") / ".flowbook")
    runs = [story.run(), story.run(status="succeeded"), story.run(status="succeeded", over=False)]
    heads = [0] * len(runs)
    for position in range(sum(map(len, runs))):
        at = order.choice([i for i, head in enumerate(heads) if head < len(runs[i])])
        store.sink.append([runs[at][heads[at]]]).result(5)
        heads[at] += 1
        if position in cuts:
            store.fold()
    rows = {row.id: row for row in store.history.runs().runs}
    for events in runs:
        last = events[-1]
        over = tag(last) == "RUN_COMPLETED"
        row = rows[events[0].run]
        assert row.status == (last.status if over else "running")
        assert row.duration_ms == (last.ms if over else None)
        assert row.failed == sum(tag(event) == "NODE_FAILED" for event in events)
        assert row.params == events[0].params
        final = {e.node: NODE_STATUS[tag(e)] for e in events if tag(e) in NODE_STATUS}
        nodes = store.history.node_runs(row.id)
        assert {node.node: node.status for node in nodes} == final
        assert {node.node: node.attempts for node in nodes}["fetch"] == 2
        assert store.history.events(row.id) == events
    store.close()


@pytest.mark.kill
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_and_doubles_nothing(store, layout, story, child, step):
    runs = [story.run() for _ in range(3)]
    for number, events in enumerate(runs):
        dead_segment(layout, number, events, first=1 + sum(map(len, runs[:number])))
    if step not in ("locked", "created"):
        store.fold()  # a database is there already, and the next writer's facts are new to it
        runs.append(story.run())
        dead_segment(layout, 0, runs[-1], writer="other")
    before = stored(store)
    died = child("die", layout.root, step)
    assert died.wait(30) == -9, died.stdout.read()
    assert stored(store) == before
    store.fold()
    assert stored(store) == before
    _names, rows = store.history.table("SELECT count(*), count(DISTINCT (run_id, seq)) FROM events")
    assert rows == [(sum(map(len, runs)), sum(map(len, runs)))]
    assert segments.listed(layout) == []


def test_the_same_number_in_two_segments_is_folded_once(store, layout, story):
    events = story.run()
    dead_segment(layout, 0, events[:5])
    dead_segment(layout, 1, events[3:], first=4)
    assert store.history.events(events[0].run) == events
    assert store.fold() == 1 + len(events)
    assert store.history.events(events[0].run) == events


@pytest.mark.parametrize("tail", [b'dead\t99\t{"kind', b"\0" * 5000, b"dead\t99", b"\xff\xfe"])
def test_an_unfinished_last_line_is_dropped(store, layout, story, tail):
    events = story.run()
    path = dead_segment(layout, 0, events)
    with path.open("ab") as file:
        file.write(tail)
    assert store.history.events(events[0].run) == events
    store.fold()
    assert store.history.events(events[0].run) == events
    assert list(layout.journal.iterdir()) == []


def test_a_damaged_line_is_set_aside_and_said(store, layout, story, caplog):
    events = story.run()
    path = dead_segment(layout, 0, events)
    whole = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*whole[:4], b"rubbish" + whole[4][7:], *whole[5:]]))
    with caplog.at_level(logging.WARNING):
        store.fold()
    kept = path.with_name(path.name + ".quarantine")
    assert str(kept) in caplog.text
    assert kept.exists()
    assert len(store.history.events(events[0].run)) == len(events) - 1
    store.fold()
    assert len(store.history.events(events[0].run)) == len(events) - 1


@pytest.mark.parametrize("content", [b"", b'dead\t1\t{"ki', b"\0" * 10])
def test_a_segment_without_a_whole_line_is_removed(store, layout, content):
    layout.journal.mkdir(parents=True)
    layout.segment("dead", 0).write_bytes(content)
    assert store.fold() == 0
    assert list(layout.journal.iterdir()) == []


def test_a_living_writers_segment_stays(store, layout, story):
    store.sink.append(story.run()).result(5)
    other = Store(layout.root, store.sink._durability, store.sink._disk)
    assert other.fold() == 1 + len(story.run())
    assert [segment.writer for segment in segments.listed(layout)] == [store.sink.writer]
    assert alive(layout.life(store.sink.writer))
    assert other.fold() == 0
    more = story.run()
    store.sink.append(more).result(5)
    assert other.fold() == len(more)


def test_a_closed_store_leaves_an_empty_journal(layout, story):
    store = Store.open(layout.root)
    store.sink.append(story.run()).result(5)
    store.close()
    assert list(layout.journal.iterdir()) == []
    assert layout.database.exists()


def test_a_long_log_is_checkpointed(store, layout, story, monkeypatch):
    monkeypatch.setattr("flowbook.store.fold.CHECKPOINT_BYTES", 0)
    store.sink.append(story.run()).result(5)
    store.fold()
    assert not layout.wal.exists() or layout.wal.stat().st_size == 0


def test_an_unfinished_database_is_made_again(store, layout, story):
    layout.root.mkdir()
    layout.database.with_suffix(".new").write_bytes(b"half a database")
    store.sink.append(story.run()).result(5)
    store.fold()
    assert len(store.history.runs().runs) == 1


def test_what_a_killed_process_left_half_made_is_removed(store, layout, story):
    layout.root.mkdir()
    names = ("store.new", "store.new.wal", "store.duckdb.compact", "store.duckdb.compact.wal")
    for name in names:
        (layout.root / name).write_bytes(b"half")
    store.sink.append(story.run()).result(5)
    store.fold()
    assert not [name for name in names if (layout.root / name).exists()]


def test_the_tables_have_no_index(store, layout, story):
    store.sink.append(story.run()).result(5)
    store.fold()
    with store.history.snapshot.look("events") as view:
        found = view.execute(
            "SELECT (SELECT count(*) FROM duckdb_indexes()),"
            " (SELECT count(*) FROM duckdb_constraints())"
        ).fetchall()
    assert found == [(0, 0)]


def test_facts_of_a_kind_unknown_here_are_kept(store, layout):
    layout.journal.mkdir(parents=True)
    layout.segment("new", 0).write_bytes(
        line_of(prefix("new"), 1, b'{"kind":"RUN_BLESSED","run":"r","seq":0,"at":1.0}')
        + line_of(prefix("new"), 2, b'{"kind":"DATASET_TAGGED","at":1.0}')
    )
    assert store.fold() == 2
    _names, rows = store.history.table("SELECT kind, seq FROM events")
    assert rows == [("RUN_BLESSED", 0)]


def test_a_reader_elsewhere_puts_a_fold_off(store, layout, story, child):
    store.sink.append(story.run()).result(5)
    store.fold()
    store.sink.append(story.run()).result(5)
    reader = child("hold_lock", layout.root, "reading")
    reader.stdout.readline()
    assert store.sink.append(story.run()).result(5) is None
    before = os.stat(layout.database).st_mtime_ns
    with pytest.raises(Exception, match=str(reader.pid)):
        store.fold(budget=0.1)
    assert os.stat(layout.database).st_mtime_ns == before
    reader.kill()
    assert store.fold() == 2 * len(story.run())
