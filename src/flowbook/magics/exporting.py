"""`%flow export`: the notebook of this kernel as a papermill job."""

from __future__ import annotations

import os
from pathlib import Path

from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import write
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.export.notebook import export_notebook
from flowbook.graph.flow import Flow
from flowbook.magics.identity import notebook_file
from flowbook.magics.kernel_notebook import KernelNotebook, note
from flowbook.session.jobs import is_job, write_job


def export(notebook: KernelNotebook, path: Path | None, *, force: bool = False) -> Path:
    """Write the job and say where; of the saved notebook, or else of the flow as it is here.

    Raises `InvalidFlow` for a flow with errors, and `UsageError` for a file that is something else.
    """
    file = notebook_file(notebook.shell.user_ns)
    name = file.name if file else f"{notebook.flow.name}.ipynb"
    target = path or Path("jobs")
    target = target if target.suffix == ".ipynb" else target / name
    if file is not None and target.resolve() == file.resolve():
        raise UsageError(f"the job would overwrite {target}", hint="export it into another folder")
    if target.exists() and not force and not is_job(target, notebook.flow.name):
        raise UsageError(
            f"{target} is there, and is no job of this flow",
            hint="choose another path, or say --force",
        )
    text, source = _text(notebook, file, target)
    changed = write_job(target, text)
    note(f"{'wrote' if changed else 'nothing new in'} {target}, the job of {source}")
    return target


def _text(notebook: KernelNotebook, file: Path | None, target: Path) -> tuple[str, str]:
    """The job's text, and what it was made of."""
    project = notebook.project
    if file is None:
        author = write(notebook.flow.spec(), project.registry).text()
        parsed = read(Notebook.parse(author), project.registry, notebook.flow.spec().id)
        flow, problems, source = Flow(notebook.flow.name, host=project), parsed.problems, ""
        flow.replace_spec(parsed.spec)
    else:
        loaded = project.load(file)
        _tell_unsaved(notebook, loaded.notebook)
        author, flow, problems = file.read_text(encoding="utf-8"), loaded.flow, loaded.problems
        source = Path(os.path.relpath(file.resolve(), target.parent.resolve())).as_posix()
    wrong = (*problems, *project.check(flow))
    told = source or "a kernel"
    text = export_notebook(author, flow.spec(), project.registry, source=told, problems=wrong)
    return text, file.name if file else "the flow as it is here"


def _tell_unsaved(notebook: KernelNotebook, saved: Notebook) -> None:
    """A job is of what is saved: say so where cells that have run say something else."""
    if not notebook.known_by_id:
        return
    texts = {cell.id: cell.source.rstrip() for cell in saved.cells}
    cells = notebook.live.cells.values()
    if any(is_flow_cell(one.source) and texts.get(one.id) != one.source.rstrip() for one in cells):
        note("the notebook has changes that are not saved: the job is of the saved one")
