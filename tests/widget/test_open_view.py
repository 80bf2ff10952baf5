from __future__ import annotations

import threading
import time

import pytest
from tests.widget.stage import FakeHost

from flowbook.cells.patches import ReplaceSource, SetMetadata
from flowbook.ids import CellId
from flowbook.widget.link import Link

PATIENCE = 5.0
A, B = CellId("a"), CellId("b")


class Page:
    """A notebook in a front end whose canvases have just one comm with it."""

    def __init__(self, link, name="v1", comm=None):
        self.comm_id = comm or f"comm-{name}"
        self.heard = []
        self.told = threading.Condition()
        cells = [view(A, "%%flow raw\n1"), view(B, "2")]
        message = {"type": "CELLS", "view": name, "path": f"{name}.ipynb", "cells": cells}
        link.opened(self, {"content": {"data": message}})

    def on_msg(self, callback):
        self.say = lambda data: callback({"content": {"data": data}})

    def on_close(self, callback):
        self.close = lambda: callback({})

    def send(self, message):
        with self.told:
            self.heard.append(message)
            self.told.notify_all()

    def wait(self, kind, count=1):
        with self.told:
            assert self.told.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE), self.heard
            return self.of(kind)[-1]

    def of(self, kind):
        return [message for message in self.heard if message["type"] == kind]


def view(cell, source, revision=1):
    return {"cell": cell, "kind": "code", "source": source, "metadata": {}, "revision": revision}


class Hosts:
    """Makes a host for each view, and remembers for whom."""

    def __init__(self):
        self.views, self.made = [], []

    def __call__(self, view):
        self.views.append(view)
        self.made.append(FakeHost())
        return self.made[-1]


@pytest.fixture
def hosts():
    return Hosts()


@pytest.fixture
def link(hosts):
    link = Link()
    link.hosts = hosts
    return link


@pytest.fixture
def page(link):
    page = Page(link)
    yield page
    page.close()


def test_a_canvas_is_answered_on_the_comm_of_its_notebook(page, hosts):
    page.say({"type": "HELLO", "view": "canvas-1"})
    assert page.wait("SNAPSHOT")["flow"]["flow"] == "tour"
    assert hosts.views[0].path == "v1.ipynb"


def test_canvases_of_a_view_share_what_they_are_told(page, hosts):
    page.say({"type": "HELLO", "view": "canvas-1"})
    first = page.wait("SNAPSHOT")["seq"]
    page.say({"type": "HELLO", "view": "canvas-2"})
    assert page.wait("SNAPSHOT", count=2)["seq"] > first
    assert len(hosts.made) == 1


def test_two_pages_have_a_host_each(link, hosts, page):
    other = Page(link, "v2")
    for one in (page, other):
        one.say({"type": "HELLO", "view": "canvas"})
        one.wait("SNAPSHOT")
    assert [one.path for one in hosts.views] == ["v1.ipynb", "v2.ipynb"]
    other.close()


def test_behind_the_last_canvas_nothing_is_told_until_the_next_asks(page, hosts):
    page.say({"type": "HELLO", "view": "canvas-1"})
    page.wait("SNAPSHOT")
    page.say({"type": "CANVAS_CLOSED"})
    assert hosts.made[0].watchers == []
    page.say({"type": "HELLO", "view": "canvas-2"})
    page.wait("SNAPSHOT", count=2)
    assert len(hosts.made) == 2


def test_a_closed_comm_takes_its_canvases_along(page, hosts):
    page.say({"type": "HELLO", "view": "canvas-1"})
    page.wait("SNAPSHOT")
    page.close()
    assert hosts.made[0].watchers == []


def test_what_a_kernel_without_hosts_is_asked_is_refused(page, link):
    link.hosts = None
    page.say({"type": "HELLO", "view": "canvas-1"})
    assert "no canvas" in page.wait("REFUSED")["message"]


