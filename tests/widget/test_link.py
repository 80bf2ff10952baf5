from __future__ import annotations

import threading

import pytest

from flowbook.cells.notebook import Cell
from flowbook.cells.patches import (
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
    patch,
)
from flowbook.graph.edits import MoveNodes, RenameNode
from flowbook.graph.spec import Position
from flowbook.ids import CellId, NodeId
from flowbook.session.kinds import installed_kinds
from flowbook.widget.link import Link, open_link
from flowbook.widget.notebook_protocol import TARGET

A, B, C = CellId("a"), CellId("b"), CellId("c")
TEXTS = {A: "%%flow raw\n1", B: "%%flow clean\nraw + 1", C: "print('no node')"}


class Document:
    """A notebook document in a front end: it answers patches as JupyterLab's side does."""

    def __init__(self, link, texts=TEXTS, view="v1", comm="comm-1"):
        self.comm_id = comm
        self.texts, self.metadata = dict(texts), {cell: {} for cell in texts}
        self.revisions = dict.fromkeys(texts, 1)
        self.heard = []
        self.answers = True
        message = {"type": "CELLS", "view": view, "path": "x.ipynb", "cells": self.views()}
        link.opened(self, {"content": {"data": message}})

    def views(self, cells=None):
        return [
            {
                "cell": cell,
                "kind": "code",
                "source": self.texts[cell],
                "metadata": self.metadata[cell],
                "revision": self.revisions[cell],
            }
            for cell in (self.texts if cells is None else cells)
        ]

    def on_msg(self, callback):
        self.to_kernel = lambda data: callback({"content": {"data": data}})

    def on_close(self, callback):
        self.close = lambda: callback({})

    def type(self, cell, text, *, tell=False):
        self.texts[cell] = text
        self.revisions[cell] += 1
        if tell:
            self.to_kernel({"type": "CHANGED", "changes": self.changes()})

    def changes(self):
        return {"cells": self.views(), "order": list(self.texts)}

    def send(self, message):
        self.heard.append(message)
        if message["type"] == "PATCH" and self.answers:
            self.answer(message)

    def answer(self, message):
        late = [
            one
            for one in message["patches"]
            if one["type"] != "INSERT_CELL" and self.revisions.get(one["cell"]) != one["revision"]
        ]
        answer = {"rid": message["rid"]}
        if late:
            answer |= {"type": "REFUSED_PATCH", "reason": "changed", "stale": True}
        else:
            for one in message["patches"]:
                self.do(one)
            answer |= {"type": "APPLIED"}
        self.to_kernel({**answer, "changes": self.changes()})

    def do(self, one):
        if one["type"] == "INSERT_CELL":
            cell = one["cell"]["cell"]
            order = list(self.texts)
            order.insert(order.index(one["after"]) + 1 if one["after"] else 0, cell)
            self.texts[cell], self.metadata[cell] = one["cell"]["source"], one["cell"]["metadata"]
            self.revisions[cell] = 1
            self.texts = {cell: self.texts[cell] for cell in order}
        elif one["type"] == "DELETE_CELL":
            del self.texts[one["cell"]]
        else:
            self.revisions[one["cell"]] += 1
            if one["type"] == "REPLACE_SOURCE":
                self.texts[one["cell"]] = one["source"]
            else:
                self.metadata[one["cell"]] = one["metadata"]

    @property
    def patches(self):
        return [message for message in self.heard if message["type"] == "PATCH"]


@pytest.fixture
def link():
    return Link()


@pytest.fixture
def document(link):
    return Document(link)


def rename(link, old, new):
    edit = RenameNode(NodeId(old), NodeId(new))
    return link.say(edit.label, lambda notebook: patch(notebook, edit, installed_kinds()))


def test_without_a_front_end_nothing_is_asked_and_nothing_waits_for_one(link):
    assert not link.connected
    assert link.cells == ()
    assert not link.apply([ReplaceSource(A, "x")], "Change a")
    late = Document(link)
    assert late.heard == []


def test_the_kernel_knows_all_cells_as_they_stand(link, document):
    assert [(cell.id, cell.source) for cell in link.cells] == list(TEXTS.items())
    document.type(C, "print('more')", tell=True)
    assert link.cells[2].source == "print('more')"


