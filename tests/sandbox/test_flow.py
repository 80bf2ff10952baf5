"""JavaScript where a flow has expressions: in templates, in conditions, in other processes."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook import Flow
from flowbook.errors import RunFailed
from flowbook.graph.choices import On
from flowbook.graph.options import Options
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.sandbox.supervisor import here
from flowbook.session.project import Project

pytestmark = pytest.mark.js

BOUND = 60


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path)
    yield opened
    opened.close()


def loaded(project, *cells):
    """A notebook of these cells, as it is read."""
    page = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [
            {
                "id": f"c{number}",
                "cell_type": "code",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": textwrap.dedent(source).strip(),
            }
            for number, source in enumerate(cells)
        ],
    }
    path = project.path / "page.ipynb"
    path.write_text(json.dumps(page), encoding="utf-8")
    return project.load(path)


ORDERS = """
    %%flow orders
    orders = [{"total": 5, "lines": [1]}, {"total": 50, "lines": [1, 2]}]
"""
ROUTE = """
    %%flow router route
    route_by: "{{ js: orders.filter(o => o.lines.length > 1 || `${o.total}` === '}}') }}"
    conditions:
      - id: many
        expression: "js: value.length > 1"
      - id: one
        expression: "js: value.length === 1 && value[0].total === orders[1].total"
"""


def test_a_notebook_routes_by_javascript(project):
    page = loaded(project, ORDERS, ROUTE, "%%flow alone(x=route.one)\nx[0]['total']")
    flow = page.flow
    assert (*page.problems, *flow.check()) == ()
    assert [str(one.name) for one in flow.spec().node("route").inputs] == ["orders"]
    run = flow.start().wait(BOUND).raise_for_status()
    assert run["alone"].output == 50


def router(kind_of_place=None, expression="js: value.length > 3"):
    return NodeSpec(
        "route",
        kind="router",
        inputs=(InputSpec("value", wire=Wire("word")),),
        outputs=("long", "short"),
        config={
            "conditions": [{"id": "long", "expression": expression}],
            "default_output": "short",
        },
        options=Options(on=kind_of_place) if kind_of_place else Options(),
    )


@pytest.mark.parametrize("place", [On.THREAD, On.PROCESS])
def test_a_flow_in_python_routes_by_javascript_wherever_it_runs(project, place):
    flow = Flow("routes", host=project)

    @flow.node
    def word():
        return "longer"

    flow.add(router(place))
    run = flow.start().wait(BOUND).raise_for_status()
    assert run["route"].output["matched_outputs"] == ["long"]


def test_it_reads_what_the_project_provides_and_lets_it_read(project):
    flow = Flow("given", host=project)
    text = "{{ js: `${$run.attempt} ${typeof $run.id}` }}"
    flow.add(NodeSpec("tell", kind="router", config={"route_by": text}))
    flow.add(NodeSpec("spy", kind="router", config={"route_by": "{{ js: $env.HOME }}"}))
    assert flow.check() == ()
    run = flow.start().wait(BOUND)
    assert run["tell"].output["evaluated_value"] == "1 string"
    assert run["spy"].error.name == "NotGranted"


def test_an_error_names_the_condition(project):
    flow = Flow("routes", host=project)

    @flow.node
    def word():
        return "longer"

    flow.add(router(expression="js: value.a.b"))
    run = flow.start().wait(BOUND)
    with pytest.raises(RunFailed, match=r"condition 'long' of router 'route': JavaScript: Type"):
        run.raise_for_status()


def test_what_it_does_not_read_it_is_not_given(project):
    flow = Flow("frames", host=project)

    @flow.node(outputs=("df", "n"))
    def load():
        return object, 3

    flow.add(
        NodeSpec(
            "route",
            kind="router",
            inputs=(
                InputSpec("load.n", wire=Wire("load", "n")),
                InputSpec("load.df", wire=Wire("load", "df")),
            ),
            outputs=("big", "default"),
            config={
                "route_by": "{{ js: load.n * 2 }}",
                "conditions": [{"id": "big", "expression": "js: load.n * value === 18"}],
            },
        )
    )
    run = flow.start().wait(BOUND).raise_for_status()
    assert run["route"].output["matched_outputs"] == ["big"]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist])
def test_a_table_is_an_array_of_records(project, make):
    flow = Flow("frames", host=project)

    @flow.node(outputs=("df", "n"))
    def load():
        return make([{"city": "Oslo", "temp": 1.5}, {"city": "Rome", "temp": None}]), 2

    flow.add(
        NodeSpec(
            "cold",
            kind="router",
            inputs=(InputSpec("load.df", wire=Wire("load", "df")),),
            outputs=("default",),
            config={"route_by": "{{ js: load.df.filter(r => r.temp === null).map(r => r.city) }}"},
        )
    )
    run = flow.start().wait(BOUND).raise_for_status()
    assert run["cold"].output["evaluated_value"] == ["Rome"]


def test_where_it_is_missing_the_node_fails_and_nothing_takes_its_place(project, monkeypatch):
    here().close()
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    flow = Flow("routes", host=project)

    @flow.node
    def word():
        return "longer"

    flow.add(router(expression="js: 1 < 2"))  # it would be true in Python, too
    run = flow.start().wait(BOUND)
    with pytest.raises(RunFailed, match="JavaScript expressions cannot run here"):
        run.raise_for_status()


def test_checking_evaluates_nothing(project):
    here().close()
    page = loaded(project, ORDERS, ROUTE)
    assert (*page.problems, *page.flow.check()) == ()
    assert here().pid is None


def test_a_script_that_is_malformed_is_a_problem_of_its_line(project):
    flow = Flow("broken", host=project)
    flow.add(NodeSpec("a", kind="router", config={"route_by": "{{ js: f('x }}"}))
    assert [one.message for one in flow.check()] == ["route_by: JavaScript: a quote is not closed"]


@pytest.mark.parametrize("option", ["node", "flow"])
def test_a_limit_key_is_no_javascript(project, option):
    flow = Flow("keys", host=project, **({"limit_key": "js: a"} if option == "flow" else {}))
    options = Options(limit_key="js: a") if option == "node" else Options()
    flow.add(NodeSpec("n", kind="router", inputs=(InputSpec("a", default=1),), options=options))
    assert "limit_key cannot be JavaScript: the engine works it out between other things" in [
        one.message for one in flow.check()
    ]


def test_an_unknown_name_is_a_problem_before_anything_runs(project):
    page = loaded(project, ORDERS, ROUTE.replace("orders.filter", "ordres.filter"))
    (problem,) = page.problems
    assert problem.message.startswith("'ordres' is read here")
    assert (problem.line, problem.hint) == (2, "did you mean 'orders'?")


def test_a_condition_in_javascript_holds_up_nobody(project):
    """Another node is done while a loop still asks for its first turn."""
    flow = Flow("loops", host=project)
    slow = "js: (() => { const t = Date.now(); while (Date.now() - t < 400); return last < 2 })()"

    with flow.while_("loop", slow, initial=0):

        @flow.node
        def step(last):
            return last + 1

    @flow.node
    async def beat():
        await asyncio.sleep(0)

    run = flow.run()
    assert run["loop"].output == 2
    told = [(event.node, type(event).__name__) for event in run.events() if hasattr(event, "node")]
    assert told.index(("beat", "NodeCompleted")) < told.index(("step", "NodeStarted"))