def test_a_host_hears_of_every_change_of_the_cells_and_sees_them_as_they_stand(page, hosts):
    page.say({"type": "HELLO", "view": "canvas-1"})
    page.wait("SNAPSHOT")
    (notebook,) = hosts.views
    seen = []
    leave = notebook.observe(lambda: seen.append(notebook.notebook().cells[1].source))
    page.say({"type": "CHANGED", "changes": {"cells": [view(B, "3", 2)]}})
    leave()
    page.say({"type": "CHANGED", "changes": {"cells": [view(B, "4", 3)]}})
    assert seen == ["3"]


def test_what_a_canvas_asks_for_goes_to_the_notebook_it_is_of(link, hosts, page):
    page.say({"type": "HELLO", "view": "canvas"})
    page.wait("SNAPSHOT")
    newer = Page(link, "v2")
    assert hosts.views[0].say("Change b", lambda _: [ReplaceSource(B, "5")])
    assert page.wait("PATCH")["label"] == "Change b"
    assert newer.of("PATCH") == []
    newer.close()


def test_a_place_that_a_canvas_gives_is_a_step_of_undo_and_one_of_the_kernels_is_not(
    link, hosts, page
):
    def moved(_):
        return [SetMetadata(B, {"flowbook": {"position": [1, 2]}})]

    page.say({"type": "HELLO", "view": "canvas"})
    page.wait("SNAPSHOT")
    hosts.views[0].say("Move b", moved)
    assert not page.wait("PATCH")["quiet"]
    page.say({"type": "APPLIED", "rid": page.wait("PATCH")["rid"], "changes": {}})
    link.say("Move b", moved)
    assert page.wait("PATCH", count=2)["quiet"]


def test_what_a_canvas_asked_for_is_not_done_in_the_next_page(link, hosts, page):
    page.say({"type": "HELLO", "view": "c"})
    page.wait("SNAPSHOT")
    hosts.views[0].say("Change", lambda _: [ReplaceSource(A, "%%flow rows\n1")])
    page.wait("PATCH")
    other = Page(link, "v2")
    page.close()
    assert other.of("PATCH") == []
    other.close()


def test_a_view_says_why_nothing_of_it_may_be_changed(hosts, page):
    page.say({"type": "HELLO", "view": "c"})
    page.wait("SNAPSHOT")
    cells = {"type": "CELLS", "view": "v1", "path": "v1.ipynb", "cells": [view(A, "1")]}
    page.say({**cells, "locked": "its file may not be written"})
    assert hosts.views[0].locked == "its file may not be written"
    page.say(cells)
    assert hosts.views[0].locked == ""


def test_a_view_that_is_closed_is_not_asked(page, hosts):
    page.say({"type": "HELLO", "view": "canvas"})
    page.wait("SNAPSHOT")
    page.close()
    assert not hosts.views[0].say("Change b", lambda _: [ReplaceSource(B, "5")])


def test_a_view_closes_while_its_canvases_are_being_told(page, hosts):
    page.say({"type": "HELLO", "view": "canvas"})
    page.wait("SNAPSHOT")
    telling = threading.Event()

    def tell():
        end = time.monotonic() + PATIENCE
        while hosts.made[0].watchers and time.monotonic() < end:
            hosts.made[0].changed()
            telling.set()

    thread = threading.Thread(target=tell)
    thread.start()
    assert telling.wait(PATIENCE)
    page.close()
    thread.join(PATIENCE)
    assert hosts.made[0].watchers == []


def test_a_comm_that_is_opened_again_is_the_newest_view_and_no_other(link, hosts, page):
    page.say({"type": "HELLO", "view": "canvas"})
    page.wait("SNAPSHOT")
    between = Page(link, "v2")
    again = Page(link, "v3", comm="comm-v1")
    assert hosts.made[0].watchers == []
    assert link.apply([ReplaceSource(B, "3")], "Change b")
    assert again.wait("PATCH")["label"] == "Change b"
    again.say({"type": "HELLO", "view": "canvas"})
    again.wait("SNAPSHOT")
    again.say({"type": "REMOVE", "view": "canvas", "rid": 1, "nodes": ["clean"]})
    assert again.wait("EDITED")["rid"] == 1
    between.close()
    again.close()
