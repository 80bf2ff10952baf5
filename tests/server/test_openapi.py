"""The document says what the server does: every question that fits it gets an answer that does."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.cells.conftest import notebook_of
from tests.server.conftest import TOKEN, ask, serving

import flowbook
from flowbook.server.table import ROUTES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 6
"""Questions at each address that a machine makes up; all of them take less than a minute."""


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """The API over a project with runs of a notebook, and the id of one."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "sums.ipynb").write_text(
        notebook_of("%%flow load(top=3)\nprint(top)\n[{'n': n} for n in range(top)]").text()
    )
    project = flowbook.project(folder)
    flow = project.read_notebook(folder / "sums.ipynb")
    run = flow.run()
    flow.replay(run).wait()
    project.close()
    with serving(folder) as base:
        yield base, run.id


@pytest.fixture(scope="module")
def document(api):
    found = ask("GET", f"{api[0]}/openapi.json")
    assert found.status_code == 200
    return found.json()


def test_the_document_has_every_route_and_nothing_else(document):
    told = {
        (method.upper(), path.removeprefix("/"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert told == {(route.method, route.path) for route in ROUTES}
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)


def test_the_document_is_one(api, document):
    schema = schemathesis.openapi.from_dict(document)
    assert schema.specification.version.startswith("3.1")
    schema.validate()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_question_that_fits_the_document_fails(api, document, route):
    base, run = api
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=base)
    operation = schema[f"/{route.path}"][route.method]
    known = {"run": run, "node": "load", "port": "load"}
    headers = {"Authorization": f"token {TOKEN}"}

    @hypothesis.given(case=operation.as_strategy(), at_the_run=hypothesis.strategies.booleans())
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def ask_all(case, at_the_run):
        if at_the_run and route.method == "GET" and "run" in route.slots:
            case.path_parameters.update({name: known[name] for name in route.slots})
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask_all()


NASTY = [
    ("GET", "runs", {"params": {"limit": str(10**30)}}),
    ("GET", "runs", {"params": {"limit": "1e400"}}),
    ("GET", "runs", {"params": {"since": "0001-01-01"}}),
    ("GET", "runs", {"params": {"since": "9" * 30 + "d"}}),
    ("GET", "runs", {"params": {"until": "9999-12-31T23:59:59-23:59"}}),
    ("GET", "runs", {"params": {"cursor": f"{10**25}_x"}}),
    ("GET", "runs", {"params": {"cursor": "-9999999999999999_x"}}),
    ("GET", "runs", {"params": {"text": "\x00'; DROP TABLE runs"}}),
    ("GET", "runs", {"params": {"flow": "a\x00b"}}),
    ("GET", "runs?flow=%ff%fe", {}),
    ("GET", "runs/{run}/events", {"params": {"after": str(10**40)}}),
    ("GET", "runs/{run}/log", {"params": {"after": "-" + "9" * 40, "scope": "\x00"}}),
    ("GET", "runs/{run}/values/load/load", {"params": {"start": str(10**20)}}),
    ("GET", "runs/{run}/values/load/load", {"params": {"start": "-1"}}),
    ("GET", "runs/{run}/values/load/load", {"params": {"sort": str(10**9)}}),
    ("GET", "runs/{run}/values/load/load", {"params": {"sort": "-7", "column": "-9"}}),
    ("GET", "runs/{run}/values/load/load", {"params": {"find": "<\x00", "column": "0"}}),
    ("GET", "runs/{run}/values/%00/%2e%2e", {}),
    ("GET", "statistics", {"params": {"since": "0001-01-01", "until": "9999-12-31"}}),
    ("GET", "audit", {"params": {"cursor": "x", "action": "\x00"}}),
    ("GET", "waiting", {"params": {"run": "\x00"}}),
    ("POST", "runs/delete", {"content": b"\xff\xfe"}),
    ("POST", "runs/delete", {"content": b'{"flow": "\\ud800"}'}),
    ("POST", "runs/delete", {"content": b"[" * 5000}),
    ("POST", "runs/delete", {"content": b'{"a":' * 5000}),
    ("POST", "parse", {"json": {"path": "a\x00b.ipynb"}}),
    ("POST", "parse", {"json": {"path": "x" * 5000}}),
    ("POST", "parse", {"json": {"cells": [{"source": {"a": 1}}]}}),
    ("POST", "parse", {"json": {"cells": [{"id": "a", "source": "%%flow x\n" + "(" * 3000}]}}),
    ("POST", "edit", {"json": {"cells": [], "edit": {"type": "RENAME_NODE", "old": [], "new": 1}}}),
    ("POST", "canvas", {"json": {"path": "", "cells": [], "message": {"type": "HELLO"}}}),
    ("POST", "runs/{run}/canvas", {"json": {"message": {"type": "INSPECT", "node": "\x00"}}}),
    ("POST", "runs/{run}/signals/%00%2f", {"json": {"payload": 1}}),
    ("POST", "runs/{run}/approvals/%00", {"json": {"approved": True}}),
    ("POST", "runs/{run}/pin", {"json": {"pinned": True, "reason": "x" * 100_000}}),
    ("POST", "runs/{run}/replay", {"json": {"from": ["\x00"], "check": True}}),
    ("POST", "runs/{run}/replay", {"json": {"at": 10**30, "check": True}}),
    ("POST", "runs/{run}/replay", {"json": {"version": 10**30, "check": True}}),
    ("POST", "runs/{run}/replay", {"json": {"outputs": {"load.nothing": 1}, "check": True}}),
    ("POST", "runs/{run}/replay", {
        "json": {
            "check": True,
            "tables": [
                {"node": "load", "port": "load", "cells": [{"row": 10**9, "column": 3, "value": 1}]}
            ],
        }
    }),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "how"), NASTY)
def test_what_nobody_means_well_is_refused_and_breaks_nothing(api, method, path, how):
    base, run = api
    found = ask(method, f"{base}/{path.format(run=run)}", **how)
    assert found.status_code < 500, found.text
    assert found.headers["Content-Type"].startswith("application/json")
    if found.status_code >= 400:
        assert set(found.json()) == {"message", "hint", "kind"}
        assert found.json()["message"]
