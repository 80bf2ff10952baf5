"""Instructions about what a run holds and what of it is on disk; none of them is about a step."""

from __future__ import annotations

import msgspec


class Flush(msgspec.Struct, frozen=True):
    """Let nothing begin before event `until` is on disk."""

    until: int


class Remind(msgspec.Struct, frozen=True):
    """Send `CheckpointDue` after `delay` seconds."""

    delay: float


class LetGo(msgspec.Struct, frozen=True):
    """What the steps of scope `scope` gave need not be held any longer: it is written down."""

    scope: int
