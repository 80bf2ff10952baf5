"""What a turn of a container gave its nodes to read, of a run that is over or elsewhere.

It is not recorded, for it follows from what is: the container's settings, what it read, which turn
it is, and what other turns gave. Nothing of the flow's own is executed for it: where a script says
what the items are, it is told that it is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from flowbook.errors import ExpressionError, FlowbookError, UsageError
from flowbook.events.values import ValueRef
from flowbook.expr.template import Template
from flowbook.graph.container import BODY
from flowbook.graph.nesting import frame_names
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName
from flowbook.nodes.tables import rows_of
from flowbook.run.containers import Growing
from flowbook.run.given import told_of
from flowbook.run.rules.growing import ITEMS
from flowbook.run.rules.state import RunState, Scope
from flowbook.run.values import nest
from flowbook.store.values import Unavailable

_ARRIVING: Final = "each_of"
Read = Callable[[ValueRef], Any]
"""The value behind a reference."""


@dataclass(frozen=True, slots=True)
class PastTurn:
    """One turn of a recorded run; `given` is what its container read, values or references."""

    state: RunState
    spec: FlowSpec
    scope: Scope
    given: Mapping[PortName, Any]
    read: Read

    @property
    def container(self) -> NodeSpec:
        """The container whose turn it is."""
        return self.spec.node(self.state.names[self.scope.owner])

    def value(self, name: PortName) -> Any:
        """What the name stands for in this turn: a value, a reference, or an `Unavailable`."""
        try:
            return self._value(name)
        except (FlowbookError, LookupError, TypeError, ValueError) as unknown:
            return Unavailable(str(name), f"it cannot be worked out: {unknown}", None)

    def _value(self, name: PortName) -> Any:
        container, scope = self.container, self.scope
        if name in frame_names(container, scope.block):
            for role, find in _ROLES.items():
                if name == container.config.get(role, role):
                    return find(self)
        return self.given[name]

    def _item(self) -> Any:
        container, index = self.container, self.scope.index or 0
        own = [one.name for one in container.inputs if one.name in self.given]
        if container.kind_name == _ARRIVING:
            return self.given[own[index]]
        over = container.config.get("over")
        if over is None:
            name = ITEMS if ITEMS in self.given else own[0] if len(own) == 1 else PortName("over")
            over = self._real(self.given[name])
        elif isinstance(over, str):
            names = nest({name: self._real(value) for name, value in self.given.items()})
            over = Template.parse(over).render(names, _refuse)
        added = self.state.added.get(self.scope.owner, [])
        items = Growing(
            rows_of(over, container.id), added, lambda event: self.read(event.outputs[ITEMS])
        )
        return items[index]

    def _last(self) -> Any:
        """What the turn before gave: what it was to give, else what the node at its end did."""
        config, index = self.container.config, self.scope.index
        if not index:
            return config.get("initial")
        before = self.state.turning[self.scope.owner].scopes[(BODY, index - 1)]
        scope = self.state.scopes[before]
        gave = self._ends(scope) if scope.gave is None else scope.gave
        if len(gave) == 1:
            return next(iter(gave.values()))
        return {name: self._real(value) for name, value in gave.items()} or None

    def _ends(self, scope: Scope) -> Mapping[PortName, ValueRef]:
        slots = range(scope.base, scope.base + scope.size)
        inside = {self.state.names[slot]: slot for slot in slots}
        said = self.container.config.get("result")
        if said in inside:
            return self.state.outputs[inside[NodeId(str(said))]]
        read = {edge.source for edge in resolve(self.spec).edges if edge.target in inside}
        found: dict[PortName, ValueRef] = {}
        for name, slot in inside.items():
            if name not in read:
                found |= self.state.outputs[slot]
        return found

    def _error(self) -> Any:
        state = self.state
        for number in state.turning[self.scope.owner].scopes.values():
            scope = state.scopes[number]
            if not scope.block and scope.failed >= 0:
                return told_of(state.error[scope.failed], state, scope.failed)
        return None

    def _index(self) -> int | None:
        return self.scope.index

    def _real(self, value: Any) -> Any:
        found = self.read(value) if isinstance(value, ValueRef) else value
        if isinstance(found, Unavailable):
            raise UsageError(found.reason)
        return found


_ROLES: Final[Mapping[str, Callable[[PastTurn], Any]]] = {
    "item": PastTurn._item,  # noqa: SLF001 - its own
    "index": PastTurn._index,  # noqa: SLF001 - its own
    "last": PastTurn._last,  # noqa: SLF001 - its own
    "error": PastTurn._error,  # noqa: SLF001 - its own
}


def turn_of(state: RunState, slot: int, container: NodeId) -> Scope | None:
    """The turn of that container which the step in a slot is in, itself or what is around it."""
    number = state.scope[slot]
    while number:
        scope = state.scopes[number]
        if state.names[scope.owner] == container:
            return scope
        number = state.scope[scope.owner]
    return None


def _refuse(*_script: Any) -> NoReturn:
    raise ExpressionError("a script says what the items are, and none is run for this")
