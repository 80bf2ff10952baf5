"""The wire between a kernel and the notebook that JupyterLab has open: the link's own messages.

A notebook tells the kernel its cells as they stand (`NotebookMessage`); the kernel asks for changes
of them (`LinkMessage`). Both are closed unions as in `flowbook.widget.protocol`, and generated into
TypeScript with it. Its canvases ride on the same comm, with messages of that protocol.

A cell has a *revision*: a number that the notebook gives it anew at each change. A patch names the
revision it was made from, and a notebook where the cell has another by now refuses the whole
gesture and sends the newer text along: nothing is ever written over what the kernel has not seen.
No message has a key called `id`, for the reason given there.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from flowbook.ids import CellId
from flowbook.widget.protocol import Unreadable

TARGET = "flowbook.notebook"
"""The comm target of the link; a kernel that has it has a comm of that target, too."""


class CellView(msgspec.Struct, frozen=True):
    """One cell as it stands; of its metadata only what is ours, and whether it is locked."""

    cell: CellId
    kind: str
    source: str
    metadata: dict[str, Any] = {}
    revision: int = 0


class CellChanges(msgspec.Struct, frozen=True):
    """The cells that are new or different, and the order of all, None when it is as before."""

    cells: tuple[CellView, ...] = ()
    order: tuple[CellId, ...] | None = None


class Cells(msgspec.Struct, frozen=True, tag_field="type", tag="CELLS"):
    """A view of a notebook begins or came back: all of its cells, in order.

    `done` are the gestures that it did last, whose answers may be lost; `locked` says why nothing
    of it may be changed, '' when it may.
    """

    view: str
    path: str
    cells: tuple[CellView, ...]
    done: tuple[int, ...] = ()
    locked: str = ""


class Changed(msgspec.Struct, frozen=True, tag_field="type", tag="CHANGED"):
    """The notebook is different."""

    changes: CellChanges


class Applied(msgspec.Struct, frozen=True, tag_field="type", tag="APPLIED"):
    """A gesture is in the notebook, which now stands like this."""

    rid: int
    changes: CellChanges


class RefusedPatch(msgspec.Struct, frozen=True, tag_field="type", tag="REFUSED_PATCH"):
    """A gesture was refused whole; `stale` when it may be made again from these newer cells."""

    rid: int
    reason: str
    stale: bool
    changes: CellChanges


class CanvasClosed(msgspec.Struct, frozen=True, tag_field="type", tag="CANVAS_CLOSED"):
    """No canvas shows the notebook any more: what is told to canvases need not be sent."""


NotebookMessage: TypeAlias = Cells | Changed | Applied | RefusedPatch | CanvasClosed


class ReplaceSourceView(msgspec.Struct, frozen=True, tag_field="type", tag="REPLACE_SOURCE"):
    """Another text for a cell."""

    cell: CellId
    source: str
    revision: int


class SetMetadataView(msgspec.Struct, frozen=True, tag_field="type", tag="SET_METADATA"):
    """Other `tags` and `flowbook` metadata for a cell; what is not there goes."""

    cell: CellId
    metadata: dict[str, Any]
    revision: int


class DeleteCellView(msgspec.Struct, frozen=True, tag_field="type", tag="DELETE_CELL"):
    """A cell goes."""

    cell: CellId
    revision: int


class InsertCellView(msgspec.Struct, frozen=True, tag_field="type", tag="INSERT_CELL"):
    """A new cell below `after`, or at the top."""

    after: CellId | None
    cell: CellView


PatchView: TypeAlias = ReplaceSourceView | SetMetadataView | DeleteCellView | InsertCellView


class Patch(msgspec.Struct, frozen=True, tag_field="type", tag="PATCH"):
    """One gesture: all of its patches or none, and one step of undo unless it is `quiet`.

    One that is asked for again, of newer cells or on a line that was cut, keeps its `rid`: a
    notebook does it once. `last`: it will not be tried again, so that a refusal is the user's to
    hear of.
    """

    rid: int
    label: str
    patches: tuple[PatchView, ...]
    quiet: bool = False
    last: bool = False


class LinkNotice(msgspec.Struct, frozen=True, tag_field="type", tag="NOTICE"):
    """Something the user should hear of: a gesture that the notebook cannot say."""

    message: str


LinkMessage: TypeAlias = Patch | LinkNotice


def read_notebook_message(content: object) -> NotebookMessage:
    """The message a notebook sent, or `Unreadable`.

    >>> read_notebook_message({"type": "APPLIED", "rid": 7, "changes": {}}).rid
    7
    """
    try:
        message: NotebookMessage = msgspec.convert(content, NotebookMessage)
    except msgspec.ValidationError as refused:
        raise Unreadable(
            f"the notebook sent a message this kernel cannot read: {refused}",
            hint="reload the page; if that does not help, restart the kernel",
        ) from None
    return message


def write_link_message(message: LinkMessage) -> dict[str, Any]:
    """The plain JSON object that is sent."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message))
    return plain
