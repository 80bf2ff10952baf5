"""The executed notebook of a job shows the flow as its author had laid it out. Real kernels."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import nbformat
import pytest
from tests.cells.conftest import notebook_of

from flowbook.graph.spec import Position

CELLS = (
    "%%flow note why\n# Why\nIt is cold.",
    "%%flow group each -> named",
    "%%flow named\n#| in: each\n'Oslo'.upper()",
    "%%flow total(named)\nlen(named)",
)
PLACES = {"c0": (0, -210), "c1": (310, 40), "c2": (0, 0), "c3": (-40, 300)}

pytestmark = pytest.mark.kernel


@pytest.fixture
def type_in(tmp_path):
    """`type_in("flowbook.cli", "export", …)` → what it wrote, of a module run in a project."""
    notebook = notebook_of(*CELLS)
    cells = [one.placed(Position(*map(float, PLACES[one.id]))) for one in notebook.cells]
    (tmp_path / "tour.ipynb").write_text(notebook.with_cells(tuple(cells)).text())
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "JUPYTER_PLATFORM_DIRS": "1",
    }

    def run(module, *words):
        done = subprocess.run(
            [sys.executable, "-m", module, *words], cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=150,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    return run


def drawn(path):
    """The one drawing in an executed notebook."""
    outputs = [
        one for cell in nbformat.read(path, as_version=4).cells for one in cell.get("outputs", ())
    ]
    (svg,) = (
        one.data["image/svg+xml"] for one in outputs if "image/svg+xml" in one.get("data", {})
    )
    return svg


def corners(svg):
    """Where the boxes of a drawing stand."""
    return set(
        re.findall(
            r'x="(-?[\d.]+)" y="(-?[\d.]+)" width="[\d.]+" height="[\d.]+" rx="(?:4|1\d)"', svg
        )
    )


@pytest.mark.parametrize("layout", ["runner", "steps"])
def test_a_job_is_drawn_as_its_version_was_laid_out(type_in, tmp_path, layout):
    type_in("flowbook.cli", "publish", "tour.ipynb")
    type_in("flowbook.cli", "export", "tour.ipynb", "--to", "jobs", "--layout", layout)
    (tmp_path / "tour.ipynb").unlink()
    type_in("flowbook.cli", "job", "run", "jobs/tour.ipynb", "--output", "out.ipynb")
    svg = drawn(tmp_path / "out.ipynb")
    assert {("0", "-210"), ("310", "40"), ("-40", "300")} < corners(svg)
    assert len(corners(svg)) == 4  # and what is in the container, inside of that
    assert 'data-container=""><title>each' in svg
    assert "It is cold." in svg


def test_papermills_own_command_draws_it_so_by_our_engine(type_in, tmp_path):
    type_in("flowbook.cli", "export", "tour.ipynb", "--to", "jobs")
    words = ("jobs/tour.ipynb", "out.ipynb", "--engine", "flowbook", "--no-progress-bar")
    type_in("papermill", *words)
    assert {("0", "-210"), ("310", "40"), ("-40", "300")} < corners(drawn(tmp_path / "out.ipynb"))


def test_the_report_of_a_run_is_the_same_drawing(type_in, tmp_path):
    type_in("flowbook.cli", "run", "tour.ipynb", "--report", "out.ipynb")
    assert {("0", "-210"), ("310", "40"), ("-40", "300")} < corners(drawn(tmp_path / "out.ipynb"))
