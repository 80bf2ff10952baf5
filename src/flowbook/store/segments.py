"""What lies in the journal folder: whose segments, which of them are finished, which damaged.

A segment is *sealed*, and never written again, when its writer is dead or has gone on to a higher
number. Only a sealed segment may be removed, and only once all its lines are folded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flowbook.ids import WriterId
from flowbook.store.facts import decode_line
from flowbook.store.layout import Layout
from flowbook.store.locks import alive

_SEGMENT = re.compile(r"([^.]+)\.(\d+)\.jsonl")


@dataclass(frozen=True, slots=True)
class Segment:
    """One journal file."""

    path: Path
    writer: WriterId
    number: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a sealed segment holds: its highest `wseq` (-1: none) and how many broken lines."""

    last: int
    damaged: int


def listed(layout: Layout) -> list[Segment]:
    """All segments, by writer and number; empty when there is no journal."""
    found = []
    for name in _names(layout):
        if named := _SEGMENT.fullmatch(name):
            found.append(Segment(layout.journal / name, WriterId(named[1]), int(named[2])))
    return found


def writers(layout: Layout) -> dict[WriterId, bool]:
    """Every writer with a life file, and whether it lives."""
    lives = (name for name in _names(layout) if name.endswith(".lock"))
    return {WriterId(life.removesuffix(".lock")): alive(layout.journal / life) for life in lives}


def _names(layout: Layout) -> list[str]:
    try:
        return sorted(os.listdir(layout.journal))
    except FileNotFoundError:
        return []


def sealed(layout: Layout, finished: Mapping[WriterId, int]) -> dict[Path, Inspection]:
    """The sealed segments, read through. Needs no lock: what is sealed stays as it is.

    `finished` says of our own writers below which number they are done.
    """
    segments = listed(layout)
    newest = {segment.writer: segment.number for segment in segments}
    # Asked after the listing: a life is held before the first segment, so who is dead now has
    # written all that he ever will.
    living = {writer for writer in newest if alive(layout.life(writer))}
    found = {}
    for segment in segments:
        writer = segment.writer
        done = max(newest[writer], finished.get(writer, 0))
        if segment.number < done or writer not in living:
            try:
                found[segment.path] = inspect(segment.path)
            except FileNotFoundError:
                continue  # another process folded it meanwhile
    return found


def inspect(path: Path) -> Inspection:
    """Read a sealed segment through. An unfinished last line was never acknowledged: no damage."""
    last, damaged = -1, 0
    *complete, _unfinished = path.read_bytes().split(b"\n")
    for line in complete:
        try:
            line.decode()  # msgspec does not look into the fact, DuckDB drops what is no text
            last = max(last, decode_line(line).wseq)
        except (msgspec.DecodeError, UnicodeDecodeError):
            damaged += 1
    return Inspection(last, damaged)
