"""From an exception to data: what went wrong, in which cell, on which line.

The traceback keeps the frames of the user's code and of the libraries it called, and drops the
machinery in between (ours, asyncio's, the executors'). Causes stay, each with its own frames.
`line` is a line of the cell: the last frame that ran code compiled from it, or the place where
the parser gave up; of a cell that holds no code, its header.

The last few exceptions are held as they are, for whoever sits in front of this process: a debugger
opens in their frames, and a notebook shows them in its own way. One whose text had to be redacted
is not held.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException, walk_tb
from types import TracebackType
from typing import Final

from flowbook.errors import FlowbookError
from flowbook.events.values import ErrorInfo
from flowbook.ids import CellId

_MESSAGE_MAX = 4_000
_TRACEBACK_MAX = 40_000
_MACHINERY = (
    str(Path(__file__).parents[1]),
    str(Path(asyncio.__file__).parent),
    str(Path(concurrent.futures.__file__).parent),
    contextvars.__file__,
    threading.__file__,
)


_FILE = re.compile(r'File "([^"\n]+)", line')
_HELD = 4
"""Exceptions that are held, with the values in their frames."""

names: Final[list[Callable[[str], str | None]]] = []
"""Who knows what people call a file: a kernel says `Cell In[3]` of what a cell was compiled as."""


@dataclass(frozen=True, slots=True)
class Caught:
    """An exception as it is, its frames without our machinery; `redact` is for what is shown."""

    info: ErrorInfo
    error: BaseException
    redact: Callable[[str], str]


_held: deque[Caught] = deque(maxlen=_HELD)


def held(info: ErrorInfo) -> Caught | None:
    """The exception that became `info`, if it is one of the last few of this process."""
    return next((one for one in tuple(_held) if one.info is info), None)


def hold(info: ErrorInfo, error: BaseException, redact: Callable[[str], str] = str) -> None:
    """Hold an exception that has the user's frames, unless its message may not be told."""
    if isinstance(error, FlowbookError) or info.message != _message(error, str):
        return
    for one in chain_of(error, []):
        one.__traceback__ = _without_machinery(one.__traceback__)
    if error.__traceback__ is not None:
        _held.append(Caught(info, error, redact))


def describe(
    error: BaseException,
    filename: str | None = None,
    cell: CellId | None = None,
    redact: Callable[[str], str] = str,
) -> ErrorInfo:
    """`error` as data; `filename` is what the cell's code was compiled as.

    `redact` takes out of its texts what must not be told, before they are cut to length.

    >>> describe(ValueError("no rows")).message
    'no rows'
    """
    return ErrorInfo(
        type=_name(type(error)),
        message=_message(error, redact),
        traceback=_traceback(error, redact),
        cell=cell,
        line=_line(error, filename) or (1 if cell else None),
        hint=redact(error.hint) if isinstance(error, FlowbookError) and error.hint else None,
    )


def chain_of(error: BaseException, seen: list[BaseException]) -> list[BaseException]:
    """The exception, those that led to it and those it groups, each once, always in that order."""
    if not any(error is one for one in seen):
        seen.append(error)
        inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
        for other in (error.__cause__, error.__context__, *inside):
            if other is not None:
                chain_of(other, seen)
    return seen


def _without_machinery(traceback: TracebackType | None) -> TracebackType | None:
    """The same frames without ours, asyncio's and the executors'."""
    kept = [one for one in _entries(traceback) if not _is_ours(one.tb_frame.f_code.co_filename)]
    made = None
    for one in reversed(kept):
        made = TracebackType(made, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return made


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _name(kind: type[BaseException]) -> str:
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException, redact: Callable[[str], str]) -> str:
    try:
        text = redact(error.message if isinstance(error, FlowbookError) else str(error))
    except Exception as broken:  # noqa: BLE001 - a user's __str__ may raise anything
        text = f"(its message cannot be shown: {type(broken).__name__})"
    return text if len(text) <= _MESSAGE_MAX else f"{text[:_MESSAGE_MAX]} …"


def _traceback(error: BaseException, redact: Callable[[str], str]) -> str:
    try:
        told = TracebackException.from_exception(error, compact=True)
    except Exception:  # noqa: BLE001 - formatting calls the user's __str__ and __cause__
        return f"{_name(type(error))}: {_message(error, redact)}\n"
    if isinstance(error, FlowbookError):
        told.__cause__ = None  # ours say what the library said: its frames help nobody
    _keep_users_frames(told, set())
    text = redact(_FILE.sub(_as_called, "".join(told.format())))
    return text if len(text) <= _TRACEBACK_MAX else f"…\n{text[-_TRACEBACK_MAX:]}"


def _keep_users_frames(told: TracebackException, seen: set[int]) -> None:
    if id(told) in seen:
        return
    seen.add(id(told))
    told.stack = StackSummary.from_list([one for one in told.stack if not _is_machinery(one)])
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _keep_users_frames(other, seen)


def _as_called(found: re.Match[str]) -> str:
    """A file in a traceback as people call it."""
    called = next(filter(None, (name(found[1]) for name in names)), None)
    return f"{called}, line" if called else found[0]


def _is_machinery(frame: FrameSummary) -> bool:
    return _is_ours(frame.filename)


def _is_ours(filename: str) -> bool:
    return filename.startswith(_MACHINERY)


def _line(error: BaseException, filename: str | None) -> int | None:
    if filename is None:
        return None
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno
    lines = [
        line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == filename
    ]
    return lines[-1] if lines else None
