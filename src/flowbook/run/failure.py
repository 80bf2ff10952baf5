"""From an exception to data: what went wrong, in which cell, on which line.

The traceback keeps the frames of the user's code and of the libraries it called, and drops the
machinery in between (ours, asyncio's, the executors'). Causes stay, each with its own frames.
`line` is a line of the cell: the last frame that ran code compiled from it, or the place where
the parser gave up; of a cell that holds no code, its header.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException, walk_tb

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
    text = redact("".join(told.format()))
    return text if len(text) <= _TRACEBACK_MAX else f"…\n{text[-_TRACEBACK_MAX:]}"


def _keep_users_frames(told: TracebackException, seen: set[int]) -> None:
    if id(told) in seen:
        return
    seen.add(id(told))
    told.stack = StackSummary.from_list([one for one in told.stack if not _is_machinery(one)])
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _keep_users_frames(other, seen)


def _is_machinery(frame: FrameSummary) -> bool:
    return frame.filename.startswith(_MACHINERY)


def _line(error: BaseException, filename: str | None) -> int | None:
    if filename is None:
        return None
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno
    lines = [
        line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == filename
    ]
    return lines[-1] if lines else None
