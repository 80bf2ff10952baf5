"""The magics themselves, and how they come into a shell."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from flowbook.cells.header import is_flow_cell
from flowbook.magics.completion import install
from flowbook.magics.help import overview
from flowbook.magics.identity import cell_of
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.ownership import Ownership
from flowbook.magics.running import run_cell
from flowbook.magics.tracebacks import name_cells, without_our_frames
from flowbook.magics.verbs import perform, split, verbs
from flowbook.session.project import project


@magics_class
class FlowMagics(Magics):
    """The notebook's own flow, at the keyboard."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.notebook = KernelNotebook(shell)

    @line_cell_magic("flow")  # type: ignore[arg-type]  # IPython types the line form only
    def flow(self, line: str, cell: str | None = None) -> Any:
        """`%%flow [kind] name[(inputs)] [-> outputs] [--options]`, or `%flow verb …`."""
        with without_our_frames():
            if cell is not None:
                source = f"%%flow {line}\n{cell}".rstrip("\n")  # IPython adds one
                return run_cell(self.notebook, self.notebook.cell or cell_of(source), source)
            return perform(self.notebook, split(line))

    @line_cell_magic("flowbook")  # type: ignore[arg-type]  # as above
    def flowbook(self, line: str, cell: str | None = None) -> Any:
        """The same as `%flow`, for notebooks where another extension owns that name."""
        return self.flow(line, cell)


def _help() -> str:
    """What `%flow?` and `%%flow?` show."""
    return overview(verbs, project().registry)


for _magic in ("flow", "flowbook"):
    # IPython asks an object for its help so; a docstring would have to be made at every import.
    vars(FlowMagics)[_magic].getdoc = _help


def with_body(lines: list[str]) -> list[str]:
    r"""The lines of a cell; a node whose head says all gets the body that IPython insists on.

    >>> with_body(["%%flow try guard"]), with_body(["1 + 1"])
    (['%%flow try guard\n', '\n'], ['1 + 1'])
    """
    if lines and is_flow_cell(lines[0]) and not "".join(lines[1:]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines


def register(shell: Any) -> None:
    """Put the magics and `flow` into an IPython shell; twice is once."""
    if getattr(shell, "_flowbook", None) is not None:
        return
    magics = FlowMagics(shell)
    notebook = magics.notebook
    shell._flowbook = magics  # noqa: SLF001 - IPython keeps extensions' state on the shell
    ownership = Ownership(shell, magics)
    ownership.look()
    shell.events.register("pre_run_cell", notebook.before_cell)
    if with_body not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, with_body)
    shell.events.register("post_run_cell", notebook.after_cell)
    name_cells(shell)
    shell.events.register("post_run_cell", ownership.look)
    install(shell, notebook, ownership.owns)
    shell.user_ns.setdefault("flow", notebook.flow)
    notebook.catch_up()
    notebook.reopen()
