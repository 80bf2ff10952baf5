"""What a job begins with: a new run, the run that a process left behind, or nothing at all.

A scheduler starts a job again that was killed, and means: go on. Which run that is, its key says,
else it is the newest that a job of the flow began; it goes on at the version that it has, which is
not asked: parameters that a job is given are part of it. What papermill noted of the attempt before
is not asked either: the journal alone knows how far the run came.

A run has the parameters it began with. A job that asks for others asks for another run, and is
refused: neither is its work done by that run, nor is that run its to leave behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flowbook.errors import UsageError
from flowbook.events import RunStatus, TriggerKind
from flowbook.session.recording import was_redacted
from flowbook.session.recovery import Office, lost

if TYPE_CHECKING:
    from flowbook.store.rows import RunRow

ORPHAN_SECONDS = 5.0
"""For so long a kernel may outlive the job that started it; then it ends by itself."""
_TICK = 0.1


class Do(StrEnum):
    """What is to be done."""

    BEGIN = "begin"
    RESUME = "resume"
    LEAVE = "leave"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Onset:
    """What to do, and the run that it is about: that is gone on with, is done, or goes on."""

    do: Do
    row: RunRow | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job asks for: its flow, the run key it has, whether it may go on without one.

    `params`: those it was given, which are not all that its flow has.
    """

    flow: str
    key: str | None = None
    resume: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)


def onset(
    project: Office,
    wanted: Wanted,
    told: Callable[[RunRow], bool],
    sleep: Callable[[float], object] = time.sleep,
) -> Onset:
    """What the job begins with; waits a moment for a run whose job is gone and kernel is not yet.

    A run that goes on in another process is left to it, a lost one is gone on with. One that is
    done is left as it is where its key says so, or where it has not been `told`: the kernel got to
    its end after the job had been killed. One that failed or was cancelled has not done it.

    Raises `UsageError` when that run has other parameters than the job was given.
    """
    patience = time.monotonic() + ORPHAN_SECONDS
    while True:
        row = _before(project, wanted)
        if row is None:
            return Onset(Do.BEGIN)
        stands = wanted.key is not None or not told(row)
        found = decide(row, is_lost=lost(project, row), stands=stands)
        others = differing(row.params, wanted.params)
        if others and found.do is Do.LEAVE and wanted.key is None:
            return Onset(Do.BEGIN)  # what was asked for then is done, and this is something else
        if others and found.do is not Do.BEGIN:
            raise _another(row, wanted, others)
        if found.do is not Do.SKIP or time.monotonic() >= patience:
            return found
        sleep(_TICK)


def decide(row: RunRow, *, is_lost: bool, stands: bool) -> Onset:
    """What to do about the run that was found; `stands`: if it is done, so is what is asked for."""
    if is_lost:
        return Onset(Do.RESUME, row)
    if not row.status.over:
        return Onset(Do.SKIP, row)
    done = stands and row.status is RunStatus.SUCCEEDED
    return Onset(Do.LEAVE, row) if done else Onset(Do.BEGIN)


def differing(begun: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """What a run began with and a job was given otherwise, a text for each parameter.

    What was not given is not compared, nor what was taken out before it was written.

    >>> differing({"city": "Oslo", "n": 2}, {"city": "Bergen", "n": 2, "year": 2026})
    ["city is 'Oslo' there and 'Bergen' here", 'year is not known there']
    >>> differing({"city": "Oslo", "token": "[redacted]"}, {"token": "sesame"})
    []
    """
    unknown = [f"{name} is not known there" for name in given if name not in begun]
    return [
        f"{name} is {begun[name]!r} there and {value!r} here"
        for name, value in given.items()
        if name in begun and begun[name] != value and not was_redacted(begun[name])
    ] + unknown


def _another(row: RunRow, wanted: Wanted, others: list[str]) -> UsageError:
    if wanted.key is not None:
        return UsageError(
            f"run key {wanted.key!r} stands for run {row.id}, which has other parameters: "
            f"{'; '.join(others)}",
            hint="another run needs another --key; the same parameters, or none, mean that run",
        )
    return UsageError(
        f"the newest run of a job of flow {row.flow!r}, {row.id}, is not over and has other "
        f"parameters: {'; '.join(others)}",
        hint="leave the parameters out to go on with it, or --resume to begin another run; a --key "
        "for each keeps such jobs apart",
    )


def _before(project: Office, wanted: Wanted) -> RunRow | None:
    if wanted.key is not None:
        return project.history.keyed(wanted.flow, wanted.key)
    if not wanted.resume:
        return None
    rows = project.history.runs(flow=wanted.flow, trigger=TriggerKind.PAPERMILL, limit=1).runs
    return next(iter(rows), None)
