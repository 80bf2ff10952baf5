"""The tour is written to disk once, and never over somebody's work."""

from __future__ import annotations

import pytest

from flowbook.errors import UsageError
from flowbook.tour import project, write


def test_the_project_is_written_and_the_notebook_named(tmp_path):
    notebook = write(tmp_path / "new" / "tour")
    assert notebook == tmp_path / "new" / "tour" / "tour.ipynb"
    assert sorted(path.name for path in notebook.parent.iterdir()) == sorted(project.FILES)


def test_writing_twice_changes_nothing(tmp_path):
    notebook = write(tmp_path)
    before = notebook.stat().st_mtime_ns
    assert write(tmp_path) == notebook
    assert notebook.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", project.FILES)
def test_a_changed_file_is_named_and_nothing_is_written(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=name) as caught:
        write(tmp_path)
    assert "choose another directory" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_directory_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the tour into"):
        write(tmp_path / "file" / "tour")
