"""What `flowbook job run` costs over bare papermill: the same job, begun in turns, to its end.

Three ways to run one exported notebook: `papermill` as it comes, which runs it like any notebook;
papermill with a notebook of as many cells that do nothing, which is what papermill and its kernel
cost by themselves; and `flowbook job run`. The aim is 0.3 s over bare papermill on the same job.
Processes that have no Jupyter server are started, as where jobs run. Differences and ratios are
those of medians of interleaved rounds; CPU seconds are of the process and its kernel.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 5
CELLS = ("%%flow first(n: int = 2)\nn * 10", "%%flow second(first)\nfirst + 1")
LEAN = """\
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("jupyter_server", "jupyterlab", "rfc3987_syntax"):
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent())
"""


def main() -> list[dict[str, object]]:
    """One row per way."""
    with TemporaryDirectory() as folder:
        ways = prepare(Path(folder))
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name, words in ways.items():
                spent = spend(words, Path(folder))
                if turn:  # the first one fills the caches
                    taken[name].append(spent)
    wall = {name: statistics.median(one for one, _ in all_) for name, all_ in taken.items()}
    cpu = {name: statistics.median(one for _, one in all_) for name, all_ in taken.items()}
    bare = "papermill, the job"
    return [
        {
            "way": name,
            "seconds": wall[name],
            "CPU seconds": cpu[name],
            "over papermill": round(wall[name] - wall[bare], 2),
            "ratio": wall[name] / wall[bare],
        }
        for name in ways
    ]


def prepare(folder: Path) -> dict[str, list[str]]:
    """The job, an empty notebook of as many cells, and the commands that run them."""
    (folder / "lean").mkdir()
    (folder / "lean" / "sitecustomize.py").write_text(LEAN)
    cells = [code(f"c{at}", text) for at, text in enumerate(CELLS)]
    (folder / "tour.ipynb").write_text(notebook(cells))
    command = [sys.executable, "-m", "flowbook.cli"]
    spend([*command, "export", "tour.ipynb", "--to", "jobs"], folder)
    count = len(json.loads((folder / "jobs" / "tour.ipynb").read_text())["cells"])
    (folder / "empty.ipynb").write_text(notebook([code(f"c{at}", "None") for at in range(count)]))
    papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3"]
    return {
        "papermill, cells that do nothing": [*papermill, "empty.ipynb", "out.ipynb"],
        "papermill, the job": [*papermill, "jobs/tour.ipynb", "out.ipynb"],
        "flowbook job run": [*command, "job", "run", "jobs/tour.ipynb"],
    }


def code(name: str, source: str) -> dict[str, object]:
    """A code cell."""
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**cell, "outputs": [], "execution_count": None}


def notebook(cells: list[dict[str, object]]) -> str:
    """A notebook of these cells."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": cells})


def spend(words: list[str], folder: Path) -> tuple[float, float]:
    """Seconds that a command takes to its end, and CPU seconds of it and its children."""
    path = os.pathsep.join([str(folder / "lean"), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "JUPYTER_PLATFORM_DIRS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has been compiled
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu
