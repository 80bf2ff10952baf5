"""Units that systemd takes, with what it can keep of a schedule."""

from __future__ import annotations

import re
import subprocess

import msgspec
import pytest
from tests.targets.golden import CASES
from tests.targets.reading import JOB, NOW, analyze

from flowbook.targets.systemd import systemd
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule


def units(schedule: Schedule) -> dict[str, str]:
    return {one.name.split(".")[-1]: one.text for one in systemd(JOB, schedule, NOW).files}


def told(schedule: Schedule) -> str:
    return "\n".join(one.what for one in systemd(JOB, schedule, NOW).caveats)


@pytest.mark.parametrize("case", CASES)
def test_systemd_finds_nothing_wrong_with_them(case, tmp_path):
    tool = analyze()
    here = msgspec.structs.replace(
        JOB, folder=str(tmp_path), place=str(tmp_path), command=("/bin/true",)
    )
    made = systemd(here, CASES[case], NOW)
    for file in made.files:
        (tmp_path / file.name).write_text(file.text)
    names = [str(tmp_path / one.name) for one in made.files if not one.name.endswith(".sh")]
    ended = subprocess.run(
        [tool, "verify", "--man=no", *names], capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_missed_moments_are_made_up_for_unless_the_schedule_says_not_to():
    assert "Persistent=true" in units(Schedule(cron="@daily"))["timer"]
    assert "Persistent=false" in units(Schedule(cron="@daily", catch_up=CatchUp.NONE))["timer"]
    assert "for everything that was missed" in told(Schedule(cron="@daily", catch_up=CatchUp.ALL))


def test_a_run_may_begin_later_by_chance_and_by_nothing_else():
    timer = units(Schedule(cron="@daily", jitter=90))["timer"]
    assert "RandomizedDelaySec=90\nAccuracySec=1s" in timer


def test_skipping_is_its_own_and_other_overlaps_are_instances():
    assert set(units(Schedule(cron="@daily"))) == {"timer", "service"}
    made = systemd(JOB, Schedule(cron="@daily", overlap=Overlap.QUEUE_ONE), NOW)
    assert [one.name for one in made.files][2:] == [f"{JOB.name}@.service", f"{JOB.name}.sh"]


def test_what_systemd_would_fill_in_stays_as_it_is():
    (line,) = re.findall("ExecStart=.*", units(Schedule(cron="@daily"))["service"])
    assert '"note=50 %% of $$HOME"' in line


def test_a_run_has_its_time_and_then_some_to_say_that_it_was_over():
    service = units(Schedule(cron="@daily"))["service"]
    assert "--timeout 1800s" in service
    assert "TimeoutStartSec=1860" in service


def test_a_schedule_that_is_off_is_not_enabled():
    off = systemd(JOB, Schedule(cron="@daily", enabled=False), NOW)
    assert not any("enable" in step for step in off.steps)


def test_a_moment_that_the_clock_leaps_over_is_told_with_its_day():
    berlin = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    assert "on 2026-03-29 the clock of Europe/Berlin leaps over" in told(berlin)
    assert "2026-03-29" not in told(Schedule(cron="30 4 * * *", timezone="Europe/Berlin"))


def test_the_hour_that_comes_twice_is_told_where_the_timer_loses_it():
    working_hours = Schedule(cron="*/30 * * * 1-5", timezone="Europe/Berlin")
    assert "left out while that clock shows an hour twice" in told(working_hours)
    assert "left out" not in told(Schedule(cron="*/30 * * * *", timezone="Europe/Berlin"))
