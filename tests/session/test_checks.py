"""Values are checked where a node runs: before it starts, and before what it gave is kept."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import flowbook
from flowbook import Column, Columns, RunFailed, SchemaMismatch, UsageError
from flowbook.session.checks import checks_for

WEATHER = Columns(city="string", temp=Column("float", nullable=False))


@dataclasses.dataclass
class Order:
    id: int
    at: datetime.datetime | None = None


class Bounded(msgspec.Struct):
    n: Annotated[int, msgspec.Meta(ge=1)]


def test_an_output_that_does_not_fit_fails_the_attempt_for_good_and_is_kept_nowhere(project):
    flow, done = flowbook.Flow("f", host=project), Counter()

    @flow.node(outputs={"rows": WEATHER}, retries=3)
    def fetch():
        done["fetch"] += 1
        return pd.DataFrame({"city": ["Oslo"], "temp": [None]}, dtype=object)

    @flow.node
    def reads(rows):
        done["reads"] += 1

    run = flow.run()
    failed = run["fetch"]
    assert failed.error.type.endswith("SchemaMismatch")
    assert failed.error.message == (
        "node 'fetch' gave an output that does not fit, 'rows' at $.temp: "
        "expected float without missing values, got missing values (row 0)"
    )
    assert "correct what the port says" in failed.error.hint
    assert (failed.attempts, done) == (1, {"fetch": 1})
    assert run["reads"].outcome == "skipped"
    assert project.history.table('select count(*) from "values"')[1] == [(0,)]


def test_an_input_that_does_not_fit_keeps_the_node_from_running(project):
    flow, done = flowbook.Flow("f", host=project), Counter()

    @flow.node
    def fetch():
        return {"id": "7"}

    @flow.node(inputs={"order": Order})
    async def store(order=fetch):
        done["store"] += 1

    with pytest.raises(RunFailed, match=r"'order' at \$.id: expected integer, got '7' \(str\)"):
        flow.run()["store"].output  # noqa: B018 - reading it raises
    assert not done


def test_a_schema_takes_the_class_and_what_is_like_it(project):
    flow = flowbook.Flow("f", host=project)
    now = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)

    @flow.node(outputs={"a": Order, "b": Order, "c": list[Order], "d": "dict[str, float]"})
    def fetch():
        return Order(1, now), {"id": 1, "at": now}, [Order(1), {"id": 2}], {"x": np.float64(1)}

    flow.run().raise_for_status()


def test_what_a_class_says_beyond_types_is_checked(project):
    flow = flowbook.Flow("f", host=project)

    @flow.node(outputs={"n": Bounded})
    def fetch(n=1):
        return {"n": n}

    assert flow.run(n=1)["fetch"].outcome == "succeeded"
    assert "expected minimum 1, got 0 (int)" in flow.run(n=0)["fetch"].error.message


def test_a_pydantic_model_checks_by_its_own_rules(project):
    pydantic = pytest.importorskip("pydantic")

    class City(pydantic.BaseModel):
        name: str

        @pydantic.field_validator("name")
        @classmethod
        def _not_empty(cls, name):
            if not name:
                raise ValueError("hunter2")
            return name

    flow = flowbook.Flow("f", host=project)

    @flow.node(outputs={"city": City, "cities": list[City]})
    def fetch(name="Oslo"):
        return City(name="x"), [{"name": name}]

    assert flow.run()["fetch"].outcome == "succeeded"
    message = flow.run(name="")["fetch"].error.message
    assert "'cities' at $[0].name: expected what its model allows (value error)" in message
    assert "hunter2" not in message
    types = {("output", "city"): City}
    spec = flow.spec()
    assert checks_for(spec.nodes[0], spec, types=types).outputs[0].misfit({"name": 3}).path == (
        "$.name"
    )


@pytest.mark.parametrize("how", ["pandas", "polars", "lazy", "arrow", "batch", "duckdb"])
def test_tables_of_every_library_are_checked_alike(project, how):
    flow = flowbook.Flow("f", host=project)

    @flow.node(outputs={"rows": WEATHER})
    def fetch(): ...

    (check,) = checks_for(flow.spec().nodes[0], flow.spec()).outputs
    make = {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "lazy": pl.LazyFrame,
        "arrow": pa.table,
        "batch": pa.RecordBatch.from_pydict,
        "duckdb": lambda data: relation(pa.table(data)),
    }[how]
    assert check.misfit(make({"city": ["Oslo"], "temp": [1.5]})) is None
    assert check.misfit(make({"city": ["Oslo"], "temp": ["x"]})).expected == "float"
    assert check.misfit(make({"city": ["Oslo"]})).path == "$.temp"
    lacking = check.misfit(make({"city": ["Oslo", "Rome"], "temp": [1.5, None]}))
    assert lacking.found == "missing values"
    assert check.misfit([1]).expected == "a table"


ROWS = {"n": [1, "two", 3, "four", None, "six", 7.5]}


def misfit(project, schema, table, **options):
    """What the check of an output says of a table."""
    flow = flowbook.Flow("f", host=project, **options)

    @flow.node(outputs={"rows": schema})
    def fetch(): ...

    (check,) = checks_for(flow.spec().nodes[0], flow.spec()).outputs
    return check.misfit(table)


def test_the_first_rows_that_do_not_fit_are_named_with_their_values(project):
    found = misfit(project, Columns(n="int"), pd.DataFrame(ROWS))
    assert found.rows == ((1, "'two' (str)"), (3, "'four' (str)"), (5, "'six' (str)"))
    assert "at $.n: expected int, got values of several types (row 1: 'two' (str), row 3: " in (
        found.message
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict])
def test_rows_are_named_in_tables_of_every_library(project, make):
    words = misfit(project, Columns(n="int"), make({"n": ["a", "b", None, "c", "d"]}))
    assert words.rows == ((0, "'a' (str)"), (1, "'b' (str)"), (3, "'c' (str)"))
    gaps = misfit(
        project, Columns(n=Column("int", nullable=False)), make({"n": [1, None, 3, None]})
    )
    if make is pd.DataFrame:  # it has made floats of them
        assert gaps.expected == "int"
    else:
        assert gaps.rows == ((1, ""), (3, ""))
        assert gaps.message.endswith("got missing values (row 1, row 3)")


def test_a_table_that_is_not_computed_yet_stays_so(project):
    lazy = misfit(project, Columns(n="int"), pl.LazyFrame({"n": ["a"]}))
    assert (lazy.found, lazy.rows) == ("String", ())


def test_every_column_that_does_not_fit_is_named(project):
    table = pl.DataFrame({"a": ["x"], "b": [1.5], "c": [1], "extra": [0]})
    wanted = Columns(a="int", b="string", c="int", d="int", extra="int")
    found = misfit(project, wanted, table)
    assert found.path == "$.a"
    assert found.message.endswith("got String (row 0: 'x' (str)); b, d do not fit either")


def test_values_of_sensitive_columns_are_not_shown_and_their_rows_are(project):
    table = pl.DataFrame({"card_number": ["4111", "4222"]})
    found = misfit(project, Columns(card_number="int"), table, sensitive_fields="cardNumber")
    assert found.rows == ((0, ""), (1, ""))
    assert "4111" not in found.message
    assert "(row 0, row 1)" in found.message
    unlogged = misfit(project, Columns(card_number="int"), table, log_outputs=False)
    assert "4111" not in unlogged.message


def test_a_column_of_objects_that_all_fit_passes(project):
    mixed = pd.DataFrame({"n": pd.Series([1, 2.5, None], dtype=object)})
    assert misfit(project, Columns(n="float"), mixed) is None
    assert misfit(project, Columns(n="number"), mixed) is None
    assert misfit(project, Columns(n="any"), pd.DataFrame(ROWS)) is None


def relation(table):
    """The table as a relation of DuckDB, as the store's own connection makes them."""
    import duckdb

    return duckdb.connect().from_arrow(table)


