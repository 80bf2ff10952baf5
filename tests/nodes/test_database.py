"""SQL in real databases: Postgres, MariaDB and SQLite do alike."""

from __future__ import annotations

import sqlite3
import threading
import traceback
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.nodes.servers import PASSWORD, MariaDb, Postgres

from flowbook.errors import DatabaseFailed, NotGranted, UsageError
from flowbook.graph.services import Grant
from flowbook.nodes.database import DatabaseNode

KINDS = ("postgresql", "mysql", "sqlite")
SLOW = {
    "postgresql": "select pg_sleep(60)",
    "mysql": "select sleep(60) from (select 1 union select 2) x",
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) "
    "select count(*) from n",
}


@contextmanager
def running(kind):
    if missing := kind.missing():
        pytest.skip(missing)
    server = kind()
    try:
        server.prepare()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres():
    with running(Postgres) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb():
    with running(MariaDb) as server:
        yield server


class File:
    """A SQLite file, spoken to as a server is."""

    scheme = "sqlite"
    address = "sqlite:///till.sqlite"

    def __init__(self, folder) -> None:
        self.path = folder / "till.sqlite"

    def run(self, sql):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as one:
            return one.execute(sql).fetchall()


@pytest.fixture
def here(context, tmp_path):
    """The context of a node, with a folder, a password, and what it may do; pools are closed."""
    context.services.folder = tmp_path
    context.services.secrets = {"pg": PASSWORD}
    context.services.granted = {Grant.DATABASE}
    yield context
    for engine in context.services.kept.values():
        engine.dispose()


@pytest.fixture(params=KINDS)
def server(request, tmp_path):
    names = {"postgresql": "postgres", "mysql": "mariadb"}
    made = (
        request.getfixturevalue(names[request.param]) if request.param in names else File(tmp_path)
    )
    made.run("drop table if exists sales")
    made.run("create table sales (id int primary key, city varchar(20), total int)")
    made.run("insert into sales values (1, 'Oslo', 30), (2, 'Rome', 12), (3, 'Oslo', 5)")
    return made


@pytest.fixture
def ask(here, made, server):
    """Runs a node in the server, with inputs by name."""

    def run(sql="", inputs=None, **config):
        config = {"connection": server.address, "result": "rows", **config}
        if server.scheme != "sqlite":
            config.setdefault("secret", "pg")
        node = made.node(DatabaseNode, "db", **config, **({"sql": sql} if sql else {}))
        return node.run(here, inputs or {})

    return run


def test_rows_come_out(ask):
    found = ask("select city, total from sales where total > :least order by id", {"least": 10})
    assert found == [{"city": "Oslo", "total": 30}, {"city": "Rome", "total": 12}]


@pytest.mark.parametrize(
    "value", ["x'; drop table sales; --", "it's", 'a"b', "a\\", ":least", "{{x}}"]
)
def test_a_parameter_is_bound_and_never_text(ask, server, value):
    assert ask("select :v as v", parameters={"v": value}) == [{"v": value}]
    assert len(server.run("select * from sales")) == 3


def test_a_list_stands_behind_in(ask):
    found = ask("select id from sales where id in :ids order by id", {"ids": [1, 3, 9]})
    assert [row["id"] for row in found] == [1, 3]
    assert ask("select id from sales where id in :ids", {"ids": []}) == []


def test_text_with_colons_is_no_parameter(ask):
    assert ask("select ':no' as a, '12:30' as b -- :neither\n") == [{"a": ":no", "b": "12:30"}]


def test_a_parameter_that_is_not_given_is_named(ask):
    with pytest.raises(UsageError, match="reads :least, which is not given"):
        ask("select :least", {"other": 1})


@pytest.mark.parametrize(
    ("result", "kind"),
    [("frame", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table), ("rows", list)],
)
def test_the_result_is_of_the_kind_that_is_asked_for(ask, result, kind):
    for condition in ("1 = 1", "1 = 0"):
        found = ask(f"select id, city from sales where {condition}", result=result)
        assert isinstance(found, kind)
        assert len(found) == (3 if condition == "1 = 1" else 0)


def test_auto_is_the_kind_of_the_first_table(ask):
    inputs = {"least": 3, "t": pl.DataFrame({"a": [1]})}
    found = ask("select id from sales where total > :least", inputs, result="auto")
    assert isinstance(found, pl.DataFrame)


