"""Each target's files are as they were: `python -m tests.targets.golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.targets.golden import CASES, FOLDER, texts
from tests.targets.reading import JOB, NOW

from flowbook.cli import flowbook
from flowbook.errors import UsageError
from flowbook.targets.choose import TARGETS, deploy
from flowbook.triggers.schedule import Schedule


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("target", TARGETS)
def test_the_files_and_caveats_of_a_target_are_the_golden_ones(target, case):
    folder: Path = FOLDER / target / case
    kept = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir()}
    assert texts(target, case) == kept


@pytest.mark.parametrize("target", TARGETS)
def test_all_of_them_call_the_one_command_that_runs_jobs(target):
    made = deploy(target, JOB, Schedule(cron="@daily"), NOW)
    said = "".join(file.text for file in made.files).replace('", "', " ")
    assert "flowbook job run jobs/report.ipynb" in said
    assert made.steps
    assert all(one.what and one.instead for one in made.caveats)


@pytest.mark.parametrize("target", TARGETS)
def test_none_of_them_waits_for_another_flow_and_that_is_told(target):
    made = deploy(target, JOB, Schedule(cron="@daily", after=("load",)), NOW)
    assert f"{target} does not wait for a run of load" in made.caveats[-1].what


def test_a_target_that_there_is_not_is_told_with_the_nearest():
    with pytest.raises(UsageError, match="no target 'sistemd'") as refused:
        deploy("sistemd", JOB, Schedule(cron="@daily"), NOW)
    assert "systemd" in refused.value.hint


def test_the_command_line_knows_every_target():
    said = CliRunner().invoke(flowbook, ["export", "--help"]).output
    assert all(target in said for target in TARGETS)
