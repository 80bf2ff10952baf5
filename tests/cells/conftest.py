"""Node types of our own and notebooks in one line, for everything that reads cells."""

from __future__ import annotations

import json

import pytest
import traitlets

from flowbook.cells.notebook import Notebook
from flowbook.cells.source import read
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId, PortName


class Code(Node):
    kind = "python"
    body = "python"


class Query(Node):
    kind = "sql"
    body = "sql"


class Fetch(Node):
    kind = "http"
    url = traitlets.Unicode().tag(config=True)
    params = traitlets.Dict().tag(config=True)
    tries = traitlets.Int(1).tag(config=True)


class Letter(Node):
    kind = "letter"
    body = "template"

    def run(self, context, inputs):
        return self.spec.body


class Route(Node):
    kind = "router"
    untemplated = ("conditions",)
    expressions = ("conditions",)
    brings = ("value",)
    route_by = traitlets.Any(None).tag(config=True)
    conditions = traitlets.List().tag(config=True)

    @classmethod
    def ports(cls, spec):
        conditions = spec.config.get("conditions") or []
        return (*(PortName(one["id"]) for one in conditions), PortName("default"))


class Join(Node):
    kind = "merge"
    tolerant = True
    mode = traitlets.Unicode("dict").tag(config=True)


@pytest.fixture
def registry():
    return Registry([Code, Query, Fetch, Letter, Route, Join])


def notebook_of(*sources, **metadata):
    """A notebook of code cells c0, c1, …; a source that starts with `#:parameters` is tagged."""
    cells = []
    for number, source in enumerate(sources):
        tagged = source.startswith("#:parameters\n")
        cells.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"c{number}",
                "metadata": {"tags": ["parameters"]} if tagged else {},
                "outputs": [],
                "source": source.removeprefix("#:parameters\n").splitlines(keepends=True),
            }
        )
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return Notebook.parse(json.dumps(document))


@pytest.fixture
def notebook():
    return notebook_of


@pytest.fixture
def reading(registry):
    """Sources to what is read of them."""

    def reading(*sources, **more):
        return read(notebook_of(*sources), registry, FlowId("tour"), **more)

    return reading


@pytest.fixture
def edges():
    """The edges of a spec as `source.output > target.input`."""

    def edges(spec):
        return {
            f"{one.source}.{one.output} > {one.target}.{one.input}" for one in resolve(spec).edges
        }

    return edges


@pytest.fixture
def said():
    """Problems as `cell:line message`."""

    def said(problems):
        return [f"{one.cell}:{one.line} {one.message}" for one in problems]

    return said
