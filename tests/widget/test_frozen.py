"""What an executed notebook keeps of the canvas is a picture that every reader shows."""

from __future__ import annotations

import base64
import re

from tests.widget.stage import RUN, FakeRun, completed, over, spec, started

from flowbook.events import NodeFailed
from flowbook.events.values import ErrorInfo
from flowbook.graph.nested_layout import arrange
from flowbook.graph.spec import Position
from flowbook.ids import EventSeq, NodeId
from flowbook.widget.drawing import drawing
from flowbook.widget.frozen import as_left, frozen
from flowbook.widget.picture import picture


def ran(*events) -> FakeRun:
    run = FakeRun()
    run.happen(*events)
    return run


def shown(run, table=""):
    return frozen(picture(spec(), (), {}), run, table)


def test_the_picture_in_the_html_is_the_drawing_that_stands_beside_it():
    run = ran(started(1), completed(2), over(3))
    made = shown(run)
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', made["text/html"])
    assert base64.b64decode(data).decode() == made["image/svg+xml"]
    assert made["image/svg+xml"] == drawing(picture(spec(), (), {}), run.events())


def test_nothing_in_the_html_is_taken_out_by_those_who_clean_it():
    html = shown(ran(started(1), completed(2), over(3)), "<table></table>")["text/html"]
    assert set(re.findall(r"<(\w+)", html)) == {"div", "img", "table"}


def test_the_node_that_failed_is_red():
    error = ErrorInfo("KeyError", "'rain'")
    broken = NodeFailed(
        run=RUN, seq=EventSeq(2), at=3.0, node=NodeId("fetch"), attempt=1, ms=3.0, error=error
    )
    svg = shown(ran(started(1), broken))["image/svg+xml"]
    assert 'data-status="failed"><title>fetch' in svg


def test_who_sees_no_pictures_is_told_what_it_is():
    made = shown(ran(started(1)))
    assert made["text/plain"] == "flow tour: 2 nodes, 1 edges"
    assert 'alt="flow tour: 2 nodes, 1 edges"' in made["text/html"]


def test_a_node_stands_where_its_author_put_it_and_the_others_where_there_is_room():
    run = ran(started(1), completed(2), over(3))
    places = arrange(spec())
    moved = {NodeId("fetch"): Position(-500.0, 700.0)}
    svg = as_left(run, spec(), moved)["image/svg+xml"]
    assert 'x="-500" y="700" width="184"' in svg
    other = next(at for node, at in places.items() if node != "fetch")
    assert f'x="{other.x:g}" y="{other.y:g}" width="184"' in svg
    assert as_left(run, spec(), {}) == as_left(run, spec(), places)
