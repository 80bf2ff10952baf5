"""What the engine is told to do after a stimulus: the instructions."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from flowbook.run.rules.upkeep import Flush, LetGo, Remind


class Launch(msgspec.Struct, frozen=True):
    """Run an attempt of a step. If it may have effects: not before event `after` is durable."""

    step: int
    attempt: int
    after: int


class Abort(msgspec.Struct, frozen=True):
    """Make an attempt of a step stop, and say so with `StepCancelled`."""

    step: int
    attempt: int


class Acquire(msgspec.Struct, frozen=True):
    """Get a step the permit it needs before it may start: `StepPermitted`."""

    step: int
    priority: int


class Release(msgspec.Struct, frozen=True):
    """Give back the permit of a step, or take back that it wants one."""

    step: int


class Consult(msgspec.Struct, frozen=True):
    """Ask a container's condition whether turn `index` is to be: `StepConsulted`."""

    step: int
    attempt: int
    index: int


class Gather(msgspec.Struct, frozen=True):
    """Make a container's outputs of what its turns gave: `StepReturned`."""

    step: int
    attempt: int


class SetTimer(msgspec.Struct, frozen=True):
    """Send `TimerFired` for that step and attempt after `delay` seconds."""

    step: int
    attempt: int
    delay: float


class Await(msgspec.Struct, frozen=True):
    """Listen for what a step waits for since event `since`: `StepResumed` or `StepDue`."""

    step: int
    since: int


class CloseRun(msgspec.Struct, frozen=True):
    """The run is over."""


Instruction: TypeAlias = (
    Launch
    | Acquire
    | Release
    | Consult
    | Gather
    | Abort
    | SetTimer
    | Await
    | Flush
    | Remind
    | LetGo
    | CloseRun
)
