"""What a file becomes that is brought to a flow: a call of the flow it holds, or what reads it.

A view names files from the folder of its notebook on, a node from that of the project on.
"""

from __future__ import annotations

import builtins
import keyword
import os
import re
from pathlib import Path
from typing import Final

from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import Notebook
from flowbook.errors import FlowbookError, UsageError
from flowbook.graph.offered import Brought
from flowbook.session.notebooks import notebook_of

_TAKEN: Final = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist})


def seen_from(folder: Path, path: Path) -> str:
    """The way from a folder to a file, with slashes wherever this runs.

    >>> seen_from(Path("/srv/reports"), Path("/srv/orders.ipynb"))
    '../orders.ipynb'
    """
    return Path(os.path.relpath(path, folder)).as_posix()


def brought(project: Path, folder: Path, path: str) -> Brought:
    """The node that the file at `path`, seen from `folder`, makes in a flow of `project`.

    Raises `UsageError` for a notebook without a flow, and for what no node may read.
    """
    file = Path(os.path.normpath(folder / path))
    inside = Path(os.path.relpath(os.path.realpath(file), os.path.realpath(project)))
    if inside.parts[:1] == ("..",) or inside.is_absolute():
        raise UsageError(
            f"{file.name} lies outside of the project's folder",
            hint=f"put it below {project}, or write the path of a place that its settings allow",
        )
    if file.is_dir():
        return Brought("list_files", _name(file.name, "files"), {"path": f"{inside.as_posix()}/*"})
    if not file.is_file():
        raise UsageError(f"there is no file {path}", hint="look whether it was moved")
    if file.suffix != ".ipynb":
        return Brought("read_file", _name(file.stem, "file"), {"path": inside.as_posix()})
    if not holds_flow(file):
        raise UsageError(
            f"{file.name} holds no flow: none of its cells begins with %%flow",
            hint="bring a notebook that is a flow",
        )
    hint = f"a call goes by the name: give {file.name} one of its own"
    notebook_of(project, file.stem, hint)
    return Brought("call", _name(file.stem, "flow"), {"flow": file.stem})


def holds_flow(path: Path) -> bool:
    """Whether a notebook has cells that are nodes; False for what cannot be read."""
    try:
        notebook = Notebook.parse(path.read_text(encoding="utf-8"))
    except (FlowbookError, OSError, ValueError):
        return False
    return any(is_flow_cell(cell.source) for cell in notebook.cells)


def _name(file: str, otherwise: str) -> str:
    """A file's name as that of a node."""
    name = re.sub(r"\W+", "_", file, flags=re.ASCII).strip("_")
    if not name or name[0].isdigit():
        name = f"{otherwise}_{name}".rstrip("_")
    return f"{name}_{otherwise}" if name in _TAKEN else name
