"""What is remembered: versions, conflicts, and who writes twice."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from flowbook.errors import MemoryConflict, UsageError
from flowbook.ids import NodeId, RunId
from flowbook.store.layout import Layout
from flowbook.store.memory import Author
from flowbook.store.store import Store


@pytest.fixture
def memory(store):
    return store.memory.of("orders")


def test_a_value_comes_back_and_its_versions_count(memory):
    assert (memory.get("seen"), memory.get("seen", 7), memory.version("seen")) == (None, 7, 0)
    assert memory.set("seen", [1, 2]) == 1
    memory["seen"] = {"a": 1}
    assert (memory["seen"], memory.version("seen")) == ({"a": 1}, 2)
    assert ("seen" in memory, "other" in memory, list(memory), len(memory)) == (
        True, False, ["seen"], 1
    )  # fmt: skip


def test_nothing_is_made_by_asking(memory, layout):
    assert len(memory) == 0
    assert memory.delete("seen") is False
    assert repr(memory.entries()) == "nothing is remembered"
    assert not layout.root.exists()


def test_flows_and_the_project_remember_apart(store, memory):
    memory["key"] = 1
    memory.shared["key"] = 2
    store.memory.of("other")["key"] = 3
    assert [one["key"] for one in (memory, store.memory, store.memory.of("other"))] == [1, 2, 3]


def test_who_names_the_version_it_has_seen_cannot_overwrite_another(memory):
    memory.set("offset", 10)
    assert memory.set("offset", 20, if_version=1) == 2
    with pytest.raises(MemoryConflict, match="has version 2 by now, not 1") as met:
        memory.set("offset", 30, if_version=1)
    error = met.value
    assert (error.key, error.flow, error.expected, error.found) == ("offset", "orders", 1, 2)
    assert memory["offset"] == 20
    with pytest.raises(MemoryConflict):
        memory.set("offset", 1, if_version=0)
    with pytest.raises(MemoryConflict, match="has no value, not 3"):
        memory.set("new", 1, if_version=3)
    with pytest.raises(MemoryConflict):
        memory.delete("offset", if_version=1)


def test_what_was_deleted_is_gone_and_its_versions_go_on(memory):
    memory.set("offset", 10)
    assert memory.delete("offset")
    assert ("offset" in memory, memory.get("offset"), memory.version("offset")) == (False, None, 0)
    with pytest.raises(KeyError):
        memory["offset"]
    with pytest.raises(KeyError):
        del memory["offset"]
    assert memory.set("offset", 11, if_version=0) == 3
    assert [(one.version, one.deleted) for one in memory.history("offset")] == [
        (3, False), (2, True), (1, False)
    ]  # fmt: skip


def test_null_is_a_value(memory):
    memory["nothing"] = None
    assert ("nothing" in memory, memory.get("nothing", 7)) == (True, None)


def test_a_frame_is_kept_by_reference_and_outlives_a_collection(store, memory, layout):
    frame = pd.DataFrame({"n": range(5000)})
    memory["frame"] = frame
    store.fold()
    assert store.gc(grace_seconds=0).objects == 0
    pd.testing.assert_frame_equal(memory["frame"], frame)
    assert store.verify(deep=True).ok


def test_what_would_not_come_back_is_refused(memory):
    with pytest.raises(UsageError, match="'lock' cannot be a"):
        memory["lock"] = object()
    for key in ("", 7, "x" * 600):
        with pytest.raises(UsageError, match="is no key"):
            memory.set(key, 1)
    assert len(memory) == 0


def test_update_begins_anew_when_another_was_quicker(memory):
    memory["count"] = 1
    seen = []

    def add(value):
        if not seen:
            memory["count"] = 10
        seen.append(value)
        return value + 1

    assert memory.update("count", add) == 11
    assert seen == [1, 10]
    assert memory.update("new", lambda value: value + 1, default=5) == 6


def by(store, flow, write, attempt=1):
    """The memory of a flow as attempt `attempt` of a node sees it."""
    from dataclasses import replace

    author = Author(RunId("r1"), NodeId("each[3].count"), attempt, write)
    return replace(store.memory.of(flow), author=lambda _key: author)


def test_a_change_by_a_node_is_made_once_however_often_it_runs(store, memory):
    calls = []

    def add(value):
        calls.append(value)
        return value + 1

    assert by(store, "orders", "r1:count:0").update("count", add, 0) == 1
    memory.update("count", lambda value: value + 100)
    assert by(store, "orders", "r1:count:0", 2).update("count", add, 0) == 1  # as it was told then
    assert (calls, memory["count"]) == ([0], 101)
    assert by(store, "orders", "r1:count:1", 2).update("count", add, 0) == 102


def test_setting_again_replaces_only_what_nobody_has_changed_since(store, memory):
    first, again = by(store, "orders", "w"), by(store, "orders", "w", 2)
    assert first.set("cursor", "a", if_version=0) == 1
    assert again.set("cursor", "a", if_version=0) == 1
    assert again.set("cursor", "b", if_version=0) == 2
    memory["cursor"] = "c"
    assert again.set("cursor", "d") == 2
    assert memory["cursor"] == "c"
    assert by(store, "orders", "gone").delete("cursor")
    assert by(store, "orders", "gone", 2).delete("cursor")
    assert [one.version for one in memory.history()] == [4, 3, 2, 1]


def test_the_views_say_what_is_remembered_and_who_changed_it(store, memory):
    by(store, "orders", "w").set("count", 7)
    memory["big"] = ["x" * 9000]
    del memory["big"]
    for _ in ("in the journal", "folded"):
        _names, rows = store.history.table(
            "SELECT flow, key, version, value::VARCHAR, format, run_id, node, attempt FROM memory"
        )
        assert rows == [("orders", "count", 1, "7", "json", "r1", "each[3].count", 1)]
        _names, rows = store.history.table(
            "SELECT key, version, deleted, value IS NULL FROM memory_history ORDER BY key, version"
        )
        assert rows == [("big", 1, False, True), ("big", 2, True, True), ("count", 1, False, False)]
        store.fold()
    (told,) = [one.to_json() for one in memory.entries()]
    assert (told["key"], told["value"], told["run"], told["type"]) == ("count", 7, "r1", "int")
    assert "count" in memory.history()._repr_html_()


WRITER = """
import sys
from pathlib import Path
from flowbook.store.store import Store
memory = Store.open(Path(sys.argv[1])).memory.of("orders")
for _ in range(15):
    memory.update("count", lambda count: count + 1, 0)
"""


def test_processes_that_count_together_lose_nothing(layout: Layout):
    Store.open(layout.root).memory["made"] = True
    command = [sys.executable, "-c", WRITER, str(layout.root)]
    children = [subprocess.Popen(command) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    store = Store.open(layout.root)
    memory = store.memory.of("orders")
    assert (memory["count"], memory.version("count")) == (45, 45)
    store.close()
