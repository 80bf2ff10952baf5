"""What nodes may ask of the project they run in: secrets, grants, files, variables.

The seam between nodes and whoever provides it: `graph` knows no store, no keyring and no folder.
Everything here is given or refused by the project, never by the node, so that what a notebook may
reach of the world is decided by its user, in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from flowbook.graph.memory import Memory

T = TypeVar("T")


class Grant(StrEnum):
    """What a project has to allow before a node does it; nothing of it is allowed at first."""

    DATABASE = "database"
    """Change what is in a database; reading needs no grant."""
    SHELL = "shell"
    """Run programs."""


class Scope(StrEnum):
    """How far a variable reaches."""

    RUN = "run"
    """One run: gone with it, and no other sees it."""
    FLOW = "flow"
    """All runs of a flow."""
    GLOBAL = "global"
    """All flows of the project."""


class Services(Protocol):
    """What the project does for a running node. Safe to call from the thread the node runs in."""

    @property
    def effects(self) -> bool:
        """False in a test run: nothing outside of the process may be changed."""
        ...

    def secret(self, name: str) -> str:
        """A secret by its name; it is taken out of all that is written from here on.

        Raises `SecretMissing` with the places where it was looked for.
        """
        ...

    def env(self, name: str) -> str:
        """A variable of the environment; `NotGranted` unless the project lists its name."""
        ...

    def require(self, grant: Grant, what: str) -> None:
        """Raise `NotGranted`, naming `what` was to be done, unless the project allows it."""
        ...

    def file(self, path: str, *, writing: bool = False) -> str:
        """Where a file is: an absolute path, or an fsspec URL as it was given.

        A path that is not absolute begins at the project's folder. Raises `NotGranted` for a place
        outside of it that the project does not allow, links followed.
        """
        ...

    def keep(
        self, key: Hashable, make: Callable[[], T], close: Callable[[T], Any] | None = None
    ) -> T:
        """What `make` gave when it was first asked for under `key`: a pool, a client.

        It stays for as long as the project is open; `close` is called at its end.
        """
        ...

    def variables(self, scope: Scope) -> Memory:
        """The variables of a scope."""
        ...
