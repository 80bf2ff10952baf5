"""The project that `flowbook init` makes: a notebook with a first flow that works, and no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from flowbook.cells.notebook import Cell, Notebook
from flowbook.errors import UsageError
from flowbook.ids import CellId

IGNORED: Final = (".flowbook/", ".ipynb_checkpoints/", "flowbook-*.lock")
"""What git is to leave alone: the history, what JupyterLab keeps, and locks of deployed jobs."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Made(msgspec.Struct, frozen=True):
    """A project that was begun: its notebook, what was written, and what was there and stays."""

    notebook: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def first_notebook(name: str, options: str = "") -> str:
    """The text of the notebook; `options` are those of its second node.

    >>> Notebook.parse(first_notebook("report")).cells[3].source.splitlines()[0]
    '%%flow warm(readings, limit=20) --retries 2'
    """
    cells = (
        Cell.markdown(
            CellId("about"),
            f"# {name}\n\nA cell that begins with `%%flow` is a node: a name that another cell "
            "makes is a wire, and a default is a parameter.",
        ),
        Cell.code(CellId("load"), "%load_ext flowbook"),
        Cell.code(
            CellId("readings"),
            "%%flow readings(days=7)\n[18 + (day * 5) % 9 for day in range(days)]",
        ),
        Cell.code(
            CellId("warm"),
            f"%%flow warm(readings, limit=20) --retries 2{options}\n"
            "[degrees for degrees in readings if degrees > limit]",
        ),
        Cell.code(CellId("summary"), "%%flow summary -> share\nshare = len(warm) / len(readings)"),
        Cell.markdown(
            CellId("next"),
            "Run all of them with `%flow run -p days=14`, and draw them with `%flow show`.",
        ),
    )
    return Notebook.of(cells, _METADATA).text()


def ignoring(text: str) -> str:
    """The text of a `.gitignore` with the lines that it lacks at its end.

    >>> ignoring(".flowbook/").splitlines()
    ['.flowbook/', '.ipynb_checkpoints/', 'flowbook-*.lock']
    """
    there = {line.strip().rstrip("/") for line in text.splitlines()}
    lacking = [line for line in IGNORED if line.rstrip("/") not in there]
    if not lacking:
        return text
    gap = "" if not text or text.endswith("\n") else "\n"
    return text + gap + "".join(f"{line}\n" for line in lacking)


def write_first(folder: Path, name: str) -> Made:
    """Begin a project in `folder`, making it if need be; nothing that is there is overwritten.

    A `.gitignore` gets the lines that it lacks. `UsageError` for a name that is none, and where
    nothing can be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a flow", hint="letters, digits, - and _; a letter first"
        )
    notebook, ignored = folder / f"{name}.ipynb", folder / ".gitignore"
    written, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = ignored.read_text(encoding="utf-8") if ignored.exists() else ""
        if notebook.exists():
            kept.append(notebook)
        else:
            with notebook.open("x", encoding="utf-8") as file:
                file.write(first_notebook(name))
            written.append(notebook)
        after = ignoring(before)
        if after == before:
            kept.append(ignored)
        else:
            with ignored.open("a", encoding="utf-8") as file:
                file.write(after[len(before) :])
            written.append(ignored)
    except (OSError, UnicodeDecodeError) as failure:
        raise UsageError(
            f"cannot begin a project in {folder}: {failure}",
            hint="choose a folder you may write to",
        ) from None
    return Made(notebook, tuple(written), tuple(kept))
