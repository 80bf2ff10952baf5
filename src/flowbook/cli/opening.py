"""From a path on the command line to a flow of a project, ready to run or to look at."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from flowbook.errors import InvalidFlow
from flowbook.graph.flow import Flow
from flowbook.graph.options import parse_duration
from flowbook.graph.problem import Problem, errors
from flowbook.graph.spec import Json
from flowbook.session.project import Project, project
from flowbook.session.start import STORE_FOLDER

Command = TypeVar("Command", bound=Callable[..., Any])


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


# ---------------------------------------------------------------- options that commands share


class Duration(click.ParamType[float]):
    """Seconds, from text such as 90, 30s, 5m or 2h."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return parse_duration(value)
        except ValueError as refused:
            self.fail(f"{value!r} is no duration: {refused}", param, ctx)


def notebook_argument(function: Command) -> Command:
    """The notebook a command is about."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.argument("notebook", metavar="NOTEBOOK", type=kind)(function)


def params_option(function: Command) -> Command:
    """`-p name=value`, repeatable."""
    return click.option(
        "-p",
        "--param",
        "params",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter of the run; may be given again.",
    )(function)


def timeout_option(function: Command) -> Command:
    """`--timeout`, in any unit."""
    return click.option(
        "--timeout", type=Duration(), help="Stop it after this long: 90, 30s, 5m, 2h."
    )(function)


def json_option(function: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