def test_more_rows_than_are_wanted_fail(ask):
    assert len(ask("select id from sales", max_rows=3)) == 3
    with pytest.raises(UsageError, match="gives more than 2 rows"):
        ask("select id from sales", max_rows=2)


# ------------------------------------------------------------ changing


def test_several_statements_are_one_transaction(ask, server):
    sql = "delete from sales where id = 1;\nupdate sales set total = 0 where id = 2;\n"
    assert ask(sql, changes=True) == {"changed": 2}
    with pytest.raises(DatabaseFailed):
        ask(f"{sql} insert into sales values (2, 'again', 1)", changes=True)
    assert sorted(server.run("select id, total from sales")) == [(2, 0), (3, 5)]


def test_a_statement_is_run_for_each_row(ask, server):
    rows = pd.DataFrame({"id": [8, 9], "total": [1.0, None]})
    sql = "insert into sales (id, city, total) values (:id, :city, :total)"
    assert ask(sql, {"city": "Bern"}, rows=rows, changes=True)["changed"] == 2
    assert server.run("select * from sales where id > 7 order by id") == [
        (8, "Bern", 1),
        (9, "Bern", None),
    ]


@pytest.mark.parametrize(
    "sql", ["delete from sales", "insert into sales values (7, 'x', 1)", "drop table sales"]
)
def test_a_node_only_reads_unless_it_says_otherwise(ask, server, sql):
    with pytest.raises(UsageError, match="and it only reads"):
        ask(sql)
    assert len(server.run("select * from sales")) == 3


@pytest.mark.parametrize("sql", ["commit", "begin", "rollback", "/* x */ set autocommit = 1"])
def test_a_statement_that_ends_the_transaction_is_refused(ask, sql):
    with pytest.raises(UsageError, match="which is the node's to say"):
        ask(sql, changes=True)


def test_a_change_needs_a_grant(ask, here, server):
    here.services.granted = set()
    for config in ({"sql": "delete from sales", "changes": True}, {"write": "sales", "rows": []}):
        with pytest.raises(NotGranted, match="change data in"):
            ask(**config)
    assert len(ask("select * from sales")) == 3


def test_a_test_run_changes_nothing(ask, here, server):
    here.services.effects = False
    with pytest.raises(UsageError, match="a test run changes nothing"):
        ask("delete from sales", changes=True)
    assert len(ask("select * from sales")) == 3


# ------------------------------------------------------------ writing tables

MORE = [{"id": 3, "city": "Bern", "total": 7}, {"id": 4, "city": "Lima", "total": None}]
MAKERS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.Table.from_pylist,
    "rows": list,
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("replace", [(3, "Bern", 7), (4, "Lima", None)]),
        ("upsert", [(1, "Oslo", 30), (2, "Rome", 12), (3, "Bern", 7), (4, "Lima", None)]),
    ],
)
def test_rows_are_written(ask, server, kind, mode, expected):
    for _ in range(2):  # the same again, and nothing is doubled
        given = ask(write="sales", inputs={"t": MAKERS[kind](MORE)}, mode=mode, key="id")
        assert given == {"changed": 2}
    assert server.run("select * from sales order by id") == expected


def test_rows_are_appended(ask, server):
    ask(write="sales", rows=[{"id": 4}, {"id": 5, "city": "Lima"}])
    assert server.run("select * from sales where id > 3 order by id") == [
        (4, None, None),
        (5, "Lima", None),
    ]


def test_rows_that_do_not_fit_leave_nothing_behind(ask, server):
    with pytest.raises(DatabaseFailed):
        ask(write="sales", mode="replace", rows=[{"id": 9}, {"id": 9}])
    assert len(server.run("select * from sales")) == 3


