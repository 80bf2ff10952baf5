"""A database node in a run: with the project's grants, secrets and cancelling."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

import pytest

import flowbook
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.database import DatabaseNode

ENDLESS = (
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as n from n"
)


@pytest.fixture
def flow(tmp_path):
    with closing(sqlite3.connect(tmp_path / "till.sqlite", isolation_level=None)) as till:
        till.execute("create table sales (id integer primary key, total int)")
        till.execute("insert into sales values (1, 30)")
    project = flowbook.Project(tmp_path)
    if "database" not in project.registry:
        project.registry.register(DatabaseNode)
    yield flowbook.Flow("till", host=project)
    project.close()


def watching():
    return [one for one in threading.enumerate() if one.name == "flowbook-database"]


def add(flow, **config):
    config = {"connection": "sqlite:///till.sqlite", "result": "rows", **config}
    flow.add(NodeSpec("db", kind="database", config=config))


def test_cancelling_the_run_stops_the_statement(flow):
    add(flow, sql=ENDLESS)
    run = flow.start()
    deadline = time.monotonic() + 10
    while not watching():  # its statement is under way
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.cancel()
    run.wait()
    assert run.status.value == "cancelled"
    assert not watching()


def test_a_change_needs_the_projects_grant(flow):
    add(flow, sql="update sales set total = 0", changes=True)
    refused = flow.start()
    refused.wait()
    assert "flowbook store settings grants database" in str(refused["db"].error)
    flow.host.store.settings.set("grants", "database")
    assert flow.run()["db"].output == {"changed": 1}


def test_pools_are_closed_with_the_project(flow):
    add(flow, sql="select total from sales")
    assert flow.run()["db"].output == [{"total": 30}]
    flow.host.close()
    with closing(sqlite3.connect(flow.host.path / "till.sqlite", isolation_level=None)) as till:
        till.execute("begin exclusive")
