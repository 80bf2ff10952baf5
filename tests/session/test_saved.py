"""What is stored of a run: its nodes as they stood at any event, and what each waits for."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from tests.run.histories import Play
from tests.run.plans import n

import flowbook
from flowbook.errors import UnknownNode, UsageError
from flowbook.events import NodeCompleted, RunStatus
from flowbook.graph.choices import Backoff, BackoffKind
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Wire
from flowbook.session.saved import picture


@pytest.fixture
def flow(project):
    made = flowbook.Flow("steps", host=project)

    @made.node
    def first(n: int = 1):
        return [{"n": n}] * 3

    @made.node
    def second(rows=first):
        return len(rows)

    return made


def test_a_run_as_it_ended(flow):
    run = flow.run()
    saved = flow.state(run.id)
    assert (saved.run, saved.flow, saved.status) == (run.id, "steps", RunStatus.SUCCEEDED)
    assert saved.seq == len(run.events()) - 1
    assert [(one.node, one.status, one.attempts) for one in saved.nodes] == [
        ("first", "succeeded", 1),
        ("second", "succeeded", 1),
    ]
    assert saved["first"].outputs["first"].rows == 3
    assert saved["second"].waits_for == ()


def test_a_run_as_it_stood_at_an_event(flow):
    events = flow.run().events()
    completed = next(event.seq for event in events if isinstance(event, NodeCompleted))
    before, after = flow.state(at=completed - 1), flow.state(at=completed)
    assert [before["first"].status, after["first"].status] == ["running", "succeeded"]
    assert [before["second"].waits_for, after["second"].waits_for] == [("first",), ()]
    assert before.status is RunStatus.RUNNING


def test_the_newest_run_is_meant_where_none_is_named(flow, project):
    flow.run()
    newest = flow.run(n=2)
    assert flow.state().run == newest.id
    assert project.state(newest.id) == flow.state()


def test_an_event_or_a_run_that_is_not_there_is_refused(flow, project):
    with pytest.raises(UsageError, match="has not run yet"):
        flow.state()
    run = flow.run()
    last = len(run.events()) - 1
    with pytest.raises(UsageError, match="has no event 99") as refused:
        flow.state(run.id, at=99)
    assert f"0 to {last}" in refused.value.hint
    with pytest.raises(UsageError, match="has no event -1"):
        flow.state(run.id, at=-1)
    with pytest.raises(UsageError, match="no run 'nope'"):
        project.state("nope")
    with pytest.raises(UnknownNode, match="frist"):
        flow.state()["frist"]


def test_what_a_node_had_given_at_a_point_is_read_back_as_it_was(project):
    made = flowbook.Flow("kinds", host=project)

    @made.node
    def table():
        return pd.DataFrame({"n": [1.5, None], "s": ["a", "b"]})

    @made.node
    def array(df=table):
        return np.arange(6, dtype="int16").reshape(2, 3)

    @made.node(outputs=("one", "two"))
    def both(a=array):
        return 1, {"of": a}

    @made.node
    def lock(a=array):
        return threading.Lock()

    run = made.run().raise_for_status()
    at = next(e.seq for e in run.events() if getattr(e, "node", "") == "array" and hasattr(e, "ms"))
    then = made.state(run.id, at=at)
    pd.testing.assert_frame_equal(then["table"].output, run["table"].output)
    assert then["array"].output.dtype == "int16"
    with pytest.raises(UsageError, match="'both' had no output at that point: it was"):
        then["both"].output  # noqa: B018 - asking raises
    end = made.state(run.id)
    assert end["both"].output["one"] == 1
    assert end["both"].values["two"]["of"].tolist() == [[0, 1, 2], [3, 4, 5]]
    kept_nowhere = end["lock"].output
    assert (kept_nowhere.type, bool(kept_nowhere.reason)) == ("_thread.lock", True)


def test_a_value_that_was_collected_leaves_its_type_and_a_reason(project):
    made = flowbook.Flow("lost", host=project)

    @made.node
    def table():
        return pd.DataFrame({"n": range(500)})

    run = made.run()
    ref = made.state(run.id)["table"].outputs["table"]
    for path in project.path.rglob(f"{ref.hash}*"):
        path.unlink()
    gone = made.state(run.id)["table"].output
    assert (gone.type, gone.ref) == ("pandas.DataFrame", ref)
    assert "unavailable" in repr(gone)


def test_a_router_s_result_comes_back_as_it_was_shown(project):
    made = flowbook.Flow("routes", host=project)

    @made.node
    def number():
        return 7

    made.add(
        NodeSpec(
            "route",
            kind="router",
            inputs=(InputSpec("value", wire=Wire("number")),),
            outputs=("big", "small"),
            config={"conditions": [{"id": "big", "expression": "value > 5"}],
                    "default_output": "small"},
        )
    )  # fmt: skip
    run = made.run().raise_for_status()
    assert made.state(run.id)["route"].output == run["route"].output


def test_a_summary_has_no_points_to_look_at(project):
    made = flowbook.Flow("short", host=project, journal="summary")

    @made.node
    def one():
        return 1

    run = made.run()
    with pytest.raises(UsageError, match="have holes"):
        made.state(run.id)


def test_it_reads_as_a_table(flow):
    flow.run()
    head, first, second = repr(flow.state()).splitlines()
    assert "of 'steps': succeeded at event" in head
    assert first.startswith("  first   succeeded   first: list, 3 rows (")
    assert second.startswith("  second  succeeded   second: int (")


SPEC = FlowSpec(
    "tour",
    (
        NodeSpec("a", outputs=("a",)),
        NodeSpec("b", inputs=(InputSpec("a", wire=Wire("a")),), outputs=("b",)),
    ),
)


def test_what_a_node_waits_for():
    soon = Backoff(BackoffKind.FIXED, 5.0)
    trying = Play(n("a", retries=1, backoff=soon), n("b", "a")).fails("a")
    saved = picture(trying.events, SPEC)
    assert saved["a"].waits_for == ("attempt 2 at 2026-01-01 09:00:05 UTC",)
    assert saved["a"].error.message == "boom"
    assert saved["b"].waits_for == ("a",)
    assert "ValueError: boom" in repr(saved)
    paused = Play(n("a"), n("b", "a")).pause().returns("a")
    assert picture(paused.events, SPEC)["b"].waits_for == ("the paused run to go on",)
    asked = Play(n("a"), n("b", "a")).suspends("a")
    assert picture(asked.events, SPEC)["a"].waits_for == ("approval",)
    assert picture(asked.events, None)["b"].waits_for == ()
