"""Values of a past run, for whoever looks: out of the store, else out of this process.

What is stored is what was given, whatever became of the object since; so it goes first. An object
that was not kept, or not as it was, is had from the run itself where this process performs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from flowbook.errors import FlowbookError, ValueUnavailable
from flowbook.events import Event, NodeCompleted, NodeReused
from flowbook.events.values import ValueRef
from flowbook.ids import PortName
from flowbook.store.values import Unavailable


class NodeNear(Protocol):
    """A node of a run that this process performs."""

    @property
    def held_outputs(self) -> Mapping[PortName, Any]: ...
    @property
    def inputs(self) -> Mapping[PortName, Any]: ...


class Near(Protocol):
    """A run that this process performs; `flowbook.Run` is one."""

    def __getitem__(self, node: str) -> NodeNear: ...


class Stored(Protocol):
    """Where values lie; the store's own vault is one."""

    def get(self, ref: ValueRef) -> object: ...
    def shown(self, ref: ValueRef) -> object: ...


class PastValues:
    """Looks for values in `vault`, then in `near`, a run of this process, by its `events`."""

    def __init__(
        self, vault: Stored, near: Near | None = None, events: Iterable[Event] = ()
    ) -> None:
        self._vault, self._near = vault, near
        self._places: dict[int, tuple[str, PortName]] = {}
        self._kept: list[ValueRef] = []  # so that no other reference gets the number of one
        for one in events if near is not None else ():
            if isinstance(one, NodeCompleted | NodeReused):
                key = f"{one.scope}.{one.node}" if one.scope else str(one.node)
                self._place(key, one)

    def _place(self, key: str, event: NodeCompleted | NodeReused) -> None:
        result = event.result if isinstance(event, NodeCompleted) else None
        for port, ref in event.outputs.items():
            self._kept.append(ref)
            self._places[id(ref)] = key, port
        if result is not None:
            self._kept.append(result)

    def shown(self, ref: ValueRef) -> object:
        """The value, what can be shown of it, or an `Unavailable` that says why not."""
        value = self._vault.shown(ref)
        return self._or_near(ref, value) if isinstance(value, Unavailable) else value

    def real(self, ref: ValueRef) -> object:
        """The value as it was, or an `Unavailable`: never less, such as its redacted form."""
        try:
            return self._vault.get(ref)
        except ValueUnavailable as gone:
            return self._or_near(ref, Unavailable(ref.type, gone.reason or gone.message, ref))

    def inputs(self, node: str) -> Mapping[PortName, Any]:
        """What a node read, where this process performs its run; else nothing."""
        try:
            return {} if self._near is None else self._near[node].inputs
        except FlowbookError:
            return {}

    def _or_near(self, ref: ValueRef, otherwise: object) -> object:
        place = self._places.get(id(ref))
        if place is None or self._near is None:
            return otherwise
        key, port = place
        try:
            held = self._near[key].held_outputs
        except FlowbookError:
            return otherwise
        return held[port] if port in held and not isinstance(held[port], ValueRef) else otherwise
