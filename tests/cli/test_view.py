"""A flow as a file: a page or a picture, of a notebook and of a run of it."""

from __future__ import annotations

import json
import re

import pytest
from tests.cells.conftest import notebook_of


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "tour.ipynb"
    found.write_text(
        notebook_of("%%flow fetch\nrows = [1, 2]", "%%flow total(rows)\nsum(rows)").text()
    )
    return found


def told(text):
    return json.loads(re.search(r'id="told">(.*?)</script>', text, re.S)[1])


def test_a_page_shows_the_last_run_and_outputs_only_when_asked(ask, path, tmp_path):
    assert ask("run", "tour.ipynb", "--no-report")[0] == 0
    code, out, _ = ask("view", "tour.ipynb", "-o", "tour.html")
    assert (code, out) == (0, "tour.html\n")
    shown = told((tmp_path / "tour.html").read_text())
    assert shown["snapshot"]["run"]["events"][-1]["kind"] == "RUN_COMPLETED"
    assert shown["details"]["total"]["outputs"] == []
    assert ask("view", "tour.ipynb", "-o", "tour.html", "--outputs")[0] == 0
    shown = told((tmp_path / "tour.html").read_text())
    assert shown["details"]["total"]["outputs"][0]["preview"]["value"] == 3


def test_a_flow_that_never_ran_is_shown_without_a_run(ask, path, tmp_path):
    assert ask("view", "tour.ipynb", "-o", "tour.html")[0] == 0
    assert told((tmp_path / "tour.html").read_text())["snapshot"]["run"] is None


def test_a_picture_is_written_where_the_name_says_so(ask, path, tmp_path):
    assert ask("view", "tour.ipynb", "-o", "tour.svg")[0] == 0
    assert (tmp_path / "tour.svg").read_text().startswith("<svg")


def test_a_run_that_is_not_there_is_refused_and_nothing_is_written(ask, path, tmp_path):
    code, _, err = ask("view", "tour.ipynb", "-o", "tour.html", "--run", "0" * 36)
    assert code == 2
    assert "no run" in err
    assert not (tmp_path / "tour.html").exists()
