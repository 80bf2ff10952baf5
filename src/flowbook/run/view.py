"""A run as plain data, the same in Python and in TypeScript."""

from __future__ import annotations

from typing import Any

import msgspec

from flowbook.run.state import RunState


def view(state: RunState) -> dict[str, Any]:
    """The run as plain JSON data, the same in Python and in TypeScript.

    Per node: `attempt` is that of the last `NODE_STARTED` (0: none yet); `error` is the last
    attempt's and null once a later attempt completes; `ms` is the last attempt's (null: none
    ended); `reason` says why it was skipped or what it is suspended for.
    """
    nodes = {
        node: {
            "phase": state.phase[i].value,
            "outcome": None if (outcome := state.outcome[i]) is None else outcome.value,
            "attempt": state.attempt[i],
            "ms": state.ms[i],
            "error": msgspec.to_builtins(state.error[i]),
            "reason": state.reason[i],
        }
        for i, node in enumerate(state.nodes)
    }
    return {
        "run": state.run,
        "flow": state.flow,
        "status": state.status.value,
        "trigger": None if state.trigger is None else state.trigger.value,
        "nodes": nodes,
    }
