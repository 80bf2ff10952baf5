"""Where a project is: the folder that has a store. Loads nothing of what a project can do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

STORE_FOLDER: Final = ".flowbook"
"""The folder that makes a folder a project."""


def root_of(path: Path) -> Path:
    """The project that `path`, a file or a folder, lies in: the nearest upwards with a store.

    Without one it is the folder itself.

    >>> from tempfile import mkdtemp
    >>> place = Path(mkdtemp()).resolve()
    >>> (place / STORE_FOLDER).mkdir()
    >>> (place / "deep").mkdir()
    >>> root_of(place / "deep") == place
    True
    """
    start = path.resolve()
    if start.is_file():
        start = start.parent
    return next((up for up in (start, *start.parents) if (up / STORE_FOLDER).is_dir()), start)
