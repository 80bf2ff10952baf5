"""Plans for tests, built by hand: what a step reads decides everything else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowbook.graph.choices import Backoff, BackoffKind, On, Role
from flowbook.graph.container import BODY, Policy, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.options import Options
from flowbook.graph.spec import ParamSpec
from flowbook.ids import FlowId, NodeId, PortName
from flowbook.plan.plan import (
    OTHERS,
    Binding,
    Block,
    FromParam,
    FromStep,
    Inside,
    Join,
    Plan,
    Step,
    StepIndex,
)
from flowbook.run.work import Work

_PLAIN = FlowOptions()


@dataclass(frozen=True)
class N:
    """A node for a test: its name, the `node` or `node.port` it reads, its options."""

    name: str
    reads: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    tolerant: bool = False
    params: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    blocks: Mapping[str, Plan] = field(default_factory=dict)
    leaves: str = ""
    ends: str = ""
    join: Join | None = None
    gives: tuple[str, ...] = ()


def box(name: str, policy: Policy, *inside: N, reads: tuple[str, ...] = (), **more: Any) -> N:
    """A container of `inside`; the last node of a block is what leaves it."""
    blocks = {block: plan_of(*more.pop(block)) for block in ("catch", "finally") if block in more}
    made = n(name, *reads, **more)
    if policy.turns is Turns.ARRIVING and reads:
        made = replace(made, join=Join(1, each=True))
    return replace(made, policy=policy, blocks={BODY: plan_of(*inside), **blocks})


def _inside(node: N) -> Inside | None:
    if node.policy is None:
        return None
    blocks = {}
    for name, plan in node.blocks.items():
        last = [one for one in plan.steps if one.node not in plan.standby][-1:]
        last = [plan.step(NodeId(one)) for one in node.gives] or last
        gives = [(port, FromStep(one.index, port)) for one in last for port in one.outputs]
        blocks[name] = Block(plan, tuple(gives))
    return Inside(node.policy, blocks, len(node.reads))


def n(name: str, *reads: str, outputs: Iterable[str] = (), **more: Any) -> N:
    own = set(Options.__slots__) - {"join"}  # here it is that of a step
    options = {key: more.pop(key) for key in tuple(more) if key in own}
    if "on" in options:
        options["on"] = On(options["on"])
    if "role" in options:
        options["role"] = Role(options["role"])
    return N(name, reads, tuple(outputs), options=options, **more)


def plan_of(*nodes: N, params: Mapping[str, Any] | None = None, flow: FlowOptions = _PLAIN) -> Plan:
    """A plan of `nodes`, which must come in topological order."""
    index = {NodeId(node.name): StepIndex(i) for i, node in enumerate(nodes)}
    feeds: list[list[tuple[StepIndex, PortName]]] = [[] for _ in nodes]
    undo = {node.options.get("compensate") for node in nodes}
    aside = {one.name for one in nodes if one.name in undo or one.options.get("role") == "teardown"}
    steps = []
    for i, node in enumerate(nodes):
        bindings = [_read(node, read, index) for read in node.reads]
        for binding in bindings if node.name not in aside else ():
            feeds[binding.source.step].append((StepIndex(i), binding.source.port))
        steps.append(
            Step(
                StepIndex(i),
                NodeId(node.name),
                "python",
                (*bindings, *(Binding(PortName(p), FromParam(PortName(p))) for p in node.params)),
                tuple(PortName(port) for port in node.outputs or (node.name,)),
                Options(**{"backoff": Backoff(BackoffKind.FIXED, 0.01), **node.options}),
                f"hash-{node.name}",
                inside=_inside(node),
                leaves=node.leaves,
                ends=node.ends or (OTHERS if {"cancels", "completes"} & {*node.options} else ""),
                join=node.join,
            )
        )
    return Plan(
        flow=FlowId("tour"),
        version="v1",
        steps=tuple(steps),
        waits=tuple(0 if node.name in aside else len(node.reads) for node in nodes),
        feeds=tuple(tuple(ones) for ones in feeds),
        params=tuple(ParamSpec(PortName(name), value) for name, value in (params or {}).items()),
        index=index,
        options=flow,
    )


def _read(node: N, read: str, index: Mapping[NodeId, StepIndex]) -> Binding:
    source, _, port = read.partition(".")
    return Binding(
        PortName(f"{source}_{port}" if port else source),
        FromStep(index[NodeId(source)], PortName(port or source)),
        required=not node.tolerant and node.join is None,
    )


def works(
    plan: Plan, calls: Mapping[str, Callable[..., Any]], *, pure: Iterable[str] = ()
) -> list[Work]:
    """The code of each step; a step without any gives its own name."""
    return [
        Work(
            call := calls.get(step.node, _Named(step.node)),
            is_async=inspect.iscoroutinefunction(call),
            pure=step.node in pure,
            filename=__file__,
        )
        for step in plan.steps
    ]


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, context: Any, inputs: Mapping[str, Any]) -> str:
        return self.name