def test_a_table_may_be_asked_to_have_no_other_columns(project):
    flow = flowbook.Flow("f", host=project)

    @flow.node(outputs={"rows": Columns(a="int", extra=False)})
    def fetch():
        return pl.DataFrame({"a": [1], "b": [2]})

    assert "expected columns a only, got columns b" in flow.run()["fetch"].error.message


def test_annotations_are_checked_where_that_is_asked_for(project):
    def define(**options):
        flow = flowbook.Flow("f", host=project, **options)

        @flow.node
        def fetch() -> Order | int:
            return "x"

        @flow.node
        def count(n: int | None = fetch):
            return n

        return flow.run()

    assert define().status == "succeeded"
    assert "expected" in define(validate="error")["fetch"].error.message
    warned = define(validate="warn")
    assert warned.status == "succeeded"
    assert warned["count"].logs == (
        "warning: node 'count' refuses its input 'n': expected int | None, got 'x' (str)\n"
    )


def test_a_node_says_it_for_itself(project):
    flow = flowbook.Flow("f", host=project, validate="error")

    @flow.node(validate="off", outputs={"n": "int"})
    def fetch():
        return "x"

    @flow.node(validate="schemas")
    def count(n: int):
        return n

    assert flow.run().status == "succeeded"


def test_a_generator_gives_a_list_of_what_it_is_annotated_with(project):
    from collections.abc import Iterator

    flow = flowbook.Flow("f", host=project, validate="error")

    @flow.node
    def numbers() -> Iterator[int]:
        yield 1
        yield "x"

    assert "at $[1]: expected int" in flow.run()["numbers"].error.message


