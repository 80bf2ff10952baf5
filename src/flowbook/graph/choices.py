"""What some options of a node let one choose between."""

from __future__ import annotations

import re
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


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an attempt in a process of its own may take: bytes of memory, seconds of CPU time."""

    memory: int | None = None
    cpu: float | None = None


def parse_on(value: object) -> On:
    """A place to run, by its word."""
    try:
        return On(str(value).strip())
    except ValueError:
        raise ValueError(f"write one of {', '.join(On)}") from None


def parse_inside(value: object) -> str:
    """The name of a container, or of a block of it, or none."""
    place = str(value).strip()
    if place and not re.fullmatch(r"[^\W\d]\w*(\.(catch|finally))?", place):
        raise ValueError("write the container's name, or name.catch or name.finally")
    return place


def parse_losers(value: object) -> Losers:
    """What becomes of the losers, by its word."""
    try:
        return Losers(str(value).strip().lower())
    except ValueError:
        raise ValueError(f"write one of {', '.join(Losers)}") from None


def parse_role(value: object) -> Role:
    """A role, by its word."""
    try:
        return Role(str(value).strip().lower())
    except ValueError:
        raise ValueError(f"write one of {', '.join(Role)}") from None


def parse_compensate(value: object) -> str:
    """The name of a node, or none."""
    name = str(value).strip()
    if name and not re.fullmatch(r"[^\W\d]\w*", name):
        raise ValueError("write the name of the node that undoes it")
    return name


def parse_join(value: object) -> int:
    """How many inputs are enough, 0 for all."""
    word = str(value).strip().lower()
    if word in ("all", "any"):
        return int(word == "any")
    if isinstance(value, bool) or not re.fullmatch(r"[1-9]\d{0,3}", word):
        raise ValueError("write all, any, or how many inputs are enough, such as 2")
    return int(word)


def print_join(enough: int) -> str:
    """The word `parse_join` reads back."""
    return {0: "all", 1: "any"}.get(enough, str(enough))
