"""Which of several changes, made one after the other, turns good into bad: the rule, and no more.

The changes have an order. With none of them it is good, with all of them it is bad, so there is one
with which it turns; every try of the first so many halves what is left. A try that tells nothing,
because what it made cannot be tried, is stepped around, and may leave several changes together.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """What a try showed; `unknown`: it could not be made, or tells nothing."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Halving:
    """How far the search has come: good with the first `good` changes, bad with the first `bad`.

    >>> search = Halving.of(5)
    >>> while (first := search.next) is not None:
    ...     search = search.told(first, Verdict.BAD if first > 3 else Verdict.GOOD)
    >>> search.suspects
    range(3, 4)
    """

    good: int
    bad: int
    unknown: frozenset[int] = frozenset()

    @classmethod
    def of(cls, changes: int) -> Halving:
        """The search before its first try; `ValueError` where there is nothing to search."""
        if changes < 1:
            raise ValueError("without a change there is nothing to find")
        return cls(0, changes)

    @property
    def next(self) -> int | None:
        """How many of the first changes to try; None when nothing more can be told."""
        left = [one for one in range(self.good + 1, self.bad) if one not in self.unknown]
        middle = (self.good + self.bad) / 2
        return min(left, key=lambda one: (abs(one - middle), one), default=None)

    @property
    def left(self) -> int:
        """How many tries it takes from here at most, if each of them tells something."""
        return max(0, (self.bad - self.good - 1).bit_length())

    @property
    def suspects(self) -> range:
        """The numbers of the changes with one of which it turns, from 0."""
        return range(self.good, self.bad)

    def told(self, first: int, verdict: Verdict) -> Halving:
        """The search when it is known how the first so many changes are.

        Raises `ValueError` for a try that was not to be made.
        """
        if not self.good < first < self.bad:
            raise ValueError(f"{first} is not between {self.good} and {self.bad}")
        match verdict:
            case Verdict.GOOD:
                return replace(self, good=first)
            case Verdict.BAD:
                return replace(self, bad=first)
            case Verdict.UNKNOWN:
                return replace(self, unknown=self.unknown | {first})
