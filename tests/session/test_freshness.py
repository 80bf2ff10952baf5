"""A result is fresh while code, parameters and everything upstream are what they were."""

from __future__ import annotations

from dataclasses import replace

from flowbook.graph.node import Outputs
from flowbook.graph.options import Options
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Binding, FromParam, FromStep, Join, Plan, Step, StepIndex
from flowbook.run.work import Reuse
from flowbook.session.freshness import Known, Memory, fingerprints


def chain(*hashes: str) -> Plan:
    """A chain of steps n0 → n1 → …; the first reads the parameter `city`."""
    steps = []
    for number, content in enumerate(hashes):
        source = FromStep(StepIndex(number - 1), PortName("out")) if number else None
        steps.append(
            Step(
                index=StepIndex(number),
                node=NodeId(f"n{number}"),
                kind="python",
                bindings=(Binding(PortName("x"), source or FromParam(PortName("city"))),),
                outputs=(PortName("out"),),
                options=Options(),
                hash=content,
            )
        )
    return Plan(
        flow="f",
        version="v",
        steps=tuple(steps),
        waits=tuple(min(i, 1) for i in range(len(steps))),
        feeds=tuple(
            ((StepIndex(i + 1), PortName("out")),) if i + 1 < len(steps) else ()
            for i in range(len(steps))
        ),
        index={step.node: step.index for step in steps},
    )


OSLO = {PortName("city"): "Oslo"}


def remembered(plan: Plan) -> Memory:
    prints = fingerprints(plan, OSLO)
    return Memory(
        {
            node: Known(print_, Reuse(Outputs({PortName("out"): node})))
            for node, print_ in prints.items()
        }
    )


def test_an_unchanged_flow_has_no_stale_node():
    plan = chain("a", "b", "c")
    assert remembered(plan).stale(plan, OSLO) == frozenset()


def test_another_parameter_makes_everything_behind_it_stale():
    plan = chain("a", "b", "c")
    assert remembered(plan).stale(plan, {PortName("city"): "Rome"}) == {"n0", "n1", "n2"}


def test_a_changed_node_leaves_what_is_upstream_fresh():
    memory = remembered(chain("a", "b", "c"))
    assert memory.stale(chain("a", "B", "c"), OSLO) == {"n1", "n2"}


def test_only_fresh_results_are_given_and_never_those_to_rerun():
    plan = chain("a", "b", "c")
    given = remembered(plan).fresh(plan, OSLO, rerun=[NodeId("n1")])
    assert set(given) == {"n0", "n2"}


def test_a_step_that_is_told_how_others_ended_runs_again_when_one_of_them_does():
    plan = chain("a", "b", "c")
    plan = replace(plan, steps=(*plan.steps[:2], replace(plan.steps[2], join=Join(0))))
    memory = remembered(plan)
    assert set(memory.fresh(plan, OSLO, ())) == {"n0", "n1", "n2"}
    del memory.known[NodeId("n1")]
    assert set(memory.fresh(plan, OSLO, ())) == {"n0"}
