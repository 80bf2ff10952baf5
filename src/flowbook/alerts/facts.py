"""What is known of what a rule judges: a run that is over, a time without a run, what was usual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

_TIMED_OUT: Final = ("TimeoutError: ", "WaitTimeout: ")


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that succeeded or failed. Times are in UTC; `before` is how the one before it ended.

    That is the last run of the same flow, among those the rule is about, that was over before.
    """

    id: str
    flow: str
    status: str
    trigger: str
    ended_at: datetime
    error: str | None = None
    before: str | None = None

    @property
    def failed(self) -> bool:
        """True when it did not succeed."""
        return self.status == "failed"

    @property
    def timed_out(self) -> bool:
        """True when it failed because time was over.

        >>> from datetime import UTC
        >>> at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> FinishedRun("r", "f", "failed", "cron", at, "TimeoutError: 5 s are over").timed_out
        True
        """
        return self.failed and (self.error or "").startswith(_TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run took, what is usual, and of how many runs that is known.

    `value` and `bar` are seconds, or bytes, or how often a run had its time again; None where
    nothing was measured.
    """

    value: float | None = None
    bar: float | None = None
    known: int = 0


class Slot(Protocol):
    """A time of a schedule that brought no run: whatever has these is judged as one.

    `reason` says why in a word such as `missed` or `still_running`; `scheduled_for` is aware.
    """

    @property
    def flow(self) -> str: ...
    @property
    def scheduled_for(self) -> datetime: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class MissedSlot:
    """One such time, as plain data."""

    flow: str
    scheduled_for: datetime
    reason: str
