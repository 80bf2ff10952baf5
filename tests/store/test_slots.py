"""Places of a project's limits: no more than there are, and a dead process has none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from flowbook.errors import StoreError
from flowbook.store.layout import Layout
from flowbook.store.slots import Slots

CHILD = """
import sys, time
from pathlib import Path
from flowbook.store.layout import Layout
from flowbook.store.slots import Slots
slots = Slots(Layout(Path(sys.argv[1])))
with slots.turn():
    slot = slots.take("gpu", "theirs", "train")
print("has it", flush=True)
time.sleep(60)
"""


@pytest.fixture
def slots(tmp_path):
    return Slots(Layout(tmp_path / ".flowbook"))


@pytest.fixture
def child(slots):
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(slots.layout.root)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    slots.prepare()
    assert process.stdout.readline() == "has it\n"
    yield process
    process.kill()
    process.communicate()


def used(slots):
    with slots.turn():
        return slots.used()


def test_nothing_is_limited_to_begin_with_and_asking_makes_no_folder(slots):
    assert slots.limits() == {}
    assert not slots.layout.limits.exists()


def test_what_is_said_holds_at_once_for_everybody(slots):
    other = Slots(slots.layout)
    slots.say({"gpu": 1})
    assert other.limits() == {"gpu": 1}
    other.say({"gpu": 2, "api": 3})
    assert slots.limits() == {"gpu": 2, "api": 3}
    slots.say({})
    assert other.limits() == {}


def test_places_are_counted_until_they_are_given_back(slots):
    with slots.turn():
        one, two = slots.take("gpu", "r1"), slots.take("gpu", "r2", "train")
        assert slots.used() == {"gpu": 2}
        told = [(held.run, held.node, held.pid) for held in slots.holders()["gpu"]]
    assert told == [("r1", None, os.getpid()), ("r2", "train", os.getpid())]
    one.release()
    one.release()
    assert used(slots) == {"gpu": 1}
    two.release()
    assert used(slots) == {}


def test_a_name_may_have_dots_and_capitals(slots):
    with slots.turn():
        slot = slots.take("Api.v2", "r")
    assert used(slots) == {"Api.v2": 1}
    slot.release()


def test_a_place_of_another_process_is_seen_and_not_taken(slots, child):
    assert used(slots) == {"gpu": 1}
    with slots.turn():
        mine = slots.take("gpu", "mine")
        assert [held.run for held in slots.holders()["gpu"]] == ["theirs", "mine"]
    mine.release()
    assert used(slots) == {"gpu": 1}


@pytest.mark.kill
def test_a_killed_process_has_no_place_any_more(slots, child):
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert used(slots) == {}


def test_a_forked_child_does_not_keep_a_place_for_longer_than_its_parent(slots):
    with slots.turn():
        slot = slots.take("gpu", "r")
    heard, says = os.pipe()
    pid = os.fork()
    if not pid:
        os.read(heard, 1)  # until the parent has looked
        os._exit(0)
    slot.release()
    assert used(slots) == {}
    os.write(says, b".")
    os.waitpid(pid, 0)
    os.close(heard)
    os.close(says)


def test_limits_that_cannot_be_read_say_what_to_do(slots):
    slots.say({"gpu": 1})
    (slots.layout.limits / "limits.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="set the limits again"):
        slots.limits()
