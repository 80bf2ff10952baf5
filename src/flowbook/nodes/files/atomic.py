"""Files that are there whole or not at all.

What is written goes to a file beside its place, is synced, and takes its place in one step; whoever
reads it meets the old one or the new one. What is appended goes to the file itself, under a lock,
and is taken back when it does not get through. A remote store has no such step: its own upload is
what makes it whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.files.places import Files, Place, public

Fill = Callable[[IO[bytes]], int | None]
"""Writes to the open file; how many rows."""

_CHUNK: Final = 1 << 20
_TRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Written:
    """What became of it: the path as it was given, its size in bytes, rows and content."""

    path: str
    size: int
    rows: int | None
    sha256: str

    def told(self) -> dict[str, Any]:
        """As plain data."""
        return {"path": self.path, "size": self.size, "rows": self.rows, "sha256": self.sha256}


def put(files: Files, place: Place, fill: Fill, mode: str, *, make_folders: bool) -> Written:
    """Write a new file; `mode` is `replace`, `fail` or `unique`."""
    if place.remote:
        return _uploaded(files, place, fill, mode)
    target = Path(place.where)
    _folder(place, target.parent, make_folders=make_folders)
    if mode == "fail" and target.exists():
        raise _taken(place)
    with _beside(target) as (temporary, file):
        rows = fill(file)
        _synced(file)
        if mode == "replace":
            _kept_mode(target, temporary)
            _replaced(place, temporary, target)
            there = target
        else:
            there = _linked(place, temporary, target, unique=mode == "unique")
    _sync_folder(target.parent)
    given = str(Path(place.given).with_name(there.name))
    return _told(given, there, rows)


def append(place: Place, fill: Callable[[IO[bytes], Path], int | None], *, make: bool) -> Written:
    """Write behind what is there, one at a time; the file is as it was when that fails."""
    if place.remote:
        raise UsageError(
            f"{public(place.where)} cannot be appended to", hint="write files of their own: unique"
        )
    target = Path(place.where)
    _folder(place, target.parent, make_folders=make)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(target, flags, 0o666), "ab") as file, _locked(file):
        before = os.fstat(file.fileno()).st_size
        try:
            rows = fill(file, target)
            _synced(file)
        except BaseException:
            with contextlib.suppress(OSError, ValueError):
                file.flush()
            os.ftruncate(file.fileno(), before)
            raise
        return _told(place.given, target, rows)


def put_folder(place: Place, fill: Callable[[str], int], mode: str, *, make: bool) -> int:
    """Write a folder of files; with `replace` the old one gives way once the new one is there."""
    if place.remote:
        raise UsageError("partition_by writes to folders of this machine only")
    target = Path(place.where)
    _folder(place, target.parent, make_folders=make)
    if mode != "replace" and target.exists():
        raise _taken(place)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        rows = fill(str(made))
        made.chmod(0o777 & ~_umask(made.parent))
        if target.exists():
            old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
            target.rename(old)
            made.rename(target)
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        else:
            made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    _sync_folder(target.parent)
    return rows


def copied(source: IO[bytes], target: IO[bytes], step: Callable[[int], None]) -> None:
    """All bytes of one file to another, a piece at a time; `step` hears how many there are."""
    done = 0
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        done += len(chunk)
        step(done)


def _uploaded(files: Files, place: Place, fill: Fill, mode: str) -> Written:
    system, inner = files.system(place.where)
    if mode == "unique":
        raise UsageError("unique is for files of this machine", hint="put an id into the path")
    if mode == "fail" and system.exists(inner):
        raise _taken(place)
    with tempfile.TemporaryFile() as spool:
        rows = fill(spool)
        spool.seek(0)
        digest = hashlib.file_digest(spool, "sha256").hexdigest()
        size = spool.seek(0, os.SEEK_END)
        spool.seek(0)
        try:
            with system.open(inner, "wb") as file:
                shutil.copyfileobj(spool, file, _CHUNK)
        except OSError as error:
            told = str(error) or type(error).__name__
            raise UsageError(f"{public(place.where)} cannot be written: {told}") from None
    return Written(place.given, size, rows, digest)


def _folder(place: Place, folder: Path, *, make_folders: bool) -> None:
    if folder.is_dir():
        return
    if not make_folders:
        raise UsageError(
            f"{place.given} has no folder to be in", hint="write make_folders: true to make it"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder of {place.given} cannot be made: {error.strerror}") from None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the folder of `target`, gone at the end unless it has taken its place."""
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(6)}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    try:
        handle = os.open(temporary, flags, 0o666)
    except OSError as error:
        raise UsageError(f"{target.name} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w+b") as file:
            yield temporary, file
    finally:
        temporary.unlink(missing_ok=True)


def _kept_mode(target: Path, temporary: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))


def _replaced(place: Place, temporary: Path, target: Path) -> None:
    try:
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"{place.given} cannot be written: {error.strerror}") from None


def _linked(place: Place, temporary: Path, target: Path, *, unique: bool) -> Path:
    """Give the new file a name that nobody has: that of `target`, or with a number."""
    for number in itertools.islice(itertools.count(), _TRIES if unique else 1):
        named = target if not number else target.with_name(_numbered(target.name, number))
        try:
            os.link(temporary, named)
        except FileExistsError:
            continue
        return named
    raise _taken(place)


def _numbered(name: str, number: int) -> str:
    stem, dot, rest = name.partition(".") if not name.startswith(".") else (name, "", "")
    return f"{stem}-{number}{dot}{rest}"


def _taken(place: Place) -> UsageError:
    return UsageError(
        f"{place.given} is there already", hint="write mode: replace, append or unique"
    )


def _synced(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new name in the folder last; there are systems that have no way to."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _told(given: str, there: Path, rows: int | None) -> Written:
    with there.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Written(given, os.fstat(file.fileno()).st_size, rows, digest)


@contextlib.contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Nobody else of flowbook appends meanwhile, in this process or another."""
    try:
        import fcntl
    except ImportError:  # a system without: one write at a time is all it promises
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _umask(folder: Path) -> int:
    """What new files are not, found without changing it for other threads."""
    probe = folder / f".{secrets.token_hex(6)}.tmp"
    handle = os.open(probe, os.O_CREAT | os.O_EXCL, 0o777)
    try:
        return 0o777 & ~stat.S_IMODE(os.fstat(handle).st_mode)
    finally:
        os.close(handle)
        probe.unlink()
