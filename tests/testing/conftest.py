"""A project in the test's own folder."""

from __future__ import annotations

import pytest

from flowbook.session.project import Project


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path / "project")
    yield opened
    opened.close()
