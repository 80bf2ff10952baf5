"""What some options of a node let one choose between."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """When in a run a node has its place."""

    WORK = "work"
    """In the flow's own order."""
    SETUP = "setup"
    """Before every node that is none."""
    TEARDOWN = "teardown"
    """After everything else, however that ended."""


class Losers(StrEnum):
    """What becomes of the branches that a join has not waited for."""

    CANCEL = "cancel"
    LEAVE = "leave"
