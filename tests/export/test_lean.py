"""A job needs no Jupyter server, and nothing of a desktop, where it runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.cells.conftest import notebook_of

BLOCKED = """\
import sys
class Absent:
    names = ("jupyter_server", "jupyterlab", "notebook", "anywidget", "ipywidgets", "tornado.web",
             "rfc3987_syntax", "matplotlib", "pandas", "dask")
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in self.names):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def lean(tmp_path):
    """The environment of processes, kernels too, that have none of the packages of a desktop."""
    (tmp_path / "lean").mkdir()
    (tmp_path / "lean" / "sitecustomize.py").write_text(BLOCKED)
    path = os.pathsep.join([str(tmp_path / "lean"), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "JUPYTER_PLATFORM_DIRS": "1"}


def type_in(folder, environment, *words, module="flowbook.cli"):
    return subprocess.run(
        [sys.executable, "-m", module, *words], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=150,
    )  # fmt: skip


@pytest.mark.kernel
def test_a_job_runs_and_passes_nbval_without_a_server(tmp_path, lean):
    cells = ("%%flow first(n: int = 2)\nn * 10", "%%flow second(first)\nfirst + 1")
    (tmp_path / "tour.ipynb").write_text(notebook_of(*cells).text())
    absent = subprocess.run(
        [sys.executable, "-c", "import jupyter_server"], env=lean, capture_output=True, text=True
    )
    assert "No module named 'jupyter_server'" in absent.stderr  # else nothing here is tested
    assert type_in(tmp_path, lean, "export", "tour.ipynb", "--to", "jobs").returncode == 0
    done = type_in(tmp_path, lean, "job", "run", "jobs/tour.ipynb", "-p", "n=3")
    assert done.returncode == 0, done.stderr
    assert "succeeded" in done.stdout
    words = ("-p", "no:cacheprovider", "--nbval-lax", "jobs/tour.ipynb", "-c", os.devnull)
    held = type_in(tmp_path, lean, *words, module="pytest")
    assert held.returncode == 0, held.stdout + held.stderr
