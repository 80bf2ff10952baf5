"""What lies in the journal folder: whose segments, which of them are finished, which damaged.

A segment is *sealed*, and never written again, when its writer is dead or has gone on to a higher
number. Only a sealed segment may be removed, and only once all its lines are folded.

Within a segment the numbers of facts have no hole, for what cannot be kept is refused before it is
numbered, or ends its segment. So a line that is damaged and a line that is gone are both found.
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flowbook.ids import WriterId
from flowbook.store.facts import Line, decode_line, decode_plain_line
from flowbook.store.layout import Layout
from flowbook.store.locks import alive

NAME = re.compile(r"([^.]+)\.(\d+)\.(?:tsv|jsonl)(\.gz|\.quarantine)?")
"""Writer, number and what became of it. An earlier version wrote `jsonl`, without checksums."""
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Segment:
    """One journal file."""

    path: Path
    writer: WriterId
    number: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a segment holds: its highest `wseq` (-1: none), and what it ought to hold.

    `damaged` are line numbers, from 1; `missing` the facts that no line has, as first and last.
    """

    last: int
    damaged: tuple[int, ...] = ()
    missing: tuple[tuple[int, int], ...] = ()

    @property
    def whole(self) -> bool:
        """True when nothing is wrong."""
        return not (self.damaged or self.missing)

    def __str__(self) -> str:
        said = []
        if self.damaged:
            said.append(f"damaged lines: {_some(map(str, self.damaged))}")
        if self.missing:
            spans = (f"{a}" if a == b else f"{a} to {b}" for a, b in self.missing)
            said.append(f"missing facts: {_some(spans)}")
        return "; ".join(said) or "no damage"


def _some(words: Iterable[str]) -> str:
    told = list(words)
    more = len(told) - _MOST_TOLD
    return ", ".join(told[:_MOST_TOLD]) + (f" and {more} more" if more > 0 else "")


def listed(layout: Layout) -> list[Segment]:
    """All segments, by writer and number; empty when there is no journal."""
    found = []
    for name in _names(layout):
        if (named := NAME.fullmatch(name)) and not named[3]:
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


def sealed(layout: Layout, finished: Mapping[WriterId, int]) -> set[Path]:
    """The sealed segments. Needs no lock: what is sealed stays as it is, or goes.

    `finished` says of our own writers below which number they are done.
    """
    segments = listed(layout)
    newest = {segment.writer: segment.number for segment in segments}
    # Asked after the listing: a life is held before the first segment, so who is dead now has
    # written all that he ever will.
    living = {writer for writer in newest if alive(layout.life(writer))}
    return {
        one.path
        for one in segments
        if one.number < max(newest[one.writer], finished.get(one.writer, 0))
        or one.writer not in living
    }


def checked(path: Path) -> bool:
    """True when the lines of that segment have checksums."""
    return ".tsv" in path.suffixes


def decoder(path: Path) -> Callable[[bytes], Line]:
    """What decodes the lines of that segment; it raises `msgspec.DecodeError`."""
    return decode_line if checked(path) else decode_plain_line


def inspect(path: Path) -> Inspection:
    """Read a segment through, gzipped or not.

    An unfinished last line was never acknowledged: no damage. A whole one with another byte where
    its newline was is none that a crash left.
    """
    decode = decoder(path)
    damaged: list[int] = []
    missing: list[tuple[int, int]] = []
    last, expected = -1, _first(path)
    for at, text in enumerate(_complete(path), 1):
        try:
            number = decode(text).wseq
        except msgspec.DecodeError:
            damaged.append(at)
            continue
        last = max(last, number)
        if number:  # 0 is repeated at the head of every segment
            if expected is not None and number > expected:
                missing.append((expected, number - 1))
            expected = number + 1
    return Inspection(last, tuple(damaged), tuple(missing))


def glance(path: Path, count: int, first: int, last: int) -> Inspection | None:
    """The inspection of a segment of which DuckDB read `count` facts between these numbers.

    None when that does not prove that the segment is whole. Saves to check each line twice.
    """
    data = path.read_bytes()
    try:
        opening = decode_line(data[: data.index(b"\n")]).wseq
    except (ValueError, msgspec.DecodeError):
        return None
    lines = data.count(b"\n")
    whole = (
        opening == 0
        and data.endswith(b"\n")
        and data.count(b"\t") == 3 * lines  # DuckDB passes over what stands behind a checksum
        and lines == 1 + count == 2 + last - first
        and _first(path) in (None, first)
    )
    return Inspection(last) if whole else None


def _first(path: Path) -> int | None:
    """The number a segment has to begin with, behind its opening, if that is known."""
    named = NAME.fullmatch(path.name)
    return 1 if named and int(named[2]) == 0 else None


def _complete(path: Path) -> list[bytes]:
    """The lines that were written to their end."""
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as lines:
            data = lines.read()
    else:
        data = path.read_bytes()
    *complete, unfinished = data.split(b"\n")
    return [*complete, unfinished] if checked(path) and _lacks_newline(unfinished) else complete


def _lacks_newline(text: bytes) -> bool:
    try:
        decode_line(text[:-1])
    except msgspec.DecodeError:
        return False
    return True
