"""What nothing needs goes; what anybody needs, or is about to, stays."""

import os
import time

import msgspec
import pytest

from flowbook.events import NodeCompleted, RunCreated, TriggerKind
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.facts import RunsDeleted, line_of, prefix

LONG = 7200.0


def report(store, story, ref, **more):
    run = story.run_id(time.time())
    store.sink.append(
        [
            RunCreated(run=run, seq=0, at=1.0, flow="f", version="v", trigger=TriggerKind.CLI,
                       nodes=("n",)),
            NodeCompleted(run=run, seq=1, at=2.0, node="n", attempt=1, ms=1.0,
                          outputs={"n": ref}, **more),
        ]
    ).result(5)  # fmt: skip
    return run


def delete(store, *runs):
    store.sink.append([RunsDeleted(at=time.time(), runs=runs)]).result(5)


def text(word):
    return f"{word} " * 4000


def path_of(layout, ref):
    return layout.object(ref.hash, "txt")


def age(path, seconds=LONG):
    """Let the object, and the preview beside it, be that old."""
    preview = path.with_name(path.name.partition(".")[0] + ".preview.json")
    for one in {path, preview}:
        if one.exists():
            os.utime(one, (time.time() - seconds,) * 2)


def files(layout):
    """Names of the objects, without their previews."""
    return sorted(path.name for path in layout.objects.rglob("*.txt"))


@pytest.mark.parametrize("folded", [False, True])
def test_what_nothing_refers_to_goes_and_the_rest_stays(store, layout, story, folded):
    used, shared, lone, dataset = (store.vault.put(text(w)) for w in "abcd")
    report(store, story, used)
    gone = [report(store, story, shared), report(store, story, lone)]
    report(store, story, shared)
    store.datasets.publish("d", text("d"))
    delete(store, *gone)
    for ref in (used, shared, lone, dataset):
        age(path_of(layout, ref))
    if folded:
        store.fold()
    assert [store.references(one.hash) for one in (used, shared, lone, dataset)] == [1, 1, 0, 1]
    size = sum(path.stat().st_size for path in layout.objects.rglob(f"{lone.hash}.*"))
    would = store.gc(dry_run=True)
    assert (would.objects, would.bytes, would.kept) == (1, size, 3)
    assert len(files(layout)) == 4
    assert store.gc() == would
    assert files(layout) == sorted(path_of(layout, one).name for one in (used, shared, dataset))
    assert store.gc().objects == 0


def test_what_is_young_stays_until_it_is_old(store, layout):
    ref = store.vault.put(text("fresh"))
    assert store.gc().kept == 1
    age(path_of(layout, ref))
    store.vault.put(text("fresh"))  # made again: as good as new
    assert store.gc().kept == 1
    age(path_of(layout, ref))
    assert store.gc().objects == 1


def test_parts_of_a_value_stay_with_it(store, layout, story):
    parts = [store.vault.put(text(word)) for word in ("left", "right")]
    nested = {
        "hash": "ab" * 32, "format": "json", "type": "dict", "size": 2, "inline": {},
        "parts": [part.hash for part in parts],
    }  # fmt: skip
    run = story.run_id(time.time())
    layout.journal.mkdir(exist_ok=True)
    fact = {"kind": "NODE_COMPLETED", "run": run, "seq": 0, "at": 1.0, "node": "n", "attempt": 1,
            "ms": 1.0, "outputs": {"n": nested}}  # fmt: skip
    layout.segment("other", 0).write_bytes(line_of(prefix("other"), 0, msgspec.json.encode(fact)))
    for part in parts:
        age(path_of(layout, part))
    assert store.references(parts[0].hash) == 1
    assert store.gc().objects == 0
    delete(store, run)
    assert store.gc().objects == 2


def test_a_preview_lives_as_long_as_its_object(store, layout, story):
    live, dead = (store.vault.put(text(word)) for word in ("live", "dead"))
    report(store, story, live)
    for ref in (live, dead):
        preview = layout.object(ref.hash, "preview.json")
        preview.write_text("{}")
        age(preview)
        age(path_of(layout, ref))
    stray = layout.object("cd" * 32, "preview.json")
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("{}")
    age(stray)
    assert store.gc().objects == 1
    left = {path.name for path in layout.objects.rglob("*.*")}
    assert left == {f"{live.hash}.preview.json", f"{live.hash}.txt"}


def test_half_written_files_and_empty_folders_go_when_they_are_old(store, layout):
    store.vault.put(text("any"))
    old, young = layout.objects / ".1.tmp", layout.objects / ".2.tmp"
    for path in (old, young):
        path.write_bytes(b"half")
    age(old)
    empty, fresh = layout.objects / "00", layout.objects / "01"
    empty.mkdir()
    fresh.mkdir()
    age(empty)
    store.gc()
    assert [path.exists() for path in (old, young, empty, fresh)] == [False, True, False, True]


def test_a_killed_collection_is_finished_by_the_next(store, layout, story):
    used, lone = (store.vault.put(text(word)) for word in ("used", "lone"))
    report(store, story, used)
    for ref in (used, lone):
        path = path_of(layout, ref)
        age(path)
        path.rename(path.with_name(f".{path.name}.trash"))
    assert store.gc().objects == 1
    assert files(layout) == [path_of(layout, used).name]
    assert store.vault.get(used) == text("used")


def test_what_comes_to_life_during_a_collection_is_put_back(store, layout, story, monkeypatch):
    ref = store.vault.put(text("late"))
    age(path_of(layout, ref))
    asked = []
    look = type(store.history.snapshot).look

    def reporting(snapshot, *views):
        asked.append(views)
        if len(asked) == 2:  # the first look saw nobody refer to it
            report(store, story, ref)
        return look(snapshot, *views)

    monkeypatch.setattr(type(store.history.snapshot), "look", reporting)
    assert store.gc().objects == 0
    assert store.vault.get(ref) == text("late")
    assert len(asked) == 2


def test_nothing_another_process_reports_is_ever_missing(store, layout, child):
    writer = child("reuse", layout.root)
    reported = {writer.stdout.readline().strip()}
    collected, end = 0, time.monotonic() + 20
    while collected < 100:
        assert time.monotonic() < end, "there was too little to collect"
        collected += store.gc(grace_seconds=0.8).objects
        kept = {path.name.partition(".")[0] for path in layout.objects.rglob("*.txt")}
        with store.history.snapshot.look("values") as view:
            needed = {one for (one,) in view.execute("SELECT hash FROM values").fetchall()}
        there = {path.name.partition(".")[0] for path in layout.objects.rglob("*.txt")}
        assert needed <= kept | there
    writer.kill()
    writer.wait()
    reported |= set(writer.stdout.read().split("\n")[:-1])
    store.gc(grace_seconds=0)
    assert reported <= {path.name.partition(".")[0] for path in layout.objects.rglob("*.txt")}
    assert store.verify(deep=True).counts["missing_object"] == 0


def test_references_of_a_value_that_was_not_kept_are_none(store, story):
    report(store, story, ValueRef("", ValueFormat.NONE, "Socket", reason="a socket"))
    assert store.references("") == 0


def test_a_store_that_is_not_there_has_no_garbage(store, layout):
    assert store.gc().objects == store.gc(dry_run=True).kept == 0
    assert not layout.root.exists()
