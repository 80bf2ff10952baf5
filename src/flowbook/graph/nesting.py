"""Who is inside of whom: the homes of a flow's nodes, and wires as each home sees them.

A node's *home* is the container and block it says it is in (`guard.catch`), or '' for the flow
itself. Inside of a container names are local: a node reads what its own home and the homes around
it make, and the names of the frame; from outside nobody reads it. A wire from a node outside to
one inside is, to the outer home, a wire to the container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from flowbook.graph.container import BODY, CATCH, FINALLY
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.versions import name_of
from flowbook.ids import NodeId, PortName

_NOBODY: Final[frozenset[NodeId]] = frozenset()
ITEM, INDEX, LAST, ERROR = map(PortName, ("item", "index", "last", "error"))
_FRAMES: Final[Mapping[str, tuple[PortName, ...]]] = {
    "group": (),
    "map": (ITEM, INDEX),
    "each_of": (ITEM, INDEX),
    "foreach": (ITEM, INDEX, LAST),
    "repeat": (INDEX, LAST),
    "while": (INDEX, LAST),
    "try": (),
}
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "map": ("_values", "_summary"),
    "try": ("_error",),
}
"""What kinds add to their own name to call their other outputs."""


def frame_names(container: NodeSpec, block: str = BODY) -> tuple[PortName, ...]:
    """The names that a turn adds to its container's inputs, as the spec alone tells.

    A container calls its item and the item's number as its configuration says.

    >>> frame_names(NodeSpec(NodeId("each"), kind="map", config={"item": "city"}))
    ('city', 'index')
    """
    if block != BODY:
        return (ERROR,)
    names = _FRAMES.get(container.kind_name, (ITEM, INDEX))
    said = {name: container.config.get(name, name) for name in names}
    return tuple(PortName(str(name)) for name in said.values())


def is_container(node: NodeSpec) -> bool:
    """True for nodes of flowbook's own kinds that own others."""
    return node.kind_name in _FRAMES


def names_in(container: NodeSpec, block: str = BODY) -> tuple[PortName, ...]:
    """What nodes of a block may read by name of their container: the turn's names, its inputs."""
    return (*frame_names(container, block), *(one.name for one in container.inputs))


def own_outputs(node: NodeId, kind: str) -> tuple[PortName, ...]:
    """The outputs a node has when nobody names any: called like it, and what its kind adds.

    >>> own_outputs(NodeId("each"), "map")
    ('each', 'each_values', 'each_summary')
    """
    return tuple(PortName(f"{node}{more}") for more in ("", *_MORE.get(name_of(kind), ())))


class Nesting:
    """The homes of one spec; built once, asked often. Never raises: what is wrong are `problems`.

    >>> from flowbook.graph.options import Options
    >>> from flowbook.ids import FlowId
    >>> inner = NodeSpec(NodeId("clean"), options=Options(inside="each"))
    >>> nodes = (NodeSpec(NodeId("each"), kind="map"), inner)
    >>> Nesting(FlowSpec("tour", nodes)).home("clean")
    'each'
    """

    def __init__(self, spec: FlowSpec) -> None:
        self.spec = spec
        self.problems: list[Problem] = []
        self._homes: dict[str, str] = {}
        for node in spec.nodes:
            if node.options.inside:
                self._homes[node.id] = self._home_of(node)

    @property
    def nested(self) -> bool:
        """True when any node is inside of another."""
        return bool(self._homes)

    def home(self, node: str) -> str:
        """The home of a node, '' for the flow itself."""
        return self._homes.get(node, "")

    def around(self, home: str) -> Iterator[str]:
        """A home and those it lies in, inner to outer, '' last."""
        while home:
            yield home
            home = self.home(container_of(home))
        yield ""

    @cached_property
    def members(self) -> Mapping[str, tuple[NodeSpec, ...]]:
        """The nodes of each home, in the notebook's order."""
        found: dict[str, list[NodeSpec]] = {}
        for node in self.spec.nodes:
            found.setdefault(self.home(node.id), []).append(node)
        return {home: tuple(nodes) for home, nodes in found.items()}

    def owners(self, home: str) -> frozenset[NodeId]:
        """The containers that a node of `home` is inside of."""
        if not home:  # asked of every wire
            return _NOBODY
        return frozenset(NodeId(container_of(one)) for one in self.around(home) if one)

    def frames(self, home: str) -> Iterator[tuple[NodeSpec, tuple[PortName, ...]]]:
        """The containers around a node of `home`, inner to outer, with the names each gives."""
        for one in self.around(home):
            if one:
                container = self.spec.by_id[NodeId(container_of(one))]
                yield container, names_in(container, block_of(one))

    def kin(self, node: NodeId) -> Iterator[NodeId]:
        """The container that a node is directly inside of, and the nodes directly inside of it."""
        home = self.home(node)
        if home:
            yield NodeId(container_of(home))
        for where in homes_of(node):
            yield from (one.id for one in self.members.get(where, ()))

    def seen_from(self, home: str, node: NodeId) -> NodeId | None:
        """`node`, or the container in `home` that it is somewhere inside of; None if neither."""
        for outer in self.around(self.home(node)):
            if outer == home:
                return node
            node = NodeId(container_of(outer))
        return None

    def visible(self, node: str, home: str) -> bool:
        """True when a node in `home` may read `node`."""
        return self.home(node) in self.around(home)

    def lifted(self, pairs: Iterable[tuple[NodeId, NodeId]]) -> Iterator[tuple[NodeId, NodeId]]:
        """For each wire who waits for whom: in the source's own home, the container it goes into.

        A node inside of a container also waits for nothing its container does not wait for.
        """
        for source, target in pairs:
            waits = self.seen_from(self.home(source), target)
            if waits is not None and waits != source:
                yield source, waits

    def _home_of(self, node: NodeSpec) -> str:
        """Where a node is; '' and a problem when that cannot be."""
        said = node.options.inside
        seen = {node.id}
        place = said
        while place:
            container = self.spec.by_id.get(NodeId(container_of(place)))
            if container is None:
                self._problem(node, f"it is inside of {container_of(place)!r}, which is no node")
                return ""
            if container.id in seen:
                self._problem(node, "it is inside of itself, by way of its containers")
                return ""
            seen.add(container.id)
            place = container.options.inside
        return said

    def _problem(self, node: NodeSpec, message: str) -> None:
        hint = "name a map, foreach, while, repeat, try or group of this flow"
        self.problems.append(at(node, message, hint))


def homes_of(container: str) -> tuple[str, ...]:
    """Every home there may be inside of a container.

    >>> homes_of("guard")
    ('guard', 'guard.catch', 'guard.finally')
    """
    return (container, f"{container}.{CATCH}", f"{container}.{FINALLY}")


def container_of(home: str) -> str:
    """The container of a home.

    >>> container_of("guard.catch")
    'guard'
    """
    return home.partition(".")[0]


def block_of(home: str) -> str:
    """The block of a home.

    >>> block_of("guard.catch"), block_of("each")
    ('catch', '')
    """
    return home.partition(".")[2]
