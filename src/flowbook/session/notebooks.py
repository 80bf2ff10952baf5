"""Notebooks as files: the one that is called like a flow, and writing one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from flowbook.errors import UsageError

_PASSED_BY = frozenset({"node_modules", "__pycache__"})


def notebook_of(folder: Path, flow: str, hint: str) -> Path:
    """`<flow>.ipynb` somewhere below `folder`; `UsageError` with `hint` unless there is just one.

    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp()); (folder / "report.ipynb").touch()
    >>> notebook_of(folder, "report", "").name
    'report.ipynb'
    """
    found = sorted(_called(folder, f"{flow}.ipynb"))
    if len(found) == 1:
        return found[0]
    what = f"no notebook {flow}.ipynb" if not found else f"more than one {flow}.ipynb"
    raise UsageError(f"there is {what} in {folder}", hint=hint)


def folder_of(path: str, start: Path) -> Path:
    """The folder of the notebook that a front end has at `path`, seen from its server's root.

    A kernel knows no such root. It knows `start`, the folder it began in, which is as a rule that
    of the notebook; of another one of the same server it is found from there upwards.

    >>> folder_of("reports/month.ipynb", Path("/srv/reports")).as_posix()
    '/srv/reports'
    """
    here = PurePosixPath(path.lstrip("/"))
    folder = Path(*here.parent.parts)
    if folder.parts and start.parts[-len(folder.parts) :] == folder.parts:
        return start
    return next((up / folder for up in (start, *start.parents) if (up / here).is_file()), start)


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8", newline="")
    draft.replace(path)


def _called(folder: Path, name: str) -> Iterator[Path]:
    for where, inner, files in os.walk(folder):
        inner[:] = [one for one in inner if not one.startswith(".") and one not in _PASSED_BY]
        if name in files:
            yield Path(where) / name
