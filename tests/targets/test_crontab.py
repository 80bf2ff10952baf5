"""Lines that cron takes, and a script that keeps what cron does not know."""

from __future__ import annotations

import shutil
import subprocess

import msgspec
import pytest
from tests.targets.golden import CASES
from tests.targets.reading import JOB, NOW, moments, of_lines

from flowbook.targets.crontab import crontab
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule


def lines(schedule: Schedule, job=JOB) -> list[str]:
    text = crontab(job, schedule, NOW).files[0].text
    return [one for one in text.splitlines() if not one.startswith(("#", "CRON_TZ"))]


@pytest.mark.parametrize("case", CASES)
def test_cron_takes_the_file(case, tmp_path):
    tool = shutil.which("crontab")
    if tool is None:
        pytest.skip("crontab is not installed")
    dry = (
        "-T"
        if "-T" in subprocess.run([tool, "-?"], capture_output=True, text=True).stderr
        else "-n"
    )
    path = tmp_path / "tab"
    path.write_text(crontab(JOB, CASES[case], NOW).files[0].text)
    ended = subprocess.run([tool, dry, str(path)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr


def test_its_lines_come_when_the_schedule_does():
    schedule = CASES["often"]
    expected = moments(schedule, 30)
    found = [(" ".join(one.split()[:5]), None) for one in lines(schedule)]
    assert of_lines(found, "UTC", expected[-1]) == expected[:-1]


def test_a_percent_sign_ends_no_command():
    job = msgspec.structs.replace(JOB, place="/srv/50 % off")
    (line,) = lines(Schedule(cron="0 9 L * *"), job)
    assert "%" not in line.replace("\\%", "")
    assert line.endswith("/bin/sh '/srv/50 \\% off/flowbook-daily-report.sh'")


def test_the_host_has_to_have_the_clock_and_that_is_said():
    berlin = crontab(JOB, Schedule(cron="@daily", timezone="Europe/Berlin"), NOW)
    assert "CRON_TZ=Europe/Berlin\n" in berlin.files[0].text
    assert "about the clock of Europe/Berlin" in berlin.caveats[0].what
    assert "timedatectl set-timezone Europe/Berlin" in berlin.caveats[0].instead


def test_what_was_missed_is_told_unless_nobody_wants_it():
    told = [one.what for one in crontab(JOB, Schedule(cron="@daily"), NOW).caveats]
    assert any("does not start what was missed" in one for one in told)
    none = Schedule(cron="@daily", catch_up=CatchUp.NONE, overlap=Overlap.PARALLEL)
    assert len(crontab(JOB, none, NOW).caveats) == 1


def test_a_schedule_that_is_off_is_a_comment():
    assert lines(Schedule(cron="@daily", enabled=False)) == []
