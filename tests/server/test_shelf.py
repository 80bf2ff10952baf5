"""Which notebook holds a flow: by its name, or by what its metadata say."""

from __future__ import annotations

import json

import pytest

from flowbook.server import shelf as shelves
from flowbook.server.shelf import NotebookShelf


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A shelf over an empty folder, which looks again each time."""
    monkeypatch.setattr(shelves, "SECONDS", 0.0)
    return NotebookShelf(tmp_path)


def write(path, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(told))


def test_a_flow_is_called_like_its_file(shelf, tmp_path):
    assert shelf.holding("sums") is None
    write(tmp_path / "deep" / "er" / "sums.ipynb")
    assert shelf.holding("sums") == "deep/er/sums.ipynb"


def test_metadata_give_it_another_name_and_take_it_back(shelf, tmp_path):
    write(tmp_path / "draft.ipynb", flowbook={"flow": "sums"})
    assert (shelf.holding("sums"), shelf.holding("draft")) == ("draft.ipynb", None)
    write(tmp_path / "draft.ipynb", kernelspec={"name": "python3"})
    assert (shelf.holding("sums"), shelf.holding("draft")) == (None, "draft.ipynb")


def test_of_two_notebooks_neither_is_named(shelf, tmp_path):
    write(tmp_path / "sums.ipynb")
    write(tmp_path / "copy.ipynb", flowbook={"flow": "sums"})
    assert shelf.holding("sums") is None


def test_what_is_hidden_or_of_another_project_is_passed_by(shelf, tmp_path):
    write(tmp_path / ".ipynb_checkpoints" / "sums.ipynb")
    write(tmp_path / "other" / "sums.ipynb")
    (tmp_path / "other" / ".flowbook").mkdir()
    assert shelf.holding("sums") is None
    (tmp_path / ".flowbook").mkdir()
    write(tmp_path / "sums.ipynb")
    assert shelf.holding("sums") == "sums.ipynb"


def test_a_file_that_is_no_notebook_is_called_like_its_file(shelf, tmp_path):
    (tmp_path / "sums.ipynb").write_text('{"flow": ')
    assert shelf.holding("sums") == "sums.ipynb"
