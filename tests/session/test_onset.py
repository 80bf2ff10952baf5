"""A job begins, goes on, or leaves be, as what was left behind says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from flowbook.errors import UsageError
from flowbook.events import RunStatus
from flowbook.session import onset as onsets
from flowbook.session.onset import Do, Wanted, decide, onset


@dataclass(frozen=True)
class Row:
    status: RunStatus
    id: str = "r1"
    flow: str = "tour"
    params: Mapping[str, object] = field(default_factory=lambda: {"city": "Oslo", "n": 2})


@pytest.mark.parametrize(
    ("status", "is_lost", "stands", "do"),
    [
        (RunStatus.FAILED, True, True, Do.RESUME),
        (RunStatus.FAILED, True, False, Do.RESUME),
        (RunStatus.SUSPENDED, True, False, Do.RESUME),
        (RunStatus.RUNNING, False, True, Do.SKIP),
        (RunStatus.SUSPENDED, False, False, Do.SKIP),
        (RunStatus.SUCCEEDED, False, True, Do.LEAVE),
        (RunStatus.SUCCEEDED, False, False, Do.BEGIN),
        (RunStatus.FAILED, False, True, Do.BEGIN),
        (RunStatus.CANCELLED, False, True, Do.BEGIN),
    ],
)
def test_what_is_done_about_a_run_that_is_there(status, is_lost, stands, do):
    found = decide(Row(status), is_lost=is_lost, stands=stands)
    assert found.do is do
    assert (found.row is None) == (do is Do.BEGIN)


class History:
    """Tells of the runs one after the other, the last one for ever."""

    def __init__(self, *rows):
        self.rows = list(rows)
        self.asked = []

    def look(self):
        return self.rows.pop(0) if len(self.rows) > 1 else self.rows[0]

    def keyed(self, flow, key):
        self.asked.append((flow, key))
        return self.look()

    def runs(self, **filters):
        self.asked.append(filters)
        row = self.look()
        return type("Page", (), {"runs": () if row is None else (row,)})


@pytest.fixture
def ask(monkeypatch):
    """`ask(wanted, row, …, lost=rows)` → the onset, and the history that was asked."""

    def asked(wanted, *rows, lost=(), told=True):
        monkeypatch.setattr(onsets, "lost", lambda _project, row: row in lost)
        monkeypatch.setattr(onsets, "ORPHAN_SECONDS", 0.3)
        history = History(*rows)
        project = type("Project", (), {"history": history})
        return onset(project, wanted, lambda _row: told, lambda _seconds: None), history

    return asked


def test_without_key_and_without_resume_nothing_is_looked_for(ask):
    found, history = ask(Wanted("tour"), Row(RunStatus.RUNNING))
    assert found.do is Do.BEGIN
    assert history.asked == []


def test_the_key_says_which_run_it_is(ask):
    lost = Row(RunStatus.FAILED)
    found, history = ask(Wanted("tour", key="today"), lost, lost=(lost,))
    assert (found.do, found.row) == (Do.RESUME, lost)
    assert history.asked == [("tour", "today")]
    assert ask(Wanted("tour", key="today"), None)[0].do is Do.BEGIN


def test_without_a_key_the_newest_run_that_a_job_began_is_gone_on_with(ask):
    lost = Row(RunStatus.FAILED)
    assert ask(Wanted("tour", resume=True), lost, lost=(lost,))[0].do is Do.RESUME
    over = Row(RunStatus.FAILED)
    assert ask(Wanted("tour", resume=True), over)[0].do is Do.BEGIN
    assert ask(Wanted("tour", resume=True), None)[0].do is Do.BEGIN


def test_a_run_that_came_to_its_end_after_its_job_was_killed_is_not_run_again(ask):
    done = Row(RunStatus.SUCCEEDED)
    found, _ = ask(Wanted("tour", resume=True), done, told=False)
    assert (found.do, found.row) == (Do.LEAVE, done)
    assert ask(Wanted("tour", resume=True), done)[0].do is Do.BEGIN


def test_a_kernel_whose_job_was_killed_is_given_the_time_to_notice(ask):
    going, gone = Row(RunStatus.RUNNING), Row(RunStatus.FAILED)
    found, _ = ask(Wanted("tour", key="k"), going, going, gone, lost=(gone,))
    assert (found.do, found.row) == (Do.RESUME, gone)


def test_a_run_that_goes_on_is_left_to_the_process_that_has_it(ask):
    going = Row(RunStatus.RUNNING)
    found, history = ask(Wanted("tour", key="k"), going)
    assert (found.do, found.row) == (Do.SKIP, going)
    assert len(history.asked) > 2


@pytest.mark.parametrize("given", [{}, {"n": 2}, {"n": 2, "city": "Oslo"}])
def test_parameters_that_are_the_same_or_not_said_mean_the_run_that_is_there(ask, given):
    lost = Row(RunStatus.FAILED)
    assert ask(Wanted("tour", "k", params=given), lost, lost=(lost,))[0].do is Do.RESUME
    done = Row(RunStatus.SUCCEEDED)
    assert ask(Wanted("tour", "k", params=given), done)[0].do is Do.LEAVE


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.RUNNING, RunStatus.SUCCEEDED])
def test_a_key_with_other_parameters_is_refused_and_they_are_named(ask, status):
    row = Row(status)
    gone = (row,) if status is RunStatus.FAILED else ()
    wanted = Wanted("tour", "k", params={"city": "Bergen", "n": 2, "year": 1})
    with pytest.raises(UsageError) as refused:
        ask(wanted, row, lost=gone)
    told = "run r1, which has other parameters: city is 'Oslo' there and 'Bergen' here; year is not"
    assert told in refused.value.message
    assert "n is" not in refused.value.message
    assert "another --key" in refused.value.hint


def test_a_key_that_its_run_has_freed_may_have_other_parameters(ask):
    wanted = Wanted("tour", "k", params={"city": "Bergen"})
    assert ask(wanted, Row(RunStatus.FAILED))[0].do is Do.BEGIN
    assert ask(wanted, Row(RunStatus.CANCELLED))[0].do is Do.BEGIN


def test_without_a_key_a_run_with_other_parameters_is_gone_on_with_by_nobody(ask):
    lost = Row(RunStatus.FAILED)
    wanted = Wanted("tour", resume=True, params={"city": "Bergen"})
    with pytest.raises(UsageError, match="city is 'Oslo' there") as refused:
        ask(wanted, lost, lost=(lost,))
    assert "leave the parameters out" in refused.value.hint
    done = Row(RunStatus.SUCCEEDED)  # nothing is left of it to do, told or not
    assert ask(wanted, done, told=False)[0].do is Do.BEGIN


def test_what_was_redacted_before_it_was_written_is_not_compared(ask):
    lost = Row(RunStatus.FAILED, params={"token": "[redacted]"})
    wanted = Wanted("tour", "k", params={"token": "sesame"})
    assert ask(wanted, lost, lost=(lost,))[0].do is Do.RESUME
