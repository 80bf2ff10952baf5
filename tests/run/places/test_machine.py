"""What the machine has is known without anybody saying it."""

from __future__ import annotations

import os

from flowbook.run.places.machine import machine


def test_processors_and_memory_are_known_of_the_machine():
    assert 1 <= machine()["need cpu"] <= (os.cpu_count() or 1)
    assert machine()["need mem"] > 100_000_000
