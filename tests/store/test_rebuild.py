"""History made anew is the history that was."""

import json
import random
import time

import msgspec
import pytest

from flowbook.errors import StoreError
from flowbook.store import archive, database
from flowbook.store.facts import Audited, AuditPruned, RunPinned, RunsDeleted, SettingChanged
from flowbook.store.schema import VIEWS

from .test_archive import switch
from .test_fold import dead_segment

STEPS = ["locked", "batch", "made", "aside", "replaced"]


def views(store):
    """All that can be seen, but for what changes with the clock."""
    shown = {
        name: f"SELECT * FROM \"{name}\"" for name in VIEWS if name != "registry"
    }  # fmt: skip
    return {name: sorted(store.history.table(query)[1], key=repr) for name, query in shown.items()}


def live_through(store, story, seed):
    """A history: runs of all kinds, pins, deletions, settings, datasets, audit; folds anywhere."""
    chance = random.Random(seed)
    runs = []
    for number in range(25):
        at = 1_700_000_000.0 + number
        events = story.run(
            flow=chance.choice(["tour", "other"]),
            status=chance.choice(["failed", "succeeded"]),
            over=chance.random() > 0.2,
            at=at,
        )
        store.sink.append(events)
        runs.append(events[0].run)
        facts = [
            RunPinned(at=at, run=chance.choice(runs), pinned=chance.random() > 0.3),
            SettingChanged(at=at, name="level", value=msgspec.Raw(b"%d" % number), flow="tour"),
            Audited(at=at, id=f"a{number}", action="PINNED", actor="me", run=runs[-1]),
        ]
        store.sink.append(facts)
        if chance.random() < 0.2:
            store.sink.append([RunsDeleted(at=at, runs=(chance.choice(runs),))])
        if chance.random() < 0.3:
            store.datasets.publish("cities", [{"n": number}], tags=("newest",))
            store.record_flow("tour", f"v{number}", json.dumps({"n": number}))
        if chance.random() < 0.3:
            store.fold()
    store.sink.append([AuditPruned(at=at, before=1_700_000_005.0)]).result(5)
    return runs


@pytest.mark.parametrize(
    ("damage", "seed"),
    [
        ("none", 0), ("none", 1), ("missing", 2), ("missing", 3),
        ("garbage", 0), ("garbage", 3), ("truncated", 2), ("truncated", 1),
    ],
)  # fmt: skip
def test_history_is_equal_before_and_after(store, layout, story, seed, damage):
    switch(store, True)
    live_through(store, story, seed)
    store.fold()
    if seed % 2:
        store.gc()  # the archive has nothing of deleted runs any more
    dead_segment(layout, 0, story.run())  # and something that no fold has seen
    before = views(store)
    hurt(layout, damage)
    done = store.rebuild()
    assert views(store) == before
    assert done.segments == len(archive.sources(layout))
    store.gc()
    assert store.verify().counts["deletions"] > 0
    assert [one for one in store.verify(deep=True).findings if not one.harmless
            and one.kind != "missing_object"] == []  # fmt: skip
    store.fold()
    assert views(store) == before
    assert store.fold() == 0


def hurt(layout, damage):
    if damage == "missing":
        layout.database.unlink()
    elif damage == "garbage":
        layout.database.write_bytes(b"no database at all" * 1000)
    elif damage == "truncated":
        whole = layout.database.read_bytes()
        layout.database.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize("damage", ["none", "garbage"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_the_old_file_or_the_new(
    store, layout, story, child, step, damage
):
    switch(store, True)
    live_through(store, story, 7)
    store.fold()
    before = views(store)
    hurt(layout, damage)
    died = child("maintain", layout.root, "rebuild", step)
    assert died.wait(60) == -9, died.stdout.read()
    if damage == "none" or step == "replaced":
        assert views(store) == before
    else:
        assert layout.database.read_bytes().startswith(b"no database")
    store.rebuild()
    assert views(store) == before
    assert not database.fresh(layout).exists()


def test_the_old_file_is_kept_aside(store, layout, story):
    switch(store, True)
    store.sink.append(story.run()).result(5)
    store.fold()
    hurt(layout, "garbage")
    old = layout.database.read_bytes()
    store.rebuild()
    kept, log = sorted(layout.root.glob("store.duckdb.before-*"))
    assert log == database.wal_of(kept)
    assert kept.read_bytes() == old


def test_it_is_refused_when_the_archive_is_not_whole(store, layout, story):
    first, second = story.run(), story.run()
    store.sink.append(first).result(5)
    store.fold()
    with pytest.raises(StoreError, match="no unbroken archive"):
        store.rebuild()
    switch(store, True)
    store.fold()
    store.sink.append(second).result(5)
    store.fold()
    year = time.gmtime().tm_year
    with pytest.raises(StoreError, match=rf"only since {year}-.*\+00:00.*2 segments"):
        store.rebuild()
    assert len(store.history.runs().runs) == 2
    store.rebuild(partial=True)
    assert [row.id for row in store.history.runs().runs] == [second[0].run]


def test_a_damaged_archive_is_named(store, layout, story):
    switch(store, True)
    store.sink.append(story.run()).result(5)
    store.fold()
    (segment,) = archive.archived(layout)
    segment.path.write_bytes(segment.path.read_bytes()[:-20])
    before = views(store)
    with pytest.raises(StoreError, match=segment.path.name):
        store.rebuild()
    assert views(store) == before
    assert not database.fresh(layout).exists()


def test_many_batches_say_the_same_as_one(store, layout, story, monkeypatch):
    monkeypatch.setattr("flowbook.store.rebuild._BATCH_BYTES", 1)
    switch(store, True)
    live_through(store, story, 3)
    store.fold()
    before = views(store)
    store.rebuild()
    assert views(store) == before


def test_a_log_without_its_database_is_not_given_to_another(store, layout, story):
    store.sink.append(story.run()).result(5)
    store.fold()
    layout.database.unlink()
    assert layout.wal.stat().st_size
    dead_segment(layout, 0, story.run())
    store.fold()
    assert len(store.history.runs().runs) == 1
    assert len(list(layout.root.glob("store.duckdb.before-*.wal"))) == 1


def test_a_store_that_is_not_there_stays_so(store, layout):
    assert store.rebuild().facts == 0
    assert not layout.root.exists()
