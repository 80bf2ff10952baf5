"""`flowbook history stream` lists what nodes streamed, prints texts and saves artefacts."""

from __future__ import annotations

import json

import pytest

import flowbook
from flowbook.graph.flow import Flow
from flowbook.session.project import Project


@pytest.fixture
def streamed(tmp_path):
    """A project in which one run has streamed, and the run's id."""
    project = Project(tmp_path)
    flow = Flow("letter", host=project, measure=True)

    @flow.node
    def letter():
        told = flowbook.context()
        told.token("Dear ")
        told.token("Ada")
        told.artefact("pages/letter.txt", "Dear Ada")
        return 1

    @flow.node
    def broken(letter, city: str = "Oslo"):
        raise ValueError("no rain")

    run = flow.start().wait()
    yield tmp_path, str(run.id)
    project.close()


def test_what_was_streamed_is_listed(ask, streamed):
    folder, run = streamed
    code, out, _ = ask("history", "stream", run, "--project", str(folder))
    assert code == 0
    assert "pages/letter.txt" in out
    code, out, _ = ask("history", "stream", run, "--json", "--project", str(folder))
    told = json.loads(out)["streams"]
    assert [(one["channel"], one["chunks"], one["text"]) for one in told] == [
        ("artefact", 1, None),
        ("token", 2, "Dear Ada"),
    ]


def test_the_whole_text_of_one_node_is_printed(ask, streamed):
    folder, run = streamed
    _, out, _ = ask("history", "stream", run, "--node", "letter", "--project", str(folder))
    assert out.endswith("\nDear Ada\n")
    _, out, err = ask("history", "stream", run, "--node", "other", "--project", str(folder))
    assert out == ""
    assert "nothing was streamed" in err


def test_artefacts_are_saved(ask, streamed, tmp_path):
    folder, run = streamed
    code, _, _ = ask(
        "history", "stream", run, "--save", str(tmp_path / "out"), "--project", str(folder)
    )
    assert code == 0
    saved = tmp_path / "out" / "letter" / "pages" / "letter.txt"
    assert saved.read_text(encoding="utf-8") == "Dear Ada"


def test_an_unknown_run_is_refused(ask, streamed):
    folder, _ = streamed
    code, _, err = ask("history", "stream", "0197", "--project", str(folder))
    assert code != 0
    assert "0197" in err


def test_show_tells_what_was_given_and_taken(ask, streamed):
    folder, run = streamed
    _, out, _ = ask("history", "show", run, "--node", "broken", "--project", str(folder))
    assert "ValueError: no rain\ngiven: letter = 1\ngiven: city = 'Oslo'" in out
    _, out, _ = ask("history", "show", run, "--project", str(folder))
    assert "cpu_ms" in out
    assert "about " in out
