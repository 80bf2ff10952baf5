"""What the widget's tests share."""

from __future__ import annotations

import pytest

from flowbook.session.project import Project


@pytest.fixture
def project(tmp_path):
    """A project in a folder of its own, closed afterwards."""
    opened = Project(tmp_path)
    yield opened
    opened.close()
