"""Lines of those who wait for something of which there is only so much, and who is next.

Pure: a line counts who goes on and orders who waits; what that means is for its callers. The first
in line is the one with the smallest order, which says its priority and when it came. Nobody is
overtaken for ever: who is not first takes nothing that the first one waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Generic, Protocol, TypeVar


class Claim(Protocol):
    """Something that waits for one place of each of its `limits`."""

    @property
    def limits(self) -> tuple[str, ...]: ...


_C = TypeVar("_C", bound=Claim)
_T = TypeVar("_T")


def admitted(waiting: Iterable[_C], free: Mapping[str, float]) -> list[_C]:
    """Those of `waiting`, the first one first, who may go on now: all that they wait for is there.

    `free`: how many places there are of each limit; of what it does not name there are enough.

    >>> from types import SimpleNamespace as Waits
    >>> first, second = Waits(limits=("gpu", "api")), Waits(limits=("api",))
    >>> admitted([first, second], {"gpu": 0, "api": 1})  # second would take what first waits for
    []
    >>> admitted([first, second], {"gpu": 1, "api": 2}) == [first, second]
    True
    """
    left, kept, found = dict(free), set[str](), []
    for one in waiting:
        if any(name in kept or left.get(name, 1) < 1 for name in one.limits):
            kept.update(one.limits)
            continue
        found.append(one)
        for name in one.limits:
            if name in left:
                left[name] -= 1
    return found


@dataclass(slots=True)
class Line(Generic[_T]):
    """Who waits to be one of `most` at once. Whoever waits has one place in the line.

    >>> line = Line(most=1)
    >>> line.join("a", (0, 1)); line.join("b", (0, 2)); line.join("c", (-5, 3))
    >>> line.next(), line.next()
    ('c', None)
    >>> line.leave(); line.next()
    'a'
    """

    most: int
    going: int = 0
    _heap: list[tuple[Any, int, _T]] = field(default_factory=list)
    _places: dict[_T, Any] = field(default_factory=dict)
    _came: int = 0

    def join(self, who: _T, order: Any) -> None:
        """`who` waits; or, if it does already, has another place from now on."""
        self._places[who] = order
        heappush(self._heap, (order, self._came, who))
        self._came += 1

    def drop(self, who: _T) -> None:
        """`who` waits no longer."""
        self._places.pop(who, None)

    def next(self) -> _T | None:
        """The first in line, who goes on from now; None when nobody waits or may."""
        heap = self._heap
        while heap and self._places.get(heap[0][2]) != heap[0][0]:
            heappop(heap)  # it has left, or has another place
        if not heap or self.going >= self.most:
            return None
        _, _, who = heappop(heap)
        del self._places[who]
        self.going += 1
        return who

    def leave(self) -> None:
        """One that went on does so no longer."""
        self.going -= 1

    @property
    def idle(self) -> bool:
        """True when nobody goes on or waits."""
        return not self.going and not self._places
