"""Tracebacks that speak of cells: `Cell In[3], line 4`, as IPython does of its own.

A node's code and what plain cells define are compiled under names that say nothing to a user.
IPython knows which of its cells a file is; it is told the files of nodes, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from flowbook.cells.header import parse_cell
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.cell_code import CellText
from flowbook.run import failure


def name_cells(shell: Any) -> None:
    """Let tracebacks that are kept as text call a cell of this shell as its user does."""

    def called(filename: str) -> str | None:
        found = shell.compile.format_code_name(filename)
        of_node = filename.startswith("<node ")  # which stays what it is when the shell is gone
        return None if found is None or of_node else " ".join(found)

    failure.names.append(called)


def name_node(shell: Any, node: NodeSpec) -> None:
    """Tell the shell that the node's frames are those of the cell that is being run."""
    known = getattr(shell.compile, "_filename_map", None)  # there is no public way to add to it
    if known is not None:
        known[CellText.of(node).filename] = _number(shell)


def _number(shell: Any) -> int:
    """That of the cell that is being run: the shell may count on before the cell's code runs."""
    known = getattr(shell.compile, "_filename_map", None) or {0: shell.execution_count}
    return int(next(reversed(known.values())))


@contextmanager
def without_our_frames() -> Iterator[None]:
    """A Ctrl-C that meets us somewhere is shown as one, and not where we were."""
    try:
        yield
    except KeyboardInterrupt as met:
        if not hasattr(met, "_render_traceback_"):
            met._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]  # IPython asks for it
        raise


def run_setup_cell(shell: Any, source: str) -> None:
    """Run a setup cell's body in the shell; its lines are those of the cell.

    Raises what the body raises, which shows the cell and no frame of ours. The body may have lines
    of magics.
    """
    cell = parse_cell(source)
    above = source.splitlines()[: cell.body_line - 1]
    text = "".join(f"# {line}\n" for line in above) + shell.transform_cell(cell.body)
    filename = shell.compile.cache(text, _number(shell), raw_code=text)
    try:
        code = compile(text, filename, "exec", dont_inherit=True)
        exec(code, shell.user_ns)  # noqa: S102 - the user's cell, in the user's kernel
    except BaseException as error:
        traceback = error.__traceback__
        show = partial(shell.InteractiveTB.structured_traceback, type(error), error)
        with suppress(AttributeError):  # one with slots is shown with our frames
            error._render_traceback_ = partial(  # type: ignore[attr-defined]  # IPython asks for it
                show, traceback and traceback.tb_next, tb_offset=0
            )
        raise
