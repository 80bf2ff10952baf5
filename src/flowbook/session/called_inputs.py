"""What a call gives the flow it calls, compared with what that flow takes, before anything runs.

The flow that is called may change until the node runs, so what is said here are warnings; when the
node runs, the same misfits are errors. What is not known yet (a flow that is named by a template,
another version, a notebook that is not there) is left to that time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import FlowbookError
from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at, line_of
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import Missing, NodeSpec
from flowbook.nodes.call import MAPPINGS
from flowbook.session.callees import LATEST

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowbook.graph.flow import Flow
    from flowbook.ids import NodeId
    from flowbook.plan.plan import Plan
    from flowbook.session.pins import Finder


class Planner(Protocol):
    """Who knows what a flow takes; `flowbook.Project` is one."""

    def plan(self, flow: Flow, targets: Collection[NodeId] | None = None) -> Plan: ...


def call_problems(project: Planner, finder: Finder, caller: Flow) -> Iterator[Problem]:
    """A warning for each parameter a call names that is none, and for each it does not give."""
    for node in caller.spec().nodes:
        if node.kind == "call":
            yield from _of_call(project, finder, caller, node)


def _of_call(project: Planner, finder: Finder, caller: Flow, node: NodeSpec) -> Iterator[Problem]:
    name = str(node.config.get("flow", ""))
    if not name or "{{" in name or node.config.get("version", LATEST) != LATEST:
        return
    try:
        called = finder.latest(name, caller)
        plan = project.plan(called)
    except FlowbookError:  # it is not there, or not yet sound: said when the node runs
        return
    given = _given(node)
    known = tuple(param.name for param in plan.params)
    for one in given:
        if one not in known:
            told = f"flow {name!r} has no parameter {one!r}"
            yield _warned(node, told, did_you_mean(one, known), one)
    needed = {param.name for param in plan.demanded if isinstance(param.default, Missing)}
    for one in sorted(needed - set(given)):
        hint = f"write it below inputs: {one}: …"
        yield _warned(node, f"flow {name!r} needs its parameter {one!r}", hint, "flow")


def _given(node: NodeSpec) -> tuple[str, ...]:
    """The parameters that a call gives: those it maps, or else its inputs."""
    for setting in MAPPINGS:
        mapped = node.config.get(setting)
        if isinstance(mapped, Mapping) and mapped:
            return tuple(map(str, mapped))
    return tuple(str(one.name) for one in node.inputs)


def _warned(node: NodeSpec, message: str, hint: str, word: str) -> Problem:
    return replace(at(node, message, hint, line_of(node, word)), severity=Severity.WARNING)
