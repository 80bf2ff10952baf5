"""For every test: how many run at once, and what Hypothesis may expect of the machine."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

MOST = 8
"""Workers at once: each has an interpreter of its own with pandas and DuckDB in it."""

# Others work on this machine, the other workers before all: how long an example takes says nothing.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", patient)
settings.register_profile("same", patient, derandomize=True)
settings.load_profile("same")


@pytest.hookimpl(optionalhook=True)  # pytest-xdist asks it for `-n auto`
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many a test waits for a disk, a process or a kernel."""
    return min((os.cpu_count() or 1) + 1, MOST)
