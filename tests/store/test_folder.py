"""When a fold is due."""

import threading
import time

import pytest

from flowbook.errors import StoreBusy
from flowbook.store import folder as module
from flowbook.store.folder import Folder


@pytest.fixture(autouse=True)
def real_times(monkeypatch):
    monkeypatch.setattr(module, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(module, "LONGEST_SECONDS", 2.0)


def test_a_clean_journal_is_never_due():
    assert not Folder(lambda: None).due(time.monotonic() + 3600)


def test_a_quiet_journal_is_due_after_a_second(monkeypatch):
    folder = Folder(lambda: None)
    monkeypatch.setattr(folder, "_begin", lambda: None)
    folder.noticed(1, 100)
    now = time.monotonic()
    assert not folder.due(now + 0.5)
    assert folder.due(now + 1.1)


def test_a_busy_journal_is_due_after_two_or_when_it_is_long(monkeypatch):
    folder = Folder(lambda: None)
    monkeypatch.setattr(folder, "_begin", lambda: None)
    folder.noticed(1, 100)
    folder._first -= 2.0
    folder.noticed(1, 100)
    assert folder.due(time.monotonic())
    long = Folder(lambda: None)
    monkeypatch.setattr(long, "_begin", lambda: None)
    long.noticed(module.MANY_FACTS, 100)
    assert long.due(time.monotonic())


def test_it_folds_in_the_background_and_tries_again_when_refused(monkeypatch, eventually):
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    calls = []

    def fold():
        calls.append(threading.current_thread().name)
        if len(calls) == 1:
            raise StoreBusy("held", path="p", pid=1, seconds=0.2)
        if len(calls) == 2:
            raise ValueError("a bug")

    folder = Folder(fold)
    folder.noticed(5, 100)
    eventually(lambda: len(calls) == 3)
    folder.close()
    assert set(calls) == {"flowbook-folder"}
    assert not folder.due(time.monotonic() + 60)


def test_a_fold_that_keeps_failing_is_said_once(caplog):
    def fold():
        raise ValueError("a bug")

    folder = Folder(fold)
    for _ in range(3):
        folder._turn()
    folder.close()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_thread_that_is_about_to_start_is_waited_for(monkeypatch):
    folder, start = Folder(lambda: None), threading.Thread.start
    about = threading.Event()

    def slowly(thread):
        if thread.name == "flowbook-folder":
            about.set()
            assert folder._closing.wait(10.0)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", slowly)
    commit = threading.Thread(target=folder.noticed, args=(1, 1))
    commit.start()
    assert about.wait(10.0)
    folder.close()
    commit.join()
    assert not folder._thread.is_alive()


def test_closing_ends_the_thread():
    folder = Folder(lambda: None)
    folder.noticed(1, 1)
    folder.close()
    assert not folder._thread.is_alive()
    folder.noticed(1, 1)
