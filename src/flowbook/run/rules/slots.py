"""The slots of a scope, laid out behind those that are there; part of the fold."""

from __future__ import annotations

from flowbook.ids import NodeId
from flowbook.plan.plan import Plan
from flowbook.run.rules import standby
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState, Scope


def add_scope(state: RunState, scope: Scope, nodes: tuple[NodeId, ...], plan: Plan | None) -> None:
    """Append the slots of `nodes`; the scope becomes known last, for other threads that look."""
    number, count, base = len(state.scopes), len(nodes), len(state.names)
    scope.base, scope.size, scope.open = base, count, count
    state.phase += [Phase.WAITING] * count
    state.outcome += [None] * count
    state.attempt += [0] * count
    state.spared += [0] * count
    state.pause += [(0.0, 0.0)] * count
    state.ms += [None] * count
    state.error += [None] * count
    state.reason += [None] * count
    state.outputs += [{}] * count
    state.scope += [number] * count
    if plan is not None:
        state.steps += plan.steps
        state.edges += plan.edges
        state.waits += plan.waits
        state.fed += map(bool, plan.waits)
        state.joins += plan.joins
        state.live += [0] * count
        state.doom += [None] * count
        state.blame += [None] * count
    state.names += nodes
    state.scopes.append(scope)
    path = scope.path
    for i, node in enumerate(nodes, base):
        state.index[f"{path}.{node}" if path else node] = i
    if state.standby or state.setups:
        standby.laid_out(state, scope)
