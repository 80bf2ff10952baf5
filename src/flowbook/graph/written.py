"""Where in the user's code a definition stands, for errors that are raised while it is made."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from flowbook.errors import FlowSyntaxError

_PACKAGE: Final = __file__.rpartition("graph")[0]


@contextmanager
def placed(function: Any = None) -> Iterator[None]:
    """Let a `FlowSyntaxError` say in which file and line it is, of `function` or of the caller."""
    try:
        yield
    except FlowSyntaxError as refused:
        file, line = _of(function) or _caller()
        if refused.line is None:
            refused.message = f"{file}:{line}: {refused.message}"
            refused.line = line
        raise


def _of(function: Any) -> tuple[str, int] | None:
    code = getattr(function, "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno)


def _caller() -> tuple[str, int]:
    """The nearest frame that is no frame of ours."""
    frame = inspect.currentframe()
    assert frame is not None  # noqa: S101 - CPython has frames
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _is_ours(file: str) -> bool:
    return file.startswith(_PACKAGE) or file.endswith("contextlib.py")
