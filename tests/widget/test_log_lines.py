"""What a node printed is told line by line, and of a long log only the lines that are wanted."""

from __future__ import annotations

import pytest
from tests.widget.stage import RUN

from flowbook.events import NodeLogged
from flowbook.ids import EventSeq, NodeId
from flowbook.widget.log_lines import MOST_LINES, level_of, log_lines, page_of, sent
from flowbook.widget.run_protocol import AskLines
from flowbook.widget.views import Level

NODE = NodeId("clean")


def logged(seq, text, stream="stdout", node=NODE, scope=""):
    return NodeLogged(
        run=RUN, seq=EventSeq(seq), at=float(seq), node=node, scope=scope, stream=stream, text=text
    )


def lines_of(*events, scope="", until=None):
    return log_lines(events, NODE, scope, until)


def texts(*events, **how):
    return [line.text for line in lines_of(*events, **how)]


def page(lines, **how):
    return page_of(lines, AskLines("v", 1, NODE, **how))


@pytest.mark.parametrize(
    ("text", "stream", "level"),
    [
        ("read 1461 rows", "stdout", "info"),
        ("warning: 3 rows", "log", "warning"),
        ("ERROR: gone", "stdout", "error"),
        ("[debug] asked twice", "stdout", "debug"),
        ("CRITICAL - out of memory", "stderr", "error"),
        ("2026-01-01 10:00:00,123 - flow.clean - WARNING - odd", "stderr", "warning"),
        ("2026-01-01T10:00:00Z INFO started", "stderr", "info"),
        ("Traceback (most recent call last):", "stderr", "error"),
        ("KeyError: 'rain'", "stderr", "error"),
        ("x.py:3: FutureWarning: soon", "stderr", "warning"),
        ("100%|#####| 5/5", "stderr", "warning"),
        ("\n", "stderr", "info"),
        ("errors are no error", "stdout", "info"),
        ("information: none", "stdout", "info"),
    ],
)
def test_a_line_is_as_grave_as_it_begins(text, stream, level):
    assert level_of(stream, text).value == level


def test_what_came_in_one_heap_is_many_lines():
    heap = "".join(f"line {n}\n" for n in range(3_000))
    assert texts(logged(1, heap)) == [f"line {n}\n" for n in range(3_000)]


def test_a_line_that_came_in_pieces_is_one_and_streams_do_not_mix():
    said = [logged(1, "half "), logged(2, "oops\n", "stderr"), logged(3, "of it\nnext")]
    assert texts(*said) == ["half of it\n", "oops\n", "next"]


def test_at_a_moment_there_is_only_what_was_said_by_then():
    said = [logged(1, "one\nhalf "), logged(5, "of it\ntwo\n")]
    assert texts(*said, until=4) == ["one\n", "half "]
    assert texts(*said, until=5) == ["one\n", "half of it\n", "two\n"]
    assert texts(*said, until=0) == []


def test_only_lines_of_the_node_and_the_turn_are_told():
    said = [logged(1, "a\n", scope="each[0]"), logged(2, "b\n", scope="each[1]")]
    other = logged(3, "no\n", node=NodeId("other"), scope="each[1]")
    assert texts(*said, other, scope="each[1]") == ["b\n"]


def test_the_lines_of_a_traceback_are_as_grave_as_its_head():
    text = 'Traceback (most recent call last):\n  File "x.py"\n    1 / 0\nZeroDivisionError: no\n'
    found = [line.level for line in lines_of(logged(1, text + "done\n", "stderr"))]
    assert found == [Level.ERROR] * 4 + [Level.WARNING]


def test_pages_begin_at_the_end_and_reach_every_line():
    lines = lines_of(*(logged(n, f"line {n}\n") for n in range(1_001)))
    last = page(lines, count=200)
    assert (last.start, last.total, last.of) == (801, 1_001, 1_001)
    assert (last.lines[0].text, last.lines[-1].text) == ("line 801\n", "line 1000\n")
    starts = range(0, 1_001, 200)
    all_of_them = [line for at in starts for line in page(lines, start=at, count=200).lines]
    assert all_of_them == list(lines)


def test_no_page_is_longer_than_what_is_sent_at_once_and_none_begins_outside():
    lines = lines_of(logged(1, "x\n" * (2 * MOST_LINES)))
    assert len(page(lines, start=0, count=10**9).lines) == MOST_LINES
    assert page(lines, start=-5, count=1).start == 0
    assert page(lines, start=10**9).lines == ()
    assert page([]).lines == ()


def test_lines_are_wanted_by_stream_by_how_grave_they_are_and_by_what_is_in_them():
    said = "debug: a\nb\nwarning: d\n"
    lines = lines_of(logged(1, said), logged(2, "error: C\n", "log"))

    def found(**how):
        told = page(lines, **how)
        assert told.of == 4
        assert told.total == len(told.lines)
        return [line.text for line in told.lines]

    assert len(found()) == 4
    assert found(level=Level.WARNING) == ["warning: d\n", "error: C\n"]
    assert found(stream="log") == ["error: C\n"]
    assert found(find=" c ") == ["error: C\n"]
    assert found(find="nothing of that") == []


def test_a_very_long_line_says_how_much_of_it_is_missing():
    (line,) = sent(lines_of(logged(1, "x" * 5_000 + "\n")))
    assert line.text == "x" * 4_000 + "… (1,000 more characters)\n"
    (whole,) = sent(lines_of(logged(1, "x" * 3_999 + "\n")))
    assert len(whole.text) == 4_000
