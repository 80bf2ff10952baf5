"""A smaller file, and never a broken one."""

import os
import time

import pytest

from flowbook.errors import StoreBusy, StoreError
from flowbook.store import database
from flowbook.store.compact import compact
from flowbook.store.facts import RunsDeleted
from flowbook.store.schema import TABLES

STEPS = ["locked", "checkpointed", "attached", "copied", "detached", "synced", "replaced"]


def views(store):
    return {
        name: sorted(store.history.table(f'SELECT * FROM "{name}"')[1], key=repr)
        for name in ("runs", "events", "node_runs", "values", "flow_versions", "audit")
    }


def fill(store, story, count=40):
    runs = [story.run(at=1_700_000_000.0 + number) for number in range(count)]
    for events in runs:
        store.sink.append(events)
    store.sink.append([]).result(5)
    return [events[0].run for events in runs]


def test_what_deletions_left_empty_is_given_back(store, layout, story):
    runs = fill(store, story, 400)
    store.fold()
    store.sink.append([RunsDeleted(at=time.time(), runs=tuple(runs[1:]))]).result(5)
    store.fold()
    before = views(store)
    done = store.compact()
    assert done.after_bytes == layout.database.stat().st_size < done.before_bytes
    after = views(store)
    assert [row[3] for row in after.pop("audit")] == ["COMPACTED"]
    assert before.pop("audit") == []
    assert after == before
    assert [row.id for row in store.history.runs().runs] == runs[:1]
    fill(store, story, 3)  # the new file is one to go on with
    store.fold()
    assert len(store.history.runs().runs) == 4
    assert store.verify().counts["deletions"] == len(runs) - 1


def test_an_unfolded_tail_is_folded_first(store, story):
    fill(store, story)
    store.compact()
    assert store.status().tail_facts == 1  # the entry that accounts for it
    assert store.history.table("SELECT count(*) FROM runs")[1] == [(40,)]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_nothing(store, layout, story, child, step):
    runs = fill(store, story, 20)
    store.sink.append([RunsDeleted(at=time.time(), runs=tuple(runs[:10]))]).result(5)
    before = views(store)
    died = child("maintain", layout.root, "compact", step)
    assert died.wait(30) == -9, died.stdout.read()
    assert views(store) == before
    fill(store, story, 1)
    store.fold()
    assert not database.compacted(layout).exists()
    assert not database.wal_of(database.compacted(layout)).exists()
    assert store.history.table("SELECT count(*) FROM runs")[1] == [(11,)]
    store.compact()
    assert not [one for one in store.verify().findings if one.kind != "missing_object"]


def test_without_room_nothing_is_changed(store, layout, story):
    fill(store, story)
    store.fold()
    before = layout.database.read_bytes()
    with pytest.raises(StoreError, match=r"needs [\d,]+ bytes free, and there are 1,000"):
        compact(store._fold, budget=5.0, free=lambda _path: 1000)
    assert layout.database.read_bytes() == before


def test_a_failing_disk_leaves_the_old_file_and_no_rest(store, layout, story, monkeypatch):
    fill(store, story)
    store.fold()

    def fail(_path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store._fold.disk, "sync_file", fail)
    with pytest.raises(OSError, match="No space"):
        store.compact()
    assert not database.compacted(layout).exists()
    assert len(store.history.runs(limit=100).runs) == 40


def test_a_reader_elsewhere_puts_it_off(store, layout, story, child):
    fill(store, story)
    store.fold()
    reader = child("hold_lock", layout.root, "reading")
    reader.stdout.readline()
    before = os.stat(layout.database)
    with pytest.raises(StoreBusy, match=str(reader.pid)):
        store.compact(budget=0.1)
    assert os.stat(layout.database).st_ino == before.st_ino


def test_writers_go_on_meanwhile(store, layout, story, child):
    writer = child("write", layout.root, 0.02)
    acked = [writer.stdout.readline().split() for _ in range(50)]
    for _ in range(3):
        store.compact()
        acked += [writer.stdout.readline().split() for _ in range(50)]
    writer.kill()
    writer.wait()
    acked += [line.split() for line in writer.stdout.read().splitlines(keepends=True)
              if line.endswith("\n")]  # fmt: skip
    store.compact()
    stored = {(run, seq) for run, seq in store.history.table("SELECT run_id, seq FROM events")[1]}
    assert {(run, int(seq)) for run, seq in acked} <= stored
    assert store.verify().ok


def test_every_table_is_copied(store, layout, story):
    fill(store, story, 2)
    store.compact()
    with store.history.snapshot.look("events") as view:
        found = view.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'stored'"
        ).fetchall()
    assert {name for (name,) in found} == set(TABLES)


def test_a_store_that_is_not_there_stays_so(store, layout):
    assert store.compact().after_bytes == 0
    assert not layout.root.exists()
