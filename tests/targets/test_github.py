"""Workflows that GitHub takes, converted to UTC, and what becomes of them when clocks are set."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.targets.golden import CASES
from tests.targets.reading import JOB, NOW, documents, moments, of_lines

from flowbook.targets.github import github, utc_lines
from flowbook.triggers.schedule import Overlap, Schedule

SUMMER = datetime(2026, 7, 1, tzinfo=UTC)


def workflow(schedule: Schedule, now=NOW, job=JOB) -> dict:
    (made,) = documents(github(job, schedule, now).files[0].text)
    return made


def crons(schedule: Schedule, now=NOW) -> list[str]:
    return [one["cron"] for one in workflow(schedule, now)["on"]["schedule"]]


def told(schedule: Schedule, now=NOW) -> str:
    return "\n".join(one.what for one in github(JOB, schedule, now).caveats)


@pytest.mark.parametrize("case", CASES)
def test_they_fit_the_schema_of_github(case, tmp_path):
    path = tmp_path / "workflow.yml"
    path.write_text(github(JOB, CASES[case], NOW).files[0].text)
    ended = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema",
         "vendor.github-workflows", str(path)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_times_are_converted_with_the_offset_of_now():
    nine = Schedule(cron="0 9 * * *", timezone="Europe/Berlin")
    assert (crons(nine), crons(nine, SUMMER)) == (["0 8 * * *"], ["0 7 * * *"])


def test_weekdays_go_back_with_the_time():
    assert crons(Schedule(cron="30 0 * * 1", timezone="Europe/Berlin")) == ["30 23 * * 0"]


def test_a_day_of_the_month_that_is_another_in_utc_is_asked_for_before_the_job():
    schedule = Schedule(cron="30 0 1 3,9 *", timezone="Europe/Berlin")
    (step,) = (one for one in workflow(schedule)["jobs"]["run"]["steps"] if "name" in one)
    assert crons(schedule) == ["30 23 * * *"]
    assert "TZ=Europe/Berlin date '+%m-%d-%u' | grep -Eqx '(03|09)-(01)-.'" in step["run"]
    lines = [(one.text, one) for one in utc_lines(schedule, NOW)]
    found = of_lines(lines, "UTC", NOW + timedelta(days=60), "Europe/Berlin")
    assert found == moments(schedule, 1)


def test_what_comes_in_every_hour_needs_no_conversion_and_no_warning():
    schedule = Schedule(cron="*/20 * * * *", timezone="Europe/Berlin")
    assert crons(schedule) == ["*/20 * * * *"]
    assert "UTC alone" not in told(schedule)


def test_the_day_from_which_it_is_off_is_told():
    nine = Schedule(cron="0 9 * * *", timezone="Europe/Berlin")
    assert "from 2026-03-29 on it is 60 minutes later" in told(nine)
    assert "from 2026-10-25 on it is 60 minutes earlier" in told(nine, SUMMER)
    assert "UTC alone" not in told(Schedule(cron="0 9 * * *", timezone="Asia/Kolkata"))


def test_moments_of_several_years_are_asked_for_by_date():
    text = github(JOB, CASES["once"], NOW).files[0].text
    assert "TZ=UTC date +%F | grep -Eqx '2026-05-01|2027-06-01' || exit 0" in text
    assert crons(CASES["once"]) == ["0 7 1 5 *", "30 7 1 6 *"]


def test_one_run_goes_on_and_one_waits_unless_they_may_overlap():
    group = workflow(Schedule(cron="@daily", overlap=Overlap.QUEUE_ONE))["concurrency"]
    assert group == {"group": JOB.name, "cancel-in-progress": False}
    assert "concurrency" not in workflow(Schedule(cron="@daily", overlap=Overlap.PARALLEL))
    assert "waits for its end (overlap=skip)" in told(Schedule(cron="@daily"))


def test_more_often_than_every_five_minutes_is_told():
    assert "every 5 minutes" in told(Schedule(cron="*/2 * * * *"))
    assert "every 5 minutes" not in told(Schedule(cron="*/5 * * * *"))


def test_nothing_in_it_is_githubs_to_fill_in():
    job = msgspec.structs.replace(JOB, params={"x": "${{ secrets.KEY }}"})
    text = github(job, Schedule(cron="@daily"), NOW).files[0].text
    assert "${{ '${{' }} secrets.KEY }}" in text
    assert "x=${{ secrets" not in text


def test_it_works_where_the_project_lies_in_its_repository():
    job = msgspec.structs.replace(JOB, inside="flows/shop")
    steps = workflow(Schedule(cron="@daily"), job=job)["jobs"]["run"]["steps"]
    assert steps[3]["working-directory"] == "flows/shop"
    assert steps[4]["with"]["path"] == "flows/shop/report.ipynb"
