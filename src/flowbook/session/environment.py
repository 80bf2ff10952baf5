"""In what this process performs runs: Python, the system, flowbook, every installed package.

Names and versions are read off the folders in which installed distributions are described; none of
them is opened, because reading the metadata of some hundreds takes longer than most runs. What was
found is kept until a folder that Python imports from has changed, as an installation changes it.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flowbook.store.environments import Environment

if TYPE_CHECKING:
    from flowbook.store.environments import Environments

_OWN: Final = "flowbook"
_DESCRIBED: Final = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-.*)?\.(dist|egg)-info")
_SEPARATORS: Final = re.compile(r"[-_.]+")

Stamp = tuple[tuple[str, int], ...]


@dataclass
class Here:
    """The environment of this process, and those that the history knows.

    `known` gives those of the store.
    """

    known: Callable[[], Environments]
    _stamp: Stamp | None = None
    _found: Environment | None = field(default=None, repr=False)

    def now(self) -> Environment:
        """The environment as it is now; costs microseconds where nothing was installed since."""
        stamp = _stamp(sys.path)
        if self._found is None or stamp != self._stamp:
            packages = installed(sys.path)
            own = packages.pop(_OWN, "unknown")  # a source tree that was never installed
            system = f"{platform.system()} {platform.release()} {platform.machine()}"
            self._found = Environment(_python(), system, own, packages)
            self._stamp = stamp
        return self._found

    def digest(self) -> str:
        """What a run that begins now names it by."""
        return self.now().digest

    def get(self, digest: str | None) -> Environment | None:
        """An environment by its digest: this one, or one of the history; None where none is."""
        now = self.now()
        return now if digest == now.digest else self.known().get(digest)

    def record(self) -> None:
        """Keep the environment as it is now, if the history has not got it."""
        self.known().record(self.now())


def installed(folders: list[str]) -> dict[str, str]:
    """Versions of the distributions that are described in these folders, the first one first.

    >>> "duckdb" in installed(sys.path)
    True
    """
    found: dict[str, str] = {}
    for folder in folders:
        for name, version in _described(folder):
            found.setdefault(name, version)
    return found


def _described(folder: str) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder or ".") as entries:
            names = [one.name for one in entries if one.name.endswith("-info")]
    except OSError:  # an archive, or not there
        return
    for name in names:
        if read := _DESCRIBED.fullmatch(name):
            yield _SEPARATORS.sub("-", read["name"]).lower(), read["version"]


def _stamp(folders: list[str]) -> Stamp:
    return tuple((one, _changed(one)) for one in folders)


def _changed(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def _python() -> str:
    said, version = platform.python_implementation(), platform.python_version()
    return version if said == "CPython" else f"{said} {version}"
