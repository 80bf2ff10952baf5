"""Messages that open a moment of a run in the kernel behind a canvas.

The objects go into the kernel, as `here`; what travels is only which names there are.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from flowbook.ids import NodeId, RunId


class OpenHere(msgspec.Struct, frozen=True, tag_field="type", tag="OPEN_HERE"):
    """Open a moment of `run` as `here`: as it stood at event `seq`, with what `node` read.

    `failed`: where the run failed, with what it had made before as the flow's own results. Answered
    with `Opened`.
    """

    view: str
    rid: int
    run: RunId
    seq: int | None = None
    node: str | None = None
    failed: bool = False


class OpenedName(msgspec.Struct, frozen=True):
    """A name that is in `here`: what it is, and where it is from."""

    name: str
    what: str
    source: str


class Opened(msgspec.Struct, frozen=True, tag_field="type", tag="OPENED"):
    """A moment is open as `here`, and nothing was run.

    `alive`: the nodes whose results of that run are the flow's own now. `gone`: those of which they
    could not be, each with the reason.
    """

    view: str
    rid: int
    run: RunId
    seq: int
    node: str = ""
    names: tuple[OpenedName, ...] = ()
    alive: tuple[NodeId, ...] = ()
    gone: dict[NodeId, str] = {}


TravelAsked: TypeAlias = OpenHere
TravelAnswer: TypeAlias = Opened
