from __future__ import annotations

import pytest

from flowbook import Columns, Flow, UsageError
from flowbook.testing import Seen, expect

ROWS = [{"city": "Oslo", "temp": -1.5}, {"city": "Rome", "temp": 14.0}]


@pytest.fixture
def run(project):
    flow = Flow("weather", host=project)

    @flow.node
    def rows():
        print("two rows")
        return ROWS

    @flow.node(outputs=("cold", "warm"))
    def split(rows):
        return [r for r in rows if r["temp"] < 0], [r for r in rows if r["temp"] >= 0]

    @flow.node
    def broken(rows):
        raise ValueError("no such city")

    @flow.node
    def behind(broken):
        return 1

    return flow.test()


def test_what_holds_is_said_in_a_row(run):
    expect(run, "rows").succeeded().equals(ROWS).rows(2).where("temp > -2").logged("two rows")
    expect(run, "split", "warm").equals([ROWS[1]])
    expect(run, "broken").failed("no such city")
    expect(run, "behind").skipped()


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (lambda e: e.equals([ROWS[0]]), "rows gave something else"),
        (lambda e: e.rows(3), "rows has 2 rows, expected 3"),
        (lambda e: e.where("temp > 0"), "row 0: {'city': 'Oslo', 'temp': -1.5}"),
        (lambda e: e.failed(), "rows is succeeded, not failed"),
        (lambda e: e.skipped(), "rows is succeeded, not skipped"),
        (lambda e: e.logged("three"), "never said 'three'"),
        (lambda e: e.schema(Columns(city="string", rain="float")), "column rain"),
        (lambda e: e.schema("list[int]"), "expected"),
        (lambda e: e.sql("select count(*) = 3 from rows"), "does not satisfy"),
        (lambda e: e.no_rows("select * from rows where temp < 0"), "'temp': -1.5"),
    ],
)
def test_what_does_not_hold_is_told(run, check, told):
    with pytest.raises(AssertionError) as failed:
        check(expect(run, "rows"))
    assert told in str(failed.value)


def test_a_node_that_failed_gave_nothing(run):
    with pytest.raises(AssertionError, match=r"broken is failed, not succeeded\s+.*no such city"):
        expect(run, "broken").equals(1)


def test_a_schema_holds_for_tables_and_for_plain_data(run):
    expect(run, "rows").schema(Columns(city="string", temp="float"))
    expect(run, "rows").schema({"type": "array", "items": {"required": ["city"]}})


def test_order_and_precision_may_not_matter(run):
    close = [{"city": "Rome", "temp": 14.0001}, {"city": "Oslo", "temp": -1.5}]
    with pytest.raises(AssertionError):
        expect(run, "rows").equals(close, tolerance=1e-3)
    expect(run, "rows").equals(close, tolerance=1e-3, ignore_order=True)


def test_sql_that_cannot_be_asked_is_no_failed_assertion(run):
    with pytest.raises(UsageError, match="cannot be asked"):
        expect(run, "rows").sql("selec 1")


def test_a_run_matches_one_that_was_seen(run, project):
    seen = Seen.of(run, project)
    expect(run, "rows").matches(seen)
    expect(run, "split", "cold").matches(seen)
    other = Seen(seen.run, seen.flow, seen.version, {}, {**seen.nodes, "rows": seen.nodes["split"]})
    with pytest.raises(AssertionError, match="something else than in the run that was seen"):
        expect(run, "rows").matches(other)
