"""Compiling orders, binds and hashes; what decides a result is in its hash and nothing else."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.errors import InvalidFlow, UnknownNode
from flowbook.graph.choices import Losers
from flowbook.graph.flow_options import parse_flow_options
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Position, Wire
from flowbook.ids import FlowId, NodeId, PortName
from flowbook.plan.compile import compile_plan, over_defaults
from flowbook.plan.plan import Binding, FromParam, FromStep, Join


@pytest.fixture
def plan(flow, registry):
    def plan(*nodes, targets=None, **fields):
        return compile_plan(flow(*nodes, **fields), registry, targets=targets)

    return plan


def order(plan):
    return [step.node for step in plan.steps]


def hashes(plan):
    return {step.node: step.hash for step in plan.steps}


def test_steps_come_after_what_feeds_them_otherwise_as_the_notebook_has_them(plan, node):
    assert order(plan(node("d", "b"), node("c"), node("b", "a"), node("a"))) == [
        "c",
        "a",
        "b",
        "d",
    ]


def test_inputs_are_bound_by_number(plan, node):
    made = plan(node("a", outputs=["x", "y"]), node("b", "x", "n=a.y", "top=3", "city"),
                params=(ParamSpec(PortName("city")),))  # fmt: skip
    assert made.step(NodeId("b")).bindings == (
        Binding("x", FromStep(0, "x")),
        Binding("n", FromStep(0, "y")),
        Binding("top", FromParam("top")),
        Binding("city", FromParam("city")),
    )
    assert made.waits == (0, 2)
    assert made.feeds == (((1, "x"), (1, "y")), ())
    assert made.params == (ParamSpec(PortName("city")), ParamSpec(PortName("top"), 3))


def test_what_is_wrong_elsewhere_does_not_keep_a_target_from_its_plan(plan, node):
    nodes = node("a"), node("b", "a"), node("lost", "nowhere"), node("x", "y"), node("y", "x")
    assert order(plan(*nodes, targets=["b"])) == ["a", "b"]
    with pytest.raises(InvalidFlow, match="cannot run as it is") as whole:
        plan(*nodes)
    assert {problem.node for problem in whole.value.problems} == {"lost", "x"}


def test_what_is_wrong_upstream_of_a_target_is_told(plan, node):
    with pytest.raises(InvalidFlow, match="node 'c' cannot run as it is") as refused:
        plan(node("b", "nowhere"), node("c", "b"), node("d", "elsewhere"), targets=["c"])
    assert [problem.node for problem in refused.value.problems] == ["b"]


def test_joins_tolerate_dead_branches(plan, node):
    made = plan(node("a"), node("both", "a", kind="merge"))
    assert [one.required for one in made.step(NodeId("both")).bindings] == [False]


def test_a_kinds_own_options_stand_under_the_users(plan, node):
    made = plan(node("a", kind="http"), node("b", kind="http", options=Options(retries=5)))
    assert [step.options.retries for step in made.steps] == [2, 5]
    assert over_defaults(Options(timeout=3.0), Options(pure=True)) == Options(
        timeout=3.0, pure=True
    )


def test_targets_leave_out_what_they_do_not_need(plan, node):
    nodes = [node("a"), node("b", "a", "top=1"), node("c", "a", "low=2"), node("d", "b")]
    made = plan(*nodes, targets=[NodeId("c")])
    assert order(made) == ["a", "c"]
    assert [one.name for one in made.params] == ["low"]
    assert made.version == plan(*nodes).version


def test_an_unknown_target_is_misuse(plan, node):
    with pytest.raises(UnknownNode, match="no node 'x'"):
        plan(node("a"), targets=[NodeId("x")])


def test_a_flow_with_errors_is_refused_with_all_of_them(plan, node):
    with pytest.raises(InvalidFlow) as refused:
        plan(node("a", "nope"), node("b", kind="nope"))
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"body": "other"},
        {"kind": "merge"},
        {"outputs": (PortName("z"),)},
        {"captures": ("pd",)},
        {"inputs": (InputSpec(PortName("y"), Wire(NodeId("a"))),)},
    ],
)
def test_what_decides_a_result_changes_its_hash_and_those_below(plan, node, change):
    nodes = [node("a"), node("b", "x=a"), node("c", "x=b.b"), node("d", "x=a")]
    before = hashes(plan(*nodes))
    nodes[1] = replace(nodes[1], **change)
    if "outputs" in change:
        nodes[2] = node("c", "x=b")
        before = hashes(plan(node("a"), node("b", "x=a"), nodes[2], nodes[3]))
    after = hashes(plan(*nodes))
    assert {name for name in before if before[name] != after[name]} == {"b", "c"}


def test_setup_code_counts_for_the_nodes_that_read_names_of_it(plan, node):
    nodes = [node("a", captures=("pd",)), node("b")]
    one = hashes(plan(*nodes, setup=(node("setup_0", body="x = 1"),)))
    two = hashes(plan(*nodes, setup=(node("setup_0", body="x = 2"),)))
    assert one["a"] != two["a"]
    assert one["b"] == two["b"]


@pytest.mark.parametrize(
    "change",
    [
        {"options": Options(retries=9, timeout=3.0, tags=("x",))},
        {"place": None},
        {"position": Position(1.0, 2.0)},
        {"body_line": 7},
    ],
)
def test_how_and_where_a_node_runs_does_not_change_its_hash(plan, node, change):
    nodes = [node("a"), node("b", "x=a")]
    assert hashes(plan(*nodes)) == hashes(plan(replace(nodes[0], **change), nodes[1]))


def test_the_version_is_of_the_whole_meaning(plan, node):
    version = plan(node("a")).version
    assert len(version) == 16
    assert plan(node("a", options=Options(retries=1))).version != version
    assert plan(node("a"), params=(ParamSpec(PortName("x"), 1),)).version != version
    assert plan(node("a", position=Position(1.0, 1.0), place=None)).version == version


@st.composite
def specs(draw):
    """An acyclic flow of at most eight nodes, its cells in any order."""
    count = draw(st.integers(1, 8))
    nodes = []
    for number in range(count):
        fed_by = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        inputs = tuple(
            InputSpec(PortName(f"i{one}"), Wire(NodeId(f"n{one}"))) for one in sorted(fed_by)
        )
        body = draw(st.sampled_from(["x", "y"]))
        name = NodeId(f"n{number}")
        nodes.append(NodeSpec(name, inputs=inputs, outputs=(PortName(name),), body=body))
    return FlowSpec(FlowId("any"), tuple(draw(st.permutations(nodes))))


@given(specs())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_step_reads_only_from_steps_before_it(registry, spec):
    plan = compile_plan(spec, registry)
    assert sorted(order(plan)) == sorted(node.id for node in spec.nodes)
    for step in plan.steps:
        sources = [one.source.step for one in step.bindings if isinstance(one.source, FromStep)]
        assert all(source < step.index for source in sources)
        assert plan.waits[step.index] == len(sources)
        assert plan.index[step.node] == step.index
    fed = sum(len(feeds) for feeds in plan.feeds)
    assert fed == sum(plan.waits)


@given(specs(), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_cells_changes_no_hash(registry, spec, data):
    other = replace(spec, nodes=tuple(data.draw(st.permutations(spec.nodes))))
    one, two = compile_plan(spec, registry), compile_plan(other, registry)
    assert (one.version, hashes(one)) == (two.version, hashes(two))


@given(specs(), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_pruned_plan_holds_the_targets_ancestors_with_their_hashes(registry, spec, data):
    target = data.draw(st.sampled_from([node.id for node in spec.nodes]))
    whole, pruned = compile_plan(spec, registry), compile_plan(spec, registry, targets=[target])
    needed, waiting = set(), [target]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting += [one.wire.node for one in spec.node(name).inputs]
    assert set(order(pruned)) == needed
    assert hashes(pruned).items() <= hashes(whole).items()


def test_compiling_takes_linear_time(registry):
    def seconds(count):
        nodes = [NodeSpec(NodeId("n0"), outputs=("n0",))]
        nodes += [
            NodeSpec(NodeId(f"n{i}"), inputs=(InputSpec(f"n{i - 1}"),), outputs=(f"n{i}",))
            for i in range(1, count)
        ]
        spec = FlowSpec(FlowId("chain"), tuple(nodes))
        start = time.process_time()
        compile_plan(spec, registry, targets=[NodeId(f"n{count - 1}")])
        return time.process_time() - start

    small = seconds(250)
    assert seconds(2_000) < 24 * small + 0.5


def test_a_join_is_part_of_what_a_node_means_and_its_priority_is_not(registry):
    def steps(**options):
        two = (InputSpec("a"), InputSpec("b"))
        nodes = [NodeSpec(x, outputs=(x,)) for x in "ab"]
        joins = NodeSpec("j", inputs=two, outputs=("j",), options=Options(**options))
        return compile_plan(FlowSpec("f", (*nodes, joins)), registry).steps

    plain, urgent, first = steps(), steps(priority=3), steps(join=1)
    assert plain[2].join is None
    assert plain[2].hash == urgent[2].hash != first[2].hash
    assert first[2].join == Join(1, cancels=True)
    assert not any(binding.required for binding in first[2].bindings)
    assert steps(join=2, losers=Losers.LEAVE)[2].join == Join(2)
    assert steps(settled=True)[2].join == Join(0)


def test_what_a_flow_says_about_its_recording_is_carried_but_is_no_part_of_the_version(registry):
    plain = FlowSpec("f", (NodeSpec("a", outputs=("a",), body="1"),))
    secret = replace(plain, options=parse_flow_options({"sensitive_fields": "ssn"}))
    first, second = (compile_plan(spec, registry) for spec in (plain, secret))
    assert second.options.sensitive_fields == ("ssn",)
    assert first.version == second.version
    assert first.steps == second.steps


def test_the_version_of_a_node_type_and_what_a_body_means_are_in_the_hash(node, flow):
    class Shouted(Node):
        kind = "python"
        body = "python"

        @classmethod
        def meaning(cls, spec):
            return spec.body.upper()

    def own(body):
        return compile_plan(flow(node("a", body=body)), Registry([Shouted])).steps[0].own

    before = own("x")
    assert own("X") == before != own("y")
    Shouted.version = "2"
    assert own("x") != before


def test_the_layout_of_a_configuration_is_not_in_the_hash(node, registry, flow):
    def own(body, url="https://a"):
        one = node("a", kind="http", body=body, config={"url": url})
        return compile_plan(flow(one), registry).steps[0].own

    assert own("url: https://a") == own("# get it\nurl:   https://a")
    assert own("", url="https://b") != own("")
