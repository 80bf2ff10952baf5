"""Values of the last run, as far as they are at hand: for previews of what somebody is writing.

Nothing is loaded. A value in memory is itself; of one that is in the store only there is what its
preview has: all of it where it is small, else its first rows, and then it is `partly` seen. What
the flow keeps back is kept back here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowbook.errors import UnknownNode
from flowbook.events import OfNode
from flowbook.events.values import ValueRef
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName
from flowbook.store.preview import ArrayPreview, TablePreview, TextPreview, TreePreview
from flowbook.widget.host import CanvasHost, CanvasNodeRun, CanvasRun
from flowbook.widget.preview import preview
from flowbook.widget.views import Column
from flowbook.widget.views import TablePreview as TableView


@dataclass(frozen=True, slots=True)
class Seen:
    """One value; `rows` is how many a table has in all, where only the first are there."""

    value: Any
    partly: bool = False
    rows: int | None = None
    columns: tuple[Column, ...] = ()


Values: TypeAlias = Mapping[PortName, Seen]


class LastValues:
    """What the last run of a host's flow gave and took."""

    def __init__(self, host: CanvasHost) -> None:
        self._host = host
        self._run = host.current_run()
        self.spec = host.spec()

    @property
    def there(self) -> bool:
        """True when anything has run."""
        return self._run is not None

    def outputs(self, node: NodeId) -> Values:
        """What a node gave, by its outputs."""
        ran = self._of(node)
        return {} if ran is None else self._seen(ran, ran.held_outputs)

    def inputs(self, node: NodeSpec) -> Values:
        """What a node takes: what its inputs were given, else what now feeds them gave."""
        ran = self._of(node.id)
        took = {} if ran is None else self._seen(ran, ran.held_inputs)
        fed = {edge.input: edge for edge in resolve(self.spec).edges if edge.target == node.id}
        found: dict[PortName, Seen] = {}
        for one in node.inputs:
            edge = fed.get(one.name)
            given = None if edge is None else self.outputs(edge.source).get(edge.output)
            seen = given or took.get(one.name)
            if seen is not None:
                found[one.name] = seen
        return found

    def params(self) -> dict[str, Any]:
        """The flow's parameters by their defaults."""
        return {
            str(one.name): one.default
            for one in self.spec.params
            if isinstance(one.default, str | int | float | bool | list | dict | None)
        }

    def _of(self, node: NodeId) -> CanvasNodeRun | None:
        if self._run is None:
            return None
        try:
            return self._run[_path(self._run, self.spec, node)]
        except UnknownNode:
            return None  # it was not there yet

    def _seen(self, ran: CanvasNodeRun, held: Mapping[PortName, Any]) -> dict[PortName, Seen]:
        try:
            near = ran.shown({p: one for p, one in held.items() if not isinstance(one, ValueRef)})
        except Exception:  # noqa: BLE001 - a value that is gone is none to look at
            return {}
        found = {port: _near(value) for port, value in near.items()}
        for port, value in held.items():
            kept = self._kept(value) if isinstance(value, ValueRef) else None
            if kept is not None:
                found[port] = kept
        return found

    def _kept(self, ref: ValueRef) -> Seen | None:
        try:
            looked = self._host.preview(ref)
        except Exception:  # noqa: BLE001 - a store that cannot be read shows nothing
            return None
        shown = None if looked is None else looked.shown
        if isinstance(shown, TreePreview):
            return Seen(shown.value, shown.cut)
        if isinstance(shown, TextPreview):
            return Seen(shown.text, shown.cut)
        if isinstance(shown, ArrayPreview):
            return Seen(list(shown.values), True)
        if not isinstance(shown, TablePreview):
            return None
        names = [one.name for one in shown.columns]
        rows = [dict(zip(names, row, strict=False)) for row in shown.rows]
        columns = tuple(Column(one.name, one.dtype) for one in shown.columns)
        return Seen(rows, len(rows) < shown.total, shown.total, columns)


def _near(value: Any) -> Seen:
    if isinstance(value, str | int | float | bool | dict | None):
        return Seen(value)
    shown = preview(value) if isinstance(value, list) or hasattr(value, "columns") else None
    if isinstance(shown, TableView):
        return Seen(value, False, shown.total, shown.columns)
    return Seen(value)


def _path(run: CanvasRun, spec: FlowSpec, node: NodeId) -> str:
    """The node's name in the run: inside of a container, in the turn that it was in last."""
    known = spec.by_id.get(node)
    if known is None or not known.options.inside:
        return node
    told = (one for one in reversed(run.events()) if isinstance(one, OfNode) and one.node == node)
    scope = next((one.scope for one in told), "")
    return f"{scope}.{node}" if scope else node
