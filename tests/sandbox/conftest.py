from __future__ import annotations

import pytest

from flowbook.sandbox.supervisor import here


@pytest.fixture(scope="session", autouse=True)
def worker_ended():
    """The worker of this process, and its pipes, are gone before pytest looks for what is left."""
    yield
    here().close()
