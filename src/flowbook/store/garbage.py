"""Removing values that nothing refers to.

A value is made before the fact that names it, and making it again touches it. So the objects are
listed first and the references read after; what is younger than the grace stays; and what goes is
first put under another name, where no writer can find and touch it any more. Then age and
references are asked once more, and whatever came to life in between is put back. What a process
may take to report a value it has made must be less than the grace, nothing else is assumed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flowbook.store.contents import REFERENCES, REFERRING, StoredObject, objects
from flowbook.store.layout import Layout
from flowbook.store.snapshot import Snapshot

_TRASH = ".trash"
_UNREFERENCED = f"""
SELECT hash FROM (SELECT unnest($1::VARCHAR[]) AS hash)
WHERE hash NOT IN (SELECT hash FROM ({REFERENCES}))"""  # noqa: S608  # ours


@dataclass(frozen=True, slots=True)
class Collection:
    """How many objects went (or would go), their bytes, and how many objects stay."""

    objects: int
    bytes: int
    kept: int


def collect(snapshot: Snapshot, *, grace_seconds: float, dry_run: bool) -> Collection:
    """Remove the objects nothing refers to; see `Store.gc`."""
    layout = snapshot.layout
    cutoff = time.time_ns() - int(grace_seconds * 1e9)
    if not dry_run:
        _put_back(_trash(layout))
    found = list(objects(layout))
    aged = {one.hash for one in found if one.changed <= cutoff}
    young = {one.hash for one in found if one.changed > cutoff and not one.preview}
    dead = unreferenced(snapshot, aged) - young
    garbage = [one for one in found if one.hash in dead and one.changed <= cutoff]
    if not dry_run:
        garbage = _removed(snapshot, garbage, cutoff)
        _tidy(layout, cutoff)
    gone = [one for one in garbage if not one.preview]
    kept = sum(not one.preview for one in found) - len(gone)
    return Collection(len(gone), sum(one.size for one in garbage), kept)


def unreferenced(snapshot: Snapshot, hashes: set[str]) -> set[str]:
    """Those of the hashes that no value and no dataset needs, folded or journalled."""
    if not hashes:
        return set()
    with snapshot.look(*REFERRING) as view:
        rows = view.execute(_UNREFERENCED, [list(hashes)]).fetchall()
    return {one for (one,) in rows}


def count_references(snapshot: Snapshot, wanted: str) -> int:
    """How many values and dataset versions need that object."""
    counted = f"SELECT count(*) FROM ({REFERENCES}) WHERE hash = $1"  # noqa: S608  # ours
    with snapshot.look(*REFERRING) as view:
        return int(view.execute(counted, [wanted]).fetchall()[0][0])


def _removed(snapshot: Snapshot, garbage: list[StoredObject], cutoff: int) -> list[StoredObject]:
    """Remove what is garbage still; what that was."""
    hidden = [(one, hidden) for one in garbage if (hidden := _hidden(one.path)) is not None]
    dead = unreferenced(snapshot, {one.hash for one, _ in hidden})
    gone = []
    for one, trash in hidden:
        with suppress(FileNotFoundError):
            if one.hash in dead and trash.stat().st_mtime_ns <= cutoff:
                trash.unlink()
                gone.append(one)
            else:
                _put_back([trash])
    return gone


def _hidden(path: Path) -> Path | None:
    trash = path.with_name(f".{path.name}{_TRASH}")
    try:
        os.rename(path, trash)
    except FileNotFoundError:
        return None
    return trash


def _put_back(trash: Iterable[Path]) -> None:
    """Give them their names again; where the object was made anew meanwhile, that one stays."""
    for path in trash:
        with suppress(FileNotFoundError):
            with suppress(FileExistsError):
                os.link(path, path.with_name(path.name[1:].removesuffix(_TRASH)))
            path.unlink()


def _trash(layout: Layout) -> list[Path]:
    return list(layout.objects.glob(f"*/.*{_TRASH}"))


def _tidy(layout: Layout, cutoff: int) -> None:
    """Remove half-written files and empty folders that nobody has touched since `cutoff`."""
    for folder in (layout.root, layout.objects, layout.archive):
        for path in folder.glob(".*.tmp"):
            _remove_if_old(path, cutoff)
    for folder in layout.objects.glob("*"):
        with suppress(OSError):  # it is no folder, or not empty
            if folder.stat().st_mtime_ns <= cutoff:
                folder.rmdir()


def _remove_if_old(path: Path, cutoff: int) -> None:
    with suppress(FileNotFoundError):
        if path.stat().st_mtime_ns <= cutoff:
            path.unlink()
