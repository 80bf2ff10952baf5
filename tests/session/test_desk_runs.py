"""Runs as a canvas asks for them: parts of a flow, steps, pages of tables, changed tables."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import flowbook
from flowbook.errors import UsageError
from flowbook.events import RunCreated, RunStatus, TriggerKind
from flowbook.ids import NodeId, PortName
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.session.desk import Desk
from flowbook.session.edited_rows import CellEdit, with_cells
from flowbook.session.portions import Portion
from flowbook.widget.answering.running import ANSWERS
from flowbook.widget.run_protocol import (
    AskPage,
    AskPeek,
    AskText,
    AskTurns,
    CellChange,
    How,
    Side,
    StartPart,
    SteerRun,
    TableChange,
)


@pytest.fixture
def done():
    return Counter()


@pytest.fixture
def flow(project, done):
    flow = flowbook.Flow("parts", host=project)

    @flow.node
    def fetch(city: str = "Oslo"):
        done["fetch"] += 1
        return pd.DataFrame({"n": [3, 1, 2], "city": [city] * 3})

    @flow.node
    def clean(rows=fetch):
        done["clean"] += 1
        return rows[rows.n > 1]

    @flow.node
    def count(rows=clean):
        done["count"] += 1
        return int(rows.n.sum())

    @flow.node
    def other(rows=fetch):
        done["other"] += 1
        return len(rows)

    return flow


@pytest.fixture
def desk(project, flow):
    return Desk(project, flow)


def ask(desk, kind, **said):
    return ANSWERS[kind](desk, kind("v", 1, **said))


def ran(desk, **said):
    """The run that was started so, once it is over, and what ran in it."""
    answer = ask(desk, StartPart, **said)
    run = desk.current_run().wait(30)
    assert run.id == answer.run
    return run, {n for n in ("fetch", "clean", "count", "other") if run[n].attempts}


def test_a_run_from_a_node_on_takes_what_is_before_it_from_the_last_run(desk):
    ran(desk)
    run, anew = ran(desk, since=("clean",))
    assert anew == {"clean", "count"}
    assert run["fetch"].outcome is Outcome.REUSED
    assert run["count"].output == 5
    assert run.events()[0].trigger is TriggerKind.CANVAS


def test_a_run_to_a_node_runs_what_it_needs_and_has_not(desk, flow):
    run, anew = ran(desk, until=("clean",))
    assert anew == {"fetch", "clean"}
    assert run["other"].outcome is Outcome.SKIPPED
    _, anew = ran(desk, until=("count",))
    assert anew == {"count"}
    _, anew = ran(desk, since=("clean",), until=("count",))
    assert anew == {"clean", "count"}
    with pytest.raises(UsageError, match="other does not need clean"):
        ask(desk, StartPart, since=("clean",), until=("other",))


def test_nodes_alone_run_on_the_last_results_even_on_stale_ones(desk, flow):
    with pytest.raises(UsageError, match="no result yet of fetch, clean"):
        ask(desk, StartPart, only=("count",))
    ran(desk)
    ran(desk, params={"city": "Rome"}, until=("fetch",))
    assert "clean" in desk.stale()
    run, anew = ran(desk, only=("count",))
    assert anew == {"count"}
    assert run["count"].output == 5


def test_a_run_again_has_the_parameters_of_the_last_one_beneath_its_own(desk):
    ran(desk, params={"city": "Rome"})
    run, _ = ran(desk, again=True)
    assert run.params == {"city": "Rome"}
    run, _ = ran(desk, again=True, params={"city": "Bergen"})
    assert run.params == {"city": "Bergen"}


def test_a_node_inside_of_a_container_stands_for_the_container(project):
    flow = flowbook.Flow("boxes", host=project)

    @flow.node
    def numbers():
        return [1, 2]

    with flow.map("each", numbers):

        @flow.node
        def twice(item):
            return item * 2

    desk = Desk(project, flow)
    ask(desk, StartPart)
    desk.current_run().wait(30)
    ask(desk, StartPart, since=("twice",))
    run = desk.current_run().wait(30)
    assert run["numbers"].outcome is Outcome.REUSED
    assert run["each"].outcome is Outcome.SUCCEEDED
    turns = ask(desk, AskTurns, node="twice")
    assert [(one.scope, one.status) for one in turns.turns] == [
        ("each[0]", "succeeded"),
        ("each[1]", "succeeded"),
    ]


def until(condition, seconds=20):
    import time

    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.005)


def test_a_run_is_stepped_through_node_by_node_and_let_go(desk):
    ask(desk, StartPart, paused=True)
    run = desk.current_run()
    until(lambda: run["fetch"].phase is Phase.HELD)
    assert isinstance(run.events()[0], RunCreated)
    ask(desk, SteerRun, how=How.STEP)
    until(lambda: run["clean"].phase is Phase.HELD and run["other"].phase is Phase.HELD)
    ask(desk, SteerRun, how=How.STEP, node="other")
    until(lambda: run["other"].outcome is Outcome.SUCCEEDED)
    assert run["clean"].phase is Phase.HELD
    ask(desk, SteerRun, how=How.RESUME)
    assert run.wait(30).status is RunStatus.SUCCEEDED
    with pytest.raises(UsageError, match="nothing is running"):
        ask(desk, SteerRun, how=How.PAUSE)


# ---------------------------------------------------------------- looking


def test_the_table_at_a_port_is_paged_sorted_and_searched(desk):
    assert ask(desk, AskPage, node="fetch", port="fetch").none == "nothing has run yet"
    ran(desk)
    found = ask(desk, AskPage, node="fetch", port="fetch", sort=0)
    assert found.rows == ((1, "Oslo"), (2, "Oslo"), (3, "Oslo"))
    assert [(one.name, one.nulls) for one in found.columns] == [("n", 0), ("city", 0)]
    assert (found.at, found.total, found.of) == ((1, 2, 0), 3, 3)
    read = ask(desk, AskPage, node="clean", port="rows", side=Side.IN, find=">1", column=0, count=1)
    assert (read.rows, read.total) == (((3, "Oslo"),), 2)
    assert ask(desk, AskPage, node="count", port="count").none == "this is no table"
    assert (
        ask(desk, AskPage, node="count", port="nothing").none == "nothing passed here in this run"
    )


def test_what_a_flow_keeps_back_is_in_no_page_and_cannot_be_searched_for(project):
    flow = flowbook.Flow("people", host=project, sensitive_fields=["name"])

    @flow.node
    def people():
        return pd.DataFrame({"name": ["Ada", "Bob"], "n": [2, 1]})

    desk = Desk(project, flow)
    ask(desk, StartPart)
    desk.current_run().wait(30)
    found = ask(desk, AskPage, node="people", port="people", sort=1)
    assert "Ada" not in str(found)
    assert [row[1] for row in found.rows] == [1, 2]
    assert "Ada" not in str(ask(desk, AskPeek, source="people", output="people"))
    for wanted in ({"sort": 0}, {"find": "Ada"}, {"find": "A", "column": 0}):
        with pytest.raises(UsageError, match="name is kept back"):
            ask(desk, AskPage, node="people", port="people", **wanted)


def test_a_peek_tells_of_a_table_in_short_and_shows_any_other_value(desk):
    assert ask(desk, AskPeek, source="fetch", output="fetch").note == "nothing has run yet"
    ran(desk)
    found = ask(desk, AskPeek, source="fetch", output="fetch")
    n, city = found.columns
    assert (found.rows, found.width, found.sampled) == (3, 2, None)
    assert (n.min, n.max, sum(n.bars), city.distinct, city.bars) == (1, 3, 3, 1, ())
    assert found.first[0] == (3, "Oslo")
    assert ask(desk, AskPeek, source="count", output="count").shown.preview.value == 5


def test_a_peek_at_a_large_table_says_of_how_many_rows_its_bars_are(project):
    flow = flowbook.Flow("large", host=project)

    @flow.node
    def many():
        return pl.DataFrame({"n": np.arange(250_000)})

    desk = Desk(project, flow)
    ask(desk, StartPart)
    desk.current_run().wait(30)
    found = ask(desk, AskPeek, source="many", output="many")
    assert (found.rows, found.sampled, sum(found.columns[0].bars)) == (250_000, 100_000, 100_000)


# ---------------------------------------------------------------- changed by hand


def test_what_reads_a_table_changed_by_hand_runs_again_on_it(desk):
    ran(desk)
    change = TableChange(NodeId("fetch"), PortName("fetch"), (CellChange(1, 0, "40"),))
    run, anew = ran(desk, tables=(change,))
    assert anew == {"clean", "count", "other"}
    assert run["count"].output == 45
    read = TableChange(NodeId("clean"), PortName("rows"), (CellChange(0, 0, 100),))
    run, anew = ran(desk, tables=(read,))
    assert {"clean", "count"} <= anew
    assert run["count"].output == 142


FRAME = {"n": [1, 2], "x": [0.5, 1.5], "ok": [True, False], "s": ["a", "b"]}


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame(FRAME), pl.DataFrame(FRAME), pa.table(FRAME)],
    ids=["pandas", "polars", "arrow"],
)
def test_cells_become_what_their_column_holds_and_the_table_stays_as_it_was(table):
    edits = [(1, 0, "7"), (0, 1, "2.25"), (1, 2, "true"), (0, 3, "z")]
    changed = with_cells(table, [CellEdit(*one) for one in edits])
    rows = lambda one: one.to_dict("list") if hasattr(one, "iloc") else one.to_pydict()  # noqa: E731
    if isinstance(table, pl.DataFrame):
        rows = lambda one: one.to_dict(as_series=False)  # noqa: E731
    assert rows(changed) == {"n": [1, 7], "x": [2.25, 1.5], "ok": [True, True], "s": ["z", "b"]}
    assert rows(table) == FRAME
    assert type(changed) is type(table)
    with pytest.raises(UsageError):
        with_cells(table, [CellEdit(0, 0, "many")])
    with pytest.raises(UsageError):
        with_cells(table, [CellEdit(0, 2, "perhaps")])


def test_a_portion_of_nothing_is_the_whole_flow(desk):
    desk.runs.start({}, Portion())
    assert desk.current_run().wait(30)["count"].outcome is Outcome.SUCCEEDED


def test_a_long_text_is_read_on_from_where_one_is(project):
    flow = flowbook.Flow("said", host=project)
    words = "".join(f"{n} " for n in range(100_000))

    @flow.node
    def said():
        return words

    @flow.node
    def size(text=said):
        return len(text)

    desk = Desk(project, flow)
    assert ask(desk, AskText, node="said", port="said").none == "nothing has run yet"
    run = flow.run()
    found, read = ask(desk, AskText, node="said", port="said"), ""
    assert found.total == len(words)
    while len(read) < found.total:
        found = ask(desk, AskText, node="said", port="said", start=len(read))
        assert found.start == len(read)
        read += found.text
    assert read == words
    assert ask(desk, AskText, node="size", port="text", side=Side.IN).total == len(words)
    assert ask(desk, AskText, node="size", port="size").none == "this is no text"
    assert run.status is RunStatus.SUCCEEDED
