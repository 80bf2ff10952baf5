from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.patterns.log import Log

from flowbook.graph.flow import Flow
from flowbook.session.project import Project


@pytest.fixture
def project(tmp_path) -> Iterator[Project]:
    """A project in a folder of its own, closed afterwards."""
    opened = Project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def flow(project) -> Flow:
    """An empty flow."""
    return Flow("pattern", host=project)


@pytest.fixture
def played(project, flow) -> Callable[..., Log]:
    """Runs the flow to its end; what the history has recorded of the run."""

    def play(run=None, /, **params):
        run = run or flow.start(**params)
        run.wait(60)
        return Log(project.history.events(run.id), run)

    return play
