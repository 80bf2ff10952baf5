"""The pytest plug-in: fixtures for tests of flows, and the test cells of notebooks as tests.

It is there as soon as flowbook is installed; test cells are collected where `--flowbook`, or the
setting `flowbook_notebooks`, asks for them. What a test runs is kept in a temporary folder and
nowhere else; files that nodes read are still those beside the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.session.project import Project
    from flowbook.testing.items import NotebookFile
    from flowbook.testing.seen import Seen

Reads: TypeAlias = "Callable[[Path | str], Flow]"
Looks: TypeAlias = "Callable[[Path | str, Any], Seen]"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What to say to pytest about flows, beside what the tests themselves say."""
    group = parser.getgroup("flowbook")
    group.addoption(
        "--flowbook",
        action="store_true",
        help="collect the test cells (%%flow test) of notebooks, each as a test",
    )
    group.addoption(
        "--flowbook-allow",
        action="append",
        default=[],
        metavar="NODE",
        help="let a node, or kind, of these notebooks have effects outside; may be given again",
    )
    group.addoption(
        "--flowbook-update",
        action="store_true",
        help="write the runs that tests compare with anew, as they are now",
    )
    parser.addini("flowbook_notebooks", "collect the test cells of notebooks", "bool", False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> NotebookFile | None:
    """A notebook, where its test cells are asked for."""
    if file_path.suffix != ".ipynb":
        return None
    if not (parent.config.getoption("--flowbook") or parent.config.getini("flowbook_notebooks")):
        return None
    from flowbook.testing.items import NotebookFile

    return NotebookFile.from_parent(parent, path=file_path)


@pytest.fixture
def flowbook_project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A project in the test's own folder, closed when the test is over."""
    from flowbook.session.project import Project

    opened = Project(request.path.parent, store=tmp_path / ".flowbook")
    yield opened
    opened.close()


@pytest.fixture
def flowbook_flow(request: pytest.FixtureRequest, flowbook_project: Project) -> Reads:
    """Reads the flow of a notebook, by its path from the test's own folder."""
    here = request.path.parent

    def read(path: Path | str) -> Flow:
        return flowbook_project.read_notebook(here / path)

    return read


@pytest.fixture
def flowbook_seen(request: pytest.FixtureRequest, flowbook_project: Project) -> Looks:
    """A run that was seen, by its folder; with `--flowbook-update`, `run` takes its place."""
    here = request.path.parent

    def look(folder: Path | str, run: Any = None) -> Seen:
        from flowbook.testing.seen import Seen

        if run is not None and request.config.getoption("--flowbook-update"):
            Seen.of(run, flowbook_project).save(here / folder)
        return Seen.load(here / folder)

    return look
