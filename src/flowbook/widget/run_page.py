"""A canvas of a recorded run: one question, one list of answers, with nothing that can be changed.

Of its events all are told at once but for what nodes printed, which is asked for node by node.
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from flowbook.errors import UsageError
from flowbook.events import Event, NodeLogged, NodeStreamed
from flowbook.session.run_desk import RunDesk
from flowbook.widget.closeup import details
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
)
from flowbook.widget.publisher import ANSWERS, refusal
from flowbook.widget.stream import lean
from flowbook.widget.views import RunView


def answered_of(desk: RunDesk, content: object) -> list[KernelMessage]:
    """What a view that sent `content` is to hear about that run."""
    try:
        message = read(content)
    except Unreadable as unreadable:
        return [Refused(unreadable.message, unreadable.hint)]
    try:
        return [_answer(desk, message)]
    except Exception as failure:  # noqa: BLE001 - the view asked, the view is told
        return [refusal(message, failure)]


def _answer(desk: RunDesk, message: ViewMessage) -> KernelMessage:
    match message:
        case Hello():
            return _snapshot(desk)
        case StartRun() | CancelRun() | Move() | TidyUp():
            raise UsageError(desk.locked, hint="replay it, or open its notebook")
        case Inspect():
            return details(desk.spec(), desk.current_run(), message, desk.preview)
        case _:
            answer: KernelMessage = ANSWERS[type(message)](desk, message)
            return answer


def _snapshot(desk: RunDesk) -> Snapshot:
    run = desk.current_run()
    flow = picture(desk.spec(), (), desk.positions(), registry=desk.registry)
    events = tuple(_lean(one) for one in run.events() if not isinstance(one, NodeLogged))
    return Snapshot(0, replace(flow, locked=desk.locked), RunView(run.id, events))


def _lean(event: Event) -> Event:
    if isinstance(event, NodeStreamed):
        return replace(event, value=replace(event.value, inline=UNSET))
    return lean(event)
