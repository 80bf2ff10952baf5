"""So many runs of a flow at once; the others wait for their turn."""

from __future__ import annotations

import threading
import time

import pytest

from flowbook.errors import InvalidParameters, UsageError
from flowbook.events import RunStatus
from flowbook.graph.flow import Flow
from flowbook.run.rules.stimulus import Lineage
from flowbook.session.progress import narrate
from flowbook.session.start import Start


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@pytest.fixture
def gated(project):
    """A flow of which one run goes on at once, until its gate opens; and what it did, in order."""
    flow, gate, begun = Flow("gated", host=project, max_runs=1), threading.Semaphore(0), []

    @flow.node
    def wait(name: str = ""):
        begun.append(name)
        gate.acquire(timeout=10)

    return flow, gate, begun


def test_runs_beyond_the_limit_wait_and_begin_in_the_order_they_came(project, gated):
    flow, gate, begun = gated
    runs = [flow.start(name=name) for name in "abc"]
    until(lambda: begun == ["a"])
    assert [run.status.value for run in runs] == ["running", "queued", "queued"]
    assert project.queues.waiting("gated") == (runs[1], runs[2])
    assert project.history.runs(flow="gated").runs[-1].id == runs[0].id
    for _ in runs:
        gate.release()
    assert [run.wait(10).status for run in runs] == [RunStatus.SUCCEEDED] * 3
    assert begun == ["a", "b", "c"]


def test_the_larger_priority_goes_first(project, gated):
    flow, gate, begun = gated
    first = flow.start(name="first")
    until(lambda: begun == ["first"])
    runs = [
        project.start(flow, {"name": name}, Start(lineage=Lineage(priority=priority)))
        for name, priority in (("low", -1), ("plain", 0), ("high", 9), ("also high", 9))
    ]
    for _ in range(5):
        gate.release()
    for run in (first, *runs):
        run.wait(10)
    assert begun == ["first", "high", "also high", "plain", "low"]


def test_a_run_cancelled_while_it_waits_gives_its_turn_to_the_next(gated):
    flow, gate, begun = gated
    runs = [flow.start(name=name) for name in "abc"]
    until(lambda: begun == ["a"])
    runs[1].cancel()
    assert runs[1].wait(10).status is RunStatus.CANCELLED
    gate.release()
    gate.release()
    assert runs[2].wait(10).status is RunStatus.SUCCEEDED
    assert begun == ["a", "c"]


def test_a_flow_that_calls_itself_does_not_wait_for_itself(project):
    flow = Flow("down", host=project, max_runs=1)

    @flow.node(outputs=("more", "done"))
    def split(n: int = 2):
        from flowbook import Outputs

        return Outputs({"more" if n else "done": n - 1})

    flow.call(flow, name="again", inputs={"n": split.more})
    assert flow.run().status is RunStatus.SUCCEEDED
    assert flow.run().status is RunStatus.SUCCEEDED


def test_sub_runs_wait_for_their_turn_too(project):
    inner, outer = Flow("inner", host=project, max_runs=2), Flow("outer", host=project)
    going, most, lock = [0], [0], threading.Lock()

    @inner.node
    def busy():
        with lock:
            going[0] += 1
            most[0] = max(most[0], going[0])
        time.sleep(0.02)  # long enough for others to be seen beside it
        with lock:
            going[0] -= 1

    for i in range(8):
        outer.call(inner, name=f"sub{i}")
    assert outer.run().status is RunStatus.SUCCEEDED
    assert most[0] <= 2


# ---------------------------------------------------------------- by key


class Gauge:
    """How many are at work at once, by key."""

    def __init__(self):
        self.lock, self.now, self.most, self.together = threading.Lock(), {}, {}, 0

    def __call__(self, key, seconds=0.02):
        with self.lock:
            self.now[key] = self.now.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.now[key])
            self.together = max(self.together, sum(self.now.values()))
        time.sleep(seconds)  # long enough for others to be seen beside it
        with self.lock:
            self.now[key] -= 1


