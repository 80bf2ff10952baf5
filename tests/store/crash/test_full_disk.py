"""A disk of a few megabytes that runs full, and is freed again under the same process."""

import os
import subprocess
import sys

import pytest
from tests.store.crash.ledger import check
from tests.store.crash.workload import Workload

from flowbook.errors import StoreError
from flowbook.events.values import ValueFormat
from flowbook.store.store import Store


@pytest.fixture
def small(tmp_path):
    """A folder on a disk of its own of four megabytes."""
    if not sys.platform.startswith("linux") or os.geteuid():
        pytest.skip("only root may mount a small disk, on Linux")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def store(small):
    opened = Store.open(small / ".flowbook")
    yield opened
    opened.close()


class Writer:
    """Appends a workload, and knows what was acknowledged."""

    def __init__(self, store):
        self.store = store
        self.batches = Workload(1, 7).batches()
        self.acknowledged = set()
        self.failure = None

    def append(self, count):
        for _ in range(count):
            first, batch = next(self.batches)
            try:
                self.store.sink.append(batch).result(10)
            except StoreError as error:
                self.failure = error
                return
            self.acknowledged |= {(1, k) for k in range(first, first + len(batch))}


def fill(small):
    """Leave no space at all."""
    ballast = small / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**16, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def kept(store):
    """Everything stored, as the events of the one process of this test."""
    return {row[0] for row in store.history.table("SELECT epoch_us(ts) FROM events")[1]}


def test_an_append_to_a_full_disk_says_so_and_works_again_once_there_is_space(small, store):
    writer = Writer(store)
    writer.append(50)
    ballast = fill(small)
    writer.append(400)
    assert "No space left on device" in str(writer.failure)
    assert "acknowledged is safe" in writer.failure.hint
    acknowledged = len(writer.acknowledged)
    assert acknowledged < 800
    ballast.unlink()
    assert store.sink.append(next(writer.batches)[1]).result(10) is None
    before = kept(store)
    assert len(before) >= acknowledged + 1
    store.fold()
    assert kept(store) == before


def test_a_fold_without_space_loses_nothing_and_the_next_one_has_it(small, store):
    writer = Writer(store)
    writer.append(20)
    store.fold()
    writer.append(600)
    assert writer.failure is None
    before = kept(store)
    ballast = fill(small)
    with pytest.raises(StoreError, match="No space left on device"):
        store.fold()
    assert kept(store) == before
    ballast.unlink()
    assert store.fold() > 0
    assert kept(store) == before
    root = store.root
    store.close()
    again = Store.open(root)
    assert check(again, writer.acknowledged) == len(before)
    again.close()


def test_a_first_fold_without_space_leaves_no_half_database(small, store):
    writer = Writer(store)
    writer.append(20)
    before = kept(store)
    ballast = fill(small)
    with pytest.raises(StoreError, match="No space left on device"):
        store.fold()
    assert kept(store) == before
    ballast.unlink()
    store.fold()
    assert kept(store) == before


def test_a_value_that_finds_no_space_leaves_no_half_object(small, store):
    ref = store.vault.put("x" * 8 * 2**20)
    assert ref.format is ValueFormat.NONE
    assert "No space left" in ref.reason
    assert [path for path in (store.root / "objects").rglob("*") if path.is_file()] == []
    small_one = store.vault.put("y" * 100_000)
    assert store.vault.get(small_one) == "y" * 100_000


def test_a_disk_that_is_full_from_the_start_fails_every_append_and_leaves_it_usable(small, store):
    ballast = fill(small)
    writer = Writer(store)
    writer.append(1)
    assert "No space left" in str(writer.failure)
    assert store.history.runs().runs == ()
    ballast.unlink()
    writer.append(5)
    assert len(writer.acknowledged) >= 5
    assert {(1, 0)} & writer.acknowledged == set()
