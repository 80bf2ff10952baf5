"""Which nodes the duration of a run is the sum of."""

import pytest

from flowbook.events import (
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeReused,
    NodeScheduled,
    NodeStarted,
)
from flowbook.events.values import ErrorInfo
from flowbook.run.critical import critical_path

OOPS = ErrorInfo("ValueError", "no")


def line(text):
    """Events of `AT KIND NODE`, one a line."""
    kinds = {
        "ready": NodeScheduled,
        "begins": NodeStarted,
        "done": NodeCompleted,
        "fails": NodeFailed,
        "reused": NodeReused,
        "cancelled": NodeCancelled,
    }
    more = {
        NodeStarted: {"attempt": 1},
        NodeCompleted: {"attempt": 1, "ms": 1.0},
        NodeFailed: {"attempt": 1, "ms": 1.0, "error": OOPS},
    }
    for seq, words in enumerate(text.strip().splitlines()):
        at, word, node = words.split()
        scope, _, name = node.rpartition(".")
        kind = kinds[word]
        yield kind(run="r", seq=seq, at=float(at), node=name, scope=scope, **more.get(kind, {}))


DIAMOND = """
0 ready a
0 begins a
1 done a
1 ready slow
1 ready quick
1 begins slow
1 begins quick
2 done quick
4 done slow
4 ready last
5 begins last
8 done last
"""


def test_the_path_goes_back_from_what_ended_last():
    path = critical_path(line(DIAMOND))
    assert path.nodes == ("a", "slow", "last")
    assert [(step.ms, step.wait_ms, step.share) for step in path] == [
        (1000.0, 0.0, 0.125),
        (3000.0, 0.0, 0.375),
        (4000.0, 1000.0, 0.5),
    ]
    assert repr(path) == "a 12 % → slow 38 % → last 50 %"


def test_a_turn_has_a_path_of_its_own():
    events = [*line("0 ready each\n0 ready each[0].x\n1 done each[0].x\n1 ready each[0].y\n"
                    "3 done each[0].y\n3 done each")]  # fmt: skip
    assert critical_path(events).nodes == ("each",)
    assert critical_path(events, "each[0]").nodes == ("x", "y")


def test_what_was_reused_is_a_step_that_takes_no_time():
    path = critical_path(line("0 reused a\n0 ready b\n2 done b"))
    assert [(step.node, step.status, step.ms) for step in path] == [
        ("a", "reused", 0.0),
        ("b", "succeeded", 2000.0),
    ]


def test_a_failure_ends_the_path_it_is_on():
    path = critical_path(line("0 ready a\n1 fails a"))
    assert [(step.node, step.status) for step in path] == [("a", "failed")]


def test_what_was_cancelled_is_waited_for_by_nobody():
    path = critical_path(line("0 ready a\n0 ready b\n1 done a\n2 cancelled b\n2 ready c\n3 done c"))
    assert path.nodes == ("a", "c")


@pytest.mark.parametrize("text", ["", "0 ready a", "1 done a"])
def test_without_an_end_or_a_beginning_there_is_no_path(text):
    path = critical_path(line(text))
    assert (len(path), repr(path), path.to_json()) == (0, "no path yet", [])


def test_the_path_is_shown_as_a_table():
    assert "<td>slow</td><td>succeeded</td>" in critical_path(line(DIAMOND))._repr_html_()
