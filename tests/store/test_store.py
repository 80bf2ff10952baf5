"""A whole store: opening, closing, forks. Kills are in `crash`."""

import os
import signal
import subprocess
import sys

import pytest

from flowbook.errors import StoreError, StoreVersion
from flowbook.store import segments
from flowbook.store.store import Store


def test_one_folder_has_one_store_in_a_process(layout, tmp_path):
    first = Store.open(layout.root)
    (tmp_path / "link").symlink_to(tmp_path)
    assert Store.open(tmp_path / "link" / ".flowbook") is first
    first.close()
    second = Store.open(layout.root)
    assert second is not first
    second.close()


def test_opening_and_closing_creates_nothing(layout):
    Store.open(layout.root).close()
    assert not layout.root.exists()


def test_a_flow_version_is_recorded_once(store):
    for _ in range(3):
        store.record_flow("tour", "v1", '{"a": 1}').result(5)
    store.record_flow("tour", "v2", b'{"a": 2}').result(5)
    store.fold()
    store._versions.clear()  # as another process would
    store.record_flow("tour", "v1", '{"a": 1}').result(5)
    for _ in range(2):
        _names, rows = store.history.table("SELECT version, spec FROM flow_versions ORDER BY 1")
        assert rows == [("v1", '{"a":1}'), ("v2", '{"a":2}')]
        store.fold()


def test_history_survives_closing(layout, story):
    events = story.run()
    first = Store.open(layout.root)
    first.sink.append(events)
    first.close()
    second = Store.open(layout.root)
    assert second.history.events(events[0].run) == events
    second.close()


def test_the_journal_is_folded_without_being_asked(store, layout, story, eventually, monkeypatch):
    monkeypatch.setattr("flowbook.store.folder.IDLE_SECONDS", 0.1)
    store.sink.append(story.run()).result(5)
    eventually(layout.database.exists, seconds=10)
    eventually(lambda: store.fold() == 0)


def test_a_store_that_is_not_closed_is_complete_when_python_exits(layout):
    script = (
        "import sys; from pathlib import Path; from flowbook.store.store import Store;"
        "Store.open(Path(sys.argv[1])).record_flow('tour', 'v', '{}')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, layout.root],
        env=environment, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert done.stderr == ""
    store = Store.open(layout.root)
    assert store.history.table("SELECT flow FROM flow_versions")[1] == [("tour",)]
    assert segments.listed(layout) == []
    store.close()


def test_a_folder_of_a_newer_version_is_refused_untouched(layout):
    layout.root.mkdir()
    layout.meta.write_text('{"format": 99, "storage_version": "v9.0.0"}')
    with pytest.raises(StoreVersion, match="newer flowbook"):
        Store.open(layout.root)
    assert [path.name for path in layout.root.iterdir()] == ["meta.json"]


def test_a_forked_child_is_refused_and_may_open_its_own(store, layout, story):
    events = story.run()
    store.sink.append(events).result(5)
    assert len(store.history.runs().runs) == 1
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with pytest.raises(StoreError, match="fork"):
                store.history.runs()
            own = Store.open(layout.root)
            story.minted = 100
            own.sink.append(story.run()).result(5)
            assert len(own.history.runs().runs) == 2
            own.close()
            code = 7
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    store.sink.append(story.run()).result(5)
    assert len(store.history.runs().runs) == 3


def test_a_child_that_outlives_its_parent_keeps_nothing_alive(layout, story, eventually):
    script = (
        "import os, sys, time; from pathlib import Path; from flowbook.store.store import Store;"
        "s = Store.open(Path(sys.argv[1])); s.record_flow('tour', 'v', '{}').result(5);"
        "pid = os.fork();"
        "pid or time.sleep(60);"
        "print(pid, flush=True); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", script, layout.root], env=environment, stdout=subprocess.PIPE
    )
    orphan = int(parent.stdout.readline())
    parent.wait(30)
    parent.stdout.close()
    try:
        eventually(lambda: set(segments.writers(layout).values()) == {False})
    finally:
        os.kill(orphan, signal.SIGKILL)
