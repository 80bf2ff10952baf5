"""What becomes of an attempt that did not succeed: another one after a pause, or the end."""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.events import NodeCancelled, NodeFailed, NodeRetryScheduled
from flowbook.events.values import ErrorInfo, Usage
from flowbook.graph.choices import BackoffKind
from flowbook.graph.options import Options
from flowbook.ids import CellId
from flowbook.run.rules.instruction import SetTimer
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import OfAttempt, StepRaised
from flowbook.run.rules.turn import Turn

JITTER = 0.1
"""A growing backoff is drawn out by up to this share, so that failures do not retry in step."""


def failed(turn: Turn, s: StepRaised) -> None:
    """Attempt `s` failed: it is tried again if it may be, after a pause."""
    state = turn.state
    options = state.steps[s.step].options
    used = s.attempt - state.spared[s.step] - state.pardoned.get(s.step, 0)
    if state.phase[s.step] is Phase.CANCELLING:
        cancelled(turn, s, s.ms, s.usage)
    elif used <= options.retries and not s.final:
        delay = max(s.wait, _delay(options, used, s.chance))
        turn.tell(
            NodeRetryScheduled,
            s.step,
            attempt=s.attempt,
            ms=s.ms,
            delay=delay,
            error=s.error,
            usage=s.usage,
        )
        turn.instructions.append(SetTimer(s.step, s.attempt, delay))
    else:
        turn.tell(NodeFailed, s.step, attempt=s.attempt, ms=s.ms, error=s.error, usage=s.usage)
        turn.after(s.step)


def cancelled(turn: Turn, s: OfAttempt, ms: float = 0.0, usage: tuple[Usage, ...] = ()) -> None:
    """Attempt `s` has stopped because it was told to."""
    turn.tell(NodeCancelled, s.step, attempt=s.attempt, ms=ms, usage=usage)
    turn.after(s.step)


def too_slow(
    options: Options, cell: CellId | None = None, inputs: Mapping[str, str] | None = None
) -> ErrorInfo:
    """What an attempt failed with that outlived the timeout of its step."""
    return ErrorInfo(
        type="TimeoutError",
        message=f"gave nothing within {options.timeout or 0:g} s",
        cell=cell,
        hint="raise the node's timeout, or make the node faster",
        inputs=dict(inputs or {}),
    )


def _delay(options: Options, attempt: int, chance: float) -> float:
    delay = options.backoff.delay(attempt)
    if options.backoff.kind is BackoffKind.FIXED:
        return delay
    return delay * (1 + JITTER * chance)
