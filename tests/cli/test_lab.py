"""`flowbook lab` finds the tour and hands everything else to JupyterLab."""

from __future__ import annotations

import os
import sys
from importlib import util

import pytest

from flowbook.cli import lab


@pytest.fixture
def started(monkeypatch):
    """Command lines that would have replaced this process."""
    lines: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, line: lines.append(line))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return lines


def test_the_current_folder_is_opened(ask, started, tmp_path):
    assert ask("lab")[0] == 0
    assert started == [[sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={tmp_path}"]]


def test_the_tour_is_found_next_to_where_the_demo_wrote_it(ask, started, tmp_path):
    (tmp_path / "flowbook-tour").mkdir()
    (tmp_path / "flowbook-tour" / "tour.ipynb").write_text("{}")
    ask("lab")
    assert f"--ServerApp.root_dir={tmp_path}/flowbook-tour" in started[0]
    assert "--LabApp.default_url=/lab/tree/tour.ipynb" in started[0]


def test_a_notebook_is_opened_in_its_folder(ask, started, tmp_path):
    (tmp_path / "my report.ipynb").write_text("{}")
    ask("lab", "my report.ipynb")
    assert started[0][3:] == [
        f"--ServerApp.root_dir={tmp_path}",
        "--LabApp.default_url=/lab/tree/my%20report.ipynb",
    ]


def test_other_options_go_through(ask, started, tmp_path):
    ask("lab", "--no-browser", "--port", "9000", "--IdentityProvider.token=x")
    assert started[0][4:] == ["--no-browser", "--port", "9000", "--IdentityProvider.token=x"]


def test_options_after_the_folder_go_through(ask, started, tmp_path):
    (tmp_path / "reports").mkdir()
    ask("lab", "reports", "--port=9000", "--no-browser")
    assert f"--ServerApp.root_dir={tmp_path}/reports" in started[0]
    assert started[0][4:] == ["--no-browser", "--port=9000"]


def test_root_is_allowed_because_containers_are_root(ask, started, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    ask("lab")
    assert "--allow-root" in started[0]


def test_a_folder_that_is_missing_is_refused(ask, started):
    code, _, err = ask("lab", "nowhere")
    assert (code, started) == (2, [])
    assert "there is no folder nowhere" in err


def test_jupyterlab_that_is_missing_is_told_how_to_get(ask, started, monkeypatch):
    find = util.find_spec
    monkeypatch.setattr(lab, "find_spec", lambda name: find(name) if name != "jupyterlab" else None)
    code, _, err = ask("lab")
    assert (code, started) == (2, [])
    assert 'pip install "flowbook[lab]"' in err