def test_a_table_is_made_where_there_is_none(ask, server):
    server.run("drop table if exists made")
    rows = [
        {"id": "a", "n": 2**40, "x": 1.5, "ok": True, "day": date(2026, 5, 1), "more": {"a": [1]}},
        {"id": "b", "n": None, "x": 2, "ok": None, "day": None, "more": None},
    ]
    for _ in range(2):
        ask(write="made", rows=rows, mode="upsert", key=["id"])
    found = ask("select id, n, x, ok, day from made order by id")
    assert [(row["id"], row["n"], row["x"]) for row in found] == [("a", 2**40, 1.5), ("b", None, 2)]
    assert str(found[0]["day"]) == "2026-05-01"
    (nothing,) = ask("select count(*) as n from made where more is null")
    assert nothing == {"n": 1}
    server.run("drop table made")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"rows": [{"id": 1, "nope": 2}]}, "has no column 'nope'"),
        ({"rows": [{"city": "x"}], "mode": "upsert", "key": "city"}, "does not hold city unique"),
        ({"rows": [{"city": "x"}], "mode": "upsert"}, "has no key"),
        ({"rows": 3}, "is given rows as a int"),
        ({"rows": [], "sql": "select 1"}, "both sql and write"),
    ],
)
def test_what_cannot_be_written_is_told(ask, config, told):
    with pytest.raises(UsageError, match=told):
        ask(write="sales", **config)


# ------------------------------------------------------------ faults


def test_an_error_shows_the_cells_line(here, made, server):
    body = (
        f"connection: {server.address}\nsecret: pg\nsql: |\n  select id from sales;\n"
        "  select id,\n    nope\n  from sales\n"
    )
    sql = "select id from sales;\nselect id,\n  nope\nfrom sales\n"
    secret = {} if server.scheme == "sqlite" else {"secret": "pg"}
    config = {"connection": server.address, "sql": sql, **secret}
    node = made.node(DatabaseNode, "db", body=body, line=2, **config)
    with pytest.raises(DatabaseFailed, match=r"(?s)nope.*node 'db', line 7") as caught:
        node.run(here, {})
    assert (caught.value.cell, caught.value.line, caught.value.retryable) == ("cell-1", 7, False)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "nope"


def test_a_query_that_is_slow_is_stopped_with_the_run(ask, here, server):
    stop = threading.Event()
    here.cancelled = stop.is_set
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(DatabaseFailed, match="the statement was stopped"):
        ask(SLOW[server.scheme])
    here.cancelled = lambda: False
    assert len(ask("select * from sales")) == 3


def test_a_query_that_is_late_is_stopped(ask, server):
    with pytest.raises(DatabaseFailed, match=r"took longer than 0\.3 s") as caught:
        ask(SLOW[server.scheme], timeout=0.3)
    assert caught.value.retryable
    assert len(ask("select * from sales")) == 3


@pytest.fixture(params=["postgres", "mariadb"])
def remote(request, here, made):
    """A real server, and a way to ask it."""
    server = request.getfixturevalue(request.param)
    server.run("drop table if exists held")
    server.run("create table held (id int primary key, n int)")
    server.run("insert into held values (1, 0), (2, 0)")

    def ask(sql, name="db", **config):
        config = {"connection": server.address, "secret": "pg", "result": "rows", **config}
        return made.node(DatabaseNode, name, sql=sql, **config).run(here, {})

    server.ask = ask
    return server


def test_a_server_that_was_killed_and_started_again_costs_nothing(remote, here):
    assert remote.ask("select 1 as n") == [{"n": 1}]
    remote.restart()
    assert remote.ask("select 2 as n") == [{"n": 2}]
    assert len(here.services.kept) == 1


def test_a_server_that_is_down_may_be_tried_again(remote, here):
    remote.ask("select 1")
    remote.stop(remote.kills)
    try:
        with pytest.raises(DatabaseFailed) as caught:
            remote.ask("select 1")
        assert caught.value.retryable
        assert not caught.value.final
        assert PASSWORD not in str(caught.value)
    finally:
        remote.start()


def test_a_wrong_password_is_told_without_it(remote, here):
    here.services.secrets["pg"] = "hunter2-not-it"
    with pytest.raises(DatabaseFailed) as caught:
        remote.ask("select 1")
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told
    assert caught.value.final
    assert "user" in caught.value.hint


def test_a_password_that_is_written_out_is_refused_unseen(remote):
    for config in ({"password": "hunter2"}, {"connection": "postgresql://a:hunter2@h/d"}):
        with pytest.raises(UsageError, match="is written out") as caught:
            remote.ask("select 1", **config)
        assert "hunter2" not in str(caught.value)


