"""Do the same for each of several branches, whenever one comes.

Branches that meet in a node meet once: it runs when it has what it needs of them. In an `each_of`
they do not meet: its nodes run once for every branch that is live, as soon as it is, and not only
when all have come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from traitlets import Unicode

from flowbook.graph.container import Container, Policy, TurnEnd, Turns, TurnStart
from flowbook.graph.nesting import INDEX, ITEM, frame_names
from flowbook.graph.node import Outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes import container_examples as examples
from flowbook.nodes.gathering import one_of

_BESIDE: Final = 2
"""Turns may be beside each other, and so none is the one before."""


class EachOfNode(Container):
    """Runs its nodes for each of its inputs, as soon as that is live; gives the list of the values.

    Inside, `item` is the input and `index` its place in the header, from 0. When a turn fails, the
    others go on, and the failure is that of the container.
    """

    kind: ClassVar[str] = "each_of"
    family: ClassVar[str] = "flow"
    example: ClassVar[str] = examples.EACH_OF
    tolerant: ClassVar[bool] = True
    defaults: ClassVar[Options] = Options(pure=True)

    result = Unicode(help="The node inside whose output counts; else those at the end.").tag(
        config=True
    )

    @classmethod
    def policy(cls, spec: NodeSpec) -> Policy:  # noqa: ARG003 - the same for all
        """A turn for each input."""
        return Policy(Turns.ARRIVING, window=_BESIDE, stop=False)

    @classmethod
    def names(cls, spec: NodeSpec, block: str) -> tuple[PortName, ...]:
        """`item` and `index`."""
        return frame_names(spec, block)

    def frame(self, start: TurnStart) -> Mapping[PortName, Any]:
        """The input, and its place in the header."""
        return {ITEM: start.item, INDEX: start.index}

    def gather(self, turns: Sequence[TurnEnd]) -> Outputs:
        """The list, in the order of the header."""
        return Outputs({type(self).ports(self.spec)[0]: [one_of(turn.gave) for turn in turns]})
