"""What lies in a project folder and who is at work in it, without changing anything.

Works on a folder that is not there, read-only, damaged or busy: what cannot be told is None or
empty, and `problem` says why.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from flowbook.errors import StoreError
from flowbook.ids import WriterId
from flowbook.store import archive, segments
from flowbook.store.contents import objects
from flowbook.store.facts import WriterOpened
from flowbook.store.layout import Layout
from flowbook.store.migrations import Meta, read_meta
from flowbook.store.resident import leased
from flowbook.store.segments import Segment
from flowbook.store.snapshot import Snapshot
from flowbook.store.tail import load_tail
from flowbook.store.unfolded import EVENTS

_PATIENCE = 0.5
_COUNT = f"""
SELECT (SELECT count(*) FROM stored.runs WHERE id NOT IN (SELECT run_id FROM gone))
       + (SELECT count(DISTINCT run_id) FROM {EVENTS}
          WHERE run_id NOT IN (SELECT id FROM stored.runs)),
       (SELECT count(*) FROM stored.events WHERE run_id NOT IN (SELECT run_id FROM gone))
       + (SELECT count(*) FROM {EVENTS}),
       (SELECT epoch_us(min(ts)) FROM tail WHERE kind <> 'WRITER_OPENED')"""  # noqa: S608  # ours


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that journals, or died before all it journalled was folded.

    `segments` and `bytes` are what it has in the journal; the rest is None where it cannot be told.
    """

    id: WriterId
    host: str | None
    pid: int | None
    kernel: str | None
    alive: bool
    segments: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a file of the store locked, to `read` or to `write`."""

    path: Path
    pid: int
    mode: str


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store from outside; sizes in bytes, zeros for a store that is not there.

    `tail_facts` is how many facts no fold has taken up, `backlog_seconds` the age of the oldest of
    them. Counts that need a look inside are None when there is a `problem`.
    """

    root: Path
    format: int | None
    storage_version: str | None
    duckdb_version: str
    flowbook_version: str
    database_bytes: int
    wal_bytes: int
    journal_bytes: int
    journal_segments: int
    tail_facts: int | None
    backlog_seconds: float | None
    quarantined: tuple[Path, ...]
    objects_count: int
    objects_bytes: int
    archive_bytes: int
    archive_segments: int
    runs: int | None
    events: int | None
    writers: tuple[Writer, ...]
    holders: tuple[Holder, ...]
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(asdict(self), enc_hook=str)
        return plain


def status(snapshot: Snapshot) -> StoreStatus:
    """Look at the store from outside; see `Store.status`."""
    import duckdb

    layout = snapshot.layout
    journal, kept = segments.listed(layout), archive.archived(layout)
    found = list(objects(layout))
    holders = tuple(_holders(layout))  # before we hold anything ourselves
    meta, inside, problem = _inside(snapshot)
    return StoreStatus(
        root=layout.root,
        format=meta.format if meta else None,
        storage_version=meta.storage_version if meta else None,
        duckdb_version=duckdb.__version__,
        flowbook_version=_flowbook_version(),
        database_bytes=_size([layout.database]),
        wal_bytes=_size([layout.wal]),
        journal_bytes=_size(one.path for one in journal),
        journal_segments=len(journal),
        tail_facts=inside.tail,
        backlog_seconds=inside.backlog,
        quarantined=tuple(sorted(layout.journal.glob("*.quarantine"))),
        objects_count=sum(not one.preview for one in found),
        objects_bytes=sum(one.size for one in found),
        archive_bytes=_size(one.path for one in kept),
        archive_segments=len(kept),
        runs=inside.runs,
        events=inside.events,
        writers=tuple(_writers(layout, journal)),
        holders=holders,
        problem=problem,
    )


def _flowbook_version() -> str:
    from importlib import metadata  # slow to import

    try:
        return metadata.version("flowbook")
    except metadata.PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"


@dataclass(frozen=True, slots=True)
class _Inside:
    """What only a look into the database and the journal can tell."""

    tail: int | None = None
    runs: int | None = None
    events: int | None = None
    backlog: float | None = None


def _inside(snapshot: Snapshot) -> tuple[Meta | None, _Inside, str | None]:
    """The meta data, the look, and what was in the way."""
    import duckdb

    meta = None
    try:
        meta = read_meta(snapshot.layout)
        return meta, _counted(snapshot), None
    except (StoreError, duckdb.Error, OSError) as error:
        return meta, _Inside(), str(error)


def _counted(snapshot: Snapshot) -> _Inside:
    layout = snapshot.layout
    with (
        snapshot.lock.reading(_PATIENCE),
        leased(snapshot.resident, layout.database, read_only=True, budget=_PATIENCE) as cursor,
    ):
        tail = load_tail(cursor, layout)
        runs, events, oldest = cursor.execute(_COUNT).fetchall()[0]
    backlog = None if oldest is None else max(0.0, time.time() - oldest / 1e6)
    return _Inside(tail.facts, runs, events, backlog)


def _writers(layout: Layout, journal: list[Segment]) -> Iterator[Writer]:
    living = segments.writers(layout)
    for writer in sorted({*living, *(one.writer for one in journal)}):
        mine = [one.path for one in journal if one.writer == writer]
        opened = _opened(mine)
        yield Writer(
            id=writer,
            host=opened.host if opened else None,
            pid=opened.pid if opened else None,
            kernel=opened.kernel if opened else None,
            alive=living.get(writer, False),
            segments=len(mine),
            bytes=_size(mine),
        )


def _opened(paths: list[Path]) -> WriterOpened | None:
    """What a writer says of itself, at the head of each of its segments."""
    for path in paths:
        with suppress(OSError, msgspec.DecodeError), path.open("rb") as lines:
            opening = segments.decoder(path)(lines.readline().removesuffix(b"\n"))
            return msgspec.json.decode(opening.fact, type=WriterOpened)
    return None


def _holders(layout: Layout) -> Iterator[Holder]:
    """Who has a record lock on our files: the system's own list, which takes no lock to read."""
    if not sys.platform.startswith("linux"):
        return
    files = {}
    for path in (layout.gate, layout.lock, layout.database):
        with suppress(OSError):
            stat = path.stat()
            major, minor = os.major(stat.st_dev), os.minor(stat.st_dev)
            files[f"{major:02x}:{minor:02x}:{stat.st_ino}"] = path
    with suppress(OSError):
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            fields = line.replace("-> ", "").split()
            if len(fields) > 5 and fields[1] == "POSIX" and fields[5] in files:
                yield Holder(files[fields[5]], int(fields[4]), fields[3].lower())


def _size(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        with suppress(OSError):
            total += path.stat().st_size
    return total
