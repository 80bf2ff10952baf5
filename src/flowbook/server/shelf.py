"""Which notebook of the served folder holds a flow.

A flow is called like its notebook's file, unless the notebook's metadata gives it another name;
nothing else says where it came from. So the folder is looked through, by name: of each notebook the
end is read once, where its metadata stand, and again when the file has changed. What lies in a
folder with a history of its own belongs to another project.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from flowbook.session.folder import STORE_FOLDER

SECONDS: Final = 3.0
"""For so long what was found holds; a notebook that is new is found by then."""
_END: Final = 32 * 1024
"""Bytes at the end of a file in which its metadata stand, as every front end writes it."""
_LARGEST: Final = 64 * 2**20
_PASSED_BY: Final = frozenset({"node_modules", "__pycache__"})


class NotebookShelf:
    """The notebooks below a folder, by the flow that each holds.

    >>> from tempfile import mkdtemp
    >>> root = Path(mkdtemp()); (root / "report.ipynb").touch()
    >>> shelf = NotebookShelf(root)
    >>> shelf.holding("report"), shelf.holding("other")
    ('report.ipynb', None)
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._named: dict[str, tuple[int, int, str]] = {}
        self._found: dict[str, list[str]] = {}
        self._until = 0.0

    def holding(self, flow: str) -> str | None:
        """The path of the one notebook with that flow, seen from the folder; None for none, or two.

        >>> NotebookShelf(Path("/nowhere")).holding("report")
        """
        found = self.all().get(flow, ())
        return found[0] if len(found) == 1 else None

    def all(self) -> dict[str, list[str]]:
        """The paths of all notebooks, by flow."""
        with self._lock:
            if time.monotonic() >= self._until:
                found: dict[str, list[str]] = {}
                for path, status in _notebooks(self._root):
                    found.setdefault(self._flow_of(path, status), []).append(path)
                self._found, self._until = found, time.monotonic() + SECONDS
            return self._found

    def _flow_of(self, path: str, status: os.stat_result) -> str:
        known = self._named.get(path)
        if known is None or known[:2] != (status.st_mtime_ns, status.st_size):
            named = _named(self._root / path, status.st_size) or Path(path).stem
            known = self._named[path] = (status.st_mtime_ns, status.st_size, named)
        return known[2]


def _notebooks(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for where, inner, files in os.walk(root):
        folder = Path(where)
        if folder != root and STORE_FOLDER in inner:
            inner.clear()
            continue
        inner[:] = sorted(one for one in inner if not one.startswith(".") and one not in _PASSED_BY)
        for name in sorted(files):
            if name.endswith(".ipynb") and not name.startswith("."):
                path = folder / name
                try:
                    yield path.relative_to(root).as_posix(), path.stat()
                except OSError:
                    continue  # it has just gone


def _named(path: Path, size: int) -> str:
    """What the notebook's metadata call its flow; '' when they do not."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, size - _END))
            if b'"flow"' not in file.read() or size > _LARGEST:
                return ""
        read: Any = msgspec.json.decode(path.read_bytes())
        named = read["metadata"]["flowbook"]["flow"]
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return ""
    return str(named)
