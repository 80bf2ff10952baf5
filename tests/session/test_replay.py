"""A run is replayed from any point: what was done is taken, what differs runs, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.session.children import replayed

import flowbook
from flowbook.errors import InvalidParameters, UnknownNode, UsageError
from flowbook.events import NodeCompleted, NodeReused, RunCreated, RunStatus
from flowbook.graph.node import Outputs
from flowbook.graph.spec import NodeSpec
from flowbook.session.project import Project

CHILD = Path(replayed.__file__)


class Weather:
    """A flow that counts what it does; `tail` gives one of its nodes other code."""

    def __init__(self, project, **options):
        self.done = Counter()
        self.options = options
        self.project = project
        self.flow = self.define(flowbook.Flow("weather", host=project, **options))

    def define(self, flow, *, tail=False):
        done = self.done

        @flow.node
        def fetch(city="Oslo"):
            done["fetch"] += 1
            return pd.DataFrame({"day": range(2000), "rain": [len(city)] * 2000})

        if tail:

            @flow.node
            def clean(df=fetch, limit: int = 3):
                done["clean"] += 1
                return df.tail(limit)

        else:

            @flow.node
            def clean(df=fetch, limit: int = 3):
                done["clean"] += 1
                return df.head(limit)

        @flow.node
        def units():
            done["units"] += 1
            return np.arange(3)

        @flow.node
        def report(rows=clean, scale=units):
            done["report"] += 1
            return int(rows["day"].sum()) + int(scale.sum())

        return flow

    def run(self, **params):
        run = self.flow.run(**params).raise_for_status()
        self.done.clear()
        return run

    def replay(self, run, **asked):
        return self.flow.replay(run, **asked).wait().raise_for_status()


@pytest.fixture
def weather(project):
    return Weather(project)


def created(project, run):
    return project.history.events(run.id)[0]


# ---------------------------------------------------------------- from where


def test_from_the_start_everything_runs_with_the_parameters_of_that_run(weather, project):
    origin = weather.run(limit=5)
    again = weather.replay(origin)
    assert dict(weather.done) == dict.fromkeys(["fetch", "clean", "units", "report"], 1)
    assert (again["report"].output, again.params["limit"]) == (origin["report"].output, 5)
    first = created(project, again)
    assert (first.origin, first.origin_seq, first.origin_node) == (origin.id, 0, None)


def test_from_a_node_it_and_what_follows_run_and_all_else_is_taken(weather, project):
    origin = weather.run()
    again = weather.replay(origin.id, from_="clean")
    assert dict(weather.done) == {"clean": 1, "report": 1}
    assert again["report"].output == origin["report"].output
    assert again["units"].output.tolist() == [0, 1, 2]
    reused = [one for one in again.events() if isinstance(one, NodeReused)]
    assert {(one.node, one.source, one.by_hand) for one in reused} == {
        ("fetch", origin.id, False),
        ("units", origin.id, False),
    }
    first = created(project, again)
    assert (first.origin_node, first.origin_seq) == ("clean", origin.events()[-1].seq)


def test_a_node_may_be_named_by_itself_and_several_may_be(weather):
    origin = weather.run()
    weather.replay(origin, from_=weather.flow["report"])
    assert dict(weather.done) == {"report": 1}
    weather.done.clear()
    weather.replay(origin, from_=["units", "fetch"])
    assert sum(weather.done.values()) == 4


def test_at_an_event_what_was_done_then_is_taken(weather):
    origin = weather.run()
    events = origin.events()
    for at in range(len(events)):
        done = {one.node for one in events[: at + 1] if isinstance(one, NodeCompleted)}
        again = weather.replay(origin, at=at)
        assert dict(weather.done) == {node: 1 for node in origin.state.nodes if node not in done}
        assert again["report"].output == origin["report"].output
        weather.done.clear()


def test_a_point_that_is_not_there_is_refused_and_nothing_starts(weather, project):
    origin = weather.run()
    for asked, message in (
        ({"at": 99}, "has no event 99"),
        ({"at": 1, "from_": "clean"}, "not at both"),
        ({"inputs": {"clean.nope": 1}}, "is no input"),
        ({"outputs": {"fetch.nope": 1}}, "has no output 'nope'"),
    ):
        with pytest.raises(UsageError, match=message):
            weather.flow.replay(origin, **asked)
    for asked in (
        {"from_": "claen"},
        {"from_": ["clean", "claen"]},
        {"inputs": {"claen.df": 1}},
        {"outputs": {"claen": 1}},
    ):
        with pytest.raises(UnknownNode, match="claen"):
            weather.flow.replay(origin, **asked)
    with pytest.raises(UnknownNode, match=r"clean\.df"):
        weather.flow.replay(origin, from_="clean.df")
    with pytest.raises(InvalidParameters, match="nope"):
        weather.flow.replay(origin, params={"nope": 1})
    with pytest.raises(UsageError, match="no run 'nope'"):
        weather.flow.replay("nope")
    other = flowbook.Flow("other", host=project)
    with pytest.raises(UsageError, match="is one of flow 'weather'"):
        other.replay(origin)
    assert [row.id for row in project.history.runs().runs] == [origin.id]
    assert not weather.done


# ---------------------------------------------------------------- with changes


def test_another_parameter_runs_what_reads_it_and_what_follows(weather):
    origin = weather.run()
    again = weather.replay(origin, params={"limit": 4})
    assert dict(weather.done) == {"clean": 1, "report": 1}
    assert (again["report"].output, again.params) == (9, {"city": "Oslo", "limit": 4})
    weather.done.clear()
    weather.replay(origin, params={"limit": 3})  # which it was
    assert not weather.done


def test_an_edited_frame_replaces_an_output_and_what_follows_runs(weather, project):
    origin = weather.run()
    edited = origin["clean"].output.assign(day=[100, 0, 0])
    again = weather.replay(origin, outputs={"clean": edited})
    assert dict(weather.done) == {"report": 1}
    assert again["report"].output == 103
    assert origin["report"].output == 6
    (hand,) = [e for e in project.history.events(again.id) if getattr(e, "by_hand", False)]
    assert (hand.node, hand.source) == ("clean", None)
    pd.testing.assert_frame_equal(project.state(again.id)["clean"].output, edited)


def test_an_edited_input_is_of_that_node_alone(weather, project):
    origin = weather.run()
    edited = pd.DataFrame({"day": [7], "rain": [1]})
    again = weather.replay(origin, inputs={"report.rows": edited})
    assert dict(weather.done) == {"report": 1}
    assert again["report"].output == 10
    saved = project.state(again.id)
    assert saved["report.rows"].by_hand
    assert saved["clean"].source == origin.id
    assert "given by hand" in repr(saved)


def test_what_was_given_by_hand_holds_for_replays_of_the_replay(weather, project):
    origin = weather.run()
    edited = pd.DataFrame({"day": [7], "rain": [1]})
    first = weather.replay(origin, inputs={"report.rows": edited}, outputs={"units": np.ones(2)})
    assert first["report"].output == 9
    for asked in ({}, {"from_": "report"}, {"params": {"limit": 1}}):
        assert weather.replay(first, **asked)["report"].output == 9
    assert weather.replay(first, from_=["report.rows"], params={"limit": 1})["report"].output == 2
    assert weather.replay(first, from_=["units", "report.rows"])["report"].output == 6


def test_one_of_several_outputs_is_replaced_the_others_are_kept(project):
    flow = flowbook.Flow("parts", host=project)

    @flow.node(outputs=("low", "high"))
    def split():
        return list(range(5)), list(range(5, 5000))

    @flow.node
    def total(low=split.low, high=split.high):
        return len(low), len(high)

    origin = flow.run()
    again = flow.replay(origin, outputs={"split.low": [1]}).wait()
    assert again["total"].output == (1, 4995)
    both = flow.replay(origin, outputs={"split": {"low": [], "high": [1]}}).wait()
    assert both["total"].output == (0, 1)
    with pytest.raises(UsageError, match="expected 2 values"):
        flow.replay(origin, outputs={"split": 3})


def test_what_follows_from_edited_data_is_not_taken_for_the_flows_own(weather, project):
    origin = weather.run()
    weather.replay(origin, outputs={"fetch": origin["fetch"].output.head(1)})
    from flowbook.session.start import Start

    run = project.start(weather.flow, {}, Start(rerun=["report"])).wait()
    assert run["report"].output == origin["report"].output


# ---------------------------------------------------------------- a branch of its own


def test_a_replay_is_a_branch_and_deleting_it_leaves_the_run_as_it_was(weather, project):
    origin = weather.run()
    before = project.history.events(origin.id)
    first = weather.replay(origin, from_="report")
    second = weather.replay(origin, at=0)
    deeper = weather.replay(first, from_="report")
    assert [row.id for row in project.history.branches(origin.id).runs] == [first.id, second.id]
    assert [row.id for row in project.history.branches(first.id).runs] == [deeper.id]
    row = project.history.run(first.id)
    assert (row.origin, row.origin_node) == (origin.id, "report")
    assert "weather (replay)" in repr(project.history.runs())
    project.history.delete(first.id)
    assert [row.id for row in project.history.branches(origin.id).runs] == [second.id]
    assert project.history.events(origin.id) == before
    with pytest.raises(UsageError, match="no run"):
        project.history.branches(first.id)
    project.store.fold()
    assert project.history.run(second.id).origin_seq == 0


def test_a_replay_of_a_replay_names_the_run_that_made_a_result(weather):
    origin = weather.run()
    first = weather.replay(origin, from_="report")
    second = weather.replay(first, from_="report")
    sources = {one.node: one.source for one in second.events() if isinstance(one, NodeReused)}
    assert set(sources.values()) == {origin.id}


def test_a_failed_run_goes_on_from_what_had_been_done(project):
    flow = flowbook.Flow("fragile", host=project)
    done = []

    @flow.node
    def first():
        done.append("first")
        return 1

    @flow.node
    def second(n=first):
        done.append("second")
        if len(done) < 3:
            raise ValueError("not yet")
        return n + 1

    failed = flow.run()
    assert failed.status is RunStatus.FAILED
    assert flow.restore(failed).wait()["second"].output == 2
    assert done == ["first", "second", "second"]


def test_a_run_that_still_goes_on_is_replayed_from_what_it_has_done(project):
    flow = flowbook.Flow("slow", host=project)
    done, reached, go = [], threading.Event(), threading.Event()

    @flow.node
    def first():
        done.append("first")
        return 1

    @flow.node
    def second(n=first):
        reached.set()
        assert go.wait(20)
        return n + 1

    origin = flow.start()
    assert reached.wait(20)
    again = flow.restore(origin)
    go.set()
    assert again.wait()["second"].output == 2
    assert origin.wait().status is RunStatus.SUCCEEDED
    assert done == ["first"]


def test_a_branch_that_was_not_taken_is_not_taken_again(project):
    flow = flowbook.Flow("branches", host=project)
    done = []

    @flow.node(outputs=("yes", "no"))
    def ask():
        return Outputs({"yes": 1})

    @flow.node
    def left(n=ask.yes):
        return n

    @flow.node
    def right(n=ask.no):
        done.append("right")
        return n

    flow.add(NodeSpec("both", kind="merge", inputs=(), outputs=("both",)))
    flow.apply(connect("left", "left", "both"))
    flow.apply(connect("right", "right", "both"))

    @flow.node
    def end(got=flow["both"]):
        done.append("end")
        return got

    origin = flow.run().raise_for_status()
    plan = flow.replay_plan(origin, from_="end")
    assert (plan["right"].fate, plan["both"].fate) == ("skipped", "taken")
    again = flow.replay(origin, from_="end").wait().raise_for_status()
    assert again["end"].output == origin["end"].output
    assert again["right"].outcome == "skipped"
    assert done == ["end", "end"]


def connect(source, output, target):
    from flowbook.graph.edits import Connect

    return Connect(source, output, target, source)


# ---------------------------------------------------------------- what has changed since


def test_a_node_whose_code_has_changed_runs_anew_and_says_so(weather):
    origin = weather.run()
    weather.define(weather.flow, tail=True)
    plan = weather.flow.replay(origin, from_="report", check=True)
    assert plan.changed == {"clean": ("code changed",)}
    assert (plan.taken, plan.runs) == (("fetch", "units"), ("clean", "report"))
    assert plan.warnings == ("clean runs anew: code changed",)
    assert not weather.done
    with pytest.warns(UserWarning, match="clean runs anew: code changed"):
        again = weather.flow.replay(origin, from_="report").wait()
    assert again["report"].output == 1999 + 1998 + 1997 + 3
    assert dict(weather.done) == {"clean": 1, "report": 1}


def test_with_trust_its_result_is_taken_and_told(weather):
    origin = weather.run()
    weather.define(weather.flow, tail=True)
    with pytest.warns(UserWarning, match="clean is taken although it differs"):
        again = weather.flow.replay(origin, from_="report", trust=True).wait()
    assert again["report"].output == origin["report"].output
    assert dict(weather.done) == {"report": 1}


def test_nodes_that_came_went_or_are_wired_otherwise_are_named(weather, project):
    origin = weather.run()
    flow = flowbook.Flow("weather", host=project)
    done = weather.done

    @flow.node
    def fetch(city="Oslo"):
        done["fetch"] += 1
        return pd.DataFrame({"day": range(2000), "rain": [len(city)] * 2000})

    @flow.node
    def extra(df=fetch):
        return df

    @flow.node
    def report(rows=extra, scale="big"):
        return len(rows)

    plan = flow.replay_plan(origin, at=origin.events()[-1].seq)
    assert plan.taken == ("fetch",)
    assert plan["extra"].changes == ("node added",)
    assert "code changed" in plan["report"].changes
    assert any(
        one.startswith("inputs rewired (rows: clean.clean →") for one in plan["report"].changes
    )
    assert "node clean is gone" in plan.warnings
    assert "parameter limit is gone" in plan.warnings


def test_a_value_that_is_gone_is_made_again_with_what_follows(weather, project):
    origin = weather.run()
    lose(project, origin, "fetch")
    plan = weather.flow.replay_plan(origin, params={"limit": 2})
    assert plan["fetch"].why.startswith("what it gave is gone")
    assert plan.taken == ("units",)
    with pytest.warns(UserWarning, match="fetch runs anew"):
        again = weather.flow.replay(origin, params={"limit": 2}).wait()
    assert dict(weather.done) == {"fetch": 1, "clean": 1, "report": 1}
    assert again["report"].output == 4
    weather.done.clear()
    weather.replay(origin, from_="report")  # nobody reads it: it may be gone
    assert dict(weather.done) == {"report": 1}


def lose(project, run, node):
    ref = run[node].refs[node]
    (path,) = [p for p in project.path.rglob(f"{ref.hash}*") if "preview" not in p.name]
    path.unlink()


def test_what_was_given_by_hand_and_is_gone_keeps_the_replay_from_starting(weather, project):
    origin = weather.run()
    frame = pd.DataFrame({"day": range(3000), "rain": 1})
    first = weather.replay(origin, inputs={"report.rows": frame})
    lose_hand(project, first)
    plan = weather.flow.replay_plan(first, from_="report")
    assert not plan.ok
    with pytest.raises(UsageError, match=r"given by hand for report\.rows is gone"):
        weather.flow.replay(first, from_="report")


def lose_hand(project, run):
    ref = run["report.rows"].refs["report.rows"]
    (path,) = [p for p in project.path.rglob(f"{ref.hash}*") if "preview" not in p.name]
    path.unlink()


def test_tables_of_another_shape_are_told_of(weather):
    origin = weather.run()
    plan = weather.flow.replay_plan(
        origin, outputs={"clean": pd.DataFrame({"day": [1], "snow": [0]})}
    )
    assert plan.warnings == ("clean is given columns without rain and with snow",)


def test_a_table_that_comes_with_other_columns_by_now_is_told_of(project):
    flow = flowbook.Flow("grows", host=project)
    columns = ["a"]

    @flow.node
    def fetch():
        return pd.DataFrame({name: [1] for name in columns})

    @flow.node
    def count(df=fetch):
        return len(df)

    origin = flow.run()
    columns.append("b")
    flow.run()
    assert flow.replay_plan(origin, from_="count").warnings == (
        "fetch has since given columns with b",
    )


def test_a_redacted_parameter_has_to_be_given_where_it_is_read(project):
    flow = flowbook.Flow("secret", host=project, sensitive_fields="token")
    seen = []

    @flow.node
    def login(token: str):
        seen.append(token)
        return {"ok": True}

    flow.apply(param("token"))

    @flow.node
    def after(state=login):
        return state["ok"]

    origin = flow.run(token="t0p-s3cret")
    assert flow.replay(origin, from_="after").wait()["after"].output is True
    with pytest.raises(UsageError, match="parameter token was redacted"):
        flow.replay(origin)
    flow.replay(origin, params={"token": "n3w-s3cret"}).wait().raise_for_status()
    assert seen == ["t0p-s3cret", "n3w-s3cret"]
    assert "s3cret" not in repr(project.history.events(origin.id))


def param(name):
    from flowbook.graph.flow_edits import SetParams
    from flowbook.graph.spec import ParamSpec

    return SetParams((ParamSpec(name, annotation="str"),))


def test_a_summary_is_replayed_from_its_start_only(project):
    weather = Weather(project, journal="summary")
    origin = weather.run(limit=2)
    assert weather.replay(origin)["report"].output == 4
    with pytest.raises(UsageError, match="from its start only"):
        weather.flow.replay(origin, from_="report")


def test_only_a_part_of_a_flow_is_replayed_where_only_a_part_was_run(weather, project):
    from flowbook.session.start import Start

    part = project.start(weather.flow, {}, Start(targets=["clean"])).wait()
    weather.done.clear()
    weather.replay(part)
    assert dict(weather.done) == {"fetch": 1, "clean": 1}
    for asked in (
        {"from_": "report"},
        {"outputs": {"report": 1}},
        {"inputs": {"report.rows": 1}},
    ):
        with pytest.raises(UsageError, match="'report' is no part of run"):
            weather.flow.replay(part, **asked)


# ---------------------------------------------------------------- the definition it had


def test_as_run_the_definition_of_that_run_runs(weather):
    origin = weather.run()
    weather.define(weather.flow, tail=True)
    again = weather.replay(origin, from_="clean", version="as_run")
    assert again["report"].output == origin["report"].output
    assert dict(weather.done) == {"clean": 1, "report": 1}


def test_as_run_is_refused_for_functions_that_are_no_more(weather, project):
    origin = weather.run()
    flow = weather.define(flowbook.Flow("weather", host=project), tail=True)
    with pytest.raises(UsageError, match="clean: the functions of that version"):
        flow.replay(origin, version="as_run")
    with pytest.warns(UserWarning, match="clean runs anew"):
        assert flow.replay(origin, from_="report").wait().status is RunStatus.SUCCEEDED


CELLS = {"first": "%%flow first(n=2)\nn * 10", "second": "%%flow second(first)\nfirst + 1"}


def notebook(path, cells):
    made = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": text, "outputs": [],
         "execution_count": None}
        for name, text in cells.items()
    ]  # fmt: skip
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_as_run_the_cells_of_that_run_run_whatever_the_notebook_says_now(project, tmp_path):
    path = notebook(tmp_path / "cells.ipynb", CELLS)
    origin = project.read_notebook(path).run().raise_for_status()
    notebook(path, {**CELLS, "second": "%%flow second(first)\nfirst - 1"})
    flow = project.read_notebook(path)
    assert flow.replay(origin, from_="second", version="as_run").wait()["second"].output == 21
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert flow.replay(origin, from_="second").wait()["second"].output == 19


# ---------------------------------------------------------------- checkpoints


def test_every_completion_is_a_checkpoint_to_restore_from(weather, project):
    origin = weather.run()
    points = project.history.checkpoints(origin.id)
    completed = [one for one in origin.events() if isinstance(one, NodeCompleted)]
    assert [(one.seq, one.node) for one in points] == [(one.seq, one.node) for one in completed]
    assert [one.done for one in points] == [1, 2, 3, 4]
    assert [one.unkept for one in points] == [0] * 4
    assert points[3].bytes > points[0].bytes > 0
    assert repr(points).splitlines()[0].split() == [
        "event", "at", "(UTC)", "node", "done", "bytes", "unkept", "why",
    ]  # fmt: skip
    weather.flow.restore(origin, points[1]).wait()
    assert sum(weather.done.values()) == 2
    weather.flow.restore(origin, points[0].seq).wait()
    assert sum(weather.done.values()) == 5
    with pytest.raises(UsageError, match=r"event 0 of run .* is no checkpoint"):
        weather.flow.restore(origin, 0)


# ---------------------------------------------------------------- other processes


def child(folder, *words):
    return subprocess.run(
        [sys.executable, str(CHILD), str(folder), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.kill
def test_a_run_whose_process_was_killed_is_replayed_in_another(tmp_path):
    assert child(tmp_path, "run", "count").returncode == -9
    project = Project(tmp_path)
    flow = replayed.flow_of(project, tmp_path)
    (lost,) = project.history.runs().runs
    before = replayed.effects(tmp_path)
    assert before == ["numbers", "frame", "count"]
    again = flow.restore(lost.id).wait().raise_for_status()
    assert again["count"].output == 40
    assert replayed.effects(tmp_path) == [*before, "count", "last"]
    assert project.history.run(lost.id).status is RunStatus.FAILED  # as it was found
    project.close()


@pytest.mark.kill
def test_a_replay_that_is_killed_goes_on_with_what_was_given_by_hand(tmp_path):
    done = child(tmp_path, "run", "nothing")
    assert done.returncode == 0
    origin = done.stdout.strip()
    killed = child(tmp_path, "replay", "last", origin)
    assert killed.returncode == -9
    project = Project(tmp_path)
    flow = replayed.flow_of(project, tmp_path)
    before = replayed.effects(tmp_path)
    assert before == ["numbers", "frame", "count", "last", "count", "last"]
    (run,) = flow.recover().wait()
    assert replayed.effects(tmp_path) == [*before, "last"]
    assert run["last"].output == "3 rows"
    row = project.history.run(run.id)
    assert (row.origin, row.status) == (origin, RunStatus.SUCCEEDED)
    first = project.history.events(run.id)[0]
    assert isinstance(first, RunCreated)
    assert "count.df" in first.nodes
    project.close()


def test_a_replay_waits_for_its_turn_and_is_told_of_like_any_run(project):
    gate, told = threading.Event(), []
    flow = flowbook.Flow("one at a time", host=project, max_runs=1, priority=2)

    @flow.node
    def gated():
        return gate.wait(10)

    gate.set()
    first = flow.run()
    gate.clear()
    flow.on_complete(lambda run: told.append(run.id))
    going = flow.start()
    replay = flow.replay(first.id)
    assert replay.status is RunStatus.QUEUED
    gate.set()
    assert replay.wait(10).status is RunStatus.SUCCEEDED
    created = replay.events()[0]
    assert (created.origin, created.priority) == (first.id, 2)
    deadline = time.monotonic() + 10
    while len(told) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert set(told) == {going.id, replay.id}
