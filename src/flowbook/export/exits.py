"""Exit codes: what a scheduler, a shell and a continuous build may rely on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. The numbers are a promise and never change their meaning.

    >>> ExitCode.TIMEOUT.value, ExitCode.TIMEOUT.meaning
    (124, 'it took longer than --timeout')
    """

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "all went well"
    FAILED = 1, "a node of the flow failed, or somebody cancelled the run"
    USAGE = 2, "bad usage, a notebook with errors, or wrong parameters; nothing was started"
    SKIPPED = 3, "skipped by the schedule's overlap policy"
    GATE = 4, "an evaluation gate failed"
    INFRASTRUCTURE = 75, "the machinery failed, not the flow; trying again may help"
    TIMEOUT = 124, "it took longer than --timeout"
    INTERRUPTED = 130, "stopped by Ctrl-C (SIGINT)"
    TERMINATED = 143, "stopped by SIGTERM"
