"""A project made by hand, and the command line run in this process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from flowbook.cli import flowbook, opening, place
from flowbook.cli.failures import guarded
from flowbook.errors import UsageError
from flowbook.graph.spec import FlowSpec
from flowbook.store.rows import RunPage


@dataclass
class Row:
    """A row of the history, as far as a door looks at it."""

    told: dict

    def to_json(self):
        return self.told


@dataclass
class Asked:
    """A history that remembers what it was asked and answers what it was given."""

    rows: list = field(default_factory=list)
    nodes: list = field(default_factory=list)
    below: list = field(default_factory=list)
    next: str | None = None
    answer: tuple = ((), [])
    asked: list = field(default_factory=list)

    def runs(self, **filters):
        self.asked.append(filters)
        return RunPage(tuple(self.rows), self.next)

    def run(self, run_id):
        for row in self.rows:
            if row.told["id"] == run_id:
                return row
        raise UsageError(f"no run {run_id!r} in this project", hint="history.runs() lists them")

    def node_runs(self, run_id, *, scope=None):
        wanted = (one for one in self.nodes if scope in (None, one.to_json().get("scope", "")))
        return tuple(wanted)

    def children(self, run_id):
        return tuple(self.below)

    def table(self, query, parameters=None):
        self.asked.append(query)
        return self.answer


@dataclass
class Home:
    """A project with one flow."""

    path: Path
    spec: FlowSpec = field(default_factory=lambda: FlowSpec("tour"))
    problems: tuple = ()
    checked: tuple = ()
    history: Asked = field(default_factory=Asked)

    def load(self, path):
        flow = SimpleNamespace(spec=lambda: self.spec)
        return SimpleNamespace(flow=flow, problems=self.problems, notebook=None)

    def check(self, flow):
        return self.checked


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The project every command of the test opens."""
    made = Home(tmp_path)
    monkeypatch.setattr(opening, "project", lambda _path: made)
    monkeypatch.setattr(place, "project", lambda _path: made)
    return made


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    """`ask("history", "--json")` → exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOWBOOK_DEBUG", raising=False)
    before = os.environ.copy()

    def run(*words):
        code = guarded(lambda: flowbook.main(list(words), "flowbook", standalone_mode=False))
        said = capsys.readouterr()
        return int(code), said.out, said.err

    yield run
    assert os.environ.copy() | {"PYTEST_CURRENT_TEST": ""} == before | {"PYTEST_CURRENT_TEST": ""}


@pytest.fixture
def notebook(tmp_path):
    """A file that is there; the fake project does not read it."""
    path = tmp_path / "tour.ipynb"
    path.write_text("{}")
    return path
