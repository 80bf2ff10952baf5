"""What a fold says of an event that cannot follow: with the run's story, so that a bug is found."""

from __future__ import annotations

from flowbook.errors import IllegalTransition
from flowbook.events import Event
from flowbook.run.rules.state import RunState


def illegal(state: RunState, subject: str, current: str, event: Event) -> IllegalTransition:
    """The error for `event`, of `subject` (the run, or a node), which is at `current`."""
    wanted = f"{type(event).__name__} (event {event.seq})"
    if state.verdict is not None:
        current = f"over ({state.verdict.value})"
    return IllegalTransition(
        f"run {state.run or event.run!r}: {subject} is at {current!r}, "
        f"which {wanted} cannot follow",
        subject=subject,
        current=str(current),
        wanted=wanted,
        story=(*state.story, event),
    )
