"""SQL over tables in memory."""

import os
import threading

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.errors import StoreError, UsageError
from flowbook.store import frames
from flowbook.store.query import Tables

ROWS = [{"city": "Oslo", "n": 1}, {"city": "Bergen", "n": 2}]


@pytest.fixture
def tables():
    made = Tables()
    yield made
    made.close()


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        pa.Table.from_pylist(ROWS),
        ROWS,
        {"city": ["Oslo", "Bergen"], "n": [1, 2]},
    ],
    ids=["pandas", "polars", "arrow", "rows", "columns"],
)
def test_every_kind_of_table_is_read(tables, table):
    found = tables.query("SELECT city FROM t WHERE n = $n", {"t": table}, {"n": 2, "unused": 0})
    assert isinstance(found, pd.DataFrame)
    assert found.to_dict("records") == [{"city": "Bergen"}]


def test_a_series_is_a_table_of_one_column(tables):
    found = tables.query("SELECT sum(n) AS s FROM t", {"t": pd.Series([1, 2], name="n")}, {})
    assert found["s"][0] == 3


def test_rows_may_lack_columns(tables):
    found = tables.query("SELECT * FROM t", {"t": [{"a": 1}, {"b": "x"}]}, {})
    assert list(found.columns) == ["a", "b"]
    assert found["a"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (3, "'t' is a int"),
        ([1, 2], "not all mappings"),
        ([], "no columns"),
        ({"a": [1, 2], "b": [1]}, "does not make a table"),
        ({"a": [1, "x"]}, "does not make a table"),
    ],
)
def test_what_is_no_table_is_named(tables, table, said):
    with pytest.raises(UsageError, match=said):
        tables.query("SELECT * FROM t", {"t": table}, {})


def test_a_parameter_is_bound_not_pasted(tables):
    evil = "Oslo' OR 1=1 --"
    assert len(tables.query("SELECT * FROM t WHERE city = $c", {"t": ROWS}, {"c": evil})) == 0


def test_a_parameter_that_is_not_given_is_named(tables):
    with pytest.raises(UsageError, match=r"\$least, which is not given") as refused:
        tables.query("SELECT $least", {}, {"most": 1})
    assert "most" in str(refused.value)


def test_several_statements_give_the_last_result_and_leave_nothing(tables):
    sql = "CREATE TABLE made AS SELECT 41 AS n; UPDATE made SET n = n + 1; SELECT n FROM made"
    for _ in range(2):
        assert tables.query(sql, {}, {})["n"].tolist() == [42]


@pytest.mark.parametrize("sql", ["", "  -- nothing\n"])
def test_no_sql_is_refused(tables, sql):
    with pytest.raises(UsageError, match="no SQL"):
        tables.query(sql, {}, {})


def test_duckdbs_own_error_says_where(tables):
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        tables.query("SELECT * FROM nowhere", {"t": ROWS}, {})
    assert len(tables.query("SELECT * FROM t", {"t": ROWS}, {})) == 2


def test_local_variables_are_no_tables(tables):
    cursor = frame = pd.DataFrame(ROWS)
    for name in ("frame", "cursor", "ROWS"):
        with pytest.raises(duckdb.CatalogException):
            tables.query(f"SELECT * FROM {name}", {}, {})
    assert cursor is frame


def test_threads_query_side_by_side_and_see_their_own(tables):
    found = {}

    def ask(number):
        for _ in range(5):
            frame = tables.query("SELECT sum(n) AS s FROM t", {"t": [{"n": number}] * 10}, {})
            found.setdefault(number, set()).add(frame["s"][0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {number: {10 * number} for number in range(6)}


def test_zoned_times_come_back_zoned(tables):
    frame = tables.query("SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' AS t", {}, {})
    assert frame["t"][0] == pd.Timestamp("2026-01-01", tz="UTC")


def test_the_result_outlives_the_tables(tables):
    frame = tables.query("SELECT * FROM range(100000)", {}, {})
    tables.close()
    assert len(frame) == 100_000


@pytest.mark.parametrize(("missing", "kind"), [({"pandas"}, pa.Table), ({"pyarrow"}, pd.DataFrame)])
def test_one_table_library_is_enough(tables, monkeypatch, missing, kind):
    monkeypatch.setattr(frames, "find_spec", lambda name: None if name in missing else object())
    assert isinstance(tables.query("SELECT * FROM t", {"t": ROWS}, {}), kind)


def test_without_any_table_library_the_extra_is_named(tables, monkeypatch):
    monkeypatch.setattr(frames, "find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"flowbook\[tables\]"):
        tables.query("SELECT 1", {}, {})


def test_a_forked_child_is_refused(tables):
    tables.query("SELECT 1", {}, {})
    pid = os.fork()
    if pid == 0:
        try:
            tables.query("SELECT 1", {}, {})
        except StoreError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_a_query_that_is_to_stop_is_stopped():
    began = threading.Event()

    def stop():
        return began.is_set()

    tables, beginner = Tables(), threading.Timer(0.1, began.set)  # the query takes minutes
    beginner.start()
    endless = "SELECT sum(a.range * b.range) AS s FROM range(1000000) a, range(1000000) b"
    with pytest.raises(duckdb.InterruptException):
        tables.query(endless, {}, {}, stop=stop)
    beginner.join()
    found = tables.query("SELECT 1 AS one", {}, {}, stop=lambda: False)
    assert found["one"].tolist() == [1]
