"""`%flow schedule`: the published version of the notebook's flow, let run by itself."""

from __future__ import annotations

import pytest
from tests.cells.conftest import notebook_of

from flowbook.errors import InvalidSchedule, UsageError


@pytest.fixture
def drafted(shell):
    """A shell whose notebook has a flow that nobody has published."""
    (shell.folder / "notebook.ipynb").write_text(notebook_of("%%flow total(top=3)\ntop + 1").text())
    shell.flow("mode define")
    shell.run("%%flow total(top=3)\ntop + 1")
    return shell


@pytest.fixture
def ready(drafted):
    drafted.flow("publish")
    return drafted


def schedules(shell):
    return shell.notebook.project.schedules


def test_a_draft_is_not_scheduled(drafted):
    with pytest.raises(InvalidSchedule, match="no published version") as refused:
        drafted.flow('schedule nightly "30 2 * * *"')
    assert refused.value.field == "flow"
    assert "flow.publish()" in refused.value.hint
    assert schedules(drafted).list() == ()


def test_the_published_flow_is_scheduled_on_the_clock_of_a_zone(ready):
    one = ready.flow(
        'schedule nightly "30 2 * * *" --timezone Europe/Berlin --overlap queue_one --after load'
    )
    assert (one.name, one.flow) == ("nightly", "notebook")
    said = one.schedule
    assert (said.cron, said.timezone, said.overlap) == ("30 2 * * *", "Europe/Berlin", "queue_one")
    assert list(said.after) == ["load"]
    assert ready.flow("schedule nightly") == one
    assert "02:30" in repr(one)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ('"61 * * * *"', "cron"),
        ('"30 2 * *"', "cron"),
        ('"30 2 * * *" --timezone Europe/Berln', "timezone"),
        ('"30 2 * * *" --overlap sometimes', "overlap"),
        ('"30 2 * * *" --after notebook', "after"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_nothing_is_scheduled(ready, words, field):
    with pytest.raises(InvalidSchedule) as refused:
        ready.flow(f"schedule nightly {words}")
    assert refused.value.field == field
    assert schedules(ready).list() == ()


def test_a_schedule_that_is_refused_leaves_the_one_of_that_name_as_it_was(ready):
    before = ready.flow('schedule nightly "30 2 * * *"')
    with pytest.raises(InvalidSchedule):
        ready.flow('schedule nightly "30 25 * * *"')
    assert ready.flow("schedule nightly") == before


def test_alone_it_lists_the_schedules_of_this_flow_and_no_others(ready):
    assert repr(ready.flow("schedule")) == "no schedules"
    ready.flow('schedule nightly "30 2 * * *"')
    ready.flow("schedule often @hourly")
    project = ready.notebook.project
    path = ready.folder / "other.ipynb"
    path.write_text(notebook_of("%%flow one\n1").text())
    project.read_notebook(path).publish()
    project.schedules.save("theirs", "other", cron="@daily")
    assert [one.name for one in ready.flow("schedule")] == ["nightly", "often"]


def test_a_paused_schedule_is_told_as_paused_until_it_is_resumed(ready):
    ready.flow('schedule nightly "30 2 * * *"')
    schedules(ready).pause("nightly")
    assert not ready.flow("schedule nightly").enabled
    assert "paused" in repr(ready.flow("schedule"))
    schedules(ready).resume("nightly")
    assert ready.flow("schedule nightly").enabled
    assert "paused" not in repr(ready.flow("schedule"))


def test_a_schedule_that_is_not_there_is_named(ready):
    ready.flow('schedule nightly "30 2 * * *"')
    with pytest.raises(UsageError, match="no schedule 'nigthly'") as refused:
        ready.flow("schedule nigthly")
    assert "nightly" in refused.value.hint
