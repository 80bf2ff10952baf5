"""Variants of a flow: nodes and parameters replaced, the flow itself untouched."""

from __future__ import annotations

import pytest

import flowbook
from flowbook import Flow, Outputs, UsageError
from flowbook.graph.edits import RemoveNode
from flowbook.graph.problem import errors
from flowbook.graph.spec import NodeSpec


@pytest.fixture
def ran():
    return []


@pytest.fixture
def flow(project, ran):
    flow = Flow("report", host=project)

    @flow.node(outputs=["rows", "n"])
    def raw(city="Oslo"):
        ran.append("raw")
        return [3, 1, 2], len(city)

    @flow.node
    def clean(rows=raw.rows):
        ran.append("clean")
        return sorted(rows)

    @flow.node(options={"outputs": {"top": "list[int]"}})
    def top(rows=clean, most=1):
        ran.append("top")
        return rows[-most:]

    @flow.node
    def size(n=raw.n):
        ran.append("size")
        return n

    return flow


def test_a_value_stands_for_a_node_and_what_only_fed_it_is_not_run(flow, ran):
    run = flow.with_(clean=[7, 8], size=1).run()
    assert run["top"].output == [8]
    assert ran == ["top"]
    assert run["raw"].outcome == "skipped"


def test_what_others_need_is_run_all_the_same(flow, ran):
    flow.with_(clean=[7]).run()
    assert sorted(ran) == ["raw", "size", "top"]


def test_a_function_stands_for_a_node_and_takes_any_of_its_inputs(flow, ran):
    assert flow.with_(clean=lambda rows: [sum(rows)]).run()["top"].output == [6]
    assert flow.with_(clean=lambda: [5], size=0).run()["top"].output == [5]
    assert "raw" in ran


def test_a_parameter_has_another_value_and_a_run_may_give_yet_another(flow):
    variant = flow.with_(most=2, city="Rome")
    assert variant.run()["top"].output == [2, 3]
    assert variant.run(most=3)["top"].output == [1, 2, 3]


def test_several_outputs_are_given_by_name(flow):
    assert flow.with_(raw={"rows": [4], "n": 9}).run()["size"].output == 9
    run = flow.with_(raw=Outputs({"n": 9})).run()
    assert run["size"].output == 9
    assert run["top"].outcome == "skipped"
    with pytest.raises(UsageError, match="'raw' does not fit") as refused:
        flow.with_(raw=[4])
    assert "'rows': …" in refused.value.hint


def test_the_flow_stays_as_it_is_and_variants_compose(flow, ran):
    before = flow.spec()
    variant = flow.with_(most=2).with_(raw={"rows": [1, 2, 3], "n": 0}).with_(most=3)
    assert variant.run()["top"].output == [1, 2, 3]
    assert flow.spec() is before
    assert "raw" not in ran
    with pytest.raises(UsageError, match="variant"):
        variant.apply(RemoveNode("top"))
    with pytest.raises(UsageError, match="has not run yet"):
        flow.last_run()


def test_results_that_still_hold_are_taken(flow, ran):
    flow.run()
    ran.clear()
    run = flow.with_(clean=lambda rows: [sum(rows)]).run()
    assert run["top"].output == [6]
    assert ran == ["top"]
    assert flow.run()["top"].output == [3]


def test_an_unknown_name_is_told_with_the_one_that_is_meant(flow):
    with pytest.raises(UsageError, match="neither a node nor a parameter 'claen'") as refused:
        flow.with_(claen=1)
    assert refused.value.hint == "did you mean 'clean'?"
    with pytest.raises(UsageError, match="no input 'row'"):
        flow.with_(clean=lambda row: row)


def test_a_value_that_is_not_what_the_port_says_fails_its_node(flow):
    run = flow.with_(top=["a"]).run()
    assert run["top"].outcome == "failed"
    assert "gave an output that does not fit" in str(run["top"].error)


def test_the_history_tells_what_was_given_by_hand(flow, project):
    run = flow.with_(clean=[7, 8], size=lambda n: 2).run()
    saved = project.state(run.id)
    assert saved["clean"].by_hand
    assert saved["clean"].output == [7, 8]
    assert not saved["top"].by_hand
    versions = [project.history.run(one.id).version for one in (run, flow.run())]
    assert versions[0] != versions[1]


def test_a_variant_is_checked_and_shown_as_one(flow):
    flow.http("get", url="{{ raw.n }}")
    variant = flow.with_(get={"ok": True}, clean=lambda rows: rows)
    assert not errors(variant.check())
    assert "clean (overridden) <- raw.rows" in repr(variant)
    assert "get (overridden)\n" in repr(variant) + "\n"
    assert variant.spec().node("get").options.tags == ("overridden",)
    assert variant.canvas().close() is None


def test_a_variant_is_tested_as_any_flow(flow, ran):
    run = flow.with_(clean=[7, 8], most=2).test(mocks={"size": 3})
    assert run["top"].output == [7, 8]
    assert run["size"].output == 3
    assert flow.with_(clean=[1]).test(mocks={"clean": [2]})["top"].output == [2]


def test_containers_are_replaced_as_a_whole_and_their_nodes_one_by_one(project):
    flow = Flow("loops", host=project)
    with flow.map("each", [1, 2, 3]):

        @flow.node
        def tenfold(item):
            return item * 10

    @flow.node
    def total(values=flow["each"]["each_values"]):
        return sum(values)

    assert flow.with_(tenfold=lambda item: item).run()["total"].output == 6
    assert flow.with_(tenfold=5).run()["total"].output == 15
    assert flow.with_(each={"each_values": [1, 1], "each": [], "each_summary": {}}).run()[
        "total"
    ].output == 2  # fmt: skip
    with pytest.raises(UsageError, match="is replaced by a value"):
        flow.with_(each=lambda: 1)


def test_no_hook_of_the_flow_hears_of_its_variants(flow, ran):
    flow.on_complete(lambda run: ran.append("hook"))
    flow.with_(raw={"rows": [1], "n": 1}).run()
    assert "hook" not in ran


def test_nodes_of_any_kind_are_replaced(project):
    flow = Flow("web", host=project)
    flow.http("get", url="http://nowhere.invalid/x", retries=5)
    flow.add(NodeSpec("seen", body="get['rows']", inputs=(flowbook.InputSpec("get"),)))
    assert flow.with_(get={"rows": 3}).run()["seen"].output == 3