@pytest.fixture
def gauge():
    return Gauge()


def test_so_many_runs_go_on_with_each_value_of_a_parameter(project, gauge):
    flow = Flow("invoices", host=project, limit_key="{{ customer }}")

    @flow.node
    def bill(customer: str = ""):
        gauge(customer, 0.1)

    runs = [flow.start(customer=name) for name in "aabb"]
    assert {run.status.value for run in runs[1::2]} == {"queued"}
    assert runs[1].waits_for == 'max_runs=1 of invoices with limit_key "a"'
    for run in runs:
        assert run.wait(10).status is RunStatus.SUCCEEDED
    assert gauge.most == {"a": 1, "b": 1}
    assert gauge.together == 2


def test_a_key_that_cannot_be_worked_out_refuses_the_run_before_it_starts(project):
    flow = Flow("invoices", host=project, limit_key="customer.id")

    @flow.node
    def bill(customer: str = ""):
        return customer

    with pytest.raises(InvalidParameters) as refused:
        flow.start(customer="Ada")
    assert "limit_key 'customer.id'" in refused.value.problems[0].message
    assert project.history.runs().runs == ()


def test_a_key_of_what_is_no_parameter_is_a_problem_of_the_flow(project):
    flow = Flow("invoices", host=project, limit_key="custoner")

    @flow.node
    def bill(customer: str = ""):
        return customer

    (problem,) = flow.check()
    assert "'custoner' is no parameter of the flow" in problem.message
    assert problem.hint == "did you mean 'customer'?"


def orders_of(project, gauge, **options):
    flow = Flow("orders", host=project)

    @flow.node
    def orders():
        return [{"customer": name} for name in "aaabbbcc"]

    with flow.map("each", orders):

        @flow.node(**options)
        def book(item):
            gauge(item["customer"])
            return item["customer"]

    return flow


def test_nodes_of_one_key_run_one_at_a_time_and_keys_beside_each_other(project, gauge):
    flow = orders_of(project, gauge, limit_key="item.customer")
    runs = [flow.start(), flow.start()]  # they count each other's
    for run in runs:
        assert run.wait(20).status is RunStatus.SUCCEEDED, run
    assert gauge.most == {"a": 1, "b": 1, "c": 1}
    assert gauge.together > 1


def test_a_limit_without_a_key_holds_over_all_runs_of_the_flow(project, gauge):
    flow = orders_of(project, gauge, limit=2)
    runs = [flow.start(), flow.start()]
    for run in runs:
        assert run.wait(20).status is RunStatus.SUCCEEDED
    assert gauge.together == 2


def test_a_container_holds_its_key_while_it_turns(project):
    flow, seen = Flow("steps", host=project), []

    @flow.node
    def orders():
        return ["a", "a", "b"]

    with flow.map("each", orders), flow.group("one", limit_key="item"):

        @flow.node
        def first(item):
            seen.append(("first", item))
            time.sleep(0.02)  # long enough for another to come between
            return item

        @flow.node
        def second(first):
            seen.append(("second", first))

    assert flow.run().status is RunStatus.SUCCEEDED
    assert [what for what, item in seen if item == "a"] == ["first", "second"] * 2


def test_a_node_whose_key_cannot_be_worked_out_fails_with_the_reason(project, gauge):
    flow = orders_of(project, gauge, limit_key="item.name")
    run = flow.run()
    assert run["each[0].book"].outcome == "failed"
    assert "limit_key 'item.name'" in run["each[0].book"].error.message
    assert project.queues.tickets() == []


def test_a_node_that_waits_is_cancelled_at_once_and_the_others_go_on(project):
    flow, gate = Flow("gated", host=project), threading.Event()

    @flow.node(limit=1)
    def work(name: str = ""):
        gate.wait(10)
        return name

    runs = [flow.start(name=name) for name in "abc"]
    until(lambda: len(project.queues.tickets()) == 2)
    runs[1].cancel()
    assert runs[1].wait(10).status is RunStatus.CANCELLED
    gate.set()
    assert [runs[i].wait(10)["work"].output for i in (0, 2)] == ["a", "c"]


