"""Who may read and fold, and who lives."""

import os
import time

import pytest

from flowbook.errors import StoreBusy
from flowbook.store.locks import StoreLock, alive, hold_life


@pytest.fixture
def lock(layout):
    layout.root.mkdir()
    made = StoreLock(layout)
    with made.folding(budget=1.0):
        pass
    return made


def said(process):
    return process.stdout.readline().strip()


def test_a_fold_waits_for_a_reader_of_another_process_and_names_it(lock, child):
    reader = child("hold_lock", lock.layout.root, "reading")
    assert said(reader) == "held"
    with pytest.raises(StoreBusy) as refused, lock.folding(budget=0.1):
        pass
    assert refused.value.pid == reader.pid
    assert str(reader.pid) in str(refused.value)


def test_readers_of_several_processes_read_at_once(lock, child):
    assert said(child("hold_lock", lock.layout.root, "reading")) == "held"
    with lock.reading(budget=0.1):
        pass


def test_a_killed_holder_leaves_no_lock(lock, child):
    holder = child("hold_lock", lock.layout.root, "folding")
    assert said(holder) == "held"
    holder.kill()
    with lock.folding(budget=1.0):
        pass


def test_a_flood_of_readers_does_not_starve_the_folder(lock, child):
    for _ in range(3):
        assert said(child("flood", lock.layout.root)) == "flooding"
    began = time.monotonic()
    for _ in range(5):
        with lock.folding(budget=2.0):
            pass
    assert time.monotonic() - began < 5.0


def test_opening_and_closing_the_database_lets_nobody_in(lock, child):
    lock.layout.database.touch()
    with lock.folding(budget=1.0):
        lock.layout.database.read_bytes()  # drops DuckDB's own lock, were it held
        assert said(child("try_lock", lock.layout.root)) == "refused"
    assert said(child("try_lock", lock.layout.root)) == "got it"


def test_a_second_lease_in_one_process_waits_for_the_first(lock):
    with (
        lock.reading(budget=1.0),
        pytest.raises(StoreBusy) as refused,
        lock.reading(budget=0.05),
    ):
        pass
    assert refused.value.pid == os.getpid()


def test_reading_where_nothing_is_creates_nothing(layout):
    with StoreLock(layout).reading(budget=0.1):
        pass
    assert not layout.root.exists()


def test_a_life_ends_with_its_descriptor_and_survives_probing(tmp_path):
    path = tmp_path / "w.lock"
    assert not alive(path)
    held = hold_life(path)
    assert alive(path)
    assert alive(path)
    os.close(held)
    assert not alive(path)


def test_a_life_whose_file_was_swept_away_is_taken_up_again(tmp_path, monkeypatch):
    path = tmp_path / "w.lock"
    real, swept = os.fstat, []

    def sweep_once(fd):
        if not swept:
            swept.append(fd)
            path.unlink()
        return real(fd)

    monkeypatch.setattr(os, "fstat", sweep_once)
    held = hold_life(path)
    assert alive(path)
    os.close(held)
