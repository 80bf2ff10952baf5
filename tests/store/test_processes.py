"""A store among forks, strangers and kills."""

import multiprocessing
import os
import signal
import threading

import duckdb
import pytest

from flowbook.errors import StoreBusy, StoreError
from flowbook.store import segments
from flowbook.store.holders import own_run, run_owner
from flowbook.store.store import Store


@pytest.fixture
def written(store, story):
    """A store with one folded run."""
    store.sink.append(story.run()).result(5)
    store.fold()
    return store


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("flowbook.store.snapshot.FOREIGN_SECONDS", 0.1)


def in_fork(work):
    """True when `work` returns True in a forked child."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if work() is True else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def refuses(call):
    try:
        call()
    except StoreError as error:
        return "fork" in str(error) and "open the project again" in error.hint
    return False


def test_a_forked_child_is_told_what_to_do(written, story):
    events = story.run()

    def every_door():
        return all(
            refuses(call)
            for call in (
                lambda: written.sink.append(events),
                lambda: written.history.runs(),
                lambda: written.history.table("SELECT 1"),
                lambda: written.fold(),
                lambda: written.query("SELECT 1", {}),
            )
        )

    assert in_fork(every_door)
    written.sink.append(events).result(5)
    assert len(written.history.runs().runs) == 2


def test_a_child_forked_in_the_middle_of_a_look_does_not_hang(written):
    with written.history.snapshot.look("runs"):
        assert in_fork(lambda: refuses(written.history.runs))
    assert len(written.history.runs().runs) == 1


def _child_of_a_pool(written, story, answers):
    own = Store.open(written.root)
    story.minted = 100
    own.sink.append(story.run()).result(5)
    answers.put((refuses(written.history.runs), len(own.history.runs().runs)))
    own.close()


def test_a_forking_pool_opens_its_own_store(written, story):
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_child_of_a_pool, args=(written, story, answers))
    process.start()
    assert answers.get() == (True, 2)
    process.join(10)
    assert process.exitcode == 0
    assert len(written.history.runs().runs) == 2


def test_a_run_does_not_pass_to_a_forked_child(layout):
    with own_run(layout, "r") as owned:
        assert in_fork(lambda: owned.release() is None and own_run(layout, "r") is None)
        assert run_owner(layout, "r").pid == os.getpid()


@pytest.mark.kill
@pytest.mark.parametrize("way", ["fork", "multiprocessing", "spawn", "inherit"])
def test_what_outlives_a_killed_process_keeps_nothing_of_it(layout, child, eventually, way):
    parent = child("open", layout.root, way)
    survivor = int(parent.stdout.readline())
    try:
        assert set(segments.writers(layout).values()) == {True}
        assert run_owner(layout, "r").pid == parent.pid
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        eventually(lambda: set(segments.writers(layout).values()) == {False})
        os.kill(survivor, 0)
        eventually(lambda: run_owner(layout, "r") is None)
        store = Store.open(layout.root)
        assert store.fold() >= 2
        assert segments.listed(layout) == []
        store.close()
    finally:
        os.kill(survivor, signal.SIGKILL)


STRANGERS = [
    ("foreign", ()),
    ("attach", ()),
    ("attach", ("READ_ONLY",)),
]


@pytest.mark.parametrize(("name", "options"), STRANGERS, ids=["connect", "attach", "read-only"])
def test_a_stranger_stops_no_commit_and_is_named(
    written, layout, story, child, impatient, name, options
):
    stranger = child(name, layout.database, *options)
    assert stranger.stdout.readline() == "open\n"
    for _ in range(10):
        written.sink.append(story.run()).result(5)
    with pytest.raises(StoreBusy) as refused:
        written.fold(budget=0.1)
    assert refused.value.pid == stranger.pid
    if options:
        assert len(written.history.runs().runs) == 11  # readers do not keep readers out
    else:
        with pytest.raises(StoreBusy, match=f"open in process {stranger.pid}; waited") as refused:
            written.history.runs()
        assert refused.value.pid == stranger.pid
    stranger.kill()
    stranger.wait()
    assert written.fold() >= 10 * len(story.run())
    assert len(written.history.runs().runs) == 11


def connect(database):
    return duckdb.connect(str(database))


def connect_to_read(database):
    return duckdb.connect(str(database), read_only=True)


def attach(database):
    instance = duckdb.connect()
    instance.execute(f"ATTACH '{database}' AS theirs")
    return instance


@pytest.mark.parametrize("way", [connect, connect_to_read, attach])
def test_a_connection_of_the_same_kernel_stops_no_commit(written, layout, story, impatient, way):
    with way(layout.database):
        for _ in range(10):
            written.sink.append(story.run()).result(5)
        uses = [lambda: written.fold(budget=0.1), written.history.runs]
        if way is connect_to_read:
            assert len(uses.pop()().runs) == 11  # readers do not keep readers out
        for use in uses:
            with pytest.raises(StoreBusy, match="this very process") as refused:
                use()
            assert refused.value.pid == os.getpid()
    assert written.fold() >= 10 * len(story.run())
    assert len(written.history.runs().runs) == 11


def test_a_look_waits_for_a_stranger_who_goes(written, layout):
    connection = connect(layout.database)
    threading.Timer(0.2, connection.close).start()
    assert len(written.history.runs().runs) == 1


def test_a_failed_connection_in_a_look_lets_no_other_process_fold(written, layout, child):
    with written.history.snapshot.look("runs") as view:
        with pytest.raises(duckdb.Error):  # its look at the header drops DuckDB's own lock
            connect(layout.database)
        layout.database.read_bytes()
        assert child("try_lock", layout.root).stdout.readline() == "refused\n"
        assert len(view.execute("SELECT id FROM runs").fetchall()) == 1
    assert child("try_lock", layout.root).stdout.readline() == "got it\n"
