"""What holds for every kind over rows: its page is whole, and it works in a flow as in a test."""

import pytest

from flowbook import Flow, Project
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.rows.dates import DateMathsNode
from flowbook.nodes.rows.grouping import AggregateNode
from flowbook.nodes.rows.items import FilterNode, MapItemsNode, ReduceNode
from flowbook.nodes.rows.ordering import DedupeNode, LimitNode, SortNode
from flowbook.nodes.rows.profile import SummariseNode
from flowbook.nodes.rows.shaping import PivotNode, RenameNode, UnpivotNode
from flowbook.nodes.rows.splitting import SplitNode
from flowbook.nodes.rows.transform import TransformNode
from flowbook.session.examples import example_flow, run_example

KINDS = [
    AggregateNode, DateMathsNode, DedupeNode, FilterNode, LimitNode, MapItemsNode, PivotNode,
    ReduceNode, RenameNode, SortNode, SplitNode, SummariseNode, TransformNode, UnpivotNode,
]  # fmt: skip


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path)
    for kind in KINDS:
        opened.registry.register(kind)
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_the_page_of_a_kind_is_whole(kind):
    assert kind.family == "data"
    assert kind.defaults.pure
    assert not kind.external
    assert kind.__doc__
    for name, trait in kind.class_traits(config=True).items():
        assert trait.help.endswith("."), name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_its_example_runs(project, kind):
    run = run_example(project, kind)
    assert run.status.value == "succeeded"
    example_flow(project, kind)


def outputs(project, kind, *nodes):
    run = run_example(project, kind)
    return [run[node].output for node in nodes]


def test_examples_give_what_their_texts_promise(project):
    (priced,) = outputs(project, MapItemsNode, "priced")
    assert [row["total"] for row in priced] == [12.0, 5.0]
    revenue, longest = outputs(project, ReduceNode, "revenue", "longest")
    assert (revenue, longest) == (15, "Bergen")
    (due,) = outputs(project, DateMathsNode, "due")
    assert [str(row["due"]) for row in due] == ["2026-02-28", "2026-03-15"]
    by_city, by_month = outputs(project, AggregateNode, "by_city", "by_month")
    assert [row["revenue"] for row in by_city] == [12, 12]
    assert [str(row["month"]) for row in by_month] == ["2026-01-01", "2026-02-01"]


def test_rows_that_fail_fail_the_run_with_their_numbers(project):
    flow = Flow("bad", host=project)

    @flow.node
    def orders():
        return [{"total": 1}, {"total": "x"}]

    inputs = (InputSpec(PortName("orders")),)
    flow.add(NodeSpec(NodeId("big"), "filter", inputs, config={"where": "total > 0"}))
    run = flow.start()
    run.wait()
    assert run.status.value == "failed"
    assert "row 1 (total = 'x')" in str(run["big"].error)
