"""Containers through the real engine: what is inside runs, and what leaves is right."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest

from flowbook import Flow
from flowbook.errors import InvalidFlow, RunFailed
from flowbook.events import NodeCompleted, NodeRetryScheduled, NodeReused, NodeStarted
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName

BOUND = 60


@pytest.fixture
def flow(project):
    return Flow("boxes", host=project)


def run(flow, **params):
    done = flow.start(**params).wait(BOUND)
    assert flow.check() == ()
    return done


def well(flow, **params):
    return run(flow, **params).raise_for_status()


class Meter:
    """How many are inside at once, at most."""

    def __init__(self):
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __enter__(self):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_):
        with self.lock:
            self.now -= 1


# ---------------------------------------------------------------- map


def test_a_map_settles_each_item_in_the_order_of_the_items(flow):
    with flow.map("each", [3, 0, 2]):

        @flow.node
        async def divide(item, index):
            await asyncio.sleep(0.02 * (3 - index))
            return 6 // item

    done = well(flow)
    first, second, third = done["each"].outputs["each"]
    assert first == {"status": "fulfilled", "value": 2, "index": 0}
    assert third == {"status": "fulfilled", "value": 3, "index": 2}
    assert (second["status"], second["index"]) == ("rejected", 1)
    reason = second["reason"]
    assert (reason["type"], reason["node"]) == ("ZeroDivisionError", "each[1].divide")
    assert "6 // item" in reason["traceback"]
    assert done["each"].outputs["each_values"] == [2, 3]
    summary = dict(done["each"].outputs["each_summary"])
    assert summary.pop("duration_ms") > 0
    assert summary == {"total": 3, "succeeded": 2, "failed": 1}


@pytest.mark.parametrize(("settings", "most"), [({}, 10), ({"max_concurrent": 3}, 3)])
def test_so_many_items_are_under_way_at_once_and_no_more(flow, settings, most):
    meter = Meter()
    full = asyncio.Event()

    with flow.map("each", list(range(25)), **settings):

        @flow.node
        async def busy(item):
            with meter:
                if meter.now == most:
                    full.set()
                if item < 20:
                    await asyncio.wait_for(full.wait(), 20)
                await asyncio.sleep(0)
            return item

    assert well(flow)["each"].outputs["each_values"] == list(range(25))
    assert meter.most == most


def test_the_duration_of_a_map_is_what_it_took_and_not_what_its_items_took(flow):
    with flow.map("each", list(range(8))):

        @flow.node
        async def nap(item):
            await asyncio.sleep(0.2)

    done = well(flow)
    assert 200 <= done["each"].outputs["each_summary"]["duration_ms"] < 8 * 200


def test_without_continue_on_error_the_first_failure_ends_it_and_what_there_is_is_given(flow):
    with flow.map("each", list(range(50)), max_concurrent=2, continue_on_error=False):

        @flow.node
        async def step(item):
            await asyncio.sleep(0)
            if item == 4:
                raise ValueError("four")
            return item

    done = well(flow)
    settled = done["each"].outputs["each"]
    assert [one["index"] for one in settled] == sorted(one["index"] for one in settled)
    assert [one["index"] for one in settled if one["status"] == "rejected"] == [4]
    assert {0, 1, 2, 3} <= {one["index"] for one in settled}
    assert len(settled) < 50
    summary = done["each"].outputs["each_summary"]
    assert (summary["failed"], summary["succeeded"]) == (1, len(settled) - 1)


def test_a_failed_item_is_begun_anew_as_often_as_is_said(flow):
    tried = []
    with flow.map("each", ["good", "late", "bad"], max_retries=2):

        @flow.node
        def attempt(item):
            tried.append(item)
            if item == "bad" or (item == "late" and tried.count("late") < 3):
                raise ValueError(item)
            return item

    done = well(flow)
    assert [tried.count(one) for one in ("good", "late", "bad")] == [1, 3, 3]
    assert done["each"].outputs["each_values"] == ["good", "late"]
    assert len(done["each"].outputs["each"]) == 3


def test_the_nodes_own_retries_come_first(flow):
    tried = []
    with flow.map("each", [1]):

        @flow.node(retries=2, backoff="1ms")
        def attempt(item):
            tried.append(item)
            if len(tried) < 3:
                raise ValueError(item)
            return item

    done = well(flow)
    assert done["each"].outputs["each_summary"]["succeeded"] == 1
    assert sum(isinstance(event, NodeRetryScheduled) for event in done.events()) == 2


@pytest.mark.parametrize("wrong", ["Oslo", 7, {"a": 1}, None])
def test_what_has_no_items_is_an_error(flow, wrong):
    @flow.node
    def given():
        return wrong

    with flow.map("each", given):

        @flow.node
        def same(item):
            return item

    done = run(flow)
    assert done.status == "failed"
    assert type(wrong).__name__ in done["each"].error.message
    assert "list or a table" in done["each"].error.hint


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_table_is_gone_over_by_rows(flow, library):
    made = pytest.importorskip(library)

    @flow.node
    def table():
        columns = {"city": ["Oslo", "Rome"], "n": [1, 2]}
        return made.table(columns) if library == "pyarrow" else made.DataFrame(columns)

    with flow.map("each", table):

        @flow.node
        def told(item):
            return f"{item['city']} {item['n']}"

    assert well(flow)["each"].outputs["each_values"] == ["Oslo 1", "Rome 2"]


def test_no_items_are_no_turns(flow):
    with flow.map("each", []):

        @flow.node
        def never(item):
            raise AssertionError

    given = well(flow)["each"].outputs
    assert given["each"] == []
    assert given["each_summary"] == {"total": 0, "succeeded": 0, "failed": 0, "duration_ms": 0.0}


def test_names_of_a_turn_can_be_chosen_and_are_read_by_way_of_the_container_too(flow):
    with flow.map("each", ["a", "b"], item="letter", index="at"):

        @flow.node
        def told(letter, at):
            return f"{at}{letter}"

    assert well(flow)["each"].outputs["each_values"] == ["0a", "1b"]


def test_what_is_in_the_middle_takes_the_names_of_the_nearest_container(flow):
    with flow.map("outer", ["a", "b"]) as outer, flow.map("inner", [1, 2]):

        @flow.node
        def pair(item, whose=outer.item):
            return f"{whose}{item}"

    assert well(flow)["outer"].outputs["outer_values"] == [
        {"inner": settled("a1", "a2"), "inner_values": ["a1", "a2"], "inner_summary": ANY},
        {"inner": settled("b1", "b2"), "inner_values": ["b1", "b2"], "inner_summary": ANY},
    ]


def settled(*values):
    return [{"status": "fulfilled", "value": v, "index": i} for i, v in enumerate(values)]


class _Any:
    def __eq__(self, other):
        return True

    __hash__ = None


ANY = _Any()


# ---------------------------------------------------------------- what can be inside


def test_sql_processes_and_coroutines_run_inside(flow):
    @flow.node
    def orders():
        return [{"city": "Oslo", "n": 1}, {"city": "Rome", "n": 2}, {"city": "Oslo", "n": 3}]

    with flow.map("each", ["Oslo", "Rome"], result="told"):
        flow.add(
            NodeSpec(
                NodeId("summed"),
                kind="sql",
                body="select sum(n) as n from orders where city = $item",
                inputs=(InputSpec(PortName("orders")), InputSpec(PortName("item"))),
                outputs=(PortName("summed"),),
            )
        )

        @flow.node(on="process")
        def pid(item):
            return os.getpid()

        @flow.node
        async def told(item, summed, pid):
            await asyncio.sleep(0)
            return item, int(summed["n"][0]), pid

    values = well(flow)["each"].outputs["each_values"]
    assert [value[:2] for value in values] == [("Oslo", 4), ("Rome", 2)]
    assert os.getpid() not in {value[2] for value in values}


def test_a_cached_node_inside_is_computed_once_for_each_content(flow, tmp_path):
    ran = str(tmp_path / "ran")

    with flow.map("each", [1, 2, 1], max_concurrent=1):

        @flow.node(cache=True)
        def square(item):
            with open(ran, "a") as lines:
                lines.write(f"{item}\n")
            return item * item

    assert well(flow)["each"].outputs["each_values"] == [1, 4, 1]
    done = well(flow)
    assert done["each"].outputs["each_values"] == [1, 4, 1]
    assert (tmp_path / "ran").read_text().split() == ["1", "2"]
    reused = [event for event in done.events() if isinstance(event, NodeReused)]
    assert len(reused) == 3


def test_a_cached_container_is_taken_as_long_as_nothing_inside_has_changed(flow):
    def define(factor):
        with flow.map("each", [1, 2], cache=True):

            @flow.node
            def times(item):
                return item * factor

    define(2)
    assert well(flow)["each"].outcome == "succeeded"
    assert well(flow)["each"].outcome == "reused"
    define(3)  # the same text, with another value behind it
    done = well(flow)
    assert (done["each"].outcome, done["each"].outputs["each_values"]) == ("succeeded", [3, 6])


# ---------------------------------------------------------------- the other loops


@pytest.mark.parametrize(
    ("collect", "given"), [("list", [0, 1, 3]), ("last", 3), ("nothing", None)]
)
def test_foreach_goes_one_after_the_other_and_gives_what_is_collected(flow, collect, given):
    meter = Meter()
    with flow.foreach("walk", [0, 1, 2], collect=collect):

        @flow.node
        def added(item, last):
            with meter:
                return (last or 0) + item

    done = well(flow)
    assert done["walk"].output == given
    assert meter.most == 1


def test_foreach_collects_one_table(flow):
    with flow.foreach("walk", ["Oslo", "Rome"], collect="table"):

        @flow.node
        def rows(item):
            return [{"city": item, "n": n} for n in range(2)]

    table = well(flow)["walk"].output
    assert table == [
        {"index": 0, "city": "Oslo", "n": 0},
        {"index": 0, "city": "Oslo", "n": 1},
        {"index": 1, "city": "Rome", "n": 0},
        {"index": 1, "city": "Rome", "n": 1},
    ]


def test_the_first_failure_of_a_foreach_is_its_own(flow):
    seen = []
    with flow.foreach("walk", [1, 0, 2]):

        @flow.node
        def divide(item):
            seen.append(item)
            return 1 // item

    done = run(flow)
    assert done.status == "failed"
    assert done["walk"].error.type == "ZeroDivisionError"
    assert seen == [1, 0]


def test_repeat_takes_its_number_from_a_node(flow):
    @flow.node
    def three():
        return 3

    with flow.repeat("again", three):

        @flow.node
        def square(index):
            return index * index

    assert well(flow)["again"].output == [0, 1, 4]


@pytest.mark.parametrize("times", [-1, "many", True])
def test_repeat_refuses_what_is_no_number_of_turns(flow, times):
    @flow.node
    def given():
        return times

    with flow.repeat("again", given):

        @flow.node
        def nothing():
            return None

    assert "turns" in run(flow)["again"].error.message


def test_while_carries_what_the_last_turn_gave(flow):
    with flow.while_("grow", "last < limit", initial=1, inputs={"limit": 100}):

        @flow.node
        def doubled(last):
            return last * 2

    assert well(flow)["grow"].output == 128
    assert well(flow, limit=10)["grow"].output == 16
    assert well(flow, limit=0)["grow"].output == 1


def test_a_while_may_read_what_was_made_inside_by_its_name(flow):
    with flow.while_("grow", "index == 0 or doubled < 20", initial=3):

        @flow.node
        def doubled(last):
            return last * 2

    assert well(flow)["grow"].output == 24


def test_a_condition_that_always_holds_is_stopped(flow):
    with flow.while_("grow", "index >= 0", max_iterations=7):

        @flow.node
        def number(index):
            return index

    done = run(flow)
    assert done["grow"].error.name == "LoopLimit"
    assert "7 turns" in done["grow"].error.message


def routed(flow, name, value, expression):
    """A router whose port `hit` is live when the expression over the value holds."""
    return flow.add(
        NodeSpec(
            NodeId(name),
            kind="router",
            inputs=(InputSpec(PortName(value)),),
            outputs=(PortName(f"{name}_hit"), PortName("default")),
            config={"conditions": [{"id": f"{name}_hit", "expression": expression}]},
        )
    )


def test_break_ends_the_loop_and_continue_the_turn(flow):
    with flow.foreach("walk", list(range(10))):
        odd = routed(flow, "odd", "item", "value % 2 == 1")
        flow.continue_("skip", odd["odd_hit"])
        big = routed(flow, "big", "item", "value > 6")
        flow.break_("enough", big["big_hit"])

        @flow.node
        def kept(item, even=odd["default"], small=big["default"]):
            return item

    assert well(flow)["walk"].output == [0, 2, 4, 6]


def test_break_ends_a_map_before_its_other_items(flow):
    with flow.map("each", list(range(100)), max_concurrent=2):
        big = routed(flow, "big", "item", "value >= 3")
        flow.break_("enough", big["big_hit"])

        @flow.node
        def kept(item, small=big["default"]):
            return item

    settled_ = well(flow)["each"].outputs["each"]
    assert len(settled_) < 10
    assert [one["value"] for one in settled_][:3] == [0, 1, 2]


# ---------------------------------------------------------------- try and group


def guarded(flow, fails, *, catch=True, last=None):
    ran = []
    with flow.try_("guard") as guard:

        @flow.node
        def risky():
            ran.append("risky")
            if fails:
                raise KeyError("nothing")
            return "well"

        if catch:
            with guard.catch:

                @flow.node
                def mended(error):
                    ran.append("mended")
                    return f"{error['type']} in {error['node']}"

        with guard.finally_:

            @flow.node
            def swept():
                ran.append("swept")

    return ran


def test_a_try_that_goes_well_runs_no_catch_and_always_finally(flow):
    ran = guarded(flow, fails=False)
    assert well(flow)["guard"].outputs == {"guard": "well"}
    assert ran == ["risky", "swept"]


def test_a_catch_takes_the_place_of_what_failed(flow):
    ran = guarded(flow, fails=True)
    assert well(flow)["guard"].outputs == {"guard": "KeyError in guard.risky"}
    assert ran == ["risky", "mended", "swept"]


def test_without_a_catch_the_failure_leaves_by_its_port(flow):
    ran = guarded(flow, fails=True, catch=False)

    @flow.node
    def after(guard):
        raise AssertionError

    @flow.node
    def told(guard_error):
        return guard_error["message"]

    done = well(flow)
    assert done["told"].output == "'nothing'"
    assert done["after"].outcome == "skipped"
    assert ran == ["risky", "swept"]


def test_a_group_is_one_node_to_the_rest(flow):
    with flow.group("box", outputs=("low", "high")):

        @flow.node
        def numbers():
            return [3, 1, 2]

        @flow.node(outputs=("low", "high"))
        def ends(numbers):
            return min(numbers), max(numbers)

    @flow.node
    def span(low, high):
        return high - low

    done = well(flow)
    assert done["span"].output == 2
    assert done["box.numbers"].output == [3, 1, 2]


def test_a_failure_inside_a_group_is_the_groups(flow):
    with flow.group("box"):

        @flow.node
        def broken():
            raise OSError("gone")

    done = run(flow)
    assert (done.status, done["box"].error.message) == ("failed", "gone")


def test_containers_lie_in_each_other_as_deep_as_one_likes(flow):
    with flow.map("each", [2, 0]), flow.group("box"), flow.try_("guard") as guard:
        with flow.foreach("walk", [1, 2], collect="last"):

            @flow.node
            def summed(last, item, index, whole="x"):
                return (last or 0) + item

        @flow.node
        def shared(walk, of=flow["each"].item):
            return walk / of

        with guard.catch:

            @flow.node
            def none_(error):
                return error["type"]

    assert well(flow)["each"].outputs["each_values"] == [1.5, "ZeroDivisionError"]


# ---------------------------------------------------------------- options, control


def test_a_container_that_fails_is_tried_again_as_a_whole(flow):
    tried = []
    with flow.group("box", retries=2, backoff="1ms"):

        @flow.node
        def first():
            tried.append("first")

        @flow.node
        def second(first):
            tried.append("second")
            if tried.count("second") < 3:
                raise ValueError
            return "well"

    assert well(flow)["box"].output == "well"
    assert tried == ["first", "second"] * 3


def test_a_container_that_takes_too_long_is_given_up_with_all_that_is_inside(flow):
    stopped = []
    with flow.map("each", [1, 2, 3], timeout="200ms"):

        @flow.node
        async def stuck(item):
            try:
                await asyncio.sleep(600)
            finally:
                stopped.append(item)

    done = run(flow)
    assert done.status == "failed"
    assert "timeout" in done["each"].error.name.lower()
    assert sorted(stopped) == [1, 2, 3]


def test_cancelling_stops_every_turn(flow):
    going, stopped = threading.Event(), []
    with flow.map("each", list(range(20)), max_concurrent=4):

        @flow.node
        async def stuck(item):
            if item == 3:
                going.set()
            try:
                await asyncio.sleep(600)
            finally:
                stopped.append(item)

    started = flow.start()
    assert going.wait(20)
    started.cancel("enough")
    started.wait(BOUND)
    assert started.status == "cancelled"
    assert sorted(stopped) == [0, 1, 2, 3]


def test_a_paused_run_begins_no_node_inside_until_it_is_resumed(flow):
    going, gate, ran = threading.Event(), threading.Event(), []
    with flow.map("each", list(range(6)), max_concurrent=1):

        @flow.node
        def step(item):
            ran.append(item)
            if item == 1:
                going.set()
                assert gate.wait(20)
            return item

    started = flow.start()
    assert going.wait(20)
    started.pause()
    gate.set()
    deadline = time.monotonic() + 20
    while not any(
        isinstance(event, NodeCompleted) and event.scope == "each[1]" for event in started.events()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ran == [0, 1]
    started.resume()
    assert started.wait(BOUND)["each"].outputs["each_values"] == list(range(6))


def test_sensitive_fields_of_items_are_never_written(tmp_path, project):
    flow = Flow("kept", host=project, sensitive_fields="password")

    @flow.node
    def people():
        return [{"name": "ada", "password": "swordfish"}]

    with flow.map("each", people):

        @flow.node
        def passed(item):
            return {"who": item["name"], "password": item["password"]}

        @flow.node
        def length(passed):
            return len(passed["password"])

    done = well(flow)
    assert done["each"].outputs["each_values"] == [9]
    project.close()
    written = [path for path in (tmp_path / ".flowbook").rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if b"swordfish" in path.read_bytes()] == []


def test_ten_thousand_items_are_no_matter(project):
    flow = Flow("many", host=project, durability="off")
    with flow.map("each", list(range(10_000)), max_concurrent=100):

        @flow.node(pure=True)
        async def doubled(item):
            return item * 2

    done = flow.start().wait(120)
    given = done["each"].outputs
    assert given["each_values"] == list(range(0, 20_000, 2))
    assert given["each_summary"]["succeeded"] == 10_000
    starts = sum(isinstance(event, NodeStarted) for event in done.events())
    assert starts == 10_001


# ---------------------------------------------------------------- from outside


def test_nobody_outside_reads_what_is_inside(flow):
    with flow.group("box"):

        @flow.node
        def hidden():
            return 1

    @flow.node
    def thief(hidden):
        return hidden

    with pytest.raises(InvalidFlow) as refused:
        flow.run()
    (problem,) = refused.value.problems
    assert "made inside of 'box'" in problem.message
    assert "give 'box' the output hidden" in problem.hint


def test_a_run_that_failed_inside_of_containers_names_the_node_and_its_turn(project):
    flow = Flow("deep", host=project)

    with flow.foreach("each", [1, 0]), flow.group("steps"):

        @flow.node
        def share(item):
            return 1 / item

    with pytest.raises(RunFailed, match=r"node 'each\[1\].steps.share' failed") as caught:
        flow.run().raise_for_status()
    assert caught.value.node == "each[1].steps.share"
