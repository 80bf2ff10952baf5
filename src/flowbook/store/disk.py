"""The few things the store asks of the disk, in one place so that a test can make them fail.

Two promises are built from them: bytes that `sync` returned for survive a power cut, and a file
that `publish` returned for is complete under its name or not there at all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from uuid import uuid4


class Durability(StrEnum):
    """What an acknowledged fact survives: a power cut, a killed process, or nothing."""

    FSYNC = "fsync"
    OS = "os"
    OFF = "off"


class Disk:
    """The real disk. Methods raise `OSError`."""

    def open_append(self, path: Path) -> int:
        """A descriptor of a new file that every write goes to the end of."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o644)

    def append(self, fd: int, data: bytes) -> None:
        """All of `data` in one write; a short write is an error, for its tail is torn."""
        written = os.write(fd, data)
        if written != len(data):
            raise OSError(f"short write: {written} of {len(data)} bytes")

    def sync(self, fd: int) -> None:
        """Return once what was written is on the medium."""
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(fd)

    def sync_file(self, path: Path) -> None:
        """Return once the bytes of a complete file are on the medium."""
        fd = os.open(path, os.O_RDWR)
        try:
            self.sync(fd)
        finally:
            os.close(fd)

    def sync_directory(self, path: Path) -> None:
        """Return once the names in `path` are on the medium."""
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def make_directory(self, path: Path, durability: Durability) -> None:
        """Make a folder and those it lies in, durably, where they are not there."""
        if path.exists():
            return
        self.make_directory(path.parent, durability)
        path.mkdir(exist_ok=True)
        if durability is Durability.FSYNC:
            self.sync_directory(path.parent)

    @contextmanager
    def staged(self, directory: Path) -> Iterator[Path]:
        """A fresh name in `directory` to write to; what is not published vanishes."""
        path = directory / f".{uuid4().hex}.tmp"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def publish(self, staged: Path, final: Path, durability: Durability) -> None:
        """Give a complete staged file its name, durably."""
        if durability is Durability.FSYNC:
            self.sync_file(staged)
        self.make_directory(final.parent, durability)
        try:
            os.replace(staged, final)
        except FileNotFoundError:  # an empty folder was tidied away under us: make it again
            self.make_directory(final.parent, durability)
            os.replace(staged, final)
        if durability is Durability.FSYNC:
            self.sync_directory(final.parent)
