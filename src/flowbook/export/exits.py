"""Exit codes: what a scheduler, a shell and a continuous build may rely on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. The numbers are a promise and never change their meaning.

    >>> ExitCode.TIMEOUT.value, ExitCode.TIMEOUT.meaning
    (124, 'it took longer than --timeout')
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    SKIPPED = 3
    GATE = 4
    FINDINGS = 5
    INFRASTRUCTURE = 75
    TIMEOUT = 124
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """In a few words, for help texts and messages."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.OK: "all went well",
    ExitCode.FAILED: "a node failed, or somebody cancelled the run",
    ExitCode.USAGE: "bad usage, a flow with errors, or wrong parameters; nothing was started",
    ExitCode.SKIPPED: "skipped by the schedule's overlap policy",
    ExitCode.GATE: "an evaluation gate failed",
    ExitCode.FINDINGS: "the store was checked, and something in it does not fit",
    ExitCode.INFRASTRUCTURE: "the machinery failed, not the flow; trying again may help",
    ExitCode.TIMEOUT: "it took longer than --timeout",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C (SIGINT)",
    ExitCode.TERMINATED: "stopped by SIGTERM",
}
