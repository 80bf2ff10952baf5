"""A canvas answered without a kernel: one question about cells, one list of messages.

Whoever asks sends the cells along, and does the patches that come back; nothing is kept from one
question to the next, and nothing is executed.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from flowbook.errors import UsageError
from flowbook.graph.spec import Position
from flowbook.ids import FlowId
from flowbook.session.draft_desk import DraftDesk
from flowbook.session.project import Project
from flowbook.widget.closeup import details
from flowbook.widget.mirror import Mirror
from flowbook.widget.notebook_protocol import CellView, Patch, write_link_message
from flowbook.widget.picture import picture
from flowbook.widget.protocol import (
    CancelRun,
    Hello,
    Inspect,
    KernelMessage,
    Move,
    Refused,
    Snapshot,
    StartRun,
    TidyUp,
    Unreadable,
    ViewMessage,
    read,
    write,
)
from flowbook.widget.publisher import ANSWERS, refusal


def answered(
    project: Project,
    path: str,
    cells: list[Any],
    content: object,
    root: Path | None = None,
    locked: str = "",
) -> list[dict[str, Any]]:
    """What a view that sent `content` is to hear, about the notebook at `path` with these cells.

    `root`: where paths begin, the project's folder without one. Patches of cells come before the
    answer; there are none where it is `locked`, which says why. Raises `UsageError` for what are no
    cells.
    """
    try:
        mirror = Mirror(msgspec.convert(cells, tuple[CellView, ...]))
    except msgspec.ValidationError as refused:
        raise UsageError(
            f"these are no cells: {refused}", hint='send {"cell", "kind", "source"} of each'
        ) from None
    try:
        message = read(content)
    except Unreadable as unreadable:
        return [write(Refused(unreadable.message, unreadable.hint))]
    name = FlowId(PurePosixPath(path).stem or "flow")
    folder = (root or project.path).joinpath(path.lstrip("/")).parent
    desk = DraftDesk(project, mirror.notebook(), name, folder, locked)
    try:
        answer = _answer(desk, message)
    except Exception as failure:  # noqa: BLE001 - the view asked, the view is told
        return [write(refusal(message, failure))]
    said = [
        Patch(number, label, tuple(mirror.on_the_wire(patches)))
        for number, (label, patches) in enumerate(desk.said, 1)
    ]
    return [*map(write_link_message, said), *([] if answer is None else [write(answer)])]


def _answer(desk: DraftDesk, message: ViewMessage) -> KernelMessage | None:
    match message:
        case Hello():
            flow = picture(desk.spec(), desk.problems(), desk.positions(), registry=desk.registry)
            return Snapshot(0, msgspec.structs.replace(flow, locked=desk.locked))
        case StartRun() | CancelRun():
            return desk.start({})
        case Inspect():
            return details(desk.spec(), None, message, desk.preview)
        case Move():
            desk.move({node: Position(at.x, at.y) for node, at in message.positions.items()})
            return None
        case TidyUp():
            desk.tidy()
            return None
        case _:
            answer: KernelMessage = ANSWERS[type(message)](desk, message)
            return answer
