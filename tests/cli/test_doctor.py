"""`flowbook doctor`: every check is told, and the flow really runs the three ways there are."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from flowbook.cli import doctor
from flowbook.session.health import Check, Verdict


@pytest.fixture
def found(monkeypatch):
    """`found(check, …)`: what the checks come to."""

    def say(*checks):
        monkeypatch.setattr(doctor, "_checks", lambda folder, runs: iter(checks))

    return say


def test_a_failed_check_says_what_next_and_ends_with_75(ask, found):
    found(
        Check("clock", Verdict.FAILED, "it is wrong", "set it"),
        Check("run by a kernel", Verdict.OK, "three nodes succeeded", ms=1234.5),
    )
    code, out, err = ask("doctor")
    assert code == 75
    assert out.splitlines() == [
        "FAILED  clock             it is wrong",
        "                          next: set it",
        "ok      run by a kernel   three nodes succeeded in 1.2 s",
    ]
    assert err == "not well: clock\n"


def test_warnings_are_no_failure(ask, found):
    found(Check("packages", Verdict.WARNING, "without papermill", "pip install it"))
    assert ask("doctor")[0::2] == (0, "all is well, with 1 warnings\n")


def test_as_json_it_has_every_check(ask, found):
    found(Check("clock", Verdict.FAILED, "it is wrong", "set it"))
    code, out, _ = ask("doctor", "--json")
    assert (code, json.loads(out)) == (
        75,
        {
            "healthy": False,
            "checks": [
                {
                    "name": "clock",
                    "verdict": "failed",
                    "found": "it is wrong",
                    "hint": "set it",
                    "ms": None,
                }
            ],
        },
    )


@pytest.mark.kernel
def test_a_flow_runs_by_a_kernel_by_a_process_and_by_papermill_and_leaves_nothing(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "flowbook.cli", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=230,
    )
    checks = {one["name"]: one for one in json.loads(ended.stdout)["checks"]}
    ran = [one for name, one in checks.items() if name.startswith("run by")]
    assert [one["verdict"] for one in ran] == ["ok", "ok", "ok"], ran
    assert all(one["ms"] > 0 for one in ran)
    assert list(tmp_path.iterdir()) == []
