"""A run's past: what its journal tells, and as much of its values as going on takes.

Only the outputs that an open step still reads are brought back before the run goes on; all others
wait until somebody looks at them. An output that is needed and cannot be had makes its step *gone*:
to go on, that step has to be run again, and so its own inputs are needed too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flowbook.errors import ValueUnavailable
from flowbook.events import Event, NodeCompleted, NodeReused
from flowbook.events.ports import Vault
from flowbook.graph.node import Outputs
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import FromStep, Plan
from flowbook.run.recall import held
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.known import KnownTurn
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState

_GAVE = (Outcome.SUCCEEDED, Outcome.REUSED)


@dataclass(frozen=True, slots=True)
class Past:
    """Where a run stands whose process is gone.

    `values` are outputs brought back, by step; `gone` are the steps whose outputs are needed and
    cannot be had, with the reason; `stored` are the steps whose outputs are, as far as one knows,
    in the store, and not wholly in `values`. `turns` are those of containers that need not run, as
    another run made them.
    """

    events: Sequence[Event]
    state: RunState
    values: Mapping[int, Outputs]
    gone: Mapping[int, ValueUnavailable]
    stored: Mapping[int, NodeCompleted | NodeReused]
    turns: Mapping[NodeId, Mapping[int, KnownTurn]] = field(default_factory=dict)


def bring_past(plan: Plan, events: Sequence[Event], vault: Vault) -> Past:
    """The past that `events` tell of a run of `plan`, with the values its open steps read.

    Blocking. Raises `IllegalTransition` for events that are no run of this plan, or have a hole.
    """
    state = fold(events, plan)
    stored = _stored(state, events)
    values: dict[int, Outputs] = {}
    gone: dict[int, ValueUnavailable] = {}
    needed: dict[int, set[PortName]] = {}
    for i in reversed(range(len(state.steps))):  # who reads comes before who is read
        if state.phase[i] is Phase.DONE and i in needed:
            try:
                values[i], whole = _bring(vault, stored[i], needed[i])
                if whole:
                    del stored[i]
            except ValueUnavailable as reason:
                if not state.cancelling:  # else nothing is run again for what cleans up
                    gone[i] = reason
                    del stored[i]
        if i in gone or _needs(state, i):
            for source, port in _reads(state, i):
                needed.setdefault(source, set()).add(port)
    return Past(events, state, values, gone, stored)


def _needs(state: RunState, i: int) -> bool:
    """True for a step that goes on with what it reads; what undoes and tears down asks for it."""
    if state.is_over(i) or state.phase[i] is Phase.STANDBY or state.names[i] in state.standby:
        return False
    return not state.cancelling or state.scopes[state.scope[i]].shielded or i in state.turning


def _stored(state: RunState, events: Sequence[Event]) -> dict[int, NodeCompleted | NodeReused]:
    """By slot, the event that tells what a step gave which has given something."""
    stored: dict[int, NodeCompleted | NodeReused] = {}
    for event in events:
        if isinstance(event, NodeCompleted | NodeReused):
            i = state.index[f"{event.scope}.{event.node}" if event.scope else event.node]
            if state.outcome[i] in _GAVE:
                stored[i] = event
    return stored


def _reads(state: RunState, i: int) -> Iterator[tuple[int, PortName]]:
    """The slots and live ports that the step in slot `i` reads."""
    base = state.scopes[state.scope[i]].base
    taken = state.taken.get(i)
    for binding in state.steps[i].bindings:
        if isinstance(binding.source, FromStep):
            source, port = base + binding.source.step, binding.source.port
            wanted = taken is None or binding.input in taken
            if wanted and port in state.outputs[source]:
                yield source, port


def _bring(
    vault: Vault, event: NodeCompleted | NodeReused, needed: set[PortName]
) -> tuple[Outputs, bool]:
    """What the step gave, wholly if possible, else the ports that are needed."""
    try:
        return held(vault, event), True
    except ValueUnavailable:
        return Outputs({port: vault.get(event.outputs[port]) for port in needed}), False
