"""Typing and gestures cross at random, with delays: nothing is lost without being told.

The user types in cells, adds, splits, deletes them and takes changes back, while gestures of a
canvas travel. In the end both sides have the same cells; every text that was typed is there, unless
the user took it back; every gesture was done, was told as refused, or had nothing left to change.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter

import pytest
from tests.session.documents import Page

import flowbook
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.graph.edits import Connect, MoveNodes, RenameNode, SetBody, SetOptions
from flowbook.graph.gestures.copying import duplicate
from flowbook.graph.gestures.grouping import group
from flowbook.graph.gestures.inserting import Wanted, insert
from flowbook.graph.gestures.removing import remove
from flowbook.graph.options import Options
from flowbook.graph.spec import Position
from flowbook.ids import NodeId, PortName
from flowbook.session.document import DocumentDesk
from flowbook.session.live import LiveNotebook

STEPS = 200
SOURCES = (
    "top = 3",
    "%%flow load -> rows, n\nrows, n = [1, 2], 2",
    "%%flow clean(rows)\nrows",
    "%%flow mean(clean, n)\nclean, n",
    "%%flow report(mean)\nmean",
)


class Author:
    """Who has the notebook open: what is typed is remembered until it is written over by hand."""

    def __init__(self, page: Page, chance: random.Random) -> None:
        self.page, self.chance = page, chance
        self.typed: dict[str, str] = {}
        """The last word of the user in a cell."""
        self.before: list[tuple[str, str, str]] = []
        self.count = 0

    def act(self) -> None:
        self.chance.choice(
            (self.type, self.type, self.type, self.add, self.split, self.delete, self.undo)
        )()

    def type(self) -> None:
        cells = [cell for cell in self.page.cells.cells if "\n" in cell.source]
        if not cells:
            return
        cell = self.chance.choice(cells)
        self.count += 1
        mark = f"# typed {self.count}"
        was = cell.source
        kept = [line for line in was.split("\n") if line != self.typed.get(cell.id)]
        self.page.write(cell.id, "\n".join((*kept, mark)))
        self.typed[cell.id] = mark
        self.before.append((cell.id, was, self.page.text(cell.id)))

    def add(self) -> None:
        self.count += 1
        mark = f"# typed {self.count}"
        at = self.chance.randint(0, len(self.page.cells.cells))
        cell = self.page.add(f"%%flow own_{self.count}\n{self.count}\n{mark}", at)
        self.typed[cell] = mark

    def split(self) -> None:
        """A cell in two: its last line goes to a cell of its own."""
        cells = [cell for cell in self.page.cells.cells if cell.source.count("\n") > 1]
        if not cells:
            return
        cell = self.chance.choice(cells)
        head, _, tail = cell.source.rpartition("\n")
        self.page.write(cell.id, head)
        at = [one.id for one in self.page.cells.cells].index(cell.id) + 1
        new = self.page.add(tail, at)
        if self.typed.get(cell.id) == tail:
            self.typed[new] = self.typed.pop(cell.id)

    def delete(self) -> None:
        if len(self.page.cells.cells) > 4 and self.chance.random() < 0.3:
            cell = self.chance.choice(self.page.cells.cells)
            self.page.delete(cell.id)
            self.typed.pop(cell.id, None)

    def undo(self) -> None:
        """Take back what was typed last, if nothing came after it."""
        while self.before:
            cell, was, made = self.before.pop()
            here = next((one for one in self.page.cells.cells if one.id == cell), None)
            if here is not None and here.source == made:
                self.page.write(cell, was)
                marks = [line for line in was.split("\n") if line.startswith("# typed ")]
                self.typed.pop(cell, None)
                self.typed |= {cell: marks[-1]} if marks else {}
                return


class Canvas:
    """Somebody who makes gestures."""

    def __init__(self, desk: DocumentDesk, chance: random.Random) -> None:
        self.desk, self.chance = desk, chance
        self.deleted: list[str] = []
        """What stood in the nodes that were deleted, as the canvas had it."""
        self.count = 0

    def act(self) -> None:
        spec = self.desk.spec()
        if not spec.nodes:
            return
        node = self.chance.choice(spec.nodes)
        self.count += 1
        kinds, number = self.desk.registry, self.count
        makers = (
            lambda: SetBody(node.id, f"{node.body}\n# drawn {number}"),
            lambda: SetOptions(node.id, Options(timeout=float(number))),
            lambda: RenameNode(node.id, NodeId(f"{node.id}_{number}")),
            lambda: MoveNodes({node.id: Position(number, 1)}),
            lambda: insert(spec, kinds, Wanted("log", f"new_{number}"), {}).edit,
            lambda: duplicate(spec, kinds, [node.id], {}).edit,
            lambda: group(spec, [node.id], f"box_{number}", {}).edit,
            lambda: remove(spec, [node.id], heal=True).edit,
            lambda: Connect(spec.nodes[0].id, spec.nodes[0].outputs[0], node.id, PortName("x")),
        )
        with contextlib.suppress(UsageError, IndexError):
            edit = self.chance.choice(makers)()
            self.desk.apply(edit)
            if edit.label.startswith("Delete"):
                left = self.desk.spec().by_id
                self.deleted += [one.body for one in spec.nodes if one.id not in left]


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_without_being_told(project, seed):
    chance = random.Random(seed)
    page = Page(*SOURCES, slow=True)
    live = LiveNotebook(project, flowbook.Flow("tour", host=project), {})
    desk = DocumentDesk(page, live)
    author, canvas = Author(page, chance), Canvas(desk, chance)
    for _ in range(STEPS):
        word = chance.choices(("type", "draw", "tell", "answer"), (4, 3, 3, 3))[0]
        {"type": author.act, "draw": canvas.act, "tell": page.tell, "answer": page.answer}[word]()
    page.settle()

    assert desk.spec() == read(page.cells, desk.registry, desk.spec().id).spec
    for cell, mark in author.typed.items():
        texts = [one.source for one in page.cells.cells if one.id == cell]
        # A node that was deleted on the canvas was deleted with the text that stood there.
        assert any(mark in text for text in texts or canvas.deleted), f"{mark} was typed in {cell}"
    told = [notice.partition(":")[0] for notice in page.notices]
    assert Counter(page.asked) == Counter([*page.labels, *told, *page.needless])
    assert page.labels
