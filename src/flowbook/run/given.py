"""What a step is given to read: values, or records of how its inputs ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.events import SkipReason
from flowbook.events.values import ErrorInfo
from flowbook.graph.roles import ERROR, STATUS, WENT
from flowbook.ids import PortName
from flowbook.plan.plan import FromParam, FromStep
from flowbook.run.rules.phase import Outcome
from flowbook.run.rules.state import RunState

Values = dict[PortName, Any]
CANCELLED = "it was cancelled"


def given(state: RunState, i: int, found: Values) -> Values:
    """What the step in slot `i` is given, of the live inputs that were `found`."""
    join = state.joins[i]
    if join is None:
        return found
    return taken(state, i, found) if join.need else _records(state, i, found)


def told_at_the_end(state: RunState, i: int, found: Values) -> Values:
    """What a step is given that stood by: what it reads, None for what is not there.

    One that tears down may ask how the run went.
    """
    worked = state.worked
    for binding in state.steps[i].bindings:
        if binding.input in found:
            continue
        found[binding.input] = None
        source = binding.source
        if worked is not None and isinstance(source, FromParam):
            if source.name == WENT[STATUS]:
                found[binding.input] = worked.status.value
            elif source.name == WENT[ERROR] and worked.error is not None:
                slot = state.index.get(worked.node or "", i)
                told = told_of(worked.error, state, slot)
                found[binding.input] = {**told, "node": worked.node or ""}
    return found


def taken(state: RunState, i: int, found: Values) -> Values:
    """Those of `found` that a join took: what came after it had enough is left out."""
    inputs = state.taken.get(i)
    if inputs is None:
        return found
    late = {
        binding.input
        for binding in state.steps[i].bindings
        if isinstance(binding.source, FromStep) and binding.input not in inputs
    }
    return {name: value for name, value in found.items() if name not in late}


def _records(state: RunState, i: int, found: Values) -> Values:
    """Parameters as they are, and for each other input how it ended, numbered in its order."""
    base = state.scopes[state.scope[i]].base
    records: Values = {}
    for index, binding in enumerate(state.steps[i].bindings):
        name, source = binding.input, binding.source
        if not isinstance(source, FromStep):
            if name in found:
                records[name] = found[name]
        elif name in found:
            records[name] = {"status": "fulfilled", "value": found[name], "index": index}
        else:
            reason = _reason(state, base + source.step)
            records[name] = {"status": "rejected", "reason": reason, "index": index}
    return records


def _reason(state: RunState, i: int) -> Mapping[str, Any]:
    """Why slot `i` gave nothing: the error that is behind it, if there is one."""
    outcome, cause = state.outcome[i], state.blame[i]
    if outcome is Outcome.SKIPPED and cause is not None:
        path = state.scopes[state.scope[i]].path
        behind = state.index.get(f"{path}.{cause}" if path else cause, -1)
        if state.reason[i] == SkipReason.UPSTREAM_FAILED and behind >= 0:
            i, outcome = behind, state.outcome[behind]
    if outcome is Outcome.FAILED:
        return told_of(state.error[i], state, i)
    if outcome is Outcome.CANCELLED:
        return {**told_of(None, state, i), "type": "Cancelled", "message": CANCELLED}
    return {**told_of(None, state, i), "type": "Skipped", "message": "the branch was not taken"}


def told_of(error: ErrorInfo | None, state: RunState, i: int) -> dict[str, Any]:
    """An error as nodes and results have it."""
    if error is None:
        return {"type": "", "message": "", "node": state.key(i), "traceback": ""}
    return {
        "type": error.name,
        "message": error.message,
        "node": state.key(i),
        "traceback": error.traceback,
    }
