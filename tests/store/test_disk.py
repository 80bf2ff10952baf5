"""Complete under its name, or not there at all."""

import os

import pytest

from flowbook.store.disk import Disk, Durability


class CountingDisk(Disk):
    """Notes what was made durable, in order."""

    def __init__(self):
        self.synced = []

    def sync(self, fd):
        self.synced.append("file")
        super().sync(fd)

    def sync_directory(self, path):
        self.synced.append(path.name)
        super().sync_directory(path)


def test_a_published_file_is_durable_before_and_after_it_has_its_name(tmp_path):
    disk = CountingDisk()
    final = tmp_path / "ab" / "x.bin"
    with disk.staged(tmp_path) as staged:
        staged.write_bytes(b"whole")
        disk.publish(staged, final, Durability.FSYNC)
    assert final.read_bytes() == b"whole"
    assert disk.synced == ["file", tmp_path.name, "ab"]
    assert [path.name for path in tmp_path.iterdir()] == ["ab"]


def test_os_durability_syncs_nothing(tmp_path):
    disk = CountingDisk()
    with disk.staged(tmp_path) as staged:
        staged.write_bytes(b"whole")
        disk.publish(staged, tmp_path / "x.bin", Durability.OS)
    assert disk.synced == []


def test_what_is_not_published_vanishes(tmp_path):
    def fail_half_way():
        with Disk().staged(tmp_path) as staged:
            staged.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


def test_a_short_write_is_an_error(tmp_path, monkeypatch):
    disk = Disk()
    fd = disk.open_append(tmp_path / "s.tsv")
    monkeypatch.setattr(os, "write", lambda fd, data: len(data) - 1)
    with pytest.raises(OSError, match="short write: 4 of 5 bytes"):
        disk.append(fd, b"12345")
    os.close(fd)


def test_a_segment_is_never_opened_twice(tmp_path):
    fd = Disk().open_append(tmp_path / "s.tsv")
    with pytest.raises(FileExistsError):
        Disk().open_append(tmp_path / "s.tsv")
    os.close(fd)
