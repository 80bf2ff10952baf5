"""From a path on the command line to a flow of a project, ready to run or to look at."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flowbook.errors import InvalidFlow
from flowbook.graph.flow import Flow
from flowbook.graph.problem import Problem, errors
from flowbook.graph.spec import Json
from flowbook.session.folder import STORE_FOLDER
from flowbook.session.project import Project, project


@dataclass(frozen=True, slots=True)
class Opened:
    """A notebook, read; nothing of it has been executed."""

    path: Path
    text: str
    project: Project
    flow: Flow
    problems: tuple[Problem, ...]

    def refuse_errors(self) -> None:
        """`InvalidFlow` with every problem when there is an error among them."""
        wrong = errors(self.problems)
        if wrong:
            raise InvalidFlow(f"{self.path} has errors; nothing was started", problems=wrong)

    def typed(self, pairs: Sequence[str]) -> dict[str, Json]:
        """`-p name=value` words as the flow's parameters, typed as it declares them."""
        from flowbook.plan.params import coerce_params

        typed = coerce_params(self.project.plan(self.flow), list(pairs))
        return {str(name): value for name, value in typed.items()}


def open_notebook(path: Path, home: Path | None = None) -> Opened:
    """Read the notebook at `path`, with everything that is wrong with it.

    `home` is the folder its project is looked for from; that of the notebook when left out.
    """
    path = path.resolve()
    opened = project(home or path.parent)
    loaded = opened.load(path)
    seen: dict[tuple[object, ...], Problem] = {}
    for problem in (*loaded.problems, *opened.check(loaded.flow)):
        seen.setdefault((problem.message, problem.cell, problem.node), problem)
    text = path.read_text(encoding="utf-8")
    return Opened(path, text, opened, loaded.flow, tuple(seen.values()))


def stand_in(folder: Path) -> None:
    """Work where the notebook lies, as a kernel does: its files and modules are found."""
    os.chdir(folder)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def has_history(folder: Path) -> bool:
    """True when the project of `folder` has run anything; asking does not create it."""
    return (folder / STORE_FOLDER).is_dir()
