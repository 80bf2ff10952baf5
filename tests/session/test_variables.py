from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

import flowbook
from flowbook.errors import MemoryConflict, UsageError
from flowbook.graph.services import Scope
from flowbook.session.variables import Watch


def variables(scope):
    return flowbook.context().services.variables(scope)


# ---------------------------------------------------------------- of a run


def test_what_a_run_sets_its_later_nodes_get_and_no_other_run(project):
    flow = flowbook.Flow("counting", host=project)

    @flow.node
    def first():
        before = variables(Scope.RUN).get("seen")
        variables(Scope.RUN).set("seen", [1, 2])
        return before

    @flow.node
    def second(first):
        return variables(Scope.RUN).get("seen")

    run = flow.run()
    assert (run["first"].output, run["second"].output) == (None, [1, 2])
    assert flow.run()["first"].output is None
    assert run.variables["seen"] == [1, 2]
    assert list(flow.memory) == []
    assert project.variables.of("run", run.id)["seen"] == [1, 2]


def test_they_are_there_for_a_run_that_is_taken_up_after_a_crash(project):
    code = f"""
import os, flowbook
project = flowbook.project({str(project.path)!r})
flow = flowbook.Flow("killed", host=project)
@flow.node
def begun():
    flowbook.context().services.variables("run").set("seen", 7)
    return 1
@flow.node(pure=True)
def gone_on(begun):
    if not os.path.exists({str(project.path / "again")!r}):
        open({str(project.path / "again")!r}, "w").close()
        os._exit(9)
    return flowbook.context().services.variables("run").get("seen")
if os.path.exists({str(project.path / "again")!r}):
    for run in flow.recover():
        print(run.wait()["gone_on"].output)
else:
    flow.run()
"""
    told = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            for _ in range(2)]  # fmt: skip
    assert [one.returncode for one in told] == [9, 0], told[1].stderr
    assert told[1].stdout == "7\n"


def test_they_are_deleted_with_their_run(project):
    flow = flowbook.Flow("counting", host=project)

    @flow.node
    def first():
        variables(Scope.RUN).set("seen", 1)
        variables(Scope.FLOW).set("kept", 1)

    run = flow.run()
    project.store.fold()
    project.history.delete(run.id)
    project.store.fold()
    rows = project.history.table("SELECT flow, key FROM memory_history")[1]
    assert rows == [("counting", "kept")]


def test_a_retried_node_sets_nothing_twice(project):
    flow = flowbook.Flow("retrying", host=project)

    @flow.node(retries=1, backoff="1ms")
    def counted():
        variables(Scope.RUN).update("n", lambda n: n + 1, 0)
        variables(Scope.GLOBAL).update("n", lambda n: n + 1, 0)
        if flowbook.context().attempt == 1:
            raise ValueError("again")

    run = flow.run()
    assert (run.variables["n"], project.memory["n"]) == (1, 1)


# ---------------------------------------------------------------- changes


def test_changes_tell_whose_what_from_what_to_what_and_by_whom(project):
    start = project.variables.cursor
    project.variables.of("flow", "orders").set("offset", 3)
    project.memory.of("orders").set("offset", 5)
    project.memory.set("city", "Oslo")
    project.memory.delete("city")
    told = [
        (one.scope.value, one.flow, one.key, one.version, one.old, one.new, one.deleted)
        for one in project.variables.changes(since=start)
    ]
    assert told == [
        ("flow", "orders", "offset", 1, None, 3, False),
        ("flow", "orders", "offset", 2, 3, 5, False),
        ("global", None, "city", 1, None, "Oslo", False),
        ("global", None, "city", 2, "Oslo", None, True),
    ]
    flow = flowbook.Flow("counting", host=project)

    @flow.node
    def counted():
        variables(Scope.RUN).set("n", 1)

    run = flow.run()
    [last] = project.variables.changes(project.variables.cursor - 1)
    assert (last.scope, last.run, last.by) == (Scope.RUN, run.id, f"counted of run {run.id}")


def test_every_change_has_a_place_of_its_own_whatever_the_clock_says(project, monkeypatch):
    monkeypatch.setattr("flowbook.store.memory.time.time", lambda: 1_000_000.0)
    for number in range(5):
        project.memory["n"] = number
    project.store.fold()
    project.memory["m"] = 1
    cursors = [one.cursor for one in project.variables.changes()]
    assert cursors == sorted(set(cursors))
    assert len(cursors) == 6