def test_a_node_in_another_process_is_checked_there(project):
    flow = flowbook.Flow("f", host=project)

    @flow.node(on="process", outputs={"n": int, "order": Order})
    def fetch():
        return "x", {"id": 1}

    error = flow.run()["fetch"].error
    assert error.type.endswith("SchemaMismatch")


def test_what_a_container_gathered_is_checked(project):
    flow = flowbook.Flow("f", host=project)

    @flow.node
    def items():
        return [1, 2]

    with flow.map("each", items, outputs={"each_values": "list[int]"}):

        @flow.node
        def double(item):
            return f"{item}"

    error = flow.run()["each"].error
    assert "'each_values' at $[0]: expected integer, got '1' (str)" in error.message


def test_values_of_sensitive_fields_are_never_shown(project):
    flow = flowbook.Flow("f", host=project, sensitive_fields="ssn")

    @flow.node(outputs={"person": {"type": "object", "properties": {"SSN": {"type": "string"}}}})
    def fetch():
        return {"SSN": 12345678}

    message = flow.run()["fetch"].error.message
    assert message.endswith(", got int")


def test_a_flow_that_keeps_no_outputs_shows_none(project):
    flow = flowbook.Flow("f", host=project, log_outputs=False)

    @flow.node(outputs={"n": "int"})
    def fetch():
        return "hunter2"

    assert "hunter2" not in flow.run()["fetch"].error.message


def test_a_schema_that_is_none_is_refused_before_anything_runs(project):
    flow, done = flowbook.Flow("f", host=project), Counter()

    @flow.node
    def first():
        done["first"] += 1

    @flow.node(outputs={"n": {"type": "object", "required": "x"}})
    def second(): ...

    with pytest.raises(UsageError, match="the schema of output 'n' is none"):
        flow.run()
    assert not done


def test_a_node_that_says_nothing_has_no_checks(project):
    flow = flowbook.Flow("f", host=project)

    @flow.node
    def plain(x: int = 3) -> int:
        return x

    assert checks_for(flow.spec().nodes[0], flow.spec(), plain.function) is None


def test_the_error_tells_its_fields():
    error = SchemaMismatch("no", node="a", port="x", side="input", path="$", found="1")
    assert (error.node, error.port, error.side, error.path, error.expected) == (
        "a", "x", "input", "$", None,
    )  # fmt: skip
    assert error.final


def test_a_replay_tells_of_a_schema_that_changed_and_refuses_a_value_that_does_not_fit(project):
    def define(schema):
        flow = flowbook.Flow("f", host=project)

        @flow.node(outputs={"n": schema})
        def fetch():
            return 3

        return flow

    run = define("int").run()
    changed = define("int | None")
    last = run.events()[-1].seq
    taken = changed.replay_plan(run.id, at=last)
    assert taken.warnings[0].startswith("fetch runs anew: schema of its outputs changed")
    with pytest.warns(UserWarning, match=r"schema of its outputs changed \(\w{12} → \w{12}\)"):
        assert changed.replay(run.id).wait()["fetch"].output == 3
    told = changed.replay_plan(run.id, outputs={"fetch": "x"})
    assert "expected integer or null, got 'x' (str)" in told.problems[0]
    assert not told.ok


def test_a_cell_says_schemas_in_its_head_and_below(project, tmp_path):
    import json

    cells = [
        "%%flow fetch -> rows, n: int\n"
        "#| outputs: {rows: {columns: {city: string}}}\n"
        "#| validate: error\n"
        "import pandas as pd\nrows = pd.DataFrame({'city': ['Oslo']})\nn = 'x'"
    ]
    book = tmp_path / "book.ipynb"
    book.write_text(
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [
                    {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source,
                     "outputs": [], "execution_count": None}
                    for i, source in enumerate(cells)
                ],
            }
        )
    )  # fmt: skip
    flow = project.read_notebook(book)
    assert flow.check() == ()
    error = flow.run()["fetch"].error
    assert "'n': expected int, got 'x' (str)" in error.message
    assert error.cell == "c0"
    flow.to_notebook(book)
    assert "-> rows, n: int" in book.read_text()
    assert flow.spec().nodes[0].returns == project.read_notebook(book).spec().nodes[0].returns
