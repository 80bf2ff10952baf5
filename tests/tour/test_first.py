"""`flowbook init` writes a flow that runs, and overwrites nothing."""

from __future__ import annotations

import pytest

from flowbook.errors import UsageError
from flowbook.session.project import project
from flowbook.tour.first import IGNORED, ignoring, write_first


def test_the_flow_it_writes_runs(tmp_path):
    made = write_first(tmp_path / "new", "sales")
    opened = project(tmp_path / "new")
    loaded = opened.load(made.notebook)
    assert loaded.problems == ()
    run = loaded.flow.run(days=7)
    assert (loaded.flow.spec().id, run.status.value) == ("sales", "succeeded")
    assert run["summary"].output == 4 / 7


def test_what_is_there_stays_byte_for_byte(tmp_path):
    (tmp_path / "first.ipynb").write_text("mine")
    (tmp_path / ".gitignore").write_text("data/\n.flowbook")
    made = write_first(tmp_path, "first")
    assert (tmp_path / "first.ipynb").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text().splitlines()[:2] == ["data/", ".flowbook"]
    assert made.kept == (tmp_path / "first.ipynb",)
    assert made.written == (tmp_path / ".gitignore",)


def test_a_second_time_writes_nothing(tmp_path):
    write_first(tmp_path, "first")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert write_first(tmp_path, "first").written == ()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_only_the_lines_that_lack_are_added_to_what_git_ignores():
    assert ignoring("") == "".join(f"{line}\n" for line in IGNORED)
    assert ignoring("a\n" + ignoring("")) == "a\n" + ignoring("")
    assert ignoring("a").startswith("a\n.flowbook/\n")


@pytest.mark.parametrize("name", ["", "../x", "2nd", "a b"])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="is no name"):
        write_first(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot begin a project"):
        write_first(tmp_path / "file" / "in", "first")
