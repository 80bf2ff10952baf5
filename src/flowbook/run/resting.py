"""Is there any sense in waiting for a run at the keyboard?

A run that waits for a person, a signal or tomorrow morning rests: whoever started it has other
things to do. One that pauses for a moment does not, and neither does one that still does something
beside. A run rests too when all that it does is to wait for runs that it called, and those rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

from flowbook.events import NodeSuspended, RunStatus
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import Lineage

PATIENCE = 60.0
"""Seconds that a wait at the keyboard is worth."""

_UNDER_WAY = (Phase.RUNNING, Phase.READY, Phase.BACKOFF, Phase.HELD, Phase.CANCELLING)


class Entry(Protocol):
    """Where a run waits for its turn."""

    @property
    def lineage(self) -> Lineage: ...


class Resting(Protocol):
    """A run, as far as it is looked at here."""

    @property
    def entry(self) -> Entry: ...
    @property
    def status(self) -> RunStatus: ...
    @property
    def children(self) -> Sequence[Resting]: ...
    @property
    def live_state(self) -> RunState: ...


def waits_for(run: Resting) -> list[tuple[str, NodeSuspended]] | None:
    """What a run waits for while nothing else of it goes on; None when something does.

    Each with the node's name, that of a called run behind the name of the node that called it.
    """
    state = run.live_state
    children = tuple(run.children)
    if run.status.over or not (state.waiting or children):
        return None
    below: dict[int, list[tuple[str, NodeSuspended]]] = {}
    for child in children:
        node = child.entry.lineage.calling_node
        slot = None if node is None else state.index.get(node)
        if slot is not None and state.phase[slot] is Phase.RUNNING:
            found = waits_for(child)
            if found is None:
                continue
            below[slot] = [(f"{node} > {name}", wait) for name, wait in found]
    busy = any(phase in _UNDER_WAY and i not in below for i, phase in enumerate(state.phase))
    mine = [(str(state.key(i)), wait) for i, wait in list(state.waiting.items())]
    every = [*mine, *(one for found in below.values() for one in found)]
    return every if every and not busy else None


def soon_over(waits: Sequence[tuple[str, NodeSuspended]], now: float) -> bool:
    """True when one of the waits ends by itself within our patience."""
    times = (at for _, wait in waits for at in (wait.until, wait.timeout_at) if at is not None)
    return min(times, default=float("inf")) - now <= PATIENCE


def told(waits: Sequence[tuple[str, NodeSuspended]]) -> Iterator[str]:
    """What is waited for, for people: a line each."""
    for name, wait in waits:
        what = wait.reason or (f"signal {wait.signal!r}" if wait.signal else "a time")
        at = wait.until if wait.until is not None else wait.timeout_at
        word = "until" if wait.until is not None else "at most until"
        when = "" if at is None else f", {word} {_moment(at)}"
        yield f"{name} waits for {what}{when}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