def test_a_change_of_order_and_a_deletion_are_seen(link, document):
    document.to_kernel({"type": "CHANGED", "changes": {"order": [C, A]}})
    assert [cell.id for cell in link.cells] == [C, A]


def test_a_renaming_is_one_gesture_over_its_cells(link, document):
    assert rename(link, "raw", "rows")
    (asked,) = document.patches
    assert asked["label"] == "Rename raw to rows"
    assert not asked["quiet"]
    assert [one["cell"] for one in asked["patches"]] == [A, B]
    assert document.texts[A] == "%%flow rows\n1"
    assert "rows" in document.texts[B]
    assert [cell.source for cell in link.cells] == list(document.texts.values())


def test_places_are_quiet_and_keep_the_tags(link, document):
    document.metadata[A] = {"tags": ["mine"]}
    document.type(A, document.texts[A], tell=True)
    edit = MoveNodes({NodeId("raw"): Position(3, 4)})
    link.say(edit.label, lambda notebook: patch(notebook, edit, installed_kinds()))
    assert document.patches[0]["quiet"]
    assert document.metadata[A] == {"tags": ["mine"], "flowbook": {"position": [3.0, 4.0]}}


def test_places_of_the_document_are_told_when_it_is_opened_and_when_they_change(link):
    told = []
    link.placed = told.append
    document = Document(link)
    document.metadata[A] = {"flowbook": {"position": [1, 2]}}
    document.type(A, document.texts[A], tell=True)
    document.type(B, "%%flow clean", tell=True)
    again = Document(link, comm="comm-2")
    again.metadata[A] = {"flowbook": {"position": [1, 2]}}
    again.to_kernel({"type": "CELLS", "view": "v1", "path": "", "cells": again.views()})
    assert told == [{}, {A: Position(1, 2)}, {}, {}]


def test_places_that_are_older_than_what_was_asked_for_are_not_told(link, document):
    told = []
    link.placed = told.append
    document.answers = False
    rename(link, "raw", "rows")
    document.metadata[A] = {"flowbook": {"position": [1, 2]}}
    document.type(A, document.texts[A], tell=True)
    assert told == []


def test_a_text_that_was_typed_meanwhile_is_kept_and_gets_the_change(link, document):
    document.type(A, "%%flow raw\n2")
    assert rename(link, "raw", "rows")
    assert document.texts[A] == "%%flow rows\n2"
    assert [asked["last"] for asked in document.patches] == [False, True]


def test_plain_patches_are_merged_with_newer_text(link, document):
    document.type(B, "%%flow clean\nraw + 2")
    assert link.apply([ReplaceSource(B, "%%flow clean --retries 3\nraw + 1")], "Change options")
    assert document.texts[B] == "%%flow clean --retries 3\nraw + 2"


def test_a_word_that_both_changed_stays_the_users_and_is_told(link, document):
    document.type(B, "%%flow tidy\nraw + 1")
    assert link.apply([ReplaceSource(B, "%%flow neat\nraw + 1")], "Rename clean to neat")
    assert document.texts[B] == "%%flow tidy\nraw + 1"
    assert document.heard[-1]["type"] == "NOTICE"
    assert (
        "what it changes in cell b was changed in the notebook, too"
        in document.heard[-1]["message"]
    )


def test_an_edit_that_the_notebook_has_no_node_for_is_told_with_its_reason(link, document):
    assert rename(link, "gone", "rows")
    (told,) = document.heard
    assert told["message"].startswith(
        "Rename gone to rows is not in the notebook: there is no node 'gone' ("
    )


def test_a_gesture_that_fails_by_our_fault_keeps_no_other_from_the_notebook(link, document):
    assert link.say("Break", lambda notebook: notebook.nothing)
    assert "Break is not in the notebook: AttributeError" in document.heard[-1]["message"]
    assert rename(link, "raw", "rows")
    assert document.texts[A] == "%%flow rows\n1"


def test_a_gesture_is_tried_twice_and_no_more(link, document):
    document.answers = False
    rename(link, "raw", "rows")
    for _ in range(3):
        rid = document.patches[-1]["rid"]
        refused = {"type": "REFUSED_PATCH", "rid": rid, "reason": "changed", "stale": True}
        document.to_kernel({**refused, "changes": {}})
    assert len(document.patches) == 2