def test_a_node_that_fails_times_out_or_retries_frees_its_place(project):
    flow, tries = Flow("rough", host=project), []

    @flow.node(limit=1, retries=1, backoff="10ms", timeout="2s")
    def work(how: str = ""):
        tries.append(how)
        if how == "late":
            time.sleep(2.5)  # beyond its timeout
        if how == "fails" or tries.count(how) == 1:
            raise ValueError(how)

    runs = [flow.start(how=how) for how in ("fails", "twice", "late")]
    assert [run.wait(20).status.value for run in runs] == ["failed", "succeeded", "failed"]
    assert project.queues.tickets() == []


def test_a_node_that_calls_its_own_flow_does_not_wait_for_itself(project):
    from flowbook import Outputs

    flow = Flow("down", host=project)

    @flow.node(outputs=("more", "done"))
    def split(n: int = 2):
        return Outputs({"more" if n else "done": n - 1})

    flow.call(flow, name="again", inputs={"n": split.more}, options={"limit": 1})
    assert flow.run().status is RunStatus.SUCCEEDED


# ---------------------------------------------------------------- priority of a run


def test_a_run_has_the_priority_it_is_started_with(project, gated):
    flow, gate, begun = gated
    first = flow.start(name="first")
    until(lambda: begun == ["first"])
    low, high = flow.start(name="low", priority=-1), flow.start(name="high", priority=7)
    assert (first.priority, low.priority, high.priority) == (0, -1, 7)
    for _ in range(3):
        gate.release()
    for run in (first, low, high):
        run.wait(10)
    assert begun == ["first", "high", "low"]
    created = high.events()[0]
    assert created.priority == 7


def test_a_run_that_waits_may_be_given_another_priority(project, gated):
    flow, gate, begun = gated
    runs = [flow.start(name=name) for name in "abc"]
    until(lambda: begun == ["a"])
    runs[2].prioritize(5)
    assert project.queues.waiting("gated") == (runs[2], runs[1])
    with pytest.raises(UsageError, match="waits no longer: it is running"):
        runs[0].prioritize(5)
    for _ in runs:
        gate.release()
    for run in runs:
        run.wait(10)
    assert begun == ["a", "c", "b"]
    assert runs[2].events()[0].priority == 5


def test_sub_runs_have_the_priority_of_the_run_that_started_them(project):
    inner, outer = Flow("inner", host=project), Flow("outer", host=project)

    @inner.node
    def one():
        return 1

    outer.call(inner, name="sub")
    run = outer.start(priority=4)
    run.wait(10)
    assert [child.priority for child in run.children] == [4]


def test_a_priority_that_is_none_is_refused(gated):
    with pytest.raises(UsageError, match="priority cannot be 'high'"):
        gated[0].start(priority="high")


def test_a_parameter_of_that_name_is_given_what_is_said(project):
    flow = Flow("named", host=project)

    @flow.node
    def echo(priority: str = "none"):
        return priority

    assert flow.run(priority="high")["echo"].output == "high"


def test_the_progress_of_a_run_says_that_it_waits_and_for_what(gated):
    flow, gate, begun = gated
    first = flow.start(name="a")
    until(lambda: begun == ["a"])
    second, lines = flow.start(name="b"), []
    teller = threading.Thread(target=narrate, args=(second, lines.append))
    teller.start()
    until(lambda: lines == ["queued: it waits for max_runs=1 of gated\n"])
    assert "queued; it waits for max_runs=1 of gated" in repr(second)
    for _ in range(2):
        gate.release()
    teller.join(10)
    first.wait(10)
    assert lines[1] == f"gated: 1 node, run {second.id}\n"
    assert second.waits_for == ""
