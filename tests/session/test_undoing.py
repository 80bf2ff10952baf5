"""Runs that fail, are stopped or killed, through the real engine: what they did is undone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.session.children import undoes

from flowbook import Flow
from flowbook.errors import FlowSyntaxError, RunCancelled, RunFailed, RunTimeout
from flowbook.events import RunStatus
from flowbook.session.project import Project
from flowbook.session.start import Start

CHILD = Path(undoes.__file__)
BOUND = 60


@pytest.fixture
def flow(project):
    return Flow("order", host=project)


@pytest.fixture
def said():
    return []


# ---------------------------------------------------------------- undoing


def test_what_undoes_a_node_is_given_what_that_read_and_gave(flow, said):
    @flow.node
    def fetch(city="Oslo"):
        return city.upper()

    def release(reserve, place, nights, note=None):
        said.append((reserve, place, nights, note))

    @flow.node(compensate=release)
    def reserve(place=fetch, nights=3):
        return f"{nights} nights in {place}"

    @flow.node
    def pay(reserve):
        raise ValueError("no money")

    assert flow.check() == ()
    run = flow.run(nights=2)
    assert said == [("2 nights in OSLO", "OSLO", 2, None)]
    assert run.compensated == ("reserve",)
    assert run["release"].outcome == "succeeded"
    with pytest.raises(RunFailed, match="no money"):
        run.raise_for_status()
    assert "; undone: reserve" in repr(run)


def test_what_cannot_be_undone_is_told_and_the_rest_is_undone(flow, said):
    @flow.node(compensate="undo_a")
    def a():
        return "a"

    @flow.node(compensate="undo_b")
    def b(a):
        return "b"

    @flow.node
    def c(b):
        raise ValueError("c")

    @flow.node
    def undo_a(a):
        said.append("a")

    @flow.node(retries=1, backoff="1ms")
    def undo_b(b):
        said.append("b")
        raise OSError("locked")

    run = flow.run()
    assert said == ["b", "b", "a"]
    assert (run.compensated, run.uncompensated) == (("a",), ("b",))
    assert run["undo_b"].error.message == "locked"
    assert run["undo_b"].attempts == 2
    assert repr(run).endswith("; undone: a; not undone: b>")
    history = flow.host.history
    _, rows = history.table("select node, compensated, position from compensations order by node")
    assert rows == [("a", True, 1), ("b", False, 1)]
    assert "undone: a" in repr(flow.state(run.id))


def test_a_cancelled_run_undoes_and_asked_again_gives_up(flow, project):
    begun, stop = threading.Event(), threading.Event()
    undoing, never = threading.Event(), threading.Event()

    @flow.node(compensate="undo")
    def first():
        return 1

    @flow.node
    def work(first):
        begun.set()
        stop.wait(BOUND)

    @flow.node
    def undo(first):
        undoing.set()
        never.wait(0 if stop.is_set() else BOUND)

    run = flow.start()
    assert begun.wait(BOUND)
    run.cancel()
    assert undoing.wait(BOUND)
    assert run.status is RunStatus.RUNNING
    run.cancel()
    run.wait(BOUND)
    stop.set()
    never.set()
    assert run.uncompensated == ("first",)
    with pytest.raises(RunCancelled):
        run.raise_for_status()


def test_a_run_out_of_time_undoes(project, said):
    flow = Flow("order", host=project, timeout="200ms")
    stop = threading.Event()

    @flow.node(compensate="undo")
    def first():
        return 1

    @flow.node
    def work(first):
        stop.wait(BOUND)

    @flow.node
    def undo(first):
        said.append(first)

    run = flow.run()
    stop.set()
    assert said == [1]
    assert run.compensated == ("first",)
    with pytest.raises(RunTimeout):
        run.raise_for_status()


def test_an_item_that_fails_is_undone_by_itself(flow, said):
    with flow.map("each", [1, 0, 2]) as each:

        @flow.node(compensate="undo")
        def write(item):
            return f"file {item}"

        @flow.node
        def check(write, item):
            return 1 / item

        @flow.node
        def undo(write, item):
            said.append((write, item))

    @flow.node
    def report(values=each.each_values):
        return values

    assert flow.check() == ()
    run = flow.run().raise_for_status()
    assert run["report"].output == [1.0, 0.5]
    assert said == [("file 0", 0)]
    assert run.compensated == ("each[1].write",)


def test_items_that_went_well_are_undone_with_what_is_around_them(flow, said):
    with flow.foreach("each", [1, 2]) as each:

        @flow.node(compensate="undo")
        def write(item):
            return f"file {item}"

        @flow.node
        def undo(write, item):
            said.append((write, item))

    @flow.node
    def report(values=each):
        raise ValueError(values)

    run = flow.run()
    assert said == [("file 2", 2), ("file 1", 1)]
    assert run.compensated == ("each[1].write", "each[0].write")
    assert "file" in run["report"].error.message  # what undoes is no end of a body


def test_what_leaves_a_body_is_not_what_undoes_it(flow):
    with flow.group("trip") as trip:

        @flow.node(compensate="undo")
        def book():
            return "booked"

        @flow.node
        def undo(book):
            return "undone"

    @flow.node
    def told(trip):
        return trip

    assert trip.name == "trip"
    run = flow.run().raise_for_status()
    assert run["told"].output == "booked"
    assert run["undo" if "undo" in run.state.nodes else "trip.undo"].outcome == "skipped"


def test_a_node_that_undoes_may_be_a_node_of_any_kind(flow, said):
    @flow.node(compensate="undo")
    def book():
        return ["a", "b"]

    @flow.node
    def pay(book):
        raise ValueError

    with flow.foreach("undo", "book"):

        @flow.node
        def one(item):
            said.append(item)

    assert flow.check() == ()
    assert flow.run().compensated == ("book",)
    assert said == ["a", "b"]


def test_a_result_taken_from_the_cache_is_not_undone(flow, said):
    fails = [False]

    @flow.node(compensate="undo", cache=True)
    def book():
        return 1

    @flow.node
    def pay(book):
        if fails[0]:
            raise ValueError

    @flow.node
    def undo(book):
        said.append(book)

    flow.run().raise_for_status()
    fails[0] = True
    run = flow.run()
    assert run["book"].outcome == "reused"
    assert (run.compensated, said) == ((), [])


# ---------------------------------------------------------------- setup and teardown


def test_setup_comes_first_and_teardown_last_with_how_it_went(flow, said):
    @flow.node
    def work(n=1):
        said.append("work")
        return 1 / n

    @flow.node(role="teardown")
    def close(line, status, error, work):
        told = error and (error["type"], error["node"])
        said.append((line, status, told, work))

    @flow.node(role="setup")
    def line():
        said.append("line")
        return "line 1"

    assert flow.check() == ()
    flow.run().raise_for_status()
    assert said == ["line", "work", ("line 1", "succeeded", None, 1.0)]
    said.clear()
    assert flow.run(n=0).status is RunStatus.FAILED
    assert said == ["line", "work", ("line 1", "failed", ("ZeroDivisionError", "work"), None)]


def test_a_teardown_that_fails_is_what_a_good_run_failed_of(flow):
    @flow.node
    def work():
        return 1

    @flow.node(role="teardown")
    def close():
        raise OSError("still open")

    run = flow.run()
    assert run["work"].output == 1
    with pytest.raises(RunFailed, match=r"node 'close' failed.*still open"):
        run.raise_for_status()


def test_a_node_run_by_itself_is_set_up_and_torn_down(project, flow, said):
    @flow.node(role="setup")
    def line():
        said.append("line")

    @flow.node
    def one():
        said.append("one")

    @flow.node
    def other():
        said.append("other")

    @flow.node(role="teardown")
    def close(other, status):
        said.append((other, status))

    project.start(flow, {}, Start(targets=["one"])).wait(BOUND).raise_for_status()
    assert said == ["line", "one", (None, "succeeded")]
    said.clear()
    project.start(flow, {}, Start(targets=["one"], rerun=["one"])).wait(BOUND)
    assert said == ["line", "one", (None, "succeeded")]  # it is set up for every run


def test_finally_runs_when_a_run_is_cancelled(flow, said):
    begun, stop = threading.Event(), threading.Event()
    with flow.try_("guard") as guard:

        @flow.node
        def work():
            begun.set()
            stop.wait(BOUND)

        with guard.finally_:

            @flow.node
            def sweep(error):
                said.append(error["type"])

    run = flow.start()
    assert begun.wait(BOUND)
    run.cancel()
    run.wait(BOUND)
    stop.set()
    assert said == ["Cancelled"]
    assert run.status is RunStatus.CANCELLED


# ---------------------------------------------------------------- what check says


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"compensate": "nobody"}, "no node is called 'nobody'"),
        ({"compensate": "a"}, "cannot be undone"),
        ({"compensate": "inner"}, "is not in the place where 'a' is"),
        ({"compensate": "taken"}, "'taken' undoes 'first' already"),
        ({"role": "setup"}, "it is setup and reads 'first', which is not"),
    ],
)
def test_what_makes_no_sense_is_a_problem(flow, options, words):
    @flow.node(compensate="taken")
    def first():
        return 1

    @flow.node
    def taken(first):
        pass

    with flow.group("box"):

        @flow.node
        def inner():
            return 1

    @flow.node(**options)
    def a(first):
        return 1

    assert words in " ".join(problem.message for problem in flow.check())


def test_nobody_reads_what_stands_by(flow):
    @flow.node(role="teardown")
    def close():
        return 1

    @flow.node
    def a(close):
        pass

    (problem,) = flow.check()
    assert "'close', which tears down" in problem.message


def test_a_role_that_is_none_says_which_there_are(flow):
    with pytest.raises(FlowSyntaxError, match="role") as refused:
        flow.node(role="first")(test_nobody_reads_what_stands_by)
    assert refused.value.hint == "write one of work, setup, teardown"


# ---------------------------------------------------------------- killed on the way


@pytest.mark.kill
@pytest.mark.parametrize(
    ("doom", "twice"),
    [(one, one) for one in ("charge", "ship", "refund", "release", "close")],
)
def test_a_run_killed_on_the_way_undoes_everything_once(tmp_path, doom, twice):
    died = subprocess.run(
        [sys.executable, str(CHILD), str(tmp_path), doom],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert died.returncode == -9
    undoes.FOLDER, undoes.DOOM = tmp_path, ""
    project = Project(tmp_path)
    (run,) = undoes.flow_of(project).recover().wait()
    done = undoes.effects(tmp_path)
    assert done.count(twice) == 2  # it was under way
    once = [one for one in dict.fromkeys(done) if one not in (twice, "close", "report")]
    assert all(done.count(one) == 1 for one in once)
    order = [one for one in dict.fromkeys(done) if one not in ("close", "report")]
    assert order == ["connect", "reserve", "charge", "ship", "refund", "release"]
    assert set(done[-2:]) == {"close", "report"} or doom == "close"
    assert run.compensated == ("charge", "reserve")
    assert run["refund"].output == (10, 10)
    assert run["release"].output == ("book", "book")
    assert run["close"].output == ("line", "failed", "ship", "ConnectionError", None)
    assert project.history.run(run.id).status is RunStatus.FAILED
    project.close()
