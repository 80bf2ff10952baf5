"""Exit codes are a promise."""

from __future__ import annotations

from flowbook.export.exits import ExitCode


def test_the_numbers_never_change():
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "SKIPPED": 3,
        "GATE": 4,
        "FINDINGS": 5,
        "INFRASTRUCTURE": 75,
        "TIMEOUT": 124,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


def test_every_code_says_what_it_means():
    assert all(code.meaning for code in ExitCode)
    assert ExitCode(124) is ExitCode.TIMEOUT
