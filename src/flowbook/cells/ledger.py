"""What a scope of Python has read and bound, up to the point a walk over its code has come to.

Names are bound on every path to the point (`sure`) or on some (`maybe`), and a name read that is
only maybe bound is a *soft* read. Points of the code are kept and joined where paths meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """What is bound at a point of the code: on every path to it (`sure`), on any (`maybe`)."""

    sure: frozenset[str]
    maybe: frozenset[str]


def joined(points: Sequence[Point]) -> Point:
    """Where those paths come together."""
    sure = frozenset.intersection(*(one.sure for one in points))
    return Point(sure, frozenset().union(*(one.maybe for one in points)))


class Ledger:
    """What a scope has read and bound so far; `later` is what functions read, by first line.

    `doubted` are names of those that were not bound for sure where the function was defined.
    """

    def __init__(self, sure: Iterable[str] = ()) -> None:
        self.sure = set(sure)
        self.maybe = set(self.sure)
        self.dead = False
        """No path leads here."""
        self.reads: dict[str, int] = {}
        self.soft: set[str] = set()
        self.later: dict[str, int] = {}
        self.doubted: set[str] = set()
        self.binds: dict[str, None] = {}
        self.defines: dict[str, None] = {}
        self.imports: dict[str, None] = {}
        self.globals: set[str] = set()
        self.outers: set[str] = set()
        """Names declared `nonlocal`."""
        self.speaks = False
        self.stars = False

    @property
    def own(self) -> set[str]:
        """Every name the scope binds anywhere."""
        return {*self.binds, *self.defines, *self.imports}

    def left(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that may still be bound here."""
        return tuple(name for name in names if name in self.maybe)

    def read(self, name: str, line: int, *, soft: bool = False) -> None:
        """`name` is read here."""
        if name in self.sure or (name in self.reads and name not in self.soft):
            return
        if soft or self.dead or name in self.maybe:
            if name not in self.reads:
                self.soft.add(name)
                self.reads[name] = line
        else:
            self.soft.discard(name)
            self.reads[name] = line

    def read_later(self, name: str, line: int) -> None:
        """A function that is defined here reads `name` when it is called."""
        self.later.setdefault(name, line)
        if name not in self.sure:
            self.doubted.add(name)

    def bind(self, name: str, where: dict[str, None]) -> None:
        """`name` is bound from here on."""
        self.sure.add(name)
        self.maybe.add(name)
        where[name] = None

    def unbind(self, name: str) -> None:
        """`name` is gone from here on."""
        self.sure.discard(name)
        self.maybe.discard(name)

    def take(self, inner: Ledger) -> None:
        """What a scope that runs on the spot reads from this one."""
        for name, line in inner.reads.items():
            self.read(name, line, soft=name in inner.soft)
        for name, line in inner.later.items():
            self.read_later(name, line)

    def here(self) -> Point:
        """This point of the code."""
        return Point(frozenset(self.sure), frozenset(self.maybe))

    def go_on(self, point: Point, *, dead: bool = False) -> None:
        """Read on as from that point."""
        self.sure, self.maybe, self.dead = set(point.sure), set(point.maybe), dead
