"""`flowbook lab`: JupyterLab, on the tour when it is there."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import click

from flowbook.cli.manual import manual
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode

TOUR_FOLDER = "flowbook-tour"
TOUR_NOTEBOOK = "tour.ipynb"


@click.command(
    "lab", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True}
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[DIR] [JUPYTERLAB OPTIONS]")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@manual(
    "flowbook lab",
    "flowbook lab reports/ --no-browser --port 9000",
    codes=(
        ExitCode.OK,
        ExitCode.USAGE,
    ),
)
def command(words: tuple[str, ...], no_browser: bool) -> None:
    """Open JupyterLab on DIR, or on a notebook.

    Without DIR: the current folder, or ./flowbook-tour when that is where the tour is. All other
    options go to JupyterLab as they are.
    """
    if find_spec("jupyterlab") is None:
        raise UsageError("JupyterLab is not installed", hint='pip install "flowbook[lab]"')
    given, rest = (words[0], words[1:]) if words and not words[0].startswith("-") else (None, words)
    folder, notebook = place(given)
    line = arguments(folder, notebook, rest, no_browser=no_browser, root=os.geteuid() == 0)
    sys.stdout.flush()
    os.execv(sys.executable, line)  # noqa: S606 - our own interpreter, no shell


def place(given: str | None) -> tuple[Path, str | None]:
    """The folder to open and the notebook in it to show first."""
    here = Path(given or ".")
    if given is None and not (here / TOUR_NOTEBOOK).exists() and Path(TOUR_FOLDER).is_dir():
        here = Path(TOUR_FOLDER)
    if here.is_file():
        return here.resolve().parent, here.name
    if not here.is_dir():
        raise UsageError(f"there is no folder {here}", hint="flowbook demo writes the tour")
    return here.resolve(), TOUR_NOTEBOOK if (here / TOUR_NOTEBOOK).is_file() else None


def arguments(
    folder: Path, notebook: str | None, rest: tuple[str, ...], *, no_browser: bool, root: bool
) -> list[str]:
    """The command line of JupyterLab."""
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    if notebook:
        line.append(f"--LabApp.default_url=/lab/tree/{quote(notebook)}")
    if no_browser:
        line.append("--no-browser")
    if root:
        line.append("--allow-root")
    return [*line, *rest]
