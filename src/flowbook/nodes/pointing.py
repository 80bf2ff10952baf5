"""Errors of a configuration shown at the line of the setting they are about.

Whoever works a setting out says so with `at_setting`; who calls the node finds the line in its body
with `pointing`, and raises the error from there: every traceback, in this process and in any other,
then shows that line of the cell.
"""

from __future__ import annotations

import ast
from types import TracebackType
from typing import Any, Final, NoReturn

from traitlets import TraitError

from flowbook.errors import FlowbookError, HttpFailed, SecretMissing
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.cell_code import CellText
from flowbook.nodes.setting_line import SettingPath, setting_line

_NOTED: Final = "_flowbook_setting"
_POINTED: Final = "_flowbook_pointed"


class at_setting:
    """Whatever is raised in the block is about the setting at that path; the innermost counts.

    `text` is the part of its value that matters, such as one expression of a template.

    >>> try:
    ...     with at_setting("conditions", 1, "expression"):
    ...         raise ValueError("no number")
    ... except ValueError as error:
    ...     print(noted(error))
    (('conditions', 1, 'expression'), '')
    """

    def __init__(self, *path: str | int, text: str = "") -> None:
        self.note = (path, text)

    def __enter__(self) -> None:
        """Nothing is done as long as nothing is raised."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception):
            vars(error).setdefault(_NOTED, self.note)


def noted(error: BaseException) -> tuple[SettingPath, str] | None:
    """The setting that an error is about, and the part of it, where that is known."""
    note: tuple[SettingPath, str] | None = getattr(error, _NOTED, None)
    if note is None and isinstance(error, HttpFailed):
        return ("url",), ""
    if note is None and isinstance(error, SecretMissing):
        return (), f"$secret.{error.name}"
    return note


class pointing:
    """What is raised in the block is raised from the line of its setting in the node's cell.

    An error that is about no setting, or about one that the body does not write, stays as it is.
    """

    def __init__(self, spec: NodeSpec) -> None:
        self.spec = spec

    def __enter__(self) -> None:
        """Nothing is done as long as nothing is raised."""

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        note = noted(error) if isinstance(error, Exception) else None
        if note is None or not isinstance(error, Exception) or hasattr(error, _POINTED):
            return
        line = setting_line(self.spec.body, *note)
        if line is None:
            return
        if isinstance(error, FlowbookError | TraitError):
            error = error.with_traceback(None)  # its message says all that its frames could
        setattr(error, _POINTED, True)
        text = CellText.of(self.spec)
        at = text.body.split("\n")[line - 1].find(note[1]) if note[1] else -1
        columns = (at, at + len(note[1])) if at >= 0 else None
        raise_from_line(text, text.line - 1 + line, error, error.__cause__, columns=columns)


def raise_from_line(
    text: CellText,
    line: int,
    refused: Exception,
    error: BaseException | None,
    *,
    columns: tuple[int, int] | None = None,
) -> NoReturn:
    """Raise from a frame whose file is the cell, at that line of it; arrows mark the columns."""
    shown = text.lines()[line - 1].rstrip("\n") if line <= len(text.lines()) else ""
    first, last = columns or (len(shown) - len(shown.lstrip()), len(shown))
    place: dict[str, Any] = {
        "lineno": line,
        "end_lineno": line,
        "col_offset": len(shown[:first].encode()),
        "end_col_offset": len(shown[:last].encode()),
    }
    names = (ast.Name(name, ast.Load(), **place) for name in ("refused", "error"))
    module = ast.Module([ast.Raise(*names, **place)], type_ignores=[])
    code = compile(module, text.show_in_tracebacks(), "exec", dont_inherit=True)
    exec(code.replace(co_name=text.node), {"refused": refused, "error": error})  # noqa: S102  our own raise
    raise refused
