"""What is asked about: the project of the folder that the server serves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowbook.errors import UsageError
from flowbook.server.shelf import NotebookShelf
from flowbook.session.folder import STORE_FOLDER
from flowbook.session.project import Project, project
from flowbook.session.run_desk import RunDesks
from flowbook.store.history import History
from flowbook.store.rows import RunRow

_places: dict[Path, Place] = {}
_making = threading.Lock()


class Missing(UsageError):
    """What the address names does not exist."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is served, and the project that it lies in."""

    root: Path
    base: str
    """What every address of the server begins with."""
    project: Project
    notebooks: NotebookShelf
    desks: RunDesks = field(repr=False)

    @property
    def history(self) -> History:
        """The project's history."""
        return self.project.history

    @property
    def has_history(self) -> bool:
        """True when anything ran here; asking does not create it."""
        return (self.project.path / STORE_FOLDER).is_dir()

    def run(self, run: str) -> RunRow:
        """A run; `Missing` when there is none."""
        with self.known():
            return self.history.run(run)

    @contextmanager
    def known(self) -> Iterator[None]:
        """Around what is refused only where something does not exist: it is `Missing` then."""
        try:
            yield
        except UsageError as unknown:
            raise Missing(unknown.message, hint=unknown.hint) from None

    def inside(self, path: str) -> Path:
        """A path as the server names it, on disk; `UsageError` for one outside of its folder."""
        try:
            found = (self.root / path.lstrip("/")).resolve()
        except (OSError, ValueError):
            raise UsageError(f"{path!r:.80} is no path") from None
        if not found.is_relative_to(self.root):
            raise UsageError("this path lies outside of the server's folder", hint="name one in it")
        return found


def place_of(settings: Any) -> Place:
    """The place of a server with these settings."""
    root = Path(settings["server_root_dir"]).expanduser().resolve()
    home = project(root)
    with _making:
        found = _places.get(root)
        if found is None or found.project is not home:  # its first run makes a folder a project
            found = _places[root] = Place(
                root, settings["base_url"], home, NotebookShelf(root), RunDesks(home)
            )
        return found
