"""What some options of a node let one choose between."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class On(StrEnum):
    """Where a node runs. `AUTO`: coroutines on the engine's loop, functions in a thread."""

    AUTO = "auto"
    INLINE = "inline"
    THREAD = "thread"
    PROCESS = "process"
    DASK = "dask"


class BackoffKind(StrEnum):
    """How the pause between attempts grows."""

    FIXED = "fixed"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


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


@dataclass(frozen=True, slots=True)
class Backoff:
    """The pause before attempt n+1, in seconds: `first`, grown by `kind`, at most `cap`.

    >>> Backoff(BackoffKind.EXPONENTIAL, 0.5).delay(3)
    2.0
    """

    kind: BackoffKind = BackoffKind.EXPONENTIAL
    first: float = 1.0
    cap: float = 300.0

    def delay(self, failed_attempts: int) -> float:
        """Seconds to wait after `failed_attempts` (≥ 1) failures, before jitter."""
        if self.kind is BackoffKind.FIXED:
            grown = self.first
        elif self.kind is BackoffKind.LINEAR:
            grown = self.first * failed_attempts
        else:
            grown = self.first * 2.0 ** min(failed_attempts - 1, 60)
        return min(grown, self.cap)


@dataclass(frozen=True, slots=True)
class Ttl:
    """For how long a cached result is taken, from when it was computed."""

    seconds: float
