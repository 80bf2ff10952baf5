"""What cells cost: read from a file, run one after the other into a flow, edited, and in a kernel.

A chain of cells, each of which reads the one before it. `reading` is a whole notebook from text to
flow, in milliseconds of this process; the first time, nothing of a text is known. `defining` is one
`%%flow` cell more, run into the live flow of a kernel's notebook that has so many already;
`editing` an edit of one node to the patches of its cell. The last rows are a real kernel:
Shift+Enter on a plain cell, and on the same as a node, from request to idle by the wall clock.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import patch
from flowbook.cells.source import read
from flowbook.graph.edits import RenameNode, SetOptions
from flowbook.graph.flow import Flow
from flowbook.ids import CellId, NodeId
from flowbook.session.live import LiveNotebook
from flowbook.session.project import Project

SIZES = (10, 100, 1_000)
ROUNDS = 5


def chain(length: int) -> list[str]:
    """Cells that each read the one before."""
    later = [f"%%flow n{at}(n{at - 1})\nn{at - 1} + 1" for at in range(1, length)]
    return ["%%flow n0\n0", *later]


def text_of(sources: list[str]) -> str:
    """A notebook's file."""
    cells = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": text, "outputs": []}
        for at, text in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def milliseconds(
    work: Callable[[], Any], rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time
) -> float:
    """The median of some rounds."""
    taken = []
    for _ in range(rounds):
        start = clock()
        work()
        taken.append(clock() - start)
    return statistics.median(taken) * 1e3


def defining(project: Project, sources: list[str]) -> float:
    """Milliseconds of the last cells of a notebook, each run into the flow of those before it."""
    live = LiveNotebook(project, Flow("bench", host=project), {})
    last = min(ROUNDS, len(sources) // 2)
    live.cells = {
        CellId(f"c{at}"): Cell.code(CellId(f"c{at}"), text)
        for at, text in enumerate(sources[:-last])
    }
    taken = []
    for at, text in enumerate(sources[-last:], start=len(sources) - last):
        start = time.process_time()
        live.define(CellId(f"c{at}"), text)
        taken.append(time.process_time() - start)
    return statistics.median(taken) * 1e3


def editing(project: Project, text: str) -> tuple[float, float]:
    """Milliseconds of an option and of a name, from the edit to the patches."""
    notebook = Notebook.parse(text)
    spec = read(notebook, project.registry).spec
    middle = spec.nodes[len(spec.nodes) // 2]
    options = SetOptions(middle.id, replace(middle.options, retries=3))
    renaming = RenameNode(middle.id, NodeId("renamed"))
    return (
        milliseconds(lambda: patch(notebook, options, project.registry)),
        milliseconds(lambda: patch(notebook, renaming, project.registry)),
    )


def in_kernel(folder: str) -> list[dict[str, object]]:
    """A plain cell, and the same as a node, run again and again in a real kernel."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=folder)

    def run(source: str) -> None:
        client.execute_interactive(source, output_hook=lambda _message: None, timeout=60)

    try:
        run("%load_ext flowbook")
        for text in ("x = 1\nx + 1", "%%flow first\nx = 1\nx + 1", "%%flow second(first)\nfirst"):
            run(text)
        plain = milliseconds(lambda: run("x = 1\nx + 1"), 25, time.perf_counter)
        node = milliseconds(lambda: run("%%flow first\nx = 1\nx + 1"), 25, time.perf_counter)
        behind = milliseconds(lambda: run("%%flow second(first)\nfirst"), 25, time.perf_counter)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return [
        {"what": "plain cell, in a kernel", "ms": plain},
        {"what": "node cell, in a kernel", "ms": node, "over plain": node - plain},
        {"what": "node behind another, in a kernel", "ms": behind, "over plain": behind - plain},
    ]


def main() -> list[dict[str, object]]:
    """A row for each size and thing that is done, and the kernel's."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        read(Notebook.parse(text_of(["%%flow warm\n1"])), project.registry)
        try:
            for size in SIZES:
                text, sources = text_of(chain(size)), chain(size)

                def reading(text: str = text) -> object:
                    return read(Notebook.parse(text), project.registry)

                first = milliseconds(reading, 1)
                again = milliseconds(reading)
                defined = defining(project, sources)
                option, name = editing(project, text)
                rows += [
                    {"what": "reading, the first time", "cells": size, "ms": first},
                    {"what": "reading", "cells": size, "ms": again, "ms per cell": again / size},
                    {"what": "defining one cell", "cells": size, "ms": defined},
                    {"what": "editing an option", "cells": size, "ms": option},
                    {"what": "renaming a node", "cells": size, "ms": name},
                ]
        finally:
            project.close()
        rows += in_kernel(folder)
    return rows


if __name__ == "__main__":
    print(*main(), sep="\n")
