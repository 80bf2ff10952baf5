"""Doomed processes, and the seed of what they do."""

import os
import random

import pytest
from tests.store.crash.nursery import Nursery


@pytest.fixture(scope="module")
def nursery():
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def seed():
    """Of everything random in the test; `FLOWBOOK_SEED` repeats one that failed."""
    chosen = int(os.environ.get("FLOWBOOK_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FLOWBOOK_SEED={chosen}")
    return chosen
