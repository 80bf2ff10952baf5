"""A cell of SQL reads attached files and nothing else of the disk, and gives the kind asked for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from traitlets import TraitError

from flowbook.errors import FlowSyntaxError, NotGranted, UsageError
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId
from flowbook.nodes.sql import SqlNode

ROWS = [{"city": "Oslo", "t": 1}, {"city": "Rome", "t": 20}]
KINDS = {
    "pandas": (pd.DataFrame, pd.DataFrame),
    "polars": (pl.DataFrame, pl.DataFrame),
    "arrow": (pa.Table, pa.Table.from_pylist),
    "rows": (list, list),
}


@pytest.fixture
def folder(context, tmp_path):
    """A project's folder with a DuckDB file, a SQLite file, and something that is neither."""

    def file(path, *, writing=False):
        place = (tmp_path / path).resolve()
        if not place.is_relative_to(tmp_path):
            raise NotGranted(f"{path} is outside", grant="files", what=path)
        return str(place)

    context.services = SimpleNamespace(file=file)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as made:
        made.execute("create table customers as select 1 as id, 'Ada' as name")
        made.execute("create schema old; create table old.names as select 'Bo' as name")
    with closing(sqlite3.connect(tmp_path / "till.sqlite")) as made:
        made.execute("create table sales (id integer, price real, note)")
        made.executemany("insert into sales values (?, ?, ?)", [(1, 2.5, "a"), (2, None, 3)])
        made.execute("create table empty (id integer)")
        made.commit()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (tmp_path / "notes.txt").write_text("no database at all, but long enough to look at")
    return tmp_path


def ask(context, made, sql, inputs=None, **config):
    return made.node(SqlNode, "monthly", body=sql, line=3, **config).run(context, inputs or {})


SHOP = {"shop": "shop.duckdb"}


def test_a_duckdb_file_is_read_by_its_name(context, made, folder):
    sql = "select name, $n as n from shop.customers join rows on rows.who = id"
    found = ask(context, made, sql, {"rows": [{"who": 1}], "n": 2}, attach=SHOP, result="rows")
    assert found == [{"name": "Ada", "n": 2}]
    assert len(ask(context, made, "from shop.old.names", attach=SHOP)) == 1


def test_a_sqlite_file_is_read_by_its_name(context, made, folder):
    files = {"till": "till.sqlite", **SHOP}
    sql = "select s.*, c.name from till.sales s left join shop.customers c using (id) order by id"
    found = ask(context, made, sql, attach=files, result="rows")
    assert found == [
        {"id": 1, "price": 2.5, "note": "a", "name": "Ada"},
        {"id": 2, "price": None, "note": "3", "name": None},
    ]
    assert ask(context, made, "select count(*) as n from till.empty", attach=files)["n"][0] == 0


def test_settings_stand_in_comments_of_the_cell(context, made, folder):
    head = "--| attach: {shop: shop.duckdb}\n-- who there is\n--| result: rows\n"
    assert ask(context, made, f"{head}select name from shop.customers") == [{"name": "Ada"}]


@pytest.mark.parametrize(
    ("line", "told"),
    [("--| reslut: rows", "no setting 'reslut'"), ("--| result", "which is no setting")],
)
def test_a_setting_that_is_none_is_told_with_its_line(context, made, line, told):
    with pytest.raises(FlowSyntaxError, match=told) as caught:
        ask(context, made, f"-- first\n{line}\nselect 1")
    assert caught.value.line == 4


def test_a_result_that_is_none_is_refused(context, made):
    with pytest.raises(TraitError, match="result"):
        ask(context, made, "--| result: excel\nselect 1")


@pytest.mark.parametrize(
    "sql",
    [
        "from read_csv('{folder}/secret.csv')",
        "from '{folder}/secret.csv'",
        "from read_text('/etc/hostname')",
        "attach '{folder}/till.sqlite' as more; select 1",
        "copy (select 1) to '{folder}/out.csv'; select 1",
        "install httpfs; select 1",
        "load httpfs; select 1",
        "load '{folder}/x.duckdb_extension'; select 1",
        "set enable_external_access = true; select 1",
        "reset lock_configuration; select 1",
        "set memory_limit = '64GB'; select 1",
        "create table shop.more as select 1; select 1",
        "delete from shop.customers; select 1",
        "export database '{folder}/out'; select 1",
        "select getenv('HOME')",
    ],
)
def test_a_query_with_attached_files_is_locked_in(context, made, folder, sql):
    before = sorted(folder.iterdir())
    with pytest.raises(FlowSyntaxError):
        ask(context, made, sql.replace("{folder}", str(folder)), attach=SHOP)
    assert sorted(folder.iterdir()) == before


def test_attached_files_are_gone_afterwards(context, made, folder):
    ask(context, made, "select 1", attach=SHOP)
    with pytest.raises(FlowSyntaxError, match=r"(?i)customers"):
        ask(context, made, "from shop.customers")
    with duckdb.connect(str(folder / "shop.duckdb")) as free:
        free.execute("insert into customers values (2, 'Bo')")


@pytest.mark.parametrize(
    ("attach", "told"),
    [
        ({"shop": "none.duckdb"}, "none.duckdb, to be attached as 'shop', cannot be read"),
        ({"shop": "notes.txt"}, "notes.txt cannot be attached as 'shop'"),
        ({"a b": "shop.duckdb"}, "cannot be attached as 'a b'"),
        ({"temp": "shop.duckdb"}, "cannot be attached as 'temp'"),
    ],
)
def test_what_cannot_be_attached_is_told(context, made, folder, attach, told):
    with pytest.raises(UsageError, match=told):
        ask(context, made, "select 1", attach=attach)


def test_a_file_outside_of_the_project_is_refused(context, made, folder):
    with pytest.raises(NotGranted):
        ask(context, made, "select 1", attach={"shop": "../shop.duckdb"})


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_is_of_the_kind_that_is_asked_for(context, made, kind):
    found = ask(context, made, "select 1::bigint as n, null::int as m", result=kind)
    assert isinstance(found, KINDS[kind][0])


@pytest.mark.parametrize("kind", KINDS)
def test_auto_gives_the_kind_of_the_first_table(context, made, kind):
    inputs = {"least": 3, "rows": KINDS[kind][1](ROWS), "more": pd.DataFrame(ROWS)}
    found = ask(context, made, "select city from rows where t > $least", inputs, result="auto")
    assert isinstance(found, KINDS[kind][0])
    assert len(found) == 1


def test_auto_gives_a_frame_where_there_is_no_table(context, made):
    assert isinstance(ask(context, made, "select 1 as n", result="auto"), pd.DataFrame)


def test_what_is_computed_depends_on_the_settings():
    one, other = (
        SqlNode.meaning(NodeSpec(NodeId("a"), kind="sql", body=f"--| result: {kind}\nselect 1"))
        for kind in ("rows", "arrow")
    )
    assert one != other


def test_several_statements_share_what_they_create(context, made):
    sql = "create table big as from rows where t > 5;\nselect count(*) as n from big"
    assert ask(context, made, sql, {"rows": ROWS})["n"][0] == 1


@pytest.mark.parametrize("value", ["x'; drop table rows; --", "'", "\\", "$least"])
def test_a_parameter_is_bound_and_never_text(context, made, value):
    found = ask(context, made, "select $v as v", {"v": value}, result="rows")
    assert found == [{"v": value}]
