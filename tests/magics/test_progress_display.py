"""What a cell draws while its run goes on, from notices alone."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from flowbook import Flow
from flowbook.graph.node import Progress
from flowbook.ids import NodeId
from flowbook.magics.progress_display import (
    CellProgress,
    NotebookScreen,
    TerminalScreen,
    progress_shown,
    screen_of,
)
from flowbook.magics.showing import is_quiet
from flowbook.run.perform import NodeProgress
from flowbook.run.stream import NodeStream
from flowbook.session.project import Project


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def run(project):
    flow = Flow("drawn", host=project)

    @flow.node
    def first():
        print("half way")
        return 1

    @flow.node
    def second(first):
        return first

    return flow.run()


def drawn(run, until):
    """The progress as it was before event number `until`."""
    progress = CellProgress()
    for event in run.events()[:until]:
        progress.take(event, event.at)
    return progress


def events_until(run, kind, node):
    found = [
        i
        for i, one in enumerate(run.events())
        if type(one).__name__ == kind and getattr(one, "node", "") == node
    ]
    return found[0] + 1


def test_the_node_that_runs_is_named_with_what_it_said_last(run):
    progress = drawn(run, events_until(run, "NodeStarted", "first"))
    for event in run.events():
        if type(event).__name__ == "NodeLogged":
            progress.take(event, event.at)
    progress.take(NodeProgress(NodeId("first"), Progress(2, 5, "rows")), 0.0)
    lines = progress.lines(progress.board.first + 2)
    assert "0/2 nodes  2.0 s" in lines[0]
    assert lines[1].startswith("  first")
    assert "2/5  rows" in lines[1]
    assert lines[1].endswith("half way")


def test_what_a_node_yields_stands_below_it_the_last_of_it(run):
    progress = drawn(run, events_until(run, "NodeStarted", "first"))
    for number in range(20):
        told = NodeStream(NodeId("first"), 1, "data", f"row {number}", chunk_index=number)
        progress.take(told, 0.0)
    lines = progress.lines(progress.board.first + 1)
    assert lines[-1] == "    20: row 19"
    assert len(lines) == 2 + 8


def test_how_much_is_done_is_a_share(run):
    assert drawn(run, events_until(run, "NodeCompleted", "first")).share() == 0.5
    assert drawn(run, None).share() == 1.0


def test_a_queued_run_says_what_it_waits_for():
    assert "queued: it waits for runs=1" in CellProgress().lines(0.0, "runs=1")[0]


class Published:
    """What a display publisher was given."""

    def __init__(self):
        self.made = []

    def publish(self, data, metadata, *, transient, update):
        self.made.append((data, transient["display_id"], update))


def test_a_notebook_has_one_display_that_is_empty_at_last(run):
    published = Published()
    with progress_shown(run, NotebookScreen(published)):
        pass
    (first, *_, last) = published.made
    assert "text/html" in first[0]
    assert [first[2], last[2]] == [False, True]
    assert last[0] == {}
    assert len({display for _, display, _ in published.made}) == 1


def test_a_terminal_has_one_line_that_is_gone_at_last(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    screen = TerminalScreen()
    screen.show(["0/1 nodes", "  slow  1.0 s"], 0.0)
    screen.show(["1/1 nodes"], 1.0)
    screen.clear()
    assert stream.getvalue().endswith("\r")
    assert "\n" not in stream.getvalue()


@pytest.mark.parametrize(
    ("body", "quiet"),
    [("x;", True), ("x;  # why", True), ("x;\n\n", True), ("x", False), ("f(';')", False)],
)
def test_only_a_semicolon_at_the_very_end_keeps_a_value_from_being_shown(body, quiet):
    assert is_quiet(body) is quiet


def test_a_notebook_that_nobody_watches_keeps_no_display():
    shell = SimpleNamespace(kernel=object(), display_pub=object())
    assert isinstance(screen_of(shell), NotebookScreen)
    assert screen_of(shell, watched=False) is None
