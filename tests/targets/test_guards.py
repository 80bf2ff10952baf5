"""What a guard says in a shell is what it means."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.targets.reading import holds

from flowbook.targets.guards import Guard, day_guard
from flowbook.targets.lines import Line
from flowbook.triggers.cron import Cron

GUARDS = (
    Guard(dates=("2026-02-28", "2027-01-01")),
    day_guard(Cron("0 0 13,L * 5").numbers),
    day_guard(Cron("0 0 */2 * 1").numbers),
    day_guard(Cron("0 0 * * 1#2,0#5").numbers),
    day_guard(Cron("0 0 * * L5").numbers),
    day_guard(Cron("0 0 1 * *").numbers, (3, 7)),
)


@pytest.fixture
def shell(tmp_path):
    """`shell(test, moment)`: what a shell says of a test at that moment."""
    real = shutil.which("date")
    if "GNU" not in subprocess.run([real, "--version"], capture_output=True, text=True).stdout:
        pytest.skip("needs GNU date")
    fake = tmp_path / "date"
    fake.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = -d ]; then ahead=$2; shift 2; else ahead="0 days"; fi\n'
        f'exec {real} -d "$({real} -d "@$MOMENT" "+%F %T") $ahead" "$@"\n'
    )
    fake.chmod(0o755)

    def run(test: str, moment: datetime) -> bool:
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MOMENT": f"{moment.timestamp():.0f}"}
        ended = subprocess.run(["/bin/sh", "-c", test], env=env, capture_output=True, text=True)
        assert ended.stderr == ""
        return ended.returncode == 0

    return run


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_a_shell_says_what_the_guard_means(shell, guard):
    line, zone = Line(("0", "0", "*", "*", "*"), guard), "Europe/Berlin"
    days = [datetime(2026, 2, 1, 23, 30, tzinfo=UTC) + timedelta(days=one) for one in range(32)]
    said = [shell(guard.test(zone), day) for day in days]
    assert said == [holds(line, day.astimezone(ZoneInfo(zone))) for day in days]
    assert any(said)
    assert not all(said)


def test_the_tests_of_a_guard_are_one_command_and_so_can_be_followed_by_another():
    assert day_guard(Cron("0 0 13,L * 5").numbers).test().startswith("{ ")
