"""Items of a container: the failed ones tried again, more of them, and what is taken."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from tests.session.children import nested

from flowbook import Flow, add_items
from flowbook.errors import UsageError
from flowbook.events import ItemsAdded, NodeReused, ScopeReused
from flowbook.session.project import Project

BOUND = 60
CHILD = Path(nested.__file__)


@pytest.fixture
def flow(project):
    return Flow("items", host=project)


class Works:
    """Does something for every item but the bad ones; knows which it was asked for."""

    def __init__(self, *bad):
        self.bad, self.asked = set(bad), []

    def __call__(self, item):
        self.asked.append(item)
        if item in self.bad:
            raise ValueError(f"{item} is bad")
        return item * 10

    def asked_again(self):
        asked, self.asked = sorted(self.asked, key=str), []
        return asked


def mapped(flow, works, over=(1, 2, 3, 4), **how):
    """A map with two nodes inside, one before it and one behind."""

    @flow.node
    def items():
        return list(over)

    with flow.map("each", items, **how) as each:

        @flow.node
        def worked(item):
            return works(item)

        @flow.node
        def told(worked, index):
            return {"value": worked, "at": index}

    @flow.node
    def total(values=each.each_values):
        return sum(one["value"] for one in values)

    return flow


def begun(flow, **more):
    return flow.start(**more).wait(BOUND)


# ---------------------------------------------------------------- what failed is tried again


def test_only_the_failed_items_run_again(flow):
    works = Works(2, 4)
    run = begun(mapped(flow, works))
    assert run["total"].output == 40
    works.bad, works.asked = {4}, []
    again = flow.retry_failed(run).wait(BOUND)
    assert works.asked_again() == [2, 4]
    settled = again["each"].outputs["each"]
    assert [one["status"] for one in settled] == ["fulfilled"] * 3 + ["rejected"]
    assert [one["value"] for one in settled[:3]] == [
        {"value": 10 * n, "at": n - 1} for n in (1, 2, 3)
    ]
    assert again["each"].outputs["each_summary"]["failed"] == 1
    assert again["total"].output == 60
    works.bad = set()
    third = flow.retry_failed(again).wait(BOUND)
    assert works.asked_again() == [4]
    assert third["total"].output == 100


def test_the_log_says_what_was_taken_and_from_which_run(flow):
    works = Works(2)
    run = begun(mapped(flow, works))
    works.bad = set()
    again = flow.retry_failed(run).wait(BOUND)
    third = flow.replay(again, add={"each": [5]}).wait(BOUND)
    reused = [event for event in again.events() if isinstance(event, ScopeReused)]
    assert [(event.index, event.source) for event in reused] == [(n, run.id) for n in (0, 2, 3)]
    nodes = [event.node for event in again.events() if isinstance(event, NodeReused)]
    assert nodes == ["items"]
    sources = {e.index: e.source for e in third.events() if isinstance(e, ScopeReused)}
    assert sources == {0: run.id, 1: again.id, 2: run.id, 3: run.id}


def test_the_plan_says_how_many_items_are_taken(flow):
    run = begun(mapped(flow, Works(2)))
    plan = flow.retry_failed(run, check=True)
    assert (plan["each"].fate, plan["each"].items) == ("runs", 3)
    assert plan["each"].why == "1 of its 4 items did not go well; 3 of its items are taken"
    assert (plan["items"].fate, plan["total"].why) == ("taken", "each runs")


def test_where_nothing_failed_there_is_nothing_to_run(flow):
    run = begun(mapped(flow, Works()))
    with pytest.raises(UsageError, match="nothing failed"):
        flow.retry_failed(run)


def test_a_node_that_failed_runs_again_too(flow):
    broken = [True]

    @flow.node
    def shaky():
        if broken:
            raise ValueError
        return 1

    run = begun(mapped(flow, works := Works()))
    works.asked_again()
    broken.clear()
    again = flow.retry_failed(run).wait(BOUND)
    assert (again["shaky"].output, again["each"].outcome) == (1, "reused")
    assert works.asked == []


def test_items_of_changed_code_are_not_taken(flow):
    run = begun(mapped(flow, Works(2)))

    with flow.map("each", flow["items"]):

        @flow.node
        def told(worked, index):
            return {"value": worked + 1, "at": index}

    with pytest.warns(UserWarning, match="told: code changed"):
        again = flow.retry_failed(run).wait(BOUND)
    assert not [event for event in again.events() if isinstance(event, ScopeReused)]
    with pytest.warns(UserWarning, match="each runs anew: told: code changed"):
        assert flow.replay(run, from_="total").wait(BOUND)["total"].output == 83


def test_items_are_not_taken_where_what_they_come_of_is_another(flow):
    works = Works(2)
    run = begun(mapped(flow, works))
    works.asked_again()
    flow.replay(run, outputs={"items": [1, 2, 3, 4]}).wait(BOUND)
    assert works.asked_again() == [1, 2, 3, 4]
    flow.replay(run, from_="each").wait(BOUND)
    assert works.asked_again() == [1, 2, 3, 4]


def test_a_loop_that_failed_goes_on_at_the_item_it_failed_with(flow):
    works = Works(3)

    with flow.foreach("walk", [1, 2, 3, 4], collect="list"):

        @flow.node
        def added(item, last):
            return works(item) + (last or 0)

    run = begun(flow)
    assert run.status == "failed"
    works.bad, works.asked = set(), []
    again = flow.retry_failed(run).wait(BOUND)
    assert works.asked == [3, 4]
    assert again["walk"].output == [10, 30, 60, 100]


def test_a_while_goes_on_where_it_failed(flow):
    works = Works(2)

    with flow.while_("grow", "last < 4", initial=0):

        @flow.node
        def more(last):
            works(last)
            return last + 1

    run = begun(flow)
    assert works.asked == [0, 1, 2]
    works.bad, works.asked = set(), []
    again = flow.retry_failed(run).wait(BOUND)
    assert (works.asked, again["grow"].output) == ([2, 3], 4)


def test_a_run_that_was_cancelled_goes_on_with_the_items_that_are_left(flow):
    works, stop = Works(), threading.Event()
    going = []

    with flow.map("each", [1, 2, 3], max_concurrent=1):

        @flow.node
        def worked(item):
            if item == 3 and not stop.is_set():
                going[0].cancel()
                stop.set()
                return None
            return works(item)

    going.append(flow.start())
    run = going[0].wait(BOUND)
    assert run.status == "cancelled"
    works.asked_again()
    assert flow.retry_failed(run).wait(BOUND)["each"].outputs["each_values"] == [10, 20, 30]
    assert works.asked == [3]


def test_an_item_in_which_something_failed_runs_as_a_whole(flow):
    works = Works(12)

    with flow.map("outer", [10, 20], item="tens"), flow.map("inner", [1, 2]):

        @flow.node
        def worked(item, tens):
            return works(tens + item)

    run = begun(flow)
    assert run["outer"].outputs["outer_summary"]["failed"] == 0
    works.bad, works.asked = set(), []
    flow.retry_failed(run).wait(BOUND)
    assert works.asked_again() == [11, 12]


@pytest.mark.parametrize("options", [{"durability": "os"}, {"sensitive_fields": ("value",)}])
def test_what_was_not_kept_as_it_was_runs_again(project, options):
    works = Works(2)
    flow = mapped(Flow("kept", host=project, **options), works)
    run = begun(flow)
    works.bad, works.asked = set(), []
    again = flow.retry_failed(run).wait(BOUND)
    kept = "durability" in options
    assert works.asked_again() == ([2] if kept else [1, 2, 3, 4])
    assert again["total"].output == 100


def test_what_is_taken_outlives_the_run_it_comes_from(project, flow):
    big = "x" * 50_000
    works = Works(2)

    with flow.map("each", [1, 2, 3]):

        @flow.node
        def worked(item):
            return f"{works(item)}{big}"

    run = begun(flow)
    works.bad = set()
    again = flow.retry_failed(run).wait(BOUND)
    project.history.delete(run.id)
    project.store.gc(grace_seconds=0)
    works.asked_again()
    third = flow.replay(again, add={"each": [4]}).wait(BOUND)
    assert works.asked == [4]
    assert third["each"].outputs["each_values"] == [f"{n}0{big}" for n in (1, 2, 3, 4)]


def test_the_history_shows_which_items_were_taken(project, flow):
    works = Works(2)
    run = begun(mapped(flow, works))
    works.bad = set()
    again = flow.retry_failed(run).wait(BOUND)
    query = "select status, attempts from turns where run_id = ? order by index"
    _, rows = project.history.table(query, [again.id])
    assert rows == [("reused", 0), ("succeeded", 1), ("reused", 0), ("reused", 0)]
    query = "select turns_total, turns_done, turns_failed from node_runs where run_id = ?"
    assert (4, 4, 0) in project.history.table(query, [again.id])[1]
    query = "select scope, port from \"values\" where run_id = ? and node = 'each' order by scope"
    assert ("each[0]", "told") in project.history.table(query, [again.id])[1]


# ---------------------------------------------------------------- more items


def held(flow, over=(1,), **how):
    """A map whose items wait for a word."""
    go = threading.Event()

    with flow.map("each", list(over), **how):

        @flow.node
        def worked(item):
            go.wait(BOUND)
            return item * 10

    return go


def test_a_map_takes_items_while_it_runs(project, flow):
    go = held(flow)
    run = flow.start()
    run.add_items("each", [2, 3])
    run.add_items("each", (4,))
    go.set()
    run.wait(BOUND)
    assert run["each"].outputs["each_values"] == [10, 20, 30, 40]
    assert run["each"].outputs["each_summary"]["total"] == 4
    query = "select turns_total, turns_done from node_runs where node = 'each' and scope = ''"
    assert project.history.table(query)[1] == [(4, 4)]


def test_items_that_were_added_are_on_disk_when_it_returns(project, flow):
    go = held(flow)
    run = flow.start()
    run.add_items("each", ["y" * 50_000])
    (event,) = [e for e in project.history.events(run.id) if isinstance(e, ItemsAdded)]
    assert (event.count, event.by) == (1, None)
    assert project.store.vault.get(event.outputs["items"]) == ["y" * 50_000]
    go.set()
    run.wait(BOUND)


@pytest.mark.parametrize(
    ("name", "why"),
    [("each", "is over"), ("plain", "goes over no items"), ("eahc", "there is none")],
)
def test_what_takes_no_items_says_why(flow, name, why):
    go = held(flow)

    @flow.node
    def plain():
        return 1

    run = flow.start()
    if name == "each":
        go.set()
        run.wait(BOUND)
    with pytest.raises(UsageError, match=why):
        run.add_items(name, [1])
    go.set()
    run.wait(BOUND)


def test_a_node_inside_finds_more_items(flow):
    with flow.map("each", [1], max_concurrent=2):

        @flow.node
        def page(item):
            add_items("each", [n for n in (2 * item, 2 * item + 1) if n < 8])
            return item

    values = begun(flow)["each"].outputs["each_values"]
    assert sorted(values) == list(range(1, 8))
    assert values[:3] == [1, 2, 3]


def test_a_node_in_a_process_of_its_own_finds_items_too(flow):
    with flow.map("each", [1]):

        @flow.node(on="process")
        def page(item):
            from flowbook import add_items

            add_items("each", [item + 1] if item < 3 else [])
            return item

    assert begun(flow)["each"].outputs["each_values"] == [1, 2, 3]


def test_an_attempt_that_fails_adds_nothing(flow):
    tries = []

    with flow.map("each", [1]):

        @flow.node(retries=1, backoff=0)
        def page(item):
            if item == 1:
                add_items("each", [2])
                tries.append(item)
                if len(tries) == 1:
                    raise ValueError
            return item

    assert begun(flow)["each"].outputs["each_values"] == [1, 2]


def test_an_item_that_is_begun_anew_adds_nothing_twice(flow):
    tries = []

    with flow.map("each", [1], max_retries=1):

        @flow.node
        def page(item):
            if item == 1:
                add_items("each", [2])
            return item

        @flow.node
        def shaky(page):
            tries.append(page)
            if tries == [1]:
                raise ValueError
            return page

    assert begun(flow)["each"].outputs["each_values"] == [1, 2]


def test_outside_of_a_node_there_is_nothing_to_add_to():
    with pytest.raises(UsageError, match="no node runs here"):
        add_items("each", [1])


def test_a_node_that_names_no_container_fails(flow):
    with flow.map("each", [1]):

        @flow.node
        def page(item):
            add_items("eahc", [2])
            return item

    (settled,) = begun(flow)["each"].outputs["each"]
    assert "no container 'eahc'" in settled["reason"]["message"]


def test_a_finished_map_has_more_items_in_a_new_run(flow):
    works = Works(2)
    run = begun(mapped(flow, works))
    works.bad, works.asked = set(), []
    more = flow.add_items(run, "each", [5, 6]).wait(BOUND)
    assert works.asked_again() == [2, 5, 6]
    assert more["total"].output == 210
    works.asked_again()
    anew = flow.replay(more).wait(BOUND)  # what was added is a part of what that run was given
    assert works.asked_again() == [1, 2, 3, 4, 5, 6]
    assert anew["total"].output == 210


def test_items_that_nodes_found_are_taken_with_them(flow):
    bad = {5}

    with flow.map("each", [1], max_concurrent=1):

        @flow.node
        def page(item):
            add_items("each", [n for n in (2 * item, 2 * item + 1) if n < 8])
            if item in bad:
                raise ValueError(item)
            return item

    run = begun(flow)
    bad.clear()
    again = flow.retry_failed(run).wait(BOUND)
    assert again["each"].outputs["each_values"] == [1, 2, 3, 4, 5, 6, 7]
    assert flow.replay(again).wait(BOUND)["each"].outputs["each_values"] == list(range(1, 8))


def test_only_what_goes_over_items_has_more(flow):
    run = begun(mapped(flow, Works()))
    with pytest.raises(UsageError, match="no map or foreach of this flow") as refused:
        flow.add_items(run, "total", [1])
    assert refused.value.hint == "there is each"


# ---------------------------------------------------------------- killed


def child(folder, name, fatal, *words):
    return subprocess.run(
        [sys.executable, str(CHILD), str(folder), name, str(fatal), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.kill
@pytest.mark.parametrize("fatal", [1, 7, 20])
def test_a_retry_that_is_killed_still_takes_what_went_well(tmp_path, fatal):
    assert child(tmp_path, "many", 0).returncode == 0
    (tmp_path / "mended").touch()
    assert child(tmp_path, "many", fatal, "retry").returncode == -9
    project = Project(tmp_path)
    ledger = nested.Ledger(tmp_path)
    flow = nested.FLOWS["many"](project, ledger)
    (run,) = flow.recover().wait(BOUND)
    assert run["each"].outputs["each_summary"]["succeeded"] == 100
    assert run["total"].output == (sum(2 * n + 1 for n in range(100)), 0)
    counted = Counter(ledger.lines())
    twice = {node for node, count in counted.items() if count > 1}
    assert twice <= {
        f"each[{n}].{what}" for n in range(7, 100, 10) for what in ("fetched", "stored")
    }
    assert counted["items"] == 1
    project.close()


@pytest.mark.kill
@pytest.mark.parametrize("fatal", [1, 2, 5, 23, 60, 79])
def test_items_that_were_found_before_a_kill_are_done_once(tmp_path, fatal):
    assert child(tmp_path, "crawl", fatal).returncode == -9
    project = Project(tmp_path)
    ledger = nested.Ledger(tmp_path)
    (run,) = nested.FLOWS["crawl"](project, ledger).recover().wait(BOUND)
    assert sorted(run["each"].outputs["each_values"]) == list(range(1, 41))
    assert set(Counter(ledger.lines())) == {
        f"{what}{n}" for n in range(1, 41) for what in ("page", "kept")
    }
    project.close()


# ---------------------------------------------------------------- not collected


def uncollected(flow, works, over=(1, 2, 3, 4), **how):
    with flow.map("each", list(over), collect_results=False, **how) as each:

        @flow.node
        def worked(item):
            return {"made": works(item)}

    @flow.node
    def end(summary=each.each_summary):
        return summary["succeeded"]

    return flow


RESULTS = "select index, status, value->>'$.made' from results where run_id = ? order by index"


def test_what_is_not_collected_is_a_row_for_each_item(project, flow):
    run = begun(uncollected(flow, Works(3)))
    assert run["end"].output == 3
    assert set(run["each"].outputs) == {"each_summary"}
    rows = [(0, "fulfilled", "10"), (1, "fulfilled", "20"), (2, "rejected", None)]
    assert project.history.table(RESULTS, [run.id])[1] == [*rows, (3, "fulfilled", "40")]


def test_what_is_not_collected_is_not_held_and_can_be_looked_at(flow):
    run = begun(uncollected(flow, Works()))
    assert not run["each[2].worked"].at_hand
    assert run["each[2].worked"].output == {"made": 30}
    assert run["each[2].worked"].inputs == {"item": 3}


def test_what_is_not_collected_is_taken_by_a_retry(project, flow):
    works = Works(3)
    run = begun(uncollected(flow, works))
    works.bad, works.asked = set(), []
    again = flow.retry_failed(run).wait(BOUND)
    assert works.asked == [3]
    rows = [(n - 1, "fulfilled", str(10 * n)) for n in (1, 2, 3, 4)]
    assert project.history.table(RESULTS, [again.id])[1] == rows


def test_a_map_in_a_map_is_let_go_of_with_its_turn(flow):
    with (
        flow.map("outer", [10, 20], item="tens", collect_results=False),
        flow.map("inner", [1, 2]) as inner,
    ):

        @flow.node
        def worked(item, tens):
            return tens + item

    with flow["outer"]:

        @flow.node
        def added(values=inner.inner_values):
            return sum(values)

    run = begun(flow)
    assert [run[f"outer[{n}].added"].output for n in (0, 1)] == [23, 43]
    assert run["outer"].outputs["outer_summary"]["succeeded"] == 2


def test_nobody_can_read_what_is_not_collected(flow):
    uncollected(flow, Works())

    @flow.node
    def reads(values=flow["each"].each_values):
        return values

    (problem,) = flow.check()
    assert problem.message == "'each' does not collect its results, and reads reads them"


@pytest.mark.parametrize("given", ["Rome", {"city": "Rome"}, 5, None])
def test_what_has_no_items_cannot_be_added(flow, given):
    with flow.map("each", [1]):

        @flow.node
        def kept(item):
            add_items("each", given)

    run = flow.run()
    with pytest.raises(UsageError, match="'each' cannot be given items of type"):
        run.add_items("each", given)
    with pytest.raises(UsageError, match="'each' cannot be given items of type"):
        flow.add_items(run, "each", given)
    assert run["each[0].kept"].error.name == "UsageError"


def test_a_flow_without_containers_says_so(flow):
    @flow.node
    def lost():
        add_items("each", [1])

    assert "its flow has no container" in flow.run()["lost"].error.message
