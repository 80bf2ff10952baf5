"""A result is fresh while all it follows from is what it was; else it says what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.node import Outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Binding, FromParam, FromStep, Join, Plan, Step, StepIndex
from flowbook.run.work import Reuse
from flowbook.session.freshness import Known, Memory, bases, value_key

OUT = PortName("out")


def chain(*contents: str) -> Plan:
    """A chain of steps n0 → n1 → …; the first reads the parameter `city`."""
    steps = []
    for number, content in enumerate(contents):
        source = FromStep(StepIndex(number - 1), OUT) if number else None
        steps.append(
            Step(
                index=StepIndex(number),
                node=NodeId(f"n{number}"),
                kind="python",
                bindings=(Binding(PortName("x"), source or FromParam(PortName("city"))),),
                outputs=(OUT,),
                options=Options(),
                hash=content,
                own=content,
            )
        )
    return Plan(
        flow="f",
        version="v",
        steps=tuple(steps),
        waits=tuple(min(i, 1) for i in range(len(steps))),
        feeds=tuple(
            ((StepIndex(i + 1), OUT),) if i + 1 < len(steps) else () for i in range(len(steps))
        ),
        index={step.node: step.index for step in steps},
    )


OSLO = {PortName("city"): "Oslo"}


def based(plan: Plan, params=OSLO, captured=(), captures=()):
    nodes = tuple(NodeSpec(step.node, body=step.own, captures=captures) for step in plan.steps)
    return bases(plan, FlowSpec("f", nodes), params, dict(captured))


def remembered(plan: Plan, **how) -> Memory:
    basis = based(plan, **how)
    values = {(step.node, OUT): f"first {step.node}" for step in plan.steps}
    given = {
        step.node: {name: values[source] for name, source in basis[step.node].wires.items()}
        for step in plan.steps
    }
    known = {node: Known(basis[node], Reuse(Outputs({OUT: node})), given[node]) for node in basis}
    return Memory(known, values)


def test_an_unchanged_flow_has_no_stale_node():
    plan = chain("a", "b", "c")
    assert remembered(plan).stale(plan, based(plan)) == {}


def test_another_parameter_makes_everything_behind_it_stale_and_says_from_where():
    plan = chain("a", "b", "c")
    assert remembered(plan).stale(plan, based(plan, {PortName("city"): "Rome"})) == {
        "n0": 'parameter city is "Rome", was "Oslo"',
        "n1": "n0 is stale",
        "n2": "n1 is stale",
    }


def test_a_changed_node_leaves_what_is_upstream_fresh():
    memory, changed = remembered(chain("a", "b", "c")), chain("a", "B", "c")
    assert memory.stale(changed, based(changed)) == {
        "n1": "its code changed",
        "n2": "n1 is stale",
    }


def test_a_node_that_ran_again_makes_stale_what_read_another_value_of_it():
    plan = chain("a", "b", "c")
    memory = remembered(plan)
    memory.values[NodeId("n0"), OUT] = "second n0"
    assert memory.stale(plan, based(plan)) == {"n1": "n0 ran again", "n2": "n1 is stale"}


def test_a_node_that_ran_again_and_gave_the_same_leaves_what_reads_it_fresh():
    changed = chain("A", "b", "c")
    memory = remembered(chain("a", "b", "c"))
    memory.known[NodeId("n0")] = replace(
        memory.known[NodeId("n0")], basis=based(changed)[NodeId("n0")]
    )
    assert memory.stale(changed, based(changed)) == {}


def test_another_value_of_a_captured_name_is_named():
    plan = chain("a")
    memory = remembered(plan, captured={"factor": "1"}, captures=("factor",))
    now = based(plan, captured={"factor": "2"}, captures=("factor",))
    assert memory.stale(plan, now) == {"n0": "captured name factor changed"}


def rewired_to_first(plan: Plan) -> Plan:
    """The chain of three with its last node reading from the first."""
    (first, second, third) = plan.steps
    moved = replace(third, bindings=(Binding(PortName("x"), FromStep(StepIndex(0), OUT)),))
    return replace(plan, steps=(first, second, moved))


def test_an_input_that_comes_from_elsewhere_is_named():
    plan = chain("a", "b", "c")
    other = rewired_to_first(plan)
    assert remembered(plan).stale(other, based(other)) == {"n2": "wire x now comes from n0.out"}


def test_an_input_that_comes_from_elsewhere_and_is_the_same_makes_nothing_stale():
    plan = chain("a", "b", "c")
    memory, other = remembered(plan), rewired_to_first(plan)
    memory.values[NodeId("n0"), OUT] = memory.values[NodeId("n1"), OUT]
    assert "n2" not in memory.stale(other, based(other))


def test_a_node_that_failed_since_is_stale():
    plan = chain("a", "b")
    memory = remembered(plan)
    memory.failed.add(NodeId("n0"))
    assert memory.stale(plan, based(plan)) == {"n0": "its last run failed", "n1": "n0 is stale"}


def test_only_fresh_results_are_given_and_never_those_to_rerun():
    plan = chain("a", "b", "c")
    given = remembered(plan).fresh(plan, based(plan), rerun=[NodeId("n1")])
    assert set(given) == {"n0", "n2"}


def test_a_step_that_is_told_how_others_ended_runs_again_when_one_of_them_does():
    plan = chain("a", "b", "c")
    plan = replace(plan, steps=(*plan.steps[:2], replace(plan.steps[2], join=Join(0))))
    memory = remembered(plan)
    assert set(memory.fresh(plan, based(plan), ())) == {"n0", "n1", "n2"}
    del memory.known[NodeId("n1")]
    assert set(memory.fresh(plan, based(plan), ())) == {"n0"}


def test_what_a_renamed_node_gave_is_still_what_it_gave():
    memory = remembered(chain("a", "b"))
    memory.renamed(NodeId("n0"), NodeId("first"))
    assert memory.values[NodeId("first"), OUT] == "first n0"
    assert NodeId("n0") not in memory.known


@pytest.mark.parametrize(
    ("ref", "same"),
    [
        (ValueRef("ab", ValueFormat.JSON, "dict"), True),
        (ValueRef("ab", ValueFormat.JSON, "dict", redacted=True), False),
        (ValueRef("", ValueFormat.NONE, "socket"), False),
        (None, False),
    ],
)
def test_values_are_told_apart_by_content_only_where_that_is_kept_whole(ref, same):
    keys = {value_key(ref, run, NodeId("n"), OUT) for run in ("r1", "r2")}
    assert (len(keys) == 1) is same