def test_what_cannot_be_tried_again_is_not(link, document):
    document.answers = False
    rename(link, "raw", "rows")
    refused = {"type": "REFUSED_PATCH", "rid": 1, "reason": "read only", "stale": False}
    document.to_kernel({**refused, "changes": {}})
    assert len(document.patches) == 1


def test_gestures_go_one_by_one_each_made_from_the_last(link, document):
    document.answers = False
    rename(link, "raw", "rows")
    rename(link, "rows", "lines")
    assert len(document.patches) == 1
    document.answers = True
    document.answer(document.patches[0])
    assert document.texts[A] == "%%flow lines\n1"


def test_new_cells_stand_below_a_neighbour_and_others_go(link, document):
    made = Cell.code(CellId("new"), "%%flow new\n0")
    assert link.apply([DeleteCell(C), InsertCell(1, made)], "Change cells")
    assert list(document.texts) == [A, "new", B]
    assert [cell.id for cell in link.cells] == [A, "new", B]


def test_a_page_that_was_loaded_again_takes_the_place_of_the_one_before(link, document):
    document.answers = False
    rename(link, "raw", "rows")
    again = Document(link, comm="comm-2")
    assert again.texts[A] == "%%flow rows\n1"
    again.close()
    assert not link.connected


def test_a_gesture_whose_answer_was_lost_is_not_done_twice(link, document):
    document.answers = False
    link.apply([ReplaceSource(C, "print('done')")], "Change c")
    again = Document(link, {**TEXTS, C: "print('done')"}, comm="comm-2")
    assert again.heard == []


def test_gestures_of_many_threads_all_arrive(link, document):
    def say(number):
        link.apply([InsertCell(0, Cell.code(CellId(f"n{number}"), str(number)))], "Add")

    threads = [threading.Thread(target=say, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"n{number}" for number in range(20)} <= set(document.texts)
    assert {cell.id for cell in link.cells} == set(document.texts)


def test_what_was_said_while_the_line_was_down_is_said_again(link, document):
    document.answers = False
    rename(link, "raw", "rows")
    document.answers = True
    cells = {"type": "CELLS", "view": "v1", "path": "x.ipynb", "cells": document.views()}
    document.to_kernel(cells)
    assert document.texts[A] == "%%flow rows\n1"


def test_a_gesture_that_was_done_while_the_line_was_down_is_over(link, document):
    document.answers = False
    link.apply([InsertCell(0, Cell.code(CellId("n"), "new"))], "Add")
    document.do(document.patches[-1]["patches"][0])  # and its answer is lost
    document.answers = True
    cells = {"type": "CELLS", "view": "v1", "path": "x.ipynb", "cells": document.views()}
    document.to_kernel({**cells, "done": [document.patches[-1]["rid"]]})
    rename(link, "raw", "rows")
    assert [message["label"] for message in document.patches] == ["Add", "Rename raw to rows"]
    assert document.patches[0]["rid"] != document.patches[1]["rid"]


def test_a_gesture_that_is_asked_for_again_keeps_its_number(link, document):
    document.answers = False
    rename(link, "raw", "rows")
    cells = {"type": "CELLS", "view": "v1", "path": "x.ipynb", "cells": document.views()}
    document.to_kernel({**cells, "done": [1]})
    first, again = document.patches
    assert first["rid"] == again["rid"]


def test_a_message_nobody_knows_is_answered(link, document):
    document.to_kernel({"type": "WHAT"})
    assert "reload the page" in document.heard[-1]["message"]
    assert link.connected


def test_metadata_keys_of_others_do_not_travel(link, document):
    link.apply([SetMetadata(A, {"collapsed": True, "tags": ["x"]})], "Tag a")
    assert document.metadata[A] == {"tags": ["x"]}


class Comms:
    def __init__(self):
        self.targets, self.comms = {}, {}

    def register_target(self, name, opened):
        self.targets[name] = opened

    def register_comm(self, comm):
        self.comms[comm.comm_id] = comm


def test_a_kernel_can_be_seen_to_have_a_link_without_a_word():
    shell = type("Shell", (), {})()
    assert open_link(shell) is None
    shell.kernel = type("Kernel", (), {"comm_manager": Comms()})()
    assert open_link(shell) is not None
    assert list(shell.kernel.comm_manager.targets) == [TARGET]
    assert [comm.target_name for comm in shell.kernel.comm_manager.comms.values()] == [TARGET]
