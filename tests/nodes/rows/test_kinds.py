"""What holds for every kind over rows: its page is whole, and it works in a flow as in a test."""

import pytest

from flowbook import Flow, Project
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import CellId, FlowId, NodeId, PortName
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
def test_it_takes_its_own_settings_as_it_is_made_anew_where_a_template_is_rendered(kind):
    spec = NodeSpec(NodeId("n"), kind=kind.kind)
    made = kind(spec)
    kind(spec, **{name: getattr(made, name) for name in made.trait_names(config=True)})


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


def test_a_template_says_what_it_is_about_and_a_port_without_rows_may_be_skipped(project):
    cells = (
        "%%flow fetch() -> rows, status\nimport polars as pl\n"
        'rows, status = pl.DataFrame({"n": [1, 2, 3]}), 200',
        '%%flow split sorted_out\nover: "{{ fetch.rows }}"\nempty: skip\n'
        "into: {big: n > 1, huge: n > 9}\nrest: small",
        "%%flow reduce most(items=sorted_out.big)\nhow: max\ncolumn: n",
        "%%flow reduce never(items=sorted_out.huge)\nhow: max\ncolumn: n",
    )
    made = tuple(Cell.code(CellId(f"cell-{at}"), text) for at, text in enumerate(cells))
    parsed = read(Notebook.of(made), project.registry, FlowId("page"))
    flow = Flow("page", host=project)
    flow.replace_spec(parsed.spec)
    assert not [*parsed.problems, *project.check(flow)]
    run = flow.start()
    run.wait()
    assert run["sorted_out"].error is None
    assert run["most"].output == 3
    assert run["never"].outcome == "skipped"


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
