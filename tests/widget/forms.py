"""A real project with a flow of a notebook, and the desk that views of it ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowbook.cells.notebook import Cell, Notebook
from flowbook.ids import CellId
from flowbook.session.desk import Desk
from flowbook.session.project import Project
from flowbook.widget.protocol import read
from flowbook.widget.publisher import ANSWERS


class Asking:
    """Asks a desk what a view would ask, as JSON, and gives the answer's struct."""

    def __init__(self, project: Project, *cells: str, name: str = "tour") -> None:
        self.project = project
        parts = (Cell.code(CellId(f"c{i}"), text, _tags(text)) for i, text in enumerate(cells))
        path = Path(project.path) / f"{name}.ipynb"
        path.write_text(Notebook.of(tuple(parts)).text(), encoding="utf-8")
        self.flow = project.read_notebook(path)
        self.desk = Desk(project, self.flow)

    def __call__(self, type: str, **fields: Any) -> Any:
        message = read({"type": type, "view": "v", "rid": 1, **fields})
        return ANSWERS[message.__class__](self.desk, message)

    def run(self, **params: Any) -> None:
        self.flow.run(**params)

    def run_to(self, *nodes: str) -> None:
        """Run these nodes and what they need."""
        self.flow.run(only=list(nodes))

    def node(self, name: str) -> Any:
        return self.flow.spec().by_id[name]


def _tags(text: str) -> dict[str, Any] | None:
    return None if text.startswith("%%flow") else {"tags": ["parameters"]}
