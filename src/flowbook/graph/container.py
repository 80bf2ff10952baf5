"""How a container goes about the nodes inside it.

A container is a node that owns others. A *turn* is one pass over one of its blocks: a `map` has a
turn for each item, a `try` one of its body and then perhaps one of `catch`, a `group` exactly one.
The policy says which turns there are and what a failed one means; it is data, so that deciding what
to do next needs no node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName

BODY = ""
"""The block of the nodes that say only which container they are in."""
CATCH = "catch"
FINALLY = "finally"


class Turns(StrEnum):
    """Which turns a container has."""

    ONCE = "once"
    """One, of its only block."""
    EACH = "each"
    """One for each item."""
    WHILE = "while"
    """One after another, as long as its condition holds."""
    ARRIVING = "arriving"
    """One for each of its inputs, as soon as that is there."""
    GUARDED = "guarded"
    """The body; when that fails, `catch`; and then, whatever happened, `finally`."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a container's turns are and how they go.

    `window`: how many may be under way at once. `stop`: the first failure ends it. `settle`: failed
    turns are part of the result, and the container succeeds. `retries`: how many more times a
    failed turn is begun anew. `most`: more turns than these are a failure. `enough`: the container
    is over once so many turns have gone well; it `asks` whether it is, after every turn, where that
    is no number. `outlasts`: the other turns then go on behind it, else they are given up. `slow`:
    what it asks may take longer than others can wait, so it is asked in a thread.
    """

    turns: Turns = Turns.ONCE
    window: int = 1
    stop: bool = True
    settle: bool = False
    retries: int = 0
    most: int | None = None
    enough: int | None = None
    asks: bool = False
    slow: bool = False
    outlasts: bool = False
    told: str = ""
    """The port by which a failure of the body leaves where nothing catches it."""
    grows: bool = False
    """It goes over items, and more may be added while it does."""
    checkpoint_every: int = 0
    """A checkpoint behind so many turns, 0 for none."""
    collects: bool = True
    """It gives what its turns gave; else that is only written down, turn by turn."""

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks it may have; the first is the one that every container needs."""
        return (BODY, CATCH, FINALLY) if self.turns is Turns.GUARDED else (BODY,)

    @property
    def counts(self) -> bool:
        """True for a loop: its turns have numbers, and may be left."""
        return self.turns in (Turns.EACH, Turns.WHILE)


@dataclass(frozen=True, slots=True)
class TurnStart:
    """A turn about to begin: its block, its number, the number's item.

    `last`: what the turn before gave, None for the first. `error`: what the body failed with, for
    the blocks of a guarded container that come after it.
    """

    block: str = BODY
    index: int | None = None
    item: Any = None
    last: Mapping[PortName, Any] | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """A turn that is over: `gave` has what left it, by name; `error` says why it failed."""

    block: str = BODY
    index: int | None = None
    gave: Mapping[PortName, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    ms: float = 0.0
    began: float = 0.0
    """Seconds since the epoch."""
    left: bool = False
    """A node ended it early: what it gave until then may be nothing."""


class Container(Node):
    """Base of the node types that own others.

    `run` unfolds: it returns the items, one for each turn, or None where turns are not counted
    beforehand. It is called again when a run is taken up, so it must give the same again.
    """

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:
        """How a container of this spec goes about its turns."""
        raise NotImplementedError(f"{cls.__name__}.policy")  # the subclass's duty

    @classmethod
    def names(cls, spec: NodeSpec, block: str) -> tuple[PortName, ...]:  # noqa: ARG003 - for subclasses
        """The names that `frame` gives to the nodes of a block."""
        return ()

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Sequence[Any] | None:
        """The items, or None."""
        return None

    def frame(self, start: TurnStart) -> Mapping[PortName, Any]:
        """What the nodes of a turn may read by name, beyond the container's own inputs."""
        return {}

    def goes_on(
        self, context: NodeContext, inputs: Mapping[PortName, Any], start: TurnStart
    ) -> bool:
        """Whether that turn is to be, for containers that turn while something holds."""
        return False

    def satisfied(
        self, context: NodeContext, inputs: Mapping[PortName, Any], turns: Sequence[TurnEnd]
    ) -> bool:
        """Whether the turns that are over are enough, for containers that ask."""
        return False

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """The container's outputs, of what its turns gave, in the order of their numbers."""
        raise NotImplementedError(f"{type(self).__name__}.gather")  # the subclass's duty
