"""A moment of a run, opened in the kernel from a canvas."""

from __future__ import annotations

import pytest
from tests.widget.stage import FakeHost

import flowbook
from flowbook.errors import UsageError
from flowbook.session.desk import Desk
from flowbook.session.project import Project
from flowbook.widget.answering.travel import open_here
from flowbook.widget.protocol import read
from flowbook.widget.travel_protocol import OpenedName, OpenHere


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def flow(project):
    made = flowbook.Flow("shares", host=project)
    made.python("parts", "[1, n]", inputs={"n": 1})
    made.python("shares", "[1 / one for one in parts]")
    return made


def test_a_moment_is_in_the_kernel_and_its_names_are_told(flow, project):
    names = {}
    project.attach(flow, names)
    first = flow.run()
    flow.run(n=2)
    answer = open_here(Desk(project, flow), OpenHere("v", 3, first.id, None, "shares"))
    assert (answer.view, answer.rid, answer.run, answer.node) == ("v", 3, first.id, "shares")
    assert OpenedName("parts", "list", "parts") in answer.names
    assert names["here"].run() == [1.0, 1.0]
    earlier = open_here(Desk(project, flow), OpenHere("v", 4, first.id, 0))
    assert (earlier.seq, [one.name for one in earlier.names]) == (0, ["n"])


def test_a_failed_run_is_opened_where_it_failed(flow, project):
    names = {"n": 5}
    project.attach(flow, names)
    failed = flow.run(n=0)
    answer = open_here(Desk(project, flow), OpenHere("v", 1, failed.id, failed=True))
    assert (answer.node, answer.alive, answer.gone) == ("shares", ("parts",), {})
    assert (names["here"]["parts"], names["n"]) == ([1, 0], 0)


def test_without_a_kernel_there_is_nowhere_to_open_it():
    with pytest.raises(UsageError, match="no kernel behind this canvas"):
        open_here(FakeHost(), OpenHere("v", 1, "run"))


def test_the_messages_travel():
    asked = read({"type": "OPEN_HERE", "view": "v", "rid": 1, "run": "r", "seq": 4})
    assert asked == OpenHere("v", 1, "r", 4)
