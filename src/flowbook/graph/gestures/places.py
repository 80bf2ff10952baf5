"""Where new nodes stand on the canvas, so that no two lie on each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from flowbook.graph.layout import HEIGHT, PITCH_X, WIDTH
from flowbook.graph.spec import Position
from flowbook.ids import NodeId

_GAP: Final = 24.0
_STEP: Final = HEIGHT + _GAP

Places = Mapping[NodeId, Position]


def free_place(wanted: Position, places: Iterable[Position]) -> Position:
    """`wanted`, or the next place below where no node lies.

    >>> free_place(Position(0, 0), [Position(20, 10)])
    Position(x=0, y=118.0)
    """
    above = sorted(
        (one for one in places if abs(one.x - wanted.x) < WIDTH + _GAP / 2),
        key=lambda one: one.y,
    )
    y = wanted.y
    for one in above:
        if abs(one.y - y) < HEIGHT + _GAP / 2:
            y = one.y + _STEP
    return Position(wanted.x, y)


def right_of(place: Position) -> Position:
    """The column behind a node."""
    return Position(place.x + PITCH_X, place.y)


def between(first: Position, second: Position) -> Position:
    """The middle of two."""
    return Position((first.x + second.x) / 2, (first.y + second.y) / 2)
