"""The tour notebook is a valid notebook whose every node runs and tells the same story."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import time
from importlib import resources
from types import SimpleNamespace

import duckdb
import nbformat
import pytest
from ruamel.yaml import YAML

from flowbook.errors import HttpFailed
from flowbook.graph.node import as_outputs
from flowbook.graph.options import parse_options
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.http import HttpNode
from flowbook.nodes.merge import MergeNode
from flowbook.nodes.python import PythonNode
from flowbook.nodes.router import RouterNode
from flowbook.nodes.sql import SqlNode
from flowbook.tour import server

TEXT = resources.files("flowbook.tour").joinpath("tour.ipynb").read_text("utf-8")
NOTEBOOK = json.loads(TEXT)
SOURCES = {cell["id"]: "".join(cell["source"]) for cell in NOTEBOOK["cells"]}
KINDS = {one.kind: one for one in (PythonNode, SqlNode, HttpNode, RouterNode, MergeNode)}
HEADER = re.compile(r"%%flow (?:(\w+) )?(\w+)(?:\((.*)\))?(?: -> (\w+))?((?: --.*)?)\n")


def test_it_is_a_valid_notebook_without_outputs():
    nbformat.validate(nbformat.from_dict(NOTEBOOK))
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert len(SOURCES) == len(NOTEBOOK["cells"])


def test_saving_it_in_jupyterlab_changes_nothing():
    assert nbformat.writes(nbformat.reads(TEXT, as_version=4)) + "\n" == TEXT


def test_the_parameters_cell_is_tagged():
    tagged = [c["id"] for c in NOTEBOOK["cells"] if "parameters" in c["metadata"].get("tags", ())]
    assert tagged == ["parameters"]


def test_the_flow_has_the_nodes_it_promises():
    headers = [HEADER.match(source) for source in SOURCES.values() if source.startswith("%%flow")]
    assert {match[2]: match[1] or "python" for match in headers} == {
        "server": "python",
        "daily": "http",
        "station": "http",
        "clean": "python",
        "monthly": "sql",
        "climate": "python",
        "season": "router",
        "hot_days": "python",
        "wet_days": "python",
        "highlights": "merge",
        "chart": "python",
        "report": "python",
    }


class Runner:
    """Runs the notebook's nodes one after the other; inputs by name, as the grammar says."""

    run_id, node, attempt, idempotency_key = "run", "node", 1, "key"
    services = SimpleNamespace(effects=True, keep=lambda key, make, close: make())

    def __init__(self, **params):
        self.values = params
        self.seconds = {}

    def log(self, text):
        self.logged = text

    def query(self, sql, tables, parameters):
        with duckdb.connect() as connection:
            for name, table in tables.items():
                connection.register(name, table)
            return connection.execute(sql, parameters or None).df()

    def evaluate(self, expression, names):
        return eval(expression, {"value": SimpleNamespace(**names["value"])})

    def step(self, cell):
        match = HEADER.match(SOURCES[cell])
        kind = KINDS[match[1] or "python"]
        spec = self.spec(match, SOURCES[cell][match.end() :], kind)
        node = kind(spec, **{name: self.rendered(value) for name, value in spec.config.items()})
        inputs = {one.name: self.look_up(str(one.wire or one.name)) for one in spec.inputs}
        begun = time.perf_counter()
        given = node.run(self, inputs)
        given = asyncio.run(given) if inspect.isawaitable(given) else given
        self.seconds[match[2]] = time.perf_counter() - begun
        ports = kind.ports(spec)
        for port, value in as_outputs(given, ports).ports.items():
            self.values[port if ports == (match[2],) else f"{match[2]}.{port}"] = value
        return self.values.get(match[2])

    def spec(self, match, body, kind):
        lines = re.match(r"(?:#\|.*\n)*", body)[0]
        options = dict(re.findall(r"#\| (\w+): (.*)", lines))
        options |= dict(re.findall(r"--(\w+) (\S+)", match[5]))
        parse_options(options)
        body = body[len(lines) :]
        return NodeSpec(
            NodeId(match[2]),
            kind=kind.kind,
            inputs=tuple(self.inputs(match[3], body, kind)),
            outputs=(PortName(match[4]),) if match[4] else (),
            body=body,
            config=YAML(typ="safe").load(body) if kind.body == "config" else {},
            body_line=2,
        )

    def inputs(self, header, body, kind):
        if header is None:
            found = [name for name in self.values if re.search(rf"\b{name}\b", body)]
            return [InputSpec(PortName(name)) for name in found if kind.body != "config"]
        pairs = [one.strip().partition("=") for one in header.split(",")]
        return [InputSpec(PortName(name), wire=wire or None) for name, _, wire in pairs]

    def look_up(self, path):
        return self.values[path]

    def rendered(self, value):
        if isinstance(value, dict):
            return {name: self.rendered(one) for name, one in value.items()}
        if isinstance(value, str) and (whole := re.fullmatch(r"\{\{ ([\w.]+) \}\}", value)):
            return self.values[whole[1]]
        if isinstance(value, str):
            return re.sub(r"\{\{ ([\w.]+) \}\}", lambda m: str(self.values[m[1]]), value)
        return value


def test_the_parameters_are_those_the_flow_reads():
    scope = {}
    exec(SOURCES["parameters"], scope)
    del scope["__builtins__"], scope["__annotations__"]
    assert scope == {"city": "Seattle", "hot_above": 30, "wet_above": 10}


@pytest.mark.parametrize("city", ["Seattle", "New York"])
def test_every_node_runs_and_tells_the_story(city):
    run = Runner(city=city, hot_above=30, wet_above=10)
    run.step("server")
    run.step("daily")
    with pytest.raises(HttpFailed, match="503"):
        run.step("station")
    assert run.step("station")["days"] == 1461
    assert len(run.step("clean")) == 1461
    assert list(run.step("monthly")["name"])[::11] == ["Jan", "Dec"]
    climate = run.step("climate")
    json.dumps(climate)
    run.step("season")
    assert run.values["season.hot"] == run.values["season.wet"] == climate
    assert "season.mild" not in run.values
    for branch in ("hot-days", "wet-days"):
        assert len(run.step(branch)) == 5
        assert run.seconds[branch.replace("-", "_")] >= 5 * server.LOOKUP
    assert list(run.step("highlights")["what"]) == ["hottest"] * 5 + ["wettest"] * 5
    report = run.step("report")
    assert list(report.columns) == [city, "value", "unit", "when"]
    assert len(report) == 8
    days = {"Seattle": (15.8, 36.0, 35.6, 55.9), "New York": (30.5, 32.8, 37.8, 118.9)}
    assert tuple(report["value"].iloc[4:]) == days[city]


def test_the_chart_is_a_figure_on_opaque_white(tmp_path):
    run = Runner(city="Seattle")
    run.values["climate"] = {"years": "2012 to 2015"}
    run.step("server")
    run.step("daily")
    run.values["station"] = {"days": 1461}
    run.step("clean")
    run.step("monthly")
    figure = run.step("chart")
    assert figure.get_facecolor() == (1, 1, 1, 1)
    figure.savefig(tmp_path / "chart.png")
    assert [axes.get_ylabel() for axes in figure.axes] == ["°C", "rain, mm"]


def test_a_city_that_is_not_there_is_answered_with_those_that_are():
    run = Runner(city="Atlantis")
    run.step("server")
    with pytest.raises(HttpFailed, match=r"city=Atlantis answered 404.*Seattle, New York"):
        run.step("daily")
