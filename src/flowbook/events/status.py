"""The words of facts: how a run stands, what started it, why a node was not run."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """What a run is doing or how it ended."""

    QUEUED = "queued"
    RUNNING = "running"
    SUSPENDED = "suspended"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """True when nothing more will happen."""
        return self in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)


class TriggerKind(StrEnum):
    """What started a run."""

    MANUAL = "manual"
    CELL = "cell"
    CANVAS = "canvas"
    CLI = "cli"
    PAPERMILL = "papermill"
    CRON = "cron"
    WEBHOOK = "webhook"
    SUBFLOW = "subflow"
    EVENT = "event"
    EVAL = "eval"
    TEST = "test"


class SkipReason(StrEnum):
    """Why a node was not run."""

    BRANCH_NOT_TAKEN = "branch_not_taken"
    UPSTREAM_FAILED = "upstream_failed"
    UPSTREAM_CANCELLED = "upstream_cancelled"
    TURN_LEFT = "turn_left"
    NOT_NEEDED = "not_needed"
    NOT_ASKED = "not_asked"
