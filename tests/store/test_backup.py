"""A file of one's own, with everything in it."""

import duckdb
import pytest

from flowbook.errors import StoreError, UsageError
from flowbook.store.schema import VIEWS


def test_any_duckdb_reads_everything_journalled_facts_included(store, story, tmp_path, child):
    store.sink.append(story.run()).result(5)
    store.fold()
    store.datasets.publish("d", [1, 2], tags=("t",))
    reader = child("hold_lock", store.root, "reading")  # nobody can fold now
    reader.stdout.readline()
    store.sink.append(story.run()).result(5)
    store.backup(tmp_path / "own.duckdb")
    with duckdb.connect(str(tmp_path / "own.duckdb")) as own:
        for name, columns in VIEWS.items():
            got = own.sql(f'SELECT * FROM "{name}"')
            assert got.columns == list(columns)
            if name != "registry":  # its heartbeat is the moment one asks
                wanted = store.history.table(f'SELECT * FROM "{name}"')[1]
                assert sorted(got.fetchall(), key=repr) == sorted(wanted, key=repr)
        assert own.sql("SELECT count(*) FROM runs").fetchall() == [(2,)]
        own.execute("CREATE TABLE mine AS SELECT 1")
    assert [path.name for path in tmp_path.iterdir() if path.name != ".flowbook"] == ["own.duckdb"]


def test_what_is_there_is_not_written_over(store, story, tmp_path):
    (tmp_path / "own.duckdb").write_bytes(b"mine")
    with pytest.raises(UsageError, match="there already"):
        store.backup(tmp_path / "own.duckdb")
    with pytest.raises(UsageError, match="no folder"):
        store.backup(tmp_path / "nowhere" / "own.duckdb")
    assert (tmp_path / "own.duckdb").read_bytes() == b"mine"


def test_a_full_disk_leaves_nothing_behind(store, story, tmp_path, monkeypatch):
    store.sink.append(story.run()).result(5)
    store.fold()

    def full(_path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store._fold.disk, "sync_file", full)
    with pytest.raises(StoreError, match="No space"):
        store.backup(tmp_path / "own.duckdb")
    assert [path.name for path in tmp_path.iterdir()] == [".flowbook"]
