"""Who may read and fold, and who lives."""

import fcntl
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from flowbook.errors import StoreBusy
from flowbook.store import segments
from flowbook.store.holders import own_run, owned_runs, run_owner, sweep_runs
from flowbook.store.locks import StoreLock, alive, hold_life
from flowbook.store.store import Store


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
        with lock.folding(budget=5.0):
            pass
    assert time.monotonic() - began < 15.0  # a machine that does other things, too


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


def test_a_writer_lives_where_locks_forget_their_process(layout, story, monkeypatch):
    # Some network file systems make a flock of record locks: a process never conflicts with
    # itself, and closing any descriptor of the file drops the lock.
    monkeypatch.setattr(fcntl, "flock", fcntl.lockf)
    store = Store.open(layout.root)
    events = story.run()
    store.sink.append(events[:3]).result(5)
    store._fold(budget=1.0)  # without sealing first, as another thread's fold comes upon it
    assert segments.writers(layout) == {store.sink.writer: True}
    store.sink.append(events[3:]).result(5)
    assert len(store.history.events(events[0].run)) == len(events)
    store.close()
    assert segments.writers(layout) == {}


def test_a_stopped_writer_is_not_dead(layout, child, eventually):
    writer = child("lose", layout.root, "r")
    assert said(writer) == "running"
    writer.send_signal(signal.SIGSTOP)
    store = Store.open(layout.root)
    store.fold()
    store.fold()
    assert [segment.path.exists() for segment in segments.listed(layout)] == [True]
    assert store.history.run("r").status == "running"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert store.history.run("r").status == "failed"
    assert f"lost: process {writer.pid} is gone" in store.history.run("r").error
    store.fold()
    assert segments.listed(layout) == []
    store.close()


@pytest.mark.parametrize("kind", ["reading", "folding"])
def test_a_stopped_holder_delays_others_up_to_their_budget(lock, child, kind):
    holder = child("hold_lock", lock.layout.root, kind)
    assert said(holder) == "held"
    holder.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(StoreBusy) as refused, lock.folding(budget=0.1):
        pass
    assert time.monotonic() - began < 5.0
    assert (refused.value.pid, refused.value.seconds) == (holder.pid, 0.1)


def test_a_reader_waits_for_a_long_fold_and_not_for_ever(layout, child, monkeypatch):
    store = Store.open(layout.root)
    store.record_flow("tour", "v", "{}").result(5)
    store.fold()
    folder = child("hold_lock", layout.root, "folding")
    assert said(folder) == "held"
    monkeypatch.setattr("flowbook.store.snapshot.LOCK_SECONDS", 0.1)
    with pytest.raises(StoreBusy, match=str(folder.pid)):
        store.history.runs()
    monkeypatch.setattr("flowbook.store.snapshot.LOCK_SECONDS", 10.0)
    threading.Timer(0.1, folder.kill).start()
    assert store.history.runs().runs == ()
    store.close()


def test_facts_are_acknowledged_while_a_reader_takes_its_time(layout, child, story):
    store = Store.open(layout.root)
    store.record_flow("tour", "v", "{}").result(5)
    store.fold()
    reader = child("hold_lock", layout.root, "reading")
    assert said(reader) == "held"
    for _ in range(20):
        store.sink.append(story.run()).result(5)
    with pytest.raises(StoreBusy):
        store.fold(budget=0.05)
    reader.kill()
    assert store.fold() >= 20 * len(story.run())
    store.close()


def test_a_number_that_was_given_to_another_process_fools_nobody(layout):
    # The owner is dead, and the PID in its file is that of a process that lives: ours.
    layout.runs.mkdir(parents=True)
    said_by_the_dead = f'{{"host":"{socket.gethostname()}","pid":{os.getpid()},"at":1.0}}'
    (layout.runs / "r.lock").write_text(said_by_the_dead)
    assert run_owner(layout, "r") is None
    assert owned_runs(layout) == {}
    with own_run(layout, "r"):
        assert run_owner(layout, "r").at > 1.0


def test_one_of_four_processes_takes_up_a_lost_run(layout, child):
    rivals = [child("own", layout.root, "r", stdin=subprocess.PIPE) for _ in range(4)]
    assert [said(rival) for rival in rivals] == ["ready"] * 4
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    answers = {rival: said(rival) for rival in rivals}
    [winner] = [rival for rival, answer in answers.items() if answer == "mine"]
    assert [a for a in answers.values() if a != "mine"] == [str(winner.pid)] * 3
    assert own_run(layout, "r") is None
    assert set(owned_runs(layout)) == {"r"}
    winner.kill()
    winner.wait()
    assert run_owner(layout, "r") is None
    with own_run(layout, "r") as owned:
        assert owned is not None
        assert run_owner(layout, "r").pid == os.getpid()
    for rival in rivals:
        rival.stdin.close()


def test_a_run_is_owned_once_within_a_process_too(layout):
    first = own_run(layout, "Run/1")
    assert own_run(layout, "Run/1") is None
    first.release()
    first.release()
    second = own_run(layout, "Run/1")
    assert set(owned_runs(layout)) == {"Run/1"}
    second.release()
    assert list(layout.runs.iterdir()) == []


def test_what_killed_owners_left_is_swept_and_nothing_else(layout, child):
    dead = child("own", layout.root, "dead", stdin=subprocess.PIPE)
    dead.stdin.write("go\n")
    dead.stdin.flush()
    assert [said(dead), said(dead)] == ["ready", "mine"]
    dead.kill()
    dead.wait()
    dead.stdin.close()
    with own_run(layout, "living"):
        assert sweep_runs(layout) == 1
        assert [path.name for path in layout.runs.iterdir()] == ["living.lock"]
    assert sweep_runs(layout) == 0


def test_a_run_is_taken_up_while_others_ask_and_sweep(layout):
    done = threading.Event()

    def disturb():
        while not done.is_set():
            run_owner(layout, "r")
            sweep_runs(layout)

    disturbers = [threading.Thread(target=disturb) for _ in range(2)]
    for disturber in disturbers:
        disturber.start()
    try:
        for _ in range(40):
            with own_run(layout, "r"):
                assert own_run(layout, "r") is None
    finally:
        done.set()
        for disturber in disturbers:
            disturber.join()


def test_asking_for_owners_creates_nothing(layout):
    assert run_owner(layout, "r") is None
    assert owned_runs(layout) == {}
    assert sweep_runs(layout) == 0
    assert not layout.root.exists()
