"""`flowbook nodes`: what is installed, what it takes, whether it goes together, and migrating."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from traitlets import Int, Unicode

from flowbook.cli import flowbook
from flowbook.cli.failures import guarded
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.nodes.python import PythonNode
from flowbook.session.project import Project


class Shout(Node):
    """Says it loud. And then some.

    More about loudness.
    """

    kind = "shout"
    family = "data"
    outputs = ("said",)
    example = "%%flow hello\n'hi'\n\n%%flow shout loud(hello)\ntext: '{{ hello }}'"

    text = Unicode(help="What to say.").tag(config=True, examples=["hi"])
    marks = Int(1, min=0, max=3, help="How many marks.").tag(config=True)

    def run(self, context, inputs):
        return self.text.upper() + "!" * self.marks


class ShoutTwo(Shout):
    """Says it loud."""

    type_version = 2
    words = Unicode(help="What to say.").tag(config=True)
    text = None
    example = ""

    @classmethod
    def migrate(cls, old):
        config = dict(old.config)
        return replace(old, config={"words": config.pop("text"), **config})


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    """The command line in an empty folder, with a registry of our own."""
    monkeypatch.chdir(tmp_path)
    kinds = Registry([PythonNode])
    kinds.register(Shout, "loudness 0.3")
    monkeypatch.setattr(Project, "registry", kinds)

    def run(*words):
        code = guarded(lambda: flowbook.main(words, "flowbook", standalone_mode=False))
        said = capsys.readouterr()
        return int(code), said.out, said.err

    run.kinds = kinds
    return run


def test_every_kind_is_a_row_with_what_it_is_for(ask):
    code, out, _ = ask("nodes")
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("shout"))
    assert row.split()[:2] == ["shout", "1"]
    assert "Says it loud. " in row
    assert "And then some" not in row
    assert "loudness 0.3" in row
    assert not (Path.cwd() / ".flowbook").exists()


def test_earlier_versions_are_rows_too(ask):
    ask.kinds.register(ShoutTwo, "loudness 0.4")
    rows = json.loads(ask("nodes", "--json")[1])["nodes"]
    told = {row["kind"]: (row["version"], row["package"]) for row in rows if "shout" in row["kind"]}
    assert told == {"shout": (2, "loudness 0.4"), "shout.v1": (1, "loudness 0.3")}


def test_a_kind_is_shown_with_its_settings_and_its_example(ask):
    code, out, _ = ask("nodes", "show", "shout")
    assert code == 0
    for said in (
        "family: data",
        "package: loudness 0.3",
        "More about loudness.",
        "outputs: said",
        "  marks: whole number from 0 to 3 (default 1)",
        "      such as 'hi'",
        "  %%flow shout loud(hello)",
    ):
        assert said in out


def test_json_is_the_schema_of_the_configuration(ask):
    code, out, _ = ask("nodes", "show", "shout", "--json")
    schema = json.loads(out)
    assert code == 0
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["marks"]["default"] == 1


def test_a_kind_that_is_not_there_is_told_the_closest(ask):
    code, out, err = ask("nodes", "show", "shuot")
    assert (code, out) == (2, "")
    assert err == "error: no node type is called 'shuot'\nhint: did you mean 'shout'?\n"


def test_all_is_well(ask):
    assert ask("nodes", "check") == (0, "", "2 kinds, 0 faults\n")
    assert ask("nodes", "check", "--examples") == (0, "", "2 kinds, 0 faults\n")


def test_a_conflict_ends_with_2_and_names_both_packages(ask):
    class Other(Node):
        kind = "shout"

    ask.kinds.take("shout", lambda: Other, "noise 1.0")
    code, out, err = ask("nodes", "check")
    assert (code, out) == (2, "")
    assert "Shout of loudness 0.3" in err
    assert "Other of noise 1.0" in err
    assert err.endswith("2 kinds, 1 fault\n")
    told = json.loads(ask("nodes", "check", "--json")[1])
    assert [(one["kind"], one["package"]) for one in told["faults"]] == [("shout", "noise 1.0")]


def test_an_example_that_does_not_run_is_a_fault(ask):
    class Broken(Shout):
        kind = "broken"
        example = "%%flow broken b\ntext: x"

        def run(self, context, inputs):
            raise ValueError("no voice")

    class Unsound(Shout):
        kind = "unsound"
        example = "%%flow unsound u(nobody)\ntext: x"

    ask.kinds.register(Broken)
    ask.kinds.register(Unsound)
    assert ask("nodes", "check")[0] == 0
    code, _, err = ask("nodes", "check", "--examples")
    assert code == 2
    assert "error: broken: its example does not run: " in err
    assert "no voice" in err
    assert "error: unsound: its example does not run: " in err


def test_only_what_one_package_brings_may_be_looked_at(ask):
    class Other(Node):
        kind = "shout"

    ask.kinds.take("shout", lambda: Other, "noise 1.0")
    assert ask("nodes", "check", "--package", "loudness") == (0, "", "1 kind, 0 faults\n")
    assert ask("nodes", "check", "--package", "noise")[0] == 2


# ---------------------------------------------------------------- migrate


@pytest.fixture
def notebook(tmp_path) -> Path:
    cells = ["%%flow shout.v1 loud\n# here\ntext: hi\nmarks: 2", "%%flow shout low\nwords: ho"]
    path = tmp_path / "report.ipynb"
    made = [
        {"id": f"c{i}", "cell_type": "code", "metadata": {}, "source": text, "outputs": [],
         "execution_count": None}
        for i, text in enumerate(cells)
    ]  # fmt: skip
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_migrating_shows_the_difference_and_writes_nothing(ask, notebook):
    ask.kinds.register(ShoutTwo)
    before = notebook.read_text()
    code, out, err = ask("nodes", "migrate", "report.ipynb")
    assert code == 0
    assert "-%%flow shout.v1 loud\n" in out
    assert "+%%flow shout loud\n" in out
    assert "-text: hi" in out
    assert "+words: hi" in out
    assert "c1" not in out
    assert err == "1 cell would change; --write writes the notebook\n"
    assert notebook.read_text() == before


def test_migrating_writes_when_it_is_asked_to_and_is_then_done(ask, notebook):
    ask.kinds.register(ShoutTwo)
    assert ask("nodes", "migrate", "report.ipynb", "--write")[2] == "1 cell written\n"
    cells = json.loads(notebook.read_text())["cells"]
    assert "".join(cells[0]["source"]).startswith("%%flow shout loud\n")
    after = notebook.read_text()
    code, out, err = ask("nodes", "migrate", "report.ipynb", "--write")
    assert (code, out, err) == (0, "", "every node is of the latest version of its kind\n")
    assert notebook.read_text() == after


def test_cells_without_a_version_may_be_said_to_be_older(ask, notebook):
    ask.kinds.register(ShoutTwo)
    notebook.write_text(notebook.read_text().replace("words: ho", "text: ho"))
    told = json.loads(ask("nodes", "migrate", "report.ipynb", "--from", "shout.v1", "--json")[1])
    assert [one["cell"] for one in told["changes"]] == ["c0", "c1"]
    assert told["changes"][1]["after"] == "%%flow shout low\nwords: ho"
    assert told["written"] is False


def test_from_has_to_name_a_version(ask, notebook):
    code, _, err = ask("nodes", "migrate", "report.ipynb", "--from", "shout")
    assert code == 2
    assert "names no version: write http.v1" in err
