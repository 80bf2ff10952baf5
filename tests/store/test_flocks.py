"""A file that one process has: others see it, wait for it, and get it when that process is gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from flowbook.errors import StoreBusy
from flowbook.store.flocks import held, is_taken

HOLDER = """
import os, sys, time
from pathlib import Path
from flowbook.store.flocks import held
path = Path(sys.argv[1])
with held(os.open(path, os.O_RDWR), path, 1.0, by="nobody", hint=""):
    print("has it", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "one.lock"
    made.touch()
    return made


@pytest.fixture
def holder(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "has it\n"
    yield process
    process.kill()
    process.communicate()


def looks(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return is_taken(fd)
    finally:
        os.close(fd)


def mine(path, budget):
    return held(os.open(path, os.O_RDWR), path, budget, by="that one", hint="wait for it")


def test_it_is_taken_for_as_long_as_somebody_has_it(path):
    assert not looks(path)
    with mine(path, 1.0):
        assert looks(path)
    assert not looks(path)


def test_who_waits_too_long_is_told_for_whom(path, holder):
    with (
        pytest.raises(StoreBusy, match="held by that one") as caught,
        mine(path, 0.05),
    ):
        pass
    assert (caught.value.path, caught.value.hint) == (str(path), "wait for it")


def test_the_end_of_a_process_gives_it_back(path, holder):
    assert looks(path)
    holder.kill()
    with mine(path, 30.0):
        assert looks(path)


def test_what_fails_while_it_is_held_gives_it_back(path):
    with pytest.raises(ValueError, match="no"), mine(path, 1.0):
        raise ValueError("no")
    assert not looks(path)
