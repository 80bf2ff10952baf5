"""Handles on a flow's nodes and ports, as Python code holds them.

A `NodeRef` is what the decorator puts in place of the function. It is still called like the
function, so a node is tested like one; as a parameter's default it is a wire. Pickled (a function
that names it travels to another process), it leaves its flow behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Protocol

from flowbook.errors import UsageError
from flowbook.graph import sources
from flowbook.graph.options import did_you_mean
from flowbook.graph.spec import FlowSpec, Wire
from flowbook.ids import NodeId, PortName


class Source(Protocol):
    """What a handle asks of its flow."""

    @property
    def name(self) -> str: ...

    def spec(self) -> FlowSpec: ...

    def last_run(self) -> Any: ...


class NodeRef:
    """A node of a flow: `fetch("Oslo")`, `fetch.output`, `fetch.status`, `fetch["2xx"]`.

    `name`, `output`, `wire`, `sources`, `captures`, `flow` and `function` are its own; every other
    attribute is an output port. A port called like one of these is reached as `fetch["output"]`.
    """

    def __init__(
        self,
        name: NodeId,
        flow: Source | None = None,
        function: Callable[..., Any] | None = None,
        ports: tuple[PortName, ...] = (),
    ) -> None:
        if function is not None:
            update_wrapper(self, function)
        self.name = name
        self.flow = flow
        self.function = function
        self._ports = ports

    @property
    def output(self) -> Any:
        """What the node gave in the flow's last run; `UsageError` before the first."""
        return _last_run_of(self)[self.name].output

    @property
    def wire(self) -> Wire:
        """The wire that this handle stands for as a default."""
        return Wire(self.name)

    def sources(self) -> tuple[sources.Source, ...]:
        """Where each input and each setting of the node comes from.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> @flow.node
        ... def fetch(city="Oslo"): ...
        >>> @flow.node
        ... def report(rows=fetch): ...
        >>> print(*fetch.sources(), *report.sources(), sep="; ")
        city: parameter city = Oslo; rows: upstream fetch.fetch
        """
        if self.flow is None:
            raise UsageError(f"node {self.name!r} was taken out of its flow")
        return sources.sources_of(self.flow.spec(), self.name)

    @property
    def captures(self) -> Any:
        """What the node takes from the kernel or from setup cells: by name, what it is.

        Each says its type, size, where it comes from, and what may go wrong with it.
        """
        flow: Any = self.flow
        if flow is None:
            raise UsageError(f"node {self.name!r} was taken out of its flow")
        return flow.host.captures(flow, self.name)

    def _known_ports(self) -> tuple[PortName, ...]:
        return self._ports if self.flow is None else self.flow.spec().node(self.name).outputs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.function is None:
            raise UsageError(
                f"node {self.name!r} is no Python function to call",
                hint="run the flow and read its output",
            )
        return self.function(*args, **kwargs)

    def __getitem__(self, port: str) -> PortRef:
        ports = self._known_ports()
        if port not in ports:
            raise UsageError(
                f"node {self.name!r} has no output {port!r}", hint=did_you_mean(port, ports)
            )
        return PortRef(self, PortName(port))

    def __getattr__(self, name: str) -> PortRef:
        # Underscored names are asked for by Python itself, also before `__init__` has run.
        if name.startswith("_") or name not in (ports := self._known_ports()):
            shown = "" if name.startswith("_") else f"; {did_you_mean(name, ports)}"
            raise AttributeError(
                f"{type(self).__name__} has no attribute or output {name!r}{shown}"
            )
        return PortRef(self, PortName(name))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeRef):
            return NotImplemented
        return self.name == other.name and self.flow is other.flow

    def __hash__(self) -> int:
        return hash((self.name, id(self.flow)))

    def __reduce__(self) -> tuple[Any, ...]:
        return (NodeRef, (self.name, None, self.function, self._known_ports()))

    def __repr__(self) -> str:
        return f"<node {self.name} of {'no flow' if self.flow is None else self.flow.name}>"


@dataclass(frozen=True, slots=True)
class PortRef:
    """One output port of a node."""

    node: NodeRef
    port: PortName

    @property
    def output(self) -> Any:
        """The port's value in the flow's last run; `KeyError` when its branch was not taken."""
        return _last_run_of(self.node)[self.node.name].outputs[self.port]

    @property
    def wire(self) -> Wire:
        """The wire that this handle stands for as a default."""
        return Wire(self.node.name, self.port)

    def __repr__(self) -> str:
        return f"<output {self.node.name}.{self.port}>"


def _last_run_of(node: NodeRef) -> Any:
    if node.flow is None:
        raise UsageError(f"node {node.name!r} was taken out of its flow: it has no runs here")
    return node.flow.last_run()