def test_a_deadlock_may_be_tried_again(remote, here):
    """Two nodes hold a row each, and want the other's."""
    meet, ends = threading.Barrier(2, timeout=20), []
    sql = "update held set n = n + 1 where id = :one; update held set n = n + 1 where id = :two"
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def after(connection, cursor, statement, *_):
        if statement.startswith("update") and not connection.info.setdefault("met", False):
            connection.info["met"] = True
            meet.wait()

    def one(first, second):
        try:
            remote.ask(sql, changes=True, parameters={"one": first, "two": second})
        except DatabaseFailed as error:
            ends.append(error)

    event.listen(Engine, "after_cursor_execute", after)
    try:
        threads = [threading.Thread(target=one, args=pair) for pair in ((1, 2), (2, 1))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    finally:
        event.remove(Engine, "after_cursor_execute", after)
    assert [error.retryable for error in ends] == [True]
    assert remote.run("select n from held order by id") == [(1,), (1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "with gone as (delete from held returning id) select id from gone",
        "select set_config('transaction_read_only', 'off', false)",
        "explain analyze delete from held",
    ],
)
def test_postgres_itself_refuses_a_change_that_looks_like_reading(here, made, postgres, sql):
    postgres.run(
        "drop table if exists held; create table held (id int); insert into held values (1)"
    )
    config = {"connection": postgres.address, "secret": "pg"}
    node = made.node(
        DatabaseNode,
        "db",
        sql=f"{sql}; with d as (delete from held returning id) select * from d",
        **config,
    )
    with pytest.raises(DatabaseFailed, match=r"read-only|read-write"):
        node.run(here, {})
    assert postgres.run("select count(*) from held") == [(1,)]


def test_values_of_postgres_come_as_they_are(here, made, postgres):
    sql = "select 1.50::numeric as a, array[1,2] as b, '{\"x\": 1}'::jsonb as c, null::int as d"
    config = {"connection": postgres.address, "secret": "pg", "result": "rows"}
    found = made.node(DatabaseNode, "db", sql=sql, **config).run(here, {})
    assert found == [{"a": Decimal("1.50"), "b": [1, 2], "c": {"x": 1}, "d": None}]


def test_nodes_of_one_address_share_their_connections(remote, here):
    for number in range(3):
        remote.ask("select 1", name=f"db{number}")
    (engine,) = here.services.kept.values()
    assert engine.pool.checkedin() == 1
    assert engine.pool.checkedout() == 0


# ------------------------------------------------------------ files


def test_a_sqlite_file_that_is_not_there_is_told(here, made):
    node = made.node(DatabaseNode, "db", connection="sqlite:///none.sqlite", sql="select 1")
    with pytest.raises(DatabaseFailed, match="unable to open"):
        node.run(here, {})
    assert not (here.services.folder / "none.sqlite").exists()


def test_a_file_outside_of_the_project_is_refused(here, made):
    node = made.node(DatabaseNode, "db", driver="sqlite", database="../x.sqlite", sql="select 1")
    with pytest.raises(NotGranted):
        node.run(here, {})


def test_a_duckdb_file_is_read(here, made, tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as one:
        one.execute("create table sales as select 1 as id, 'Oslo' as city")
    config = {"connection": "duckdb:///shop.duckdb", "result": "rows"}
    sql = "select city from shop.sales where id = :id"
    assert made.node(DatabaseNode, "db", sql=sql, **config).run(here, {"id": 1}) == [
        {"city": "Oslo"}
    ]
    with pytest.raises(UsageError, match="cannot change a file of DuckDB"):
        made.node(DatabaseNode, "db", sql=sql, changes=True, **config).run(here, {"id": 1})


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "connection says no driver"),
        ({"connection": "oracle://h/d"}, "has the driver 'oracle'"),
        ({"connection": "postgresql://h:port/d"}, "connection is no address"),
        ({"driver": "sqlite"}, "names no file"),
        ({"driver": "sqlite", "database": "a", "sql": ""}, "neither sql nor write"),
    ],
)
def test_an_address_that_is_none_is_refused(here, made, config, told):
    with pytest.raises(UsageError, match=told):
        made.node(DatabaseNode, "db", **{"sql": "select 1", **config}).run(here, {})
