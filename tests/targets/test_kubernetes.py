"""CronJobs that Kubernetes takes, with what it can keep of a schedule."""

from __future__ import annotations

from datetime import timedelta

import kubernetes_validate
import msgspec
import pytest
from tests.targets.golden import CASES
from tests.targets.reading import JOB, NOW, documents, moments, of_lines

from flowbook.errors import UsageError
from flowbook.targets.kubernetes import deadline, kubernetes
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule


def jobs(schedule: Schedule, job=JOB) -> list[dict]:
    return documents(kubernetes(job, schedule, NOW).files[0].text)


def told(schedule: Schedule) -> str:
    return "\n".join(one.what for one in kubernetes(JOB, schedule, NOW).caveats)


@pytest.mark.parametrize("case", CASES)
def test_they_fit_the_schema_of_kubernetes(case):
    for document in jobs(CASES[case]):
        kubernetes_validate.validate(document, "1.31", strict=True)


def test_they_come_when_the_schedule_does():
    schedule = CASES["often"]
    expected = moments(schedule, 30)
    lines = [(one["spec"]["schedule"], None) for one in jobs(schedule)]
    assert of_lines(lines, "UTC", expected[-1]) == expected[:-1]


def test_the_zone_is_the_schedules_own():
    (job,) = jobs(Schedule(cron="0 9 * * 1-5", timezone="Europe/Berlin"))
    assert (job["spec"]["schedule"], job["spec"]["timeZone"]) == ("0 9 * * 1-5", "Europe/Berlin")


def test_retries_and_restarts_are_ours_alone():
    spec = jobs(Schedule(cron="@daily"))[0]["spec"]["jobTemplate"]["spec"]
    pod = spec["template"]["spec"]
    assert (spec["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert pod["terminationGracePeriodSeconds"] == 30
    assert spec["activeDeadlineSeconds"] == 1860


@pytest.mark.parametrize(
    ("overlap", "catch_up", "policy", "seconds"),
    [
        (Overlap.SKIP, CatchUp.LATEST, "Forbid", 60),
        (Overlap.QUEUE_ONE, CatchUp.LATEST, "Forbid", 86_400),
        (Overlap.PARALLEL, CatchUp.NONE, "Allow", 60),
        (Overlap.PARALLEL, CatchUp.LATEST, "Allow", 86_400),
    ],
)
def test_overlap_and_grace_are_policy_and_deadline(overlap, catch_up, policy, seconds):
    (job,) = jobs(Schedule(cron="@daily", overlap=overlap, catch_up=catch_up))
    spec = job["spec"]
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == (policy, seconds)


def test_within_the_deadline_there_are_never_a_hundred_moments():
    schedule = Schedule(cron="* * * * *", overlap=Overlap.QUEUE_ONE)
    seconds = deadline(schedule, NOW)
    until = NOW + timedelta(seconds=seconds)
    assert len([one for one in schedule.upcoming(NOW, 200) if one <= until]) < 100


def test_what_it_would_fill_in_stays_as_it_is():
    job = msgspec.structs.replace(JOB, params={"note": "$(HOME)"})
    (made,) = jobs(Schedule(cron="@daily"), job)
    container = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert "note=$$(HOME)" in container["command"]


def test_what_it_cannot_keep_is_told():
    assert "not made up for" in told(Schedule(cron="@daily"))
    assert "more than 2 may go on" in told(CASES["often"])
    assert "3 CronJobs" in told(CASES["often"])
    berlin = told(Schedule(cron="30 2 * * *", timezone="Europe/Berlin", jitter=5, grace=1))
    assert "Kubernetes starts no run" in berlin
    assert "Kubernetes starts two runs" in berlin
    assert "does not spread runs" in berlin
    assert "grace is 10 s" in berlin


def test_a_job_outside_of_the_project_is_refused_for_it_is_not_there():
    with pytest.raises(UsageError, match="outside of the project's folder") as refused:
        jobs(Schedule(cron="@daily"), msgspec.structs.replace(JOB, notebook="/tmp/report.ipynb"))
    assert "--to jobs/" in refused.value.hint


def test_a_schedule_that_is_off_is_suspended():
    assert jobs(Schedule(cron="@daily", enabled=False))[0]["spec"]["suspend"] is True
