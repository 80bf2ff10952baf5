"""A run of some nodes does what they need and no more, and says so of the others."""

from __future__ import annotations

from collections import Counter

import pytest

import flowbook
from flowbook.errors import InvalidParameters, UnknownNode
from flowbook.events import RunStatus
from flowbook.run.rules.phase import Outcome


@pytest.fixture
def done():
    return Counter()


@pytest.fixture
def flow(project, done):
    flow = flowbook.Flow("parts", host=project)

    @flow.node
    def fetch():
        done["fetch"] += 1
        return 3

    @flow.node
    def clean(rows=fetch):
        done["clean"] += 1
        return rows + 1

    @flow.node
    def other(rows=fetch):
        done["other"] += 1

    @flow.node
    def report(clean, other):
        done["report"] += 1

    return flow


def reasons(run):
    return {
        name: (outcome.value, run.state.reason[i])
        for i, (name, outcome) in enumerate(zip(run.state.names, run.state.outcome, strict=True))
    }


def test_what_is_not_asked_for_is_skipped_with_a_reason_of_its_own(flow, done):
    run = flow.run(only=["clean"])
    assert run.status is RunStatus.SUCCEEDED
    assert done == {"fetch": 1, "clean": 1}
    skipped = (Outcome.SKIPPED.value, "not_asked")
    assert {name: told for name, told in reasons(run).items() if told == skipped} == {
        "other": skipped,
        "report": skipped,
    }
    assert run["clean"].output == 4


def test_nodes_are_named_by_handle_or_by_name_one_or_several(flow, done):
    flow.run(only=flow["other"])
    flow.run(only=("clean", flow["other"]))
    flow.run(only="fetch")
    assert done == {"fetch": 3, "other": 2, "clean": 1}


def test_a_name_of_nobody_is_refused_before_anything_runs(flow, done):
    with pytest.raises(UnknownNode, match="has no node 'claen'"):
        flow.run(only="claen")
    assert not done


def test_the_history_tells_it(flow, project):
    run = flow.run(only="clean")
    sql = "select node, status, reason from node_runs where run_id = ? order by node"
    rows = project.history.table(sql, [run.id])[1]
    assert [row for row in rows if row[1] == "skipped"] == [
        ("other", "skipped", "not_asked"),
        ("report", "skipped", "not_asked"),
    ]


def test_a_flow_with_a_fault_elsewhere_runs_the_nodes_without(flow, done):
    @flow.node
    def broken(nobody): ...

    run = flow.run(only="clean")
    assert run.status is RunStatus.SUCCEEDED
    assert "broken" not in run.state.names


def test_a_parameter_only_others_read_needs_no_value(project, tmp_path):
    flow = flowbook.Flow("needs", host=project)

    @flow.node
    def plain():
        return 1

    @flow.node
    def picky(city="Oslo"):
        return city

    from dataclasses import replace

    from flowbook.graph.spec import MISSING, InputSpec, ParamSpec

    spec = flow.spec()
    picks = replace(spec.node("picky"), inputs=(InputSpec("city"),))
    flow.replace_spec(
        replace(spec, nodes=(spec.nodes[0], picks), params=(ParamSpec("city", MISSING, "str"),))
    )
    with pytest.raises(InvalidParameters):
        flow.run()
    assert flow.run(only="plain")["plain"].output == 1


def test_a_container_runs_whole_or_not_at_all(project):
    flow, done = flowbook.Flow("boxes", host=project), Counter()

    @flow.node
    def alone():
        return 1

    with flow.map("each", [1, 2]):

        @flow.node
        def double(item):
            done[item] += 1
            return item * 2

    assert flow.run(only="alone").status is RunStatus.SUCCEEDED
    assert not done
    assert flow.run(only="double")["each"].outcome is Outcome.SUCCEEDED
    assert done == {1: 1, 2: 1}


def test_a_replay_of_such_a_run_asks_for_the_same(flow, done):
    run = flow.run(only="clean")
    done.clear()
    again = flow.replay(run.id).wait()
    assert again.status is RunStatus.SUCCEEDED
    assert done == {"fetch": 1, "clean": 1}


def test_what_was_known_of_other_nodes_stays_known(flow, project):
    flow.run()
    flow.run(only="clean")
    assert project.stale(flow) == frozenset()
    assert set(project.live.of(flow).memory.known) == {"fetch", "clean", "other", "report"}


def test_a_parameter_called_only_is_given_that(project):
    flow = flowbook.Flow("named", host=project)

    @flow.node
    def show(only="x"):
        return only

    assert flow.run(only="y")["show"].output == "y"
