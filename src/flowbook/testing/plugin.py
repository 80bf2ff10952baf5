"""The pytest plug-in: `flowbook_flow` gives the flow of a notebook, with a history of its own.

It is there as soon as flowbook is installed. What a test runs is kept in the test's temporary
folder and nowhere else; files that nodes read are still those beside the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.session.project import Project
    from flowbook.testing.seen import Seen

Reads: TypeAlias = "Callable[[Path | str], Flow]"
Looks: TypeAlias = "Callable[[Path | str, Any], Seen]"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--flowbook-update`: runs that were seen are written anew."""
    parser.getgroup("flowbook").addoption(
        "--flowbook-update",
        action="store_true",
        help="write the runs that tests compare with anew, as they are now",
    )


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
