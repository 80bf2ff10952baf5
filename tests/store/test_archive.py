"""Folded segments kept, so that history can be made anew; and nothing of what was deleted."""

import gzip
import time

import msgspec
import pytest

from flowbook.store import archive, segments
from flowbook.store.facts import (
    RunPinned,
    RunsDeleted,
    SettingChanged,
    decode_line,
    plain_line_of,
)
from flowbook.store.schema import TABLES

from .test_fold import dead_segment


def switch(store, on):
    value = msgspec.Raw(b"true" if on else b"false")
    store.sink.append([SettingChanged(at=time.time(), name="archive", value=value)]).result(5)


def lines(layout):
    """Every archived line, decoded."""
    return [
        segments.decoder(segment.path)(line)
        for segment in archive.archived(layout)
        for line in gzip.decompress(segment.path.read_bytes()).splitlines()
    ]


def test_nothing_is_kept_unless_it_is_wanted(store, layout, story):
    store.sink.append(story.run()).result(5)
    store.fold()
    assert not layout.archive.exists()


def test_a_folded_segment_is_moved_there_from_the_fold_on_that_hears_of_it(store, layout, story):
    switch(store, True)
    events = story.run()
    store.sink.append(events).result(5)
    written = segments.listed(layout)[0].path.read_bytes()
    store.fold()
    assert segments.listed(layout) == []
    (kept,) = archive.archived(layout)
    assert gzip.decompress(kept.path.read_bytes()) == written
    assert archive.reach(layout) == archive.Reach(None)


def test_it_says_since_when_nothing_is_missing(store, layout, story):
    store.sink.append(story.run()).result(5)
    store.fold()
    before = time.time()
    switch(store, True)
    store.fold()
    since = archive.reach(layout).since
    assert before <= since <= time.time()
    store.sink.append(story.run()).result(5)
    store.fold()
    assert archive.reach(layout).since == since
    switch(store, False)
    store.fold()
    assert archive.reach(layout) is None
    switch(store, True)
    store.fold()
    assert archive.reach(layout).since > since


def test_switching_it_off_and_on_without_a_loss_leaves_it_whole(store, layout, story):
    switch(store, True)
    store.fold()
    switch(store, False)
    switch(store, True)
    store.fold()
    assert archive.reach(layout) == archive.Reach(None)


def test_a_crash_between_the_two_files_is_finished_by_the_next_fold(store, layout, story, child):
    switch(store, True)
    store.fold()
    events = story.run()
    path = dead_segment(layout, 0, events)
    died = child("die", layout.root, "archived")
    assert died.wait(30) == -9
    kept = layout.archive / f"{path.name}.gz"
    assert (path.exists(), kept.exists()) == (True, True)
    assert store.history.events(events[0].run) == events
    store.fold()
    assert (path.exists(), kept.exists()) == (False, True)
    assert store.history.events(events[0].run) == events


@pytest.mark.parametrize("tidy", ["gc", "compact"])
def test_events_of_deleted_runs_do_not_stay_there(store, layout, story, tidy):
    switch(store, True)
    gone, stays = story.run(), story.run()
    store.sink.append([*gone, *stays]).result(5)
    store.sink.append([RunPinned(at=1.0, run=stays[0].run, pinned=True)]).result(5)
    store.fold()
    untouched = archive.archived(layout)[0].path
    store.sink.append([RunsDeleted(at=time.time(), runs=(gone[0].run,))]).result(5)
    store.fold()
    assert not store.verify(deep=True).ok
    before = [(line.writer, line.wseq) for line in lines(layout)]
    getattr(store, tidy)()
    after = lines(layout)
    assert [(line.writer, line.wseq) for line in after] == before
    facts = [msgspec.json.decode(line.fact) for line in after]
    assert sum(fact["kind"] == "FORGOTTEN" for fact in facts) == len(gone)
    assert [fact["seq"] for fact in facts if fact.get("run") == stays[0].run and "seq" in fact] == [
        event.seq for event in stays
    ]
    assert [fact["runs"] for fact in facts if fact["kind"] == "RUNS_DELETED"] == [[gone[0].run]]
    assert store.verify(deep=True).counts["deleted"] == 0
    stat = untouched.stat()
    getattr(store, tidy)()
    assert untouched.stat() == stat


def test_events_of_deleted_runs_leave_files_of_an_earlier_version_too(store, layout, story):
    switch(store, True)
    store.fold()
    gone, stays = story.run(), story.run()
    path = dead_segment(layout, 0, [*gone, *stays])
    read = [decode_line(line) for line in path.read_bytes().splitlines()]
    path.with_suffix(".jsonl").write_bytes(b"".join(map(plain_line_of, read)))
    path.unlink()
    store.sink.append([RunsDeleted(at=time.time(), runs=(gone[0].run,))]).result(5)
    store.fold()
    store.gc()
    (kept,) = (one.path for one in archive.archived(layout) if one.writer == "dead")
    assert kept.name == "dead.00000000.jsonl.gz"
    assert segments.inspect(kept) == segments.Inspection(len(gone) + len(stays))
    assert gone[0].run.encode() not in gzip.decompress(kept.read_bytes())
    store.rebuild()
    assert [row.id for row in store.history.runs().runs] == [stays[0].run]


def test_a_database_that_knows_nothing_of_the_archive_is_found_out(store, layout, story):
    switch(store, True)
    store.sink.append(story.run()).result(5)
    store.fold()
    layout.database.unlink()
    layout.wal.unlink(missing_ok=True)
    dead_segment(layout, 0, story.run())
    store.fold()
    (finding,) = [one for one in store.verify().findings if one.kind == "archive"]
    assert "flowbook store rebuild" in finding.message
    assert set(TABLES) <= set(store.verify().counts)
