"""Every way in which a store can be wrong is found, and said."""

import gzip

import pytest

from flowbook.store import archive
from flowbook.store.layout import Layout
from flowbook.store.verify import MOST_FINDINGS, FindingKind

from .test_archive import switch
from .test_fold import dead_segment
from .test_garbage import path_of, report, text


@pytest.fixture
def meddle(store, layout):
    """Changes the database behind the store's back."""
    from flowbook.store.resident import leased

    def change(*statements):
        with (
            store._fold.lock.folding(5.0),
            leased(store._resident, layout.database, read_only=False, budget=5.0) as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    return change


@pytest.fixture
def run(store, story):
    """One folded run, all of whose values are there."""
    run = report(store, story, store.vault.put(text("kept")))
    store.fold()
    assert store.verify(deep=True).findings == ()
    return run


def only(store, **options):
    (finding,) = store.verify(**options).findings
    return finding


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE stored.runs SET failed = 3", "failed is 3, its events say 0"),
        ("DELETE FROM stored.runs", "the row that its events give is missing"),
        (
            "INSERT INTO stored.node_runs BY NAME SELECT 'x' AS run_id",
            "a row more than its events give",
        ),
        ("INSERT INTO stored.node_runs FROM stored.node_runs", "a row more than its events give"),
        ("UPDATE stored.values SET port = 'm'", "values of run"),
        ("INSERT INTO stored.usage BY NAME SELECT 'x' AS run_id", "usage of run x"),
    ],
)
def test_a_projection_that_is_not_the_fold_of_its_events(store, run, meddle, statement, said):
    meddle(statement)
    report = store.verify()
    assert not report.ok
    told = [one for one in report.findings if one.kind is FindingKind.PROJECTION]
    assert any(said in one.message for one in told), told
    assert all("flowbook store rebuild" in one.message for one in told)


def test_an_event_that_is_stored_twice(store, run, meddle):
    meddle("INSERT INTO stored.events FROM stored.events WHERE seq = 1")
    report = store.verify()
    assert report.counts[FindingKind.DUPLICATE] == 2  # by its run, and by its writer
    assert any(one.run_id == run for one in report.findings)


def test_a_watermark_below_what_is_stored(store, run, meddle):
    meddle("UPDATE stored.writers SET wseq = 1")
    assert only(store).kind is FindingKind.WATERMARK
    meddle("DELETE FROM stored.writers")
    kinds = {one.kind for one in store.verify().findings}
    assert FindingKind.WATERMARK in kinds


def test_a_hole_is_told_and_harmless(store, layout, story):
    events = story.run(status="succeeded")
    for event in events[:3] + events[-1:]:
        store.sink.append([event])
    store.fold()
    report = store.verify()
    assert report.ok
    (hole,) = report.findings
    assert (hole.kind, hole.run_id) == (FindingKind.HOLE, events[0].run)
    assert f"lacks {len(events) - 4} " in hole.message


def test_an_object_that_is_missing_damaged_or_needed_by_nobody(store, layout, run):
    ref = store.vault.put(text("kept"))
    path = path_of(layout, ref)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"X")
    assert store.verify().ok  # as long as it was
    assert only(store, deep=True).kind is FindingKind.DAMAGED_OBJECT
    path.write_bytes(whole[:-1])
    found = only(store)
    assert (found.kind, found.path) == (FindingKind.DAMAGED_OBJECT, path)
    path.unlink()
    found = only(store)
    assert (found.kind, found.hash, found.run_id) == (FindingKind.MISSING_OBJECT, ref.hash, run)
    assert f"node n of run {run}" in found.message
    path.write_bytes(whole)
    orphan = store.vault.put(text("orphan"))
    found = only(store)
    assert (found.kind, found.hash) == (FindingKind.ORPHAN_OBJECT, orphan.hash)
    assert store.verify().ok


def test_an_object_of_a_dataset_that_is_missing(store, layout, run):
    store.datasets.publish("cities", text("oslo"))
    path_of(layout, store.vault.put(text("oslo"))).unlink()
    assert "a dataset" in only(store).message


def test_a_deleted_run_that_is_still_there(store, run, meddle):
    meddle(f"INSERT INTO stored.deletions BY NAME SELECT '{run}' AS run_id")
    found = only(store)
    assert (found.kind, found.run_id) == (FindingKind.DELETED, run)
    assert "events, node_runs, runs, values" in found.message


def test_a_quarantined_segment(store, layout, run):
    path = layout.journal / "w.00000001.tsv.quarantine"
    path.write_bytes(b"rubbish")
    found = only(store)
    assert (found.kind, found.path) == (FindingKind.QUARANTINED, path)


def test_a_damaged_line_of_the_journal_or_the_archive(store, layout, story):
    switch(store, True)
    store.fold()
    dead_segment(layout, 0, story.run())
    store.fold()
    (kept,) = (one.path for one in archive.archived(layout) if one.writer == "dead")
    lines = gzip.decompress(kept.read_bytes()).splitlines(keepends=True)
    path = dead_segment(layout, 0, story.run(), writer="other")
    path.write_bytes(path.read_bytes().replace(b"clean", b"cleax", 1))
    kept.write_bytes(gzip.compress(b"".join([*lines[:3], *lines[4:]])))

    def found(**options):
        told = store.verify(**options).findings
        return [one for one in told if one.kind is FindingKind.DAMAGED_SEGMENT]

    (first,) = found()
    assert first.path == path
    assert "damaged lines: 2; missing facts: 1;" in first.message
    again, second = found(deep=True)
    assert (again, second.path) == (first, kept)
    assert "missing facts: 3;" in second.message
    kept.write_bytes(kept.read_bytes()[:-12])
    assert "cannot be unpacked" in found(deep=True)[1].message


def test_a_database_that_cannot_be_read(store, layout, run):
    layout.wal.unlink(missing_ok=True)
    layout.database.write_bytes(b"rubbish" * 5000)
    found = only(store)
    layout.database.unlink()
    assert found.kind is FindingKind.DATABASE
    assert "flowbook store rebuild" in found.message


def test_a_folder_of_a_newer_version_or_without_meta_data(store, layout, run):
    written = layout.meta.read_bytes()
    layout.meta.write_bytes(b'{"format":99,"storage_version":"v9"}')
    assert only(store).kind is FindingKind.FORMAT
    layout.meta.unlink()
    assert only(store).kind is FindingKind.FORMAT
    layout.meta.write_bytes(written)
    assert store.verify().ok


def test_many_of_a_kind_are_counted_and_not_all_told(store, story, meddle):
    for _ in range(MOST_FINDINGS + 20):
        store.sink.append(story.run(at=1.0)[:1])
    store.fold()
    meddle("UPDATE stored.runs SET host = 'elsewhere'")
    report = store.verify()
    assert len(report.findings) == MOST_FINDINGS
    assert report.counts[FindingKind.PROJECTION] == MOST_FINDINGS + 20


def test_it_keeps_nobody_from_journalling(store, story, monkeypatch):
    from flowbook.store import verify

    appended = []
    real = verify._verify_tables

    def and_append(*arguments, **options):
        store.sink.append(story.run()).result(5)
        appended.append(True)
        return real(*arguments, **options)

    monkeypatch.setattr(verify, "_verify_tables", and_append)
    assert store.verify().ok
    assert appended


def test_a_store_that_is_not_there_is_in_order(store, tmp_path):
    report = store.verify(deep=True)
    assert report.ok
    assert not Layout(tmp_path / ".flowbook").root.exists()
