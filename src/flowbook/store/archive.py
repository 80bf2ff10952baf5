"""The archive: folded segments, kept gzipped instead of removed, to make the database anew from.

With the setting `archive` on, the fold moves here what it would have unlinked. A file is complete
under its name or not there, and the journal's own file goes only after it; a crash between the two
leaves both, and the next fold removes the one. Whoever changes the archive holds the fold lock.

`reach.json` says since when nothing is missing. It is taken away as soon as a segment is removed
without being kept, and written anew when keeping begins again.
"""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flowbook.ids import WriterId
from flowbook.store import segments
from flowbook.store.disk import Disk, Durability
from flowbook.store.facts import line_of, plain_line_of, prefix
from flowbook.store.layout import Layout
from flowbook.store.segments import NAME, Segment
from flowbook.store.unfolded import LINES, PLAIN_LINES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FORGOTTEN = b'{"kind":"FORGOTTEN","at":0.0}'
_WANTED = """SELECT coalesce(arg_max(value::VARCHAR, changed_at) = 'true', false)
FROM stored.settings WHERE name = 'archive' AND flow IS NULL"""
_HOLDING = """SELECT DISTINCT filename FROM {}
WHERE (fact->'$.seq') IS NOT NULL
      AND (fact->>'$.run') IN (SELECT run_id FROM stored.deletions)"""


class Reach(msgspec.Struct, frozen=True):
    """Since when (seconds since the epoch) the archive has everything; None: from the start."""

    since: float | None


class _Of(msgspec.Struct, frozen=True):
    """Which run a fact is an event of."""

    run: str | None = None
    seq: int | None = None


def wanted(cursor: DuckDBPyConnection) -> bool:
    """True when the setting `archive` is on in the attached database."""
    return bool(cursor.execute(_WANTED).fetchall()[0][0])


def archived(layout: Layout) -> list[Segment]:
    """The segments of the archive, by writer and number."""
    return _found(layout.archive, (".gz",))


def sources(layout: Layout) -> list[Segment]:
    """Everything a database can be made of: archived, journalled and damaged segments."""
    journalled = _found(layout.journal, (None, ".quarantine"))
    return sorted(archived(layout) + journalled, key=lambda one: (one.writer, one.number))


def reach(layout: Layout) -> Reach | None:
    """Since when nothing is missing; None when something is, or nothing was ever kept."""
    try:
        return msgspec.json.decode(_reach(layout).read_bytes(), type=Reach)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def begin(layout: Layout, disk: Disk, watermarks: Mapping[str, int]) -> None:
    """Say since when nothing is missing, if it is not said already.

    `watermarks` are those of the database: whatever it has taken up and is in no file is missing.
    """
    if reach(layout) is not None:
        return
    if not layout.archive.exists():
        layout.archive.mkdir()
        disk.sync_directory(layout.root)
    since = None if _whole(sources(layout), watermarks) else time.time()
    with disk.staged(layout.archive) as staged:
        staged.write_bytes(msgspec.json.encode(Reach(since)))
        disk.publish(staged, _reach(layout), Durability.FSYNC)


def interrupt(layout: Layout, disk: Disk) -> None:
    """A segment is about to go without being kept."""
    if _reach(layout).exists():
        _reach(layout).unlink()
        disk.sync_directory(layout.archive)


def keep(segment: Segment, layout: Layout, disk: Disk) -> None:
    """Put a sealed segment into the archive, durably; the journal's own file stays."""
    final = layout.archive / f"{segment.path.name}.gz"
    if final.exists():  # whoever wrote it was killed before he removed the journal's file
        return
    with disk.staged(layout.archive) as staged:
        with segment.path.open("rb") as read, gzip.GzipFile(staged, "wb", 6, mtime=0) as write:
            shutil.copyfileobj(read, write)
        disk.publish(staged, final, Durability.FSYNC)


def forget_deleted(cursor: DuckDBPyConnection, layout: Layout, disk: Disk) -> int:
    """Write the files that hold events of deleted runs anew, without them; how many those were."""
    holding = holding_deleted(cursor, layout)
    if holding:
        rows = cursor.execute("SELECT DISTINCT run_id FROM stored.deletions").fetchall()
        gone = {run for (run,) in rows}
        for path in holding:
            _rewrite(path, gone, disk)
    return len(holding)


def holding_deleted(cursor: DuckDBPyConnection, layout: Layout) -> list[Path]:
    """The files of the archive that hold events of runs which the database says are deleted."""
    paths = [segment.path for segment in archived(layout)]
    if not paths or not cursor.execute("FROM stored.deletions LIMIT 1").fetchall():
        return []
    holding: list[tuple[str]] = []
    for lines, with_checksums in ((LINES, True), (PLAIN_LINES, False)):
        if found := [str(path) for path in paths if segments.checked(path) is with_checksums]:
            holding += cursor.execute(_HOLDING.format(lines), [found]).fetchall()
    return sorted(Path(name) for (name,) in holding)


def _rewrite(path: Path, gone: set[str], disk: Disk) -> None:
    with disk.staged(path.parent) as staged:
        with gzip.open(path, "rb") as read, gzip.GzipFile(staged, "wb", 6, mtime=0) as write:
            for line in read:
                write.write(_without(line, gone, path))
        disk.publish(staged, path, Durability.FSYNC)


def _without(text: bytes, gone: set[str], path: Path) -> bytes:
    """The line, or what says that there was one: numbers stay whole, so watermarks do too."""
    try:
        line = segments.decoder(path)(text.removesuffix(b"\n"))
    except msgspec.DecodeError:
        return text
    of = msgspec.json.decode(line.fact, type=_Of)
    if of.seq is None or of.run not in gone:
        return text
    if segments.checked(path):
        return line_of(prefix(line.writer), line.wseq, _FORGOTTEN)
    return plain_line_of(msgspec.structs.replace(line, fact=msgspec.Raw(_FORGOTTEN)))


def _reach(layout: Layout) -> Path:
    return layout.archive / "reach.json"


def _found(folder: Path, endings: tuple[str | None, ...]) -> list[Segment]:
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    named = ((name, NAME.fullmatch(name)) for name in names)
    return [
        Segment(folder / name, WriterId(match[1]), int(match[2]))
        for name, match in named
        if match and match[3] in endings
    ]


def _whole(kept: Iterable[Segment], watermarks: Mapping[str, int]) -> bool:
    """True when every fact below the watermarks lies in one of the segments."""
    last = {}
    for writer, group in groupby(kept, key=lambda segment: segment.writer):
        mine = {segment.number: segment.path for segment in group}
        if sorted(mine) == list(range(len(mine))):
            last[str(writer)] = mine[max(mine)]
    return all(
        writer in last and segments.inspect(last[writer]).last >= watermark
        for writer, watermark in watermarks.items()
    )
