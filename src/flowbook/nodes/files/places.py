"""Where files are: found through the project, opened here or by fsspec.

Whatever a node is given (a path, a URL, each match of a pattern), the project is asked for it with
links followed, and only what it answers is opened. URLs that would lead to a local file by another
way (chained ones, archives, repositories) are refused, so that there is one gate only.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final
from urllib.parse import urlsplit

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.services import Services

_HERE: Final = ("file", "local")
_DETOURS: Final = frozenset(
    [
        "blockcache",
        "cached",
        "dir",
        "filecache",
        "git",
        "libarchive",
        "reference",
        "simplecache",
        "tar",
        "zip",
    ]
)
_PLAIN_OPEN: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
"""Links have been followed by whoever allowed the place; a pipe is not waited for."""
_MAGIC: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Place:
    """A file as it was given, and where it is: an absolute path or a URL."""

    given: str
    where: str

    @property
    def remote(self) -> bool:
        """True for a URL."""
        return "://" in self.where

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.where.replace("\\", "/")).name


@dataclass(frozen=True, slots=True)
class Files:
    """The files a node may reach: what the project says, and what its URLs are opened with."""

    services: Services
    storage: Mapping[str, Any]

    def place(self, path: object, *, writing: bool = False) -> Place:
        """Where `path` is; `UsageError` for what is no path, `NotGranted` outside the project."""
        given = _plain(path)
        try:
            return Place(given, self.services.file(given, writing=writing))
        except (RuntimeError, ValueError):  # `~name` of nobody, a host that is none
            raise UsageError(f"{given!r} is no path and no URL") from None

    def open(self, place: Place) -> IO[bytes]:
        """The file, for reading; `UsageError` says what is near where there is none."""
        if place.remote:
            return self._open_remote(place)
        try:
            handle = os.open(place.where, os.O_RDONLY | _PLAIN_OPEN)
        except FileNotFoundError:
            raise self._missing(place) from None
        except OSError as error:
            raise UsageError(f"{place.given} cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise UsageError(
                f"{place.given} is no file", hint="name a file, or a pattern such as folder/*.csv"
            )
        return os.fdopen(handle, "rb")

    def matches(self, pattern: str) -> list[Place]:
        """The files that match, sorted; those that lie outside the project are left out.

        `**` goes into all folders and follows no links; names that begin with a dot have to be
        asked for.
        """
        given = _plain(pattern)
        if "://" in given:
            system, inner = self.system(given)
            scheme = given.partition("://")[0]
            return [
                Place(one, self.services.file(one))
                for one in sorted(f"{scheme}://{path.lstrip('/')}" for path in system.glob(inner))
            ]
        root, wild = _split(given)
        folder = Path(self.services.file(root or "."))
        found = (path for path in folder.glob(wild) if _shown(path.relative_to(folder), wild))
        named = sorted(str(PurePosixPath(root, path.relative_to(folder))) for path in found)
        return [place for one in named if (place := self._within(one)) is not None]

    def facts(self, place: Place) -> dict[str, Any]:
        """`{path, name, size, modified}` of a file; what a remote store does not tell is None."""
        if place.remote:
            system, inner = self.system(place.where)
            info = system.info(inner)
            modified = info.get("LastModified") or info.get("created") or info.get("mtime")
            size = info.get("size")
        else:
            seen = os.stat(place.where)
            modified, size = seen.st_mtime, seen.st_size
        if isinstance(modified, int | float):
            modified = dt.datetime.fromtimestamp(modified, dt.UTC)
        return {"path": place.given, "name": place.name, "size": size, "modified": modified}

    def _within(self, given: str) -> Place | None:
        try:
            place = self.place(given)
        except NotGranted:
            return None
        return place if os.path.isfile(place.where) else None

    def system(self, url: str) -> tuple[Any, str]:
        """The fsspec file system behind a URL, and the path in it."""
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise UsageError(
                f"{public(url)} needs fsspec", hint='pip install "flowbook[files]"'
            ) from None
        try:
            system, inner = url_to_fs(url, **self.storage)
        except (ImportError, ValueError) as error:
            scheme = urlsplit(url).scheme
            raise UsageError(
                f"{public(url)} needs a driver for {scheme}:// that is not here: {error}",
                hint=_driver(scheme),
            ) from None
        return system, str(inner)

    def _open_remote(self, place: Place) -> IO[bytes]:
        system, inner = self.system(place.where)
        try:
            opened: IO[bytes] = system.open(inner, "rb")
        except FileNotFoundError:
            raise UsageError(f"there is no {public(place.where)}") from None
        except OSError as error:
            raise UsageError(f"{public(place.where)} cannot be read: {error}") from None
        return opened

    def _missing(self, place: Place) -> UsageError:
        folder, name = os.path.split(place.where)
        try:
            names = sorted(os.listdir(self.services.file(folder)))
        except NotGranted:
            return UsageError(f"there is no file {place.given}")
        except OSError:
            return UsageError(
                f"there is no file {place.given}: its folder is not there either",
                hint="a path begins at the project's folder",
            )
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        near = " or ".join(map(repr, close or names[:5]))
        hint = f"did you mean {near}?" if close else f"in its folder: {near or 'nothing'}"
        return UsageError(f"there is no file {place.given}", hint=hint)


def is_pattern(path: str) -> bool:
    """True for a path with `*`, `?` or `[…]` in it.

    >>> is_pattern("sales/*.csv"), is_pattern("sales/2026.csv")
    (True, False)
    """
    return _MAGIC.search(path) is not None


def public(url: str) -> str:
    """A URL fit for a message: without user, password and query.

    >>> public("s3://key:word@bucket/a.csv?sig=1")
    's3://bucket/a.csv'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no address)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _plain(path: object) -> str:
    """The path as text, `file://` made a path; `UsageError` for a way around the gate."""
    if not isinstance(path, str | os.PathLike) or not (given := os.fspath(path)):
        raise UsageError(
            f"a path is text, not {path!r}" if path else "no path is given",
            hint="write path: such as data/rows.csv",
        )
    if not isinstance(given, str) or "\0" in given:
        raise UsageError(f"{given!r} is no path", hint="write text without NUL")
    scheme, mark, rest = given.partition("://")
    if "::" in given or (mark and scheme.lower() in _DETOURS):
        raise UsageError(
            f"{public(given)} leads to a file by way of another",
            hint="name the file itself; archives and caches are not opened",
        )
    return rest if mark and scheme.lower() in _HERE else given


def _split(pattern: str) -> tuple[str, str]:
    """The folder before the first wild part, and the rest."""
    parts = PurePosixPath(pattern).parts
    wild = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts) - 1)
    if ".." in parts[wild:]:
        raise UsageError(
            f"{pattern} goes back up behind a wild card", hint="write .. before it, or not at all"
        )
    return str(PurePosixPath(*parts[:wild])) if wild else "", "/".join(parts[wild:])


def _shown(path: Path, wild: str) -> bool:
    asked = any(part.startswith(".") for part in wild.split("/"))
    return asked or not any(part.startswith(".") for part in path.parts)


def _driver(scheme: str) -> str:
    known = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
    known |= {"http": "aiohttp", "https": "aiohttp", "sftp": "paramiko", "ssh": "paramiko"}
    package = known.get(scheme)
    return f"pip install {package}" if package else "see fsspec for the package that knows it"
