"""What waits, told to other processes: as long as there is somebody who tells it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from flowbook.store.boards import STALE_SECONDS, Board, Waiting, posted, ring
from flowbook.store.layout import Layout

CHILD = """
import sys, time
from pathlib import Path
from flowbook.store.boards import Board, Waiting
from flowbook.store.layout import Layout
board = Board(Layout(Path(sys.argv[1])))
board.open()
board.post([Waiting((-3, 0, 1.0, 0), "r1", "tour", "gpu=1", 1.0, limits=("gpu",))])
print("posted", flush=True)
board.listen(30)
print("heard", flush=True)
time.sleep(60)
"""


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path / ".flowbook")
    made.limits.mkdir(parents=True)
    return made


@pytest.fixture
def board(layout):
    made = Board(layout)
    yield made
    made.close()


@pytest.fixture
def child(layout):
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(layout.root)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "posted\n"
    yield process
    process.kill()
    process.communicate()


def one(run="r"):
    return Waiting((0, 0, 2.0, 0), run, "tour", "runs=1", 2.0)


def test_others_read_what_is_posted_and_nobody_reads_its_own(layout, board):
    board.post([one("a"), one("b")])
    assert [[w.run for w in found.waiting] for found in posted(layout.limits)] == [["a", "b"]]
    assert board.others() == []
    board.post([one("c")])  # shorter than before
    assert [[w.run for w in found.waiting] for found in posted(layout.limits)] == [["c"]]


def test_who_has_nothing_to_say_makes_no_file(layout, board):
    board.post([])
    assert list(layout.limits.iterdir()) == []


def test_another_process_is_read_and_woken(layout, board, child):
    (found,) = board.others()
    assert [(w.run, w.priority, w.limits) for w in found.waiting] == [("r1", 3, ("gpu",))]
    assert found.fresh
    ring(found.bell)
    assert child.stdout.readline() == "heard\n"


@pytest.mark.kill
def test_what_a_killed_process_said_is_removed_with_its_bell(layout, board, child):
    child.kill()
    child.wait()
    assert board.others() == []
    assert list(layout.limits.iterdir()) == []


def test_who_does_not_look_any_more_is_no_longer_fresh_until_it_does(layout, board):
    board.post([one()])
    long_ago = time.time() - STALE_SECONDS - 1
    os.utime(board.path, (long_ago, long_ago))
    assert [found.fresh for found in posted(layout.limits)] == [False]
    board.post([one()])
    assert [found.fresh for found in posted(layout.limits)] == [True]


def test_a_bell_is_heard_once_however_often_it_was_rung(board):
    board.open()
    for _ in range(100_000):  # more than a pipe holds
        board.ring()
    board.listen(5)
    woken = threading.Event()
    thread = threading.Thread(target=lambda: (board.listen(30), woken.set()))
    for _ in range(100):  # a pipe that was full is emptied in a few gulps
        board.listen(0)
    thread.start()
    assert not woken.wait(0.05)
    board.ring()
    assert woken.wait(5)
    thread.join()


def test_ringing_at_somebody_who_is_gone_does_nothing(layout, board):
    ring(layout.limits / "nobody.bell")
    board.open()
    board.close()
    ring(board.path.with_suffix(".bell"))


def test_closing_leaves_nothing_behind(layout, board):
    board.open()
    board.post([one()])
    board.close()
    assert list(layout.limits.iterdir()) == []
