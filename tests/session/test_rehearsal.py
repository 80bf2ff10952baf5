"""Test runs: mocks, waits that end, nothing outside that changes, nothing left behind."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

import flowbook
from flowbook import Flow, Node, Outputs, UsageError
from flowbook.events import TriggerKind
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.session.rehearsal import rehearsed
from flowbook.session.trials import TIMED_OUT, Trial, in_turn
from flowbook.session.work import work_for


class Charge(Node):
    """Takes money: what no test may do."""

    kind: ClassVar[str] = "charge"
    external: ClassVar[bool] = True
    charged: ClassVar[list[Any]] = []

    def run(self, context, inputs):
        self.charged.append(dict(inputs))
        return {"paid": True}


@pytest.fixture
def flow(project):
    project.registry.register(Charge)
    Charge.charged.clear()
    flow = Flow("orders", host=project)

    @flow.node(retries=2)
    def fetch(city="Oslo"):
        raise AssertionError("it reached for the network")

    @flow.node
    def total(rows=fetch):
        return sum(rows)

    return flow


def pay(flow):
    return flow.add(NodeSpec("pay", kind="charge", inputs=(InputSpec("total"),)))


def test_a_value_stands_for_a_node(flow, project):
    run = flow.test(mocks={"fetch": [1, 2]})
    assert run["total"].output == 3
    assert project.history.run(run.id).trigger is TriggerKind.TEST


def test_a_mock_may_be_named_by_its_handle(flow):
    assert flow.test(mocks={flow["fetch"]: [4]})["total"].output == 4


def test_a_function_stands_for_a_node_and_gets_its_inputs(flow):
    run = flow.test({"city": "Rome"}, mocks={"fetch": lambda city: [len(city)]})
    assert run["total"].output == 4


def test_an_exception_as_a_mock_fails_the_node(flow):
    run = flow.test(mocks={"fetch": TimeoutError("slow")})
    assert run["fetch"].error.type.endswith("TimeoutError")
    assert run["fetch"].attempts == 3


def test_what_comes_in_turn_serves_retries(flow):
    run = flow.test(mocks={"fetch": in_turn(ConnectionError("a"), ConnectionError("b"), [7])})
    assert (run["fetch"].attempts, run["total"].output) == (3, 7)


def test_a_mock_that_has_given_all_says_so(flow):
    run = flow.test(mocks={"fetch": in_turn(ConnectionError("only"))})
    assert "has given all of its 1 values" in run["fetch"].error.message


def test_a_mock_gives_by_port(project):
    flow = Flow("ports", host=project)

    @flow.node(outputs=("good", "bad"))
    def split():
        raise AssertionError

    @flow.node
    def count(good=split.good):
        return len(good)

    assert flow.test(mocks={"split": {"good": [1], "bad": []}})["count"].output == 1
    dead = flow.test(mocks={"split": Outputs({"bad": [1]})})
    assert dead["count"].outcome.value == "skipped"


def test_a_mock_is_held_to_the_schema_of_its_node(project):
    flow = Flow("typed", host=project)

    @flow.node(outputs={"n": "int"})
    def number():
        return 1

    run = flow.test(mocks={"number": "one"})
    assert run["number"].error.type.endswith("SchemaMismatch")


def test_a_node_that_may_change_something_outside_does_not_run(flow):
    pay(flow)
    run = flow.test(mocks={"fetch": [1]})
    assert Charge.charged == []
    assert "mocks={'pay': …}, or let it: allow=['pay']" in run["pay"].error.hint


@pytest.mark.parametrize("allow", ["pay", "charge", ["pay"]])
def test_unless_the_test_allows_it(flow, allow):
    pay(flow)
    run = flow.test(mocks={"fetch": [1, 5]}, allow=allow)
    assert run["pay"].output == {"paid": True}
    assert Charge.charged == [{"total": 6}]


def test_data_is_given_by_the_names_of_parameters_and_nodes(flow):
    """So that a row of a dataset can be given as it is."""
    row = {"city": "Bergen", "fetch": [2, 2]}
    run = flow.test(row)
    assert (run.params["city"], run["total"].output) == ("Bergen", 4)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"mocks": {"fetsh": 1}}, "no node 'fetsh' to mock"),
        ({"allow": ["payy"]}, "no node 'payy' to allow"),
    ],
)
def test_what_is_said_of_a_node_that_is_not_there_is_refused(flow, said, told):
    with pytest.raises(UsageError, match=told) as refused:
        flow.test(**said)
    assert refused.value.hint


def test_data_that_is_neither_a_parameter_nor_a_node_is_refused(flow):
    with pytest.raises(UsageError, match="neither a parameter nor a node called 'town'"):
        flow.test({"town": "Oslo"})


def test_delays_are_over_at_once(project):
    flow = Flow("later", host=project)
    flow.add(NodeSpec("wait", kind="delay", outputs=("wait",), config={"seconds": "3h"}))

    @flow.node
    def after(wait):
        return "later"

    assert flow.test()["after"].output == "later"


def test_a_condition_that_never_holds_ends_with_an_error(project):
    flow = Flow("never", host=project)
    flow.add(NodeSpec("wait", kind="wait_until", config={"condition": "waited < 0"}))
    assert "waits still" in flow.test()["wait"].error.message


def test_a_signal_is_answered_by_its_name_or_its_node(project):
    flow = Flow("asks", host=project)
    flow.add(NodeSpec("pay", kind="wait_signal", config={"signal": "paid"}))
    assert flow.test(answers={"paid": {"sum": 3}})["pay"].output == {"sum": 3}
    assert flow.test(answers={"pay": 4})["pay"].output == 4


def test_an_approval_is_answered(project):
    flow = Flow("asks", host=project)
    flow.add(
        NodeSpec("ok", kind="approval", config={"approvers": ["ann", "bob"], "require": "all"})
    )
    decisions = in_turn({"approved": True, "by": "ann"}, {"approved": False, "by": "bob"})
    assert flow.test(answers={"ok": decisions})["ok"].output["approved"] is False


def test_a_wait_may_be_in_vain(project):
    flow = Flow("asks", host=project)
    flow.add(
        NodeSpec("pay", kind="wait_signal", config={"timeout": "1h", "on_timeout": {"paid": False}})
    )
    assert flow.test(answers={"pay": TIMED_OUT})["pay"].output == {"paid": False}


def test_a_wait_that_nobody_answers_says_what_to_answer(project):
    flow = Flow("asks", host=project)
    flow.add(NodeSpec("pay", kind="wait_signal"))
    error = flow.test()["pay"].error
    assert "nobody answers a test" in error.message
    assert "answers={'pay': …}" in error.hint


def test_a_coroutine_that_waits_is_answered(project):
    flow = Flow("asks", host=project)

    @flow.node
    async def paid():
        came = flowbook.resumption()
        if came is None:
            return flowbook.Suspend("money", signal="paid")
        return came.payload

    assert flow.test(answers={"paid": 12})["paid"].output == 12


def test_what_a_test_remembers_is_its_own(flow, project):
    project.memory.of("orders").set("seen", 40)

    @flow.node
    def count(total):
        memory = flowbook.memory()
        memory["seen"] = memory.get("seen", 0) + 1
        return memory["seen"]

    assert flow.test(mocks={"fetch": []})["count"].output == 1
    assert flow.test(mocks={"fetch": []}, memory={"seen": 7})["count"].output == 8
    assert project.memory.of("orders")["seen"] == 40


def test_a_test_leaves_nothing_in_the_cache(project):
    flow = Flow("cached", host=project)

    @flow.node
    def source():
        return 1

    @flow.node(cache=True)
    def twice(source):
        return source * 2

    flow.test(mocks={"source": 5})
    assert flow.run()["twice"].cache.hit is False


def test_a_test_is_not_what_the_flow_shows(flow):
    flow.test(mocks={"fetch": [1]})
    with pytest.raises(UsageError, match="has not run yet"):
        flow.last_run()


def test_nodes_inside_of_containers_are_mocked_by_their_name(project):
    flow = Flow("items", host=project)

    @flow.node
    def rows():
        return [1, 2, 3]

    with flow.map("each", rows):

        @flow.node
        def look_up(item):
            raise AssertionError

    run = flow.test(mocks={"look_up": lambda item: item * 10})
    assert run["each"].outputs["each_values"] == [10, 20, 30]


def test_a_whole_container_is_mocked_by_a_value(project):
    flow = Flow("items", host=project)

    @flow.node
    def rows():
        return [1]

    with flow.map("each", rows):

        @flow.node
        def look_up(item):
            raise AssertionError

    @flow.node
    def count(each):
        return len(each)

    assert flow.test(mocks={"each": [1, 2, 3]})["count"].output == 3
    with pytest.raises(UsageError, match="mock of it is a value"):
        flow.test(mocks={"each": lambda: 1})


def test_flows_that_are_called_are_tested_with_it(flow, project):
    pay(flow)
    outer = Flow("outer", host=project)
    outer.call(flow, name="order", output=["total"])
    run = outer.test(mocks={"order/fetch": [2, 3], "order/pay": None})
    assert run["order"].output["child_output"] == {"total": 5}
    child = run["order"].output["child_run_id"]
    assert project.history.run(child).trigger is TriggerKind.TEST
    assert Charge.charged == []


def test_a_flow_that_is_called_changes_nothing_outside_either(flow, project):
    pay(flow)
    outer = Flow("outer", host=project)
    outer.call(flow, name="order")
    run = outer.test(mocks={"order/fetch": [2, 3]})
    assert "may change something outside" in run["order"].error.message
    assert Charge.charged == []


def test_leave_for_a_kind_reaches_flows_that_are_called(flow, project):
    pay(flow)
    outer = Flow("outer", host=project)
    outer.call(flow, name="order")
    outer.test(mocks={"order/fetch": [2]}, allow="charge")
    assert Charge.charged == [{"total": 2}]


def test_only_some_nodes_run(flow):
    pay(flow)
    run = flow.test(mocks={"fetch": [1]}, only="total")
    assert (run["total"].output, run["pay"].outcome.value) == (1, "skipped")


def test_what_a_node_reads_of_the_project_is_foreseen_in_a_test_run_too(project, monkeypatch):
    monkeypatch.setenv("TOKEN_OF_TESTS", "s3cr3t-of-tests")
    flow = Flow("asking", host=project)
    flow.add(NodeSpec("told", kind="log", config={"message": "{{ $secret.TOKEN_OF_TESTS }}"}))
    plan, kinds = project.plan(flow), project.registry
    own = work_for(plan, flow.spec(), kinds, {}, {})
    (made,) = rehearsed(plan, own, flow.spec(), kinds, Trial())
    assert made.call.ambient == own[0].call.ambient == {("$secret", "TOKEN_OF_TESTS")}
