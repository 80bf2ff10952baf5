"""`%flow open`: a moment of a run in the kernel, as `here`, or as the names that cells see.

Entering swaps the namespace of the shell for the scratch, and leaving puts the user's own back as
it was: nothing that is done in between reaches it. Imports, functions and classes of the kernel are
there too, so that code runs as it stands; data is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from flowbook.cells.notebook import Notebook
from flowbook.errors import UsageError
from flowbook.magics.kernel_notebook import KernelNotebook, note
from flowbook.session.notebooks import notebook_of
from flowbook.session.taking_in import take_in
from flowbook.session.travels import HERE

if TYPE_CHECKING:
    from flowbook.session.failing import Failure
    from flowbook.session.scratch import Scratch

_SHELL: Final = ("get_ipython", "exit", "quit", "open", "In", "Out", "_ih", "_oh", "_dh", "flow")
_CODE: Final = (ModuleType, FunctionType, BuiltinFunctionType, type)


class _Module:
    """Stands for the module that cells run in."""

    __name__ = "__main__"


@dataclass(slots=True)
class Entered:
    """A shell whose cells run in a scratch, and what it had before."""

    module: Any
    names: dict[str, Any]


def open_moment(
    notebook: KernelNotebook, run: str | None, at: int | None, node: str | None
) -> Scratch:
    """The scratch of a moment, also as `here`; of the newest run of the flow without an id."""
    moment = notebook.flow.state(run, at=at)
    last = notebook.project.last_run(notebook.flow)
    if last is not None and last.id == moment.run:
        moment = last.at(at)  # it knows what was not kept, too
    scratch: Scratch = moment.open(node)
    _own(notebook)[HERE] = scratch
    return scratch


def open_failed(notebook: KernelNotebook, run: str | None) -> Failure:
    """A failed run opened where it failed, also as `here`; the notebook's cells are taken in first.

    They are those of the file when this kernel has not run them.
    """
    if not notebook.flow.spec().nodes:
        _take_in(notebook)
    failure: Failure = notebook.flow.open_failure(run)
    _own(notebook)[HERE] = failure.here
    return failure


def enter(notebook: KernelNotebook, scratch: Scratch) -> None:
    """Let the cells from the next one on run in the scratch."""
    shell = notebook.shell
    if notebook.entered is None:
        notebook.entered = Entered(shell.user_module, shell.user_ns)
    own = notebook.entered.names
    for name, value in own.items():
        code = isinstance(value, _CODE) and not name.startswith("_")
        if (name in _SHELL or code) and name not in scratch:
            scratch[name] = value
    scratch[HERE] = scratch
    module = _Module()
    module.__dict__ = scratch
    _switch(shell, module, scratch)
    note(f"cells run in {scratch.title} from now on; %flow close brings your own names back")


def leave(notebook: KernelNotebook) -> None:
    """Bring the user's own names back; `UsageError` where they are there."""
    if notebook.entered is None:
        raise UsageError("nothing is open", hint="%flow open RUN --enter opens a moment of a run")
    entered, notebook.entered = notebook.entered, None
    _switch(notebook.shell, entered.module, entered.names)
    note(f"your own names are back; what was open is still in {HERE}")


def _own(notebook: KernelNotebook) -> dict[str, Any]:
    found: dict[str, Any] = notebook.shell.user_ns
    return found if notebook.entered is None else notebook.entered.names


def _switch(shell: Any, module: Any, names: dict[str, Any]) -> None:
    shell.user_module, shell.user_ns = module, names
    completer = getattr(shell, "Completer", None)
    if completer is not None:
        completer.namespace = names
        completer.global_namespace = module.__dict__


def _take_in(notebook: KernelNotebook) -> None:
    """Have the kernel's flow say what the notebook's file says; its setup cells are run."""
    hint = "run its cells first"
    path = notebook_of(notebook.project.path, notebook.flow.name, hint)
    document = Notebook.parse(path.read_text(encoding="utf-8"))
    take_in(notebook.live, document, notebook.execute)
    note(f"took in the cells of {path.name} as they are saved")
