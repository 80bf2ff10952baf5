"""How a run, or a turn of a container, went: what its end is called, and with which error.

Questions to the state of what is over; nothing here changes anything.
"""

from __future__ import annotations

from flowbook.events import RunStatus, SkipReason
from flowbook.events.values import ErrorInfo
from flowbook.ids import NodeId
from flowbook.run.rules import joins, undoing
from flowbook.run.rules.phase import Outcome
from flowbook.run.rules.state import RunState, Scope


def went(state: RunState, scope: Scope) -> RunStatus:
    """How a turn went."""
    stopped = state.forced if scope.shielded else state.cancelling
    if stopped or scope.left not in ("", "break", "continue"):
        return RunStatus.CANCELLED
    failed = joins.unhandled(state, scope) >= 0 and not scope.left
    return RunStatus.FAILED if failed else RunStatus.SUCCEEDED


def is_last(state: RunState, scope: Scope, status: RunStatus) -> bool:
    """Whether this turn, which failed, is the last behind a container that is done."""
    inside = state.steps[scope.owner].inside
    stops = inside is not None and inside.policy.stop
    return stops and status is RunStatus.FAILED and state.turning[scope.owner].outlasts


def error_of(state: RunState, scope: Scope) -> ErrorInfo:
    """What went wrong in a turn, which is what went wrong with its container."""
    error = state.error[scope.failed]
    assert error is not None  # noqa: S101 - a step that failed has an error
    return error


def status(state: RunState) -> RunStatus:
    """How the run's work went; a teardown that fails is the failure of one that went well."""
    root = state.scopes[0]
    if state.worked is not None:
        return undoing.verdict(state, state.worked)
    if state.cancelling:
        otherwise = RunStatus.CANCELLED if state.stopped is None else RunStatus.FAILED
        return state.ending or otherwise
    if joins.unhandled(state, root) >= 0:
        return RunStatus.FAILED
    stopped = (
        outcome is Outcome.CANCELLED and reason != SkipReason.NOT_NEEDED
        for outcome, reason in zip(state.outcome[: root.size], state.reason, strict=False)
    )
    return RunStatus.CANCELLED if any(stopped) else RunStatus.SUCCEEDED


def node(state: RunState) -> NodeId | None:
    """The node of the flow itself whose failure is that of the run, if there is one."""
    if state.worked is not None:
        slot = undoing.failed_teardown(state)
        return state.worked.node if slot < 0 else state.names[slot]
    slot = joins.unhandled(state, state.scopes[0])
    return state.stopper if slot < 0 else state.names[slot]


def error(state: RunState) -> ErrorInfo | None:
    """What the run failed with, if it did."""
    if state.worked is not None:
        slot = undoing.failed_teardown(state)
        return state.worked.error if slot < 0 else state.error[slot]
    failed = joins.unhandled(state, state.scopes[0])
    return state.stopped if state.cancelling or failed < 0 else state.error[failed]
