"""The engine's file, known by its digest, and the cache of what it compiles to.

`static/quickjs.wasm` is made by `npm --prefix js run build` and travels in the wheel. A compiled
module is native code that is loaded as it is: it is kept only in a folder that nobody else can
write to, under a name that says what it was compiled by and from.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

ENGINE: Final = Path(__file__).with_name("static") / "quickjs.wasm"
SHA256: Final = "2b7c6291c6b844592de34f4c98a4d9c6ac8c77be97a63634a966a125a6410c62"
"""Of the file that the build makes from the locked version of `quickjs-wasi`."""


class Unusable(Exception):
    """There is no engine to run JavaScript in; says why."""


def engine_bytes(path: Path = ENGINE) -> bytes:
    """The engine; `Unusable` when its file is missing or is another one."""
    try:
        content = path.read_bytes()
    except OSError:
        raise Unusable(f"{path.name} is missing from this installation") from None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise Unusable(f"{path.name} is not the one this version of flowbook was built with")
    return content


def cache_folder() -> Path | None:
    """Where this user's programs keep what they can make again; None when there is no home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    given = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
    folder = Path(given) if given and Path(given).is_absolute() else home / usual
    return folder / "flowbook" / "sandbox"


def kept(folder: Path | None, name: str) -> bytes | None:
    """What is kept under that name, if it is there and nobody else could have put it there."""
    if folder is None or not _is_private(folder):
        return None
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def keep(folder: Path | None, name: str, content: bytes) -> None:
    """Keep it for the next process; where that cannot be done safely, it is left undone."""
    if folder is None:
        return
    part = folder / f"{name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not _is_private(folder):
            folder.chmod(0o700)
        if not _is_private(folder):
            return
        part.write_bytes(content)
        part.replace(folder / name)
    except OSError:
        with suppress(OSError):
            part.unlink()


def _is_private(folder: Path) -> bool:
    """True for a real folder of ours that only we can write to and read."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    if sys.platform == "win32":
        return True  # the profile's folder belongs to its user alone
    return found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077 == 0
