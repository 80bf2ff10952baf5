"""A run as plain data, the same in Python and in TypeScript."""

from __future__ import annotations

from typing import Any

import msgspec

from flowbook.ids import NodeId
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState, Turning

_COUNTED = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.REUSED: "succeeded",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.CANCELLED: "cancelled",
}
_COUNTS = ("running", "succeeded", "failed", "skipped", "cancelled")


def view(state: RunState) -> dict[str, Any]:
    """The run as plain JSON data, the same in Python and in TypeScript.

    `tries` is how often the run has had its time.

    Per node: `attempt` is that of the last `NODE_STARTED` (0: none yet); `error` is the last
    attempt's and null once a later attempt completes; `ms` is the last attempt's (null: none
    ended); `reason` says why it was skipped or what it is suspended for.

    A container has `turns` besides, null until it has unfolded: how many there are to be (null:
    nobody knows), and how many are under way, succeeded and failed. A node inside of one is told
    as it stands in the turn that began last, whose `scope` is null before the first, with `counts`
    over all turns; of a turn that was begun anew only the last attempt counts.
    """
    nodes = {node: _node(state, i) for i, node in enumerate(state.nodes)}
    return {
        "run": state.run,
        "flow": state.flow,
        "status": state.status.value,
        "trigger": None if state.trigger is None else state.trigger.value,
        "tries": state.tries,
        "nodes": {**nodes, **_inside(state)},
    }


def turns_of(turning: Turning | None) -> dict[str, int | None] | None:
    """How the turns of a container go."""
    if turning is None:
        return None
    return {
        "total": turning.total,
        "active": turning.active,
        "succeeded": turning.succeeded,
        "failed": turning.failed,
    }


def turns_text(done: int, total: int | None, failed: int) -> str:
    """How the turns of a container went, for people.

    >>> turns_text(45, 100, 3)
    '45/100 (3 failed)'
    >>> turns_text(1, None, 0)
    '1 turn'
    """
    text = f"{done} turn{'' if done == 1 else 's'}" if total is None else f"{done}/{total}"
    return f"{text} ({failed} failed)" if failed else text


def turns_told(state: RunState, i: int) -> str:
    """The same of the container in slot `i`; '' for any other, or if its turns have no numbers."""
    turning = state.turning.get(i)
    if turning is None or (turning.total is None and not turning.next):
        return ""
    return turns_text(turning.succeeded + turning.failed, turning.total, turning.failed)


def _node(state: RunState, i: int) -> dict[str, Any]:
    outcome = state.outcome[i]
    told = {
        "phase": state.phase[i].value,
        "outcome": None if outcome is None else outcome.value,
        "attempt": state.attempt[i],
        "ms": state.ms[i],
        "error": msgspec.to_builtins(state.error[i]),
        "reason": state.reason[i],
    }
    if state.names[i] in state.blocks:
        told["turns"] = turns_of(state.turning.get(i))
    return told


def _inside(state: RunState) -> dict[NodeId, dict[str, Any]]:
    """The nodes inside of containers, each once."""
    nodes = {
        node: _unopened(state, node)
        for blocks in state.blocks.values()
        for block in blocks.values()
        for node in block
    }
    counts = {node: dict.fromkeys(_COUNTS, 0) for node in nodes}
    latest: dict[NodeId, int] = {}
    current = _current(state)
    for i in range(len(state.nodes), len(state.names)):
        name, outcome = state.names[i], state.outcome[i]
        latest[name] = i
        if current[state.scope[i]]:
            if outcome is not None:
                counts[name][_COUNTED[outcome]] += 1
            elif state.phase[i] not in (Phase.WAITING, Phase.STANDBY):
                counts[name]["running"] += 1
    for name, i in latest.items():
        nodes[name] = {**_node(state, i), "scope": state.scopes[state.scope[i]].path}
    return {name: {**node, "counts": counts[name]} for name, node in nodes.items()}


def _unopened(state: RunState, node: NodeId) -> dict[str, Any]:
    told: dict[str, Any] = {
        "phase": Phase.WAITING.value,
        "outcome": None,
        "attempt": 0,
        "ms": None,
        "error": None,
        "reason": None,
        "scope": None,
    }
    return {**told, "turns": None} if node in state.blocks else told


def _current(state: RunState) -> list[bool]:
    """By scope: whether it is the last attempt of its turn, and so are those it is inside of."""
    current = [True]
    for number, scope in enumerate(state.scopes[1:], 1):
        last = state.turning[scope.owner].scopes.get((scope.block, scope.index))
        current.append(last == number and current[state.scope[scope.owner]])
    return current
