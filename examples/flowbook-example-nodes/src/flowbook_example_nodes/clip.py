"""`clip`: numbers that lie outside of two bounds move to the nearest one.

The first version called its bounds `smallest` and `largest`. It stays, so that cells that say
`clip.v1` run as ever, and says what became of them in the second (`Clip.migrate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from traitlets import Bool, Float

from flowbook import Node, NodeContext, NodeSpec, UsageError


class ClipOne(Node):
    """Keeps numbers between `smallest` and `largest`."""

    kind: ClassVar[str] = "clip"
    type_version: ClassVar[int] = 1
    family: ClassVar[str] = "data"
    example: ClassVar[str] = """\
%%flow numbers
[-1, 5, 12]

%%flow clip.v1 kept(numbers)
smallest: 0
largest: 10
"""

    smallest = Float(0.0, help="The smallest number that stays as it is.").tag(config=True)
    largest = Float(1.0, help="The largest number that stays as it is.").tag(config=True)

    def run(self, context: NodeContext, inputs: Mapping[str, Any]) -> list[float]:
        """The numbers within bounds."""
        return [min(max(one, self.smallest), self.largest) for one in _numbers(self.name, inputs)]


class Clip(Node):
    """Keeps numbers between `low` and `high`.

    What lies outside moves to the nearest bound, or is left out with `drop`.
    """

    kind: ClassVar[str] = "clip"
    type_version: ClassVar[int] = 2
    family: ClassVar[str] = "data"
    example: ClassVar[str] = """\
%%flow numbers
[-1, 5, 12]

%%flow clip kept(numbers)
low: 0
high: 10
"""

    low = Float(0.0, help="The smallest number that stays as it is.").tag(config=True)
    high = Float(1.0, help="The largest number that stays as it is.").tag(
        config=True, examples=[10, 100]
    )
    drop = Bool(False, help="Leave out what lies outside, instead of moving it.").tag(config=True)

    @classmethod
    def migrate(cls, old: NodeSpec) -> NodeSpec:
        """`smallest` and `largest` are called `low` and `high`."""
        names = {"smallest": "low", "largest": "high"}
        return replace(old, config={names.get(key, key): one for key, one in old.config.items()})

    def run(self, context: NodeContext, inputs: Mapping[str, Any]) -> list[float]:
        """The numbers within bounds."""
        if self.low > self.high:
            raise UsageError(
                f"clip {self.name!r} has the bounds {self.low:g} and {self.high:g}",
                hint="low is the smaller of the two",
            )
        given = _numbers(self.name, inputs)
        kept = [one for one in given if self.low <= one <= self.high]
        if not self.drop:
            kept = [min(max(one, self.low), self.high) for one in given]
        context.log(f"{sum(not self.low <= one <= self.high for one in given)} lay outside")
        return kept


def _numbers(node: str, inputs: Mapping[str, Any]) -> list[float]:
    """The one input, which has to be a list of numbers."""
    values = next(iter(inputs.values()), None)
    if not isinstance(values, list | tuple):
        raise UsageError(
            f"clip {node!r} was given {type(values).__name__}, not a list of numbers",
            hint="wire one list to it",
        )
    for place, one in enumerate(values):
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise UsageError(f"clip {node!r}: item {place} is {one!r}, not a number")
    return list(values)
