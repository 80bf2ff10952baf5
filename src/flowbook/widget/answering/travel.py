"""Answers to who wants to stand in the middle of a past run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from flowbook.errors import UsageError
from flowbook.widget.host import CanvasHost, Travelling
from flowbook.widget.travel_protocol import Opened, OpenedName, OpenHere, TravelAnswer

Answering: TypeAlias = Callable[[CanvasHost, Any], TravelAnswer]


def open_here(host: CanvasHost, asked: OpenHere) -> Opened:
    """Open a moment in the kernel; `UsageError` where there is none behind the canvas."""
    if not isinstance(host, Travelling):
        raise UsageError(
            "there is no kernel behind this canvas to open a moment in",
            hint="open the notebook and start its kernel",
        )
    if asked.failed:
        failure = host.travel.open_failure(asked.run)
        here, node, alive, gone = failure.here, str(failure.node), failure.alive, failure.gone
    else:
        here = host.travel.open(asked.run, asked.seq, asked.node)
        node, alive, gone = asked.node or "", (), {}
    return Opened(
        asked.view,
        asked.rid,
        asked.run,
        here.moment.seq,
        node,
        tuple(OpenedName(name, what, source) for name, what, source in here.rows()),
        tuple(alive),
        dict(gone),
    )


ANSWERS: Final[Mapping[type, Answering]] = {OpenHere: open_here}
