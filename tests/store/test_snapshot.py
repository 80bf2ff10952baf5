"""One consistent look, which leaves no trace."""

import os

import duckdb
import pytest

from flowbook.store.store import Store


def listing(root):
    return {path: path.stat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize("gone", [[], ["gate.lock", "store.lock"]])
def test_reading_creates_and_changes_no_file(layout, story, gone):
    writer = Store.open(layout.root)
    writer.sink.append(story.run()).result(5)
    writer.fold()
    writer.sink.append(story.run()).result(5)
    for name in gone:
        (layout.root / name).unlink()
    before = listing(layout.root)
    assert len(writer.history.runs().runs) == 2
    assert listing(layout.root) == before
    writer.close()


def test_a_read_only_folder_is_readable(layout, story, monkeypatch):
    writer = Store.open(layout.root)
    writer.sink.append(story.run()).result(5)
    writer.close()
    opened = os.open

    def read_only(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise PermissionError(13, "Read-only file system", str(path))
        return opened(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", read_only)
    reader = Store.open(layout.root)
    assert len(reader.history.runs().runs) == 1
    monkeypatch.undo()
    reader.close()


def test_an_open_result_keeps_nobody_out(store, layout, story, child):
    store.sink.append(story.run()).result(5)
    store.fold()
    with store.history.snapshot.look("events") as view:
        view.execute("SELECT * FROM events, range(100000)")  # left unfetched
    stranger = child("foreign", layout.database)
    assert stranger.stdout.readline() == "open\n"


def test_a_look_that_fails_leaves_the_store_usable(store, story):
    store.sink.append(story.run()).result(5)
    with pytest.raises(duckdb.ParserException), store.history.snapshot.look("events") as view:
        view.execute("BEGIN; SELEC 1")
    assert len(store.history.runs().runs) == 1
    assert store.fold() == 1 + len(story.run())
