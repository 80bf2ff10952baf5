"""What a node printed and logged, line by line: how grave each is, and pages of those wanted.

A node that prints fast is recorded in heaps, of thousands of lines each; a view is told lines, and
of a long log only those that it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from flowbook.events import Event, NodeLogged
from flowbook.ids import NodeId
from flowbook.widget.run_protocol import AskLines, Lines
from flowbook.widget.views import Level, LogLine

MOST_LINES: Final = 1_000
"""Lines that are sent at once."""
_MOST_TEXT: Final = 4_000
"""Characters that are sent of one line."""

_SPELLED: Final[Mapping[str, Level]] = {
    "trace": Level.DEBUG,
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "notice": Level.INFO,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
    "error": Level.ERROR,
    "critical": Level.ERROR,
    "fatal": Level.ERROR,
}
_WORD: Final = f"({'|'.join(_SPELLED)})"
# As loggers begin their lines: `WARNING:`, `[error]`, `2026-01-01 10:00:00,1 - x - INFO - `.
_HEADED: Final = re.compile(rf"\s*\[?{_WORD}\]?\b\s*[:\-|\]]", re.IGNORECASE)
_DATED: Final = re.compile(
    rf"\s*\[?\d{{4}}-\d\d-\d\d[T\d:.,+ -]*Z?\W*(?:[\w.]+\W+)??\[?{_WORD}\b", re.IGNORECASE
)
_RAISED: Final = re.compile(r"\s*(Traceback \(most recent|[\w.]*(Error|Exception)\b:)")
_PIECE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_GRAVITY: Final = {level: number for number, level in enumerate(Level)}


def level_of(stream: str, text: str) -> Level:
    """How grave a line is, by how it begins; on stderr, at least a warning unless it says.

    >>> level_of("stdout", "ERROR - no such day").value
    'error'
    """
    headed = _HEADED.match(text) or _DATED.match(text)
    if headed is not None:
        return _SPELLED[headed[1].lower()]
    if stream != "stderr" or not text.strip():
        return Level.INFO
    return Level.ERROR if _RAISED.match(text) else Level.WARNING


def log_lines(
    events: Iterable[Event], node: NodeId, scope: str, until: int | None = None
) -> Sequence[LogLine]:
    """The lines of a node in that turn, all its attempts, in the order in which they came.

    `until`: as they stood when the event of that number had happened.
    """
    logged = (one for one in events if isinstance(one, NodeLogged))
    own = (one for one in logged if (one.node, one.scope) == (node, scope))
    return _lines(tuple(one for one in own if until is None or one.seq <= until))


def sent(lines: Sequence[LogLine]) -> tuple[LogLine, ...]:
    """The same to be sent: one that is very long says how much of it is missing."""
    return tuple(line if len(line.text) <= _MOST_TEXT else _cut(line) for line in lines)


def page_of(lines: Sequence[LogLine], asked: AskLines) -> Lines:
    """The wanted lines that were asked for; the last ones where no beginning is named."""
    found = _wanted(lines, asked)
    count = max(1, min(asked.count, MOST_LINES))
    start = len(found) - count if asked.start is None else asked.start
    start = max(0, start)
    shown = sent(found[start : start + count])
    return Lines(asked.view, asked.rid, shown, start, len(found), len(lines))


@lru_cache(maxsize=8)
def _lines(logged: tuple[NodeLogged, ...]) -> tuple[LogLine, ...]:
    """A line may come in pieces, as `print("…", end="")` says them; it is as old as its first."""
    made: list[LogLine] = []
    unfinished: dict[str, int] = {}
    for event in logged:
        for text in _PIECE.findall(event.text):
            at = unfinished.pop(event.stream, len(made))
            if at == len(made):
                made.append(LogLine(event.stream, text, event.at, event.seq))
            else:
                made[at] = replace(made[at], text=made[at].text + text)
            if not text.endswith("\n"):
                unfinished[event.stream] = at
    return tuple(_judged(made))


def _judged(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """How grave each is; what is indented belongs to the line before it, as in a traceback."""
    before: dict[str, Level] = {}
    for line in lines:
        level = level_of(line.stream, line.text)
        if line.text.startswith((" ", "\t")):
            level = max(level, before.get(line.stream, level), key=_GRAVITY.__getitem__)
        before[line.stream] = level
        yield line if level is Level.INFO else replace(line, level=level)


def _wanted(lines: Sequence[LogLine], asked: AskLines) -> Sequence[LogLine]:
    find, least = asked.find.strip().lower(), _GRAVITY[asked.level]
    if not find and not asked.stream and least == 0:
        return lines
    return [
        line
        for line in lines
        if asked.stream in ("", line.stream)
        and _GRAVITY[line.level] >= least
        and find in line.text.lower()
    ]


def _cut(line: LogLine) -> LogLine:
    missing = len(line.text.rstrip("\n")) - _MOST_TEXT
    return replace(line, text=f"{line.text[:_MOST_TEXT]}… ({missing:,} more characters)\n")
