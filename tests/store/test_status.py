"""What can be told of a store from outside, whatever state it is in."""

import json
import os
import subprocess
import time

from flowbook.store.migrations import FORMAT
from flowbook.store.store import Store

from .test_fold import dead_segment
from .test_garbage import text


def test_a_store_that_is_not_there_is_all_zeros(store, layout):
    found = store.status()
    assert (found.database_bytes, found.objects_count, found.runs, found.events) == (0, 0, 0, 0)
    assert (found.format, found.writers, found.holders, found.problem) == (None, (), (), None)
    assert not layout.root.exists()
    json.dumps(found.to_json())


def test_what_is_folded_and_what_is_not(store, layout, story):
    events = story.run()
    store.sink.append(events).result(5)
    store.vault.put(text("some"))
    before = store.status()
    assert (before.tail_facts, before.runs, before.events) == (1 + len(events), 1, len(events))
    assert before.backlog_seconds > time.time() - 1_700_000_100
    assert before.journal_bytes == sum(p.stat().st_size for p in layout.journal.glob("*.tsv"))
    assert before.objects_count == 1
    assert before.objects_bytes >= len(text("some"))  # and a preview
    store.fold()
    after = store.status()
    assert (after.tail_facts, after.runs, after.events) == (0, 1, len(events))
    assert (after.backlog_seconds, after.journal_segments) == (None, 0)
    assert after.database_bytes == layout.database.stat().st_size
    assert json.loads(json.dumps(after.to_json()))["root"] == str(layout.root)


def test_the_writers_and_whether_they_live(store, layout, story):
    store.sink.append(story.run()).result(5)
    path = dead_segment(layout, 0, story.run())
    (layout.journal / "x.00000000.tsv.quarantine").write_bytes(b"?")
    found = store.status()
    writers = {one.id: one for one in found.writers}
    assert writers[store.sink.writer].pid == os.getpid()
    assert writers[store.sink.writer].alive
    dead = writers["dead"]
    assert (dead.host, dead.pid, dead.alive, dead.segments) == ("elsewhere", 4711, False, 1)
    assert dead.bytes == path.stat().st_size
    assert [one.name for one in found.quarantined] == ["x.00000000.tsv.quarantine"]


def test_who_holds_the_store(store, layout, story, child):
    store.sink.append(story.run()).result(5)
    store.fold()
    reader = child("hold_lock", layout.root, "folding")
    reader.stdout.readline()
    found = store.status()
    assert {(one.path.name, one.pid) for one in found.holders} == {
        ("gate.lock", reader.pid),
        ("store.lock", reader.pid),
    }
    assert str(reader.pid) in found.problem
    assert found.runs is None
    assert found.database_bytes


def test_a_stranger_in_the_database(store, layout, story, child):
    store.sink.append(story.run()).result(5)
    store.fold()
    stranger = child("foreign", layout.database)
    stranger.stdout.readline()
    found = store.status()
    assert ("store.duckdb", stranger.pid, "write") in {
        (one.path.name, one.pid, one.mode) for one in found.holders
    }
    assert str(stranger.pid) in found.problem


def test_a_damaged_database_is_a_problem_and_no_failure(store, layout, story):
    store.sink.append(story.run()).result(5)
    store.fold()
    layout.wal.unlink(missing_ok=True)
    layout.database.write_bytes(b"rubbish" * 5000)
    found = store.status()
    layout.database.unlink()
    assert "store.duckdb" in found.problem
    assert (found.runs, found.format) == (None, FORMAT)


def test_a_folder_that_cannot_be_written(layout, story):
    writing = Store.open(layout.root)
    writing.sink.append(story.run()).result(5)
    writing.close()
    mounted = subprocess.run(["chmod", "-R", "a-w", str(layout.root)], check=False)
    assert mounted.returncode == 0
    before = sorted(path.name for path in layout.root.rglob("*"))
    reading = Store.open(layout.root)
    try:
        assert (reading.status().runs, reading.status().problem) == (1, None)
        assert sorted(path.name for path in layout.root.rglob("*")) == before
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(layout.root)], check=True)
        reading.close()
