"""`%flow export`: the notebook of this kernel as a papermill job."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import write
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.export.notebook import Layout, captured, export_notebook
from flowbook.graph.flow import Flow
from flowbook.graph.problem import Problem
from flowbook.magics.identity import notebook_file
from flowbook.magics.kernel_notebook import KernelNotebook, note
from flowbook.session.jobs import is_job, version_job, write_job


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said of the job: a `version`, the `draft`, or neither; and its `layout`."""

    version: str | None = None
    draft: bool = False
    layout: Layout = Layout.RUNNER


def export(
    notebook: KernelNotebook, path: Path | None, asked: Asked = Asked(), *, force: bool = False
) -> Path:
    """Write the job and say where, and of what: as `flowbook export` does.

    That is the published version; where nothing is published the saved notebook, or the flow as it
    is here where the notebook's file is not known.
    Raises `InvalidFlow` for a flow with errors, and `UsageError` for a file that is something else.
    """
    if asked.draft and asked.version:
        raise UsageError("--draft and --version exclude each other")
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
    text, told = _text(notebook, file, target, asked)
    changed = write_job(target, text)
    note(f"{'wrote' if changed else 'nothing new in'} {target}, the job of {told}")
    return target


def _text(
    notebook: KernelNotebook, file: Path | None, target: Path, asked: Asked
) -> tuple[str, str]:
    """The job's text, and what it was made of."""
    project = notebook.project
    author, flow, problems = _here(notebook) if file is None else _saved(notebook, file)
    source = "a kernel"
    if file is not None:
        source = Path(os.path.relpath(file.resolve(), target.parent.resolve())).as_posix()
    wanted = None if asked.draft else _wanted(notebook, flow, asked.version)
    if wanted is not None:
        text, number = version_job(
            project.history,
            project.registry,
            flow.spec().id,
            wanted,
            source=source,
            layout=asked.layout,
        )
        return text, f"version {number} of {flow.name}"
    if file is not None:
        _tell_unsaved(notebook, Notebook.parse(author))
    for one in captured(author, flow.spec()).left:
        note(f"{one.name} is not in the job: {one.reason}")
    text = export_notebook(
        author,
        flow.spec(),
        project.registry,
        source=source,
        problems=(*problems, *project.check(flow)),
        layout=asked.layout,
    )
    why = "" if asked.draft else ": nothing is published"
    return text, f"{f'{file.name} as it is saved' if file else 'the flow as it is here'}{why}"


def _here(notebook: KernelNotebook) -> tuple[str, Flow, tuple[Problem, ...]]:
    """The flow of the kernel as a notebook would say it."""
    project, name = notebook.project, notebook.flow.name
    author = write(notebook.flow.spec(), project.registry).text()
    parsed = read(Notebook.parse(author), project.registry, notebook.flow.spec().id)
    flow = Flow(name, host=project)
    flow.replace_spec(parsed.spec)
    return author, flow, parsed.problems


def _saved(notebook: KernelNotebook, file: Path) -> tuple[str, Flow, tuple[Problem, ...]]:
    loaded = notebook.project.load(file)
    return file.read_text(encoding="utf-8"), loaded.flow, tuple(loaded.problems)


def _wanted(notebook: KernelNotebook, flow: Flow, version: str | None) -> str | None:
    """The version that is asked for, else the published one; None where there is none."""
    if version is not None or not notebook.project.folder.is_dir():
        return version
    found = notebook.project.published(flow)
    if found is not None and not found.current:
        note("the notebook has changes that are not published")
    return None if found is None else found.version


def _tell_unsaved(notebook: KernelNotebook, saved: Notebook) -> None:
    """A job is of what is saved: say so where cells that have run say something else."""
    if not notebook.known_by_id:
        return
    texts = {cell.id: cell.source.rstrip() for cell in saved.cells}
    cells = notebook.live.cells.values()
    if any(is_flow_cell(one.source) and texts.get(one.id) != one.source.rstrip() for one in cells):
        note("the notebook has changes that are not saved: the job is of the saved one")
