"""A run's past: what its journal tells, and as much of its values as going on takes.

Only the outputs that an open step still reads are brought back before the run goes on; all others
wait until somebody looks at them. An output that is needed and cannot be had makes its step *gone*:
to go on, that step has to be run again, and so its own inputs are needed too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowbook.errors import ValueUnavailable
from flowbook.events import Event, NodeCompleted, NodeReused, Vault
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.plan.plan import FromStep, Plan
from flowbook.run.phase import Outcome, Phase
from flowbook.run.recall import held
from flowbook.run.state import RunState, fold

_GAVE = (Outcome.SUCCEEDED, Outcome.REUSED)


@dataclass(frozen=True, slots=True)
class Past:
    """Where a run stands whose process is gone.

    `values` are outputs brought back, by step; `gone` are the steps whose outputs are needed and
    cannot be had, with the reason; `stored` are the steps whose outputs are, as far as one knows,
    in the store, and not wholly in `values`.
    """

    events: Sequence[Event]
    state: RunState
    values: Mapping[int, Outputs]
    gone: Mapping[int, ValueUnavailable]
    stored: Mapping[int, NodeCompleted | NodeReused]


def bring_past(plan: Plan, events: Sequence[Event], vault: Vault) -> Past:
    """The past that `events` tell of a run of `plan`, with the values its open steps read.

    Blocking. Raises `IllegalTransition` for events that are no run of this plan, or have a hole.
    """
    state = fold(events, plan)
    stored = {
        state.index[event.node]: event
        for event in events
        if isinstance(event, NodeCompleted | NodeReused)
        and state.outcome[state.index[event.node]] in _GAVE
    }
    values: dict[int, Outputs] = {}
    gone: dict[int, ValueUnavailable] = {}
    needed: dict[int, set[PortName]] = {}
    for step in reversed(plan.steps):  # who reads comes before who is read
        i = step.index
        if state.phase[i] is Phase.DONE and i in needed:
            try:
                values[i], whole = _bring(vault, stored[i], needed[i])
                if whole:
                    del stored[i]
            except ValueUnavailable as reason:
                gone[i] = reason
                del stored[i]
        if i in gone or (state.phase[i] is not Phase.DONE and not state.cancelling):
            for binding in step.bindings:
                if isinstance(binding.source, FromStep):
                    source, port = binding.source.step, binding.source.port
                    if port in state.outputs[source]:
                        needed.setdefault(source, set()).add(port)
    return Past(events, state, values, gone, stored)


def _bring(
    vault: Vault, event: NodeCompleted | NodeReused, needed: set[PortName]
) -> tuple[Outputs, bool]:
    """What the step gave, wholly if possible, else the ports that are needed."""
    try:
        return held(vault, event), True
    except ValueUnavailable:
        return Outputs({port: vault.get(event.outputs[port]) for port in needed}), False
