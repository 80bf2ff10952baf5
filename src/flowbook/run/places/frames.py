"""Tracebacks between processes, with the columns: the arrows point at the same words there.

tblib carries which file, function and line a frame was in, and builds a traceback of stand-ins from
that; where on the line is lost, and Python marks anything. Here the columns travel as well.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import islice
from types import CodeType, FunctionType, TracebackType
from typing import Final, TypeAlias

from flowbook.run.failure import chain_of

Frame: TypeAlias = "tuple[str, str, int, tuple[int, int, int] | None]"
"""File, function, line; and the end line with the first and last column, where they are known."""

_MOST: Final = 200
"""Frames of an exception that travel: the first and the last half of them."""


def pack(error: BaseException) -> list[list[Frame]]:
    """The frames of an exception, of those behind it and of those it groups."""
    return [_frames(one.__traceback__) for one in chain_of(error, [])]


def restore(error: BaseException, packed: Sequence[Sequence[Frame]]) -> BaseException:
    """Give an exception that came from another process the frames that it had there."""
    chain = chain_of(error, [])
    for one, frames in zip(chain, packed, strict=False):
        one.__traceback__ = traceback_of(frames)
    return error


def traceback_of(frames: Sequence[Frame]) -> TracebackType | None:
    """A traceback whose entries say what the frames say, and hold no values."""
    made = None
    for frame in reversed(frames):
        entry = _entry(frame)
        made = TracebackType(made, entry.tb_frame, entry.tb_lasti, frame[2])
    return made


def stand_in(frame: Frame) -> CodeType:
    """Code that raises its global `error` (from its global `cause`) there, and does no more."""
    file, name, line, columns = frame
    end, first, last = columns or (line, 0, 0)
    place = {"lineno": line, "end_lineno": end, "col_offset": first, "end_col_offset": last}
    raised, cause = ast.Name("error", ast.Load(), **place), ast.Name("cause", ast.Load(), **place)
    module = ast.Module([ast.Raise(raised, cause, **place)], type_ignores=[])
    return compile(module, file, "exec", dont_inherit=True).replace(co_name=name, co_qualname=name)


def _entry(frame: Frame) -> TracebackType:
    try:
        FunctionType(stand_in(frame), {"error": _Here(), "cause": None})()
    except _Here as here:
        found = here.__traceback__
        assert found is not None  # noqa: S101 - it was raised a line above
        assert found.tb_next is not None  # noqa: S101 - by the code there
        return found.tb_next
    raise AssertionError("a stand-in that does not raise")


class _Here(Exception):
    """Raised to get at a frame."""


def _frames(traceback: TracebackType | None) -> list[Frame]:
    found: list[Frame] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append(
            (code.co_filename, code.co_name, traceback.tb_lineno, _columns(code, traceback))
        )
        traceback = traceback.tb_next
    half = _MOST // 2
    return found if len(found) <= _MOST else [*found[:half], *found[-half:]]


def _columns(code: CodeType, traceback: TracebackType) -> tuple[int, int, int] | None:
    at = traceback.tb_lasti // 2
    line, end, first, last = next(islice(code.co_positions(), at, None), (None,) * 4)
    if line is None or end is None or first is None or last is None:
        return None
    return (end, first, last)
