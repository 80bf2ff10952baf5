"""Which runs have changed is seen from outside, and found out in one look."""

from __future__ import annotations

import time

import pytest
from tests.session.children.slow import slow_runs

import flowbook
from flowbook.store.changed import changed, pulse


@pytest.fixture
def project(tmp_path):
    project = flowbook.project(tmp_path)
    yield project
    project.close()


@pytest.fixture
def flow(project):
    flow = flowbook.Flow("told", host=project)

    @flow.node
    def one():
        return 1

    return flow


def now():
    return time.time_ns() // 1000


def test_the_pulse_stands_still_while_nothing_happens_and_not_when_something_does(project, flow):
    layout = project.store.history.snapshot.layout
    assert pulse(layout) == pulse(layout)  # of a store that is not there yet
    before = pulse(layout)
    run = flow.run()
    after = pulse(layout)
    assert before != after
    project.history.runs()
    assert pulse(layout) == after
    project.history.pin(run.id)
    assert pulse(layout) != after


@pytest.mark.kill
def test_the_pulse_feels_a_process_die(project):
    layout = project.store.history.snapshot.layout
    with slow_runs(project.path) as (process, (run,)):
        found = changed(project.history.snapshot, 0, going=True)
        assert [(row.id, row.status) for row in found.runs] == [(run, "running")]
        alive, at = pulse(layout), now() + 60_000_000
        process.kill()
        process.wait()
        assert pulse(layout) != alive
    assert changed(project.history.snapshot, at).runs == ()
    (row,) = changed(project.history.snapshot, at, [run]).runs
    assert row.error.startswith("lost: ")


def test_what_happened_before_is_not_told(project, flow):
    first = flow.run()
    project.store.fold()
    at = now()
    second = flow.run()
    found = changed(project.history.snapshot, at)
    assert [row.id for row in found.runs] == [second.id]
    project.history.pin(first.id)
    assert {row.id for row in changed(project.history.snapshot, at).runs} == {first.id, second.id}
    project.history.unpin(first.id)
    project.history.delete(first.id)
    found = changed(project.history.snapshot, at)
    assert ([row.id for row in found.runs], found.gone) == ([second.id], {first.id})


def test_events_are_told_from_where_each_is_asked(project, flow):
    one, other = flow.run(), flow.run()
    seqs = [event.seq for event in one.events()]
    found = changed(project.history.snapshot, now(), events={one.id: -1, other.id: seqs[-2]})
    assert [seq for seq, _ in found.events[one.id]] == seqs
    assert [seq for seq, _ in found.events[other.id]] == seqs[-1:]
    assert not found.more