def test_only_what_is_asked_for_is_told(project):
    project.memory.of("a").set("x", 1)
    project.memory.of("b").set("x", 1)
    project.memory.of("b").set("y", 1)
    project.memory.set("x", 1)
    project.variables.of("run", "r1").set("x", 1)

    def told(**which):
        return [(one.flow, one.run, one.key) for one in project.variables.changes(**which)]

    assert told(scope="flow", name="b") == [("b", None, "x"), ("b", None, "y")]
    assert told(scope="flow", key="x") == [("a", None, "x"), ("b", None, "x")]
    assert told(scope="global") == [(None, None, "x")]
    assert told(scope="run") == told(scope="run", name="r1") == [(None, "r1", "x")]
    with pytest.raises(UsageError, match="need a scope"):
        told(name="b")
    with pytest.raises(UsageError):
        project.variables.of("flow")


def test_whoever_follows_gets_the_changes_of_other_processes_once_each(project):
    """Four processes change, one of them killed; three followers of different speed."""
    watches = [project.variables.watch() for _ in range(2)]
    code = f"""
import sys, flowbook
memory = flowbook.project({str(project.path)!r}).memory
for number in range(10):
    memory.update("n", lambda n: n + 1, 0)
"""
    others = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    quick = [watches[0].next(60).new for _ in range(30)]
    for one in others:
        assert one.wait(60) == 0
    slow = [watches[1].next(60).new for _ in range(30)]
    assert quick == slow == list(range(1, 31))
    assert watches[0].next(0) is None
    late = Watch(project.store.feed, project.store.vault, watches[0]._of, 0)
    assert [late.next(10).version for _ in range(30)] == list(range(1, 31))


def test_a_cursor_goes_on_where_another_process_stopped(project):
    for number in range(4):
        project.memory["n"] = number
    watch = project.variables.watch(since=0)
    taken = [watch.next(10).new, watch.next(10).new]
    again = project.variables.watch(since=watch.cursor)
    assert (taken, [again.next(10).new, again.next(10).new]) == ([0, 1], [2, 3])


def test_a_change_that_nobody_was_told_of_is_found_later(project, monkeypatch):
    watch = project.variables.watch()
    assert watch.take() == []
    monkeypatch.setattr("flowbook.store.memory.tell", lambda layout, position: None)
    project.memory["n"] = 1
    assert watch.take() == []
    monkeypatch.setattr(watch, "_again", 0.0)
    assert [one.key for one in watch.take()] == ["n"]


def test_nobody_looks_into_the_database_while_nothing_changes(project, monkeypatch):
    project.memory["n"] = 1
    watch = project.variables.watch()
    watch.take()
    monkeypatch.setattr(
        type(project.store.feed), "since", lambda *_, **__: pytest.fail("nothing has changed")
    )
    assert watch.next(0.6) is None


def test_a_subscriber_is_called_and_one_that_breaks_hears_the_next(project):
    heard, both = [], threading.Event()

    def hear(change):
        heard.append(change.new)
        if len(heard) == 1:
            raise ValueError("not now")
        both.set()

    stop = project.variables.subscribe(hear, project.variables.watch(scope="global", key="n"))
    project.memory["other"] = 0
    project.memory["n"] = 1
    project.memory["n"] = 2
    assert both.wait(30)
    stop()
    project.memory["n"] = 3
    assert heard == [1, 2]


def test_a_coroutine_follows_without_holding_up_its_loop(project):
    async def follow():
        watch = project.variables.watch()
        await asyncio.to_thread(project.memory.set, "n", 1)
        async for change in watch:
            watch.close()
            return change.new

    assert asyncio.run(asyncio.wait_for(follow(), 30)) == 1


def test_a_closed_watch_ends_its_loop(project):
    watch = project.variables.watch()
    closing = threading.Timer(0.05, watch.close)
    closing.start()
    assert list(watch) == []
    closing.join()


def test_versions_guard_those_of_a_run_as_all_others(project):
    mine = project.variables.of("run", "r1")
    mine.set("n", 1)
    with pytest.raises(MemoryConflict, match="'n' of run r1 has version 1 by now, not 4"):
        mine.set("n", 2, if_version=4)
