"""What may be asked of a run about its time and what it took: the part that only reads events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flowbook.events import Event
from flowbook.run.critical import CriticalPath, critical_path
from flowbook.run.resources import Resources, resources
from flowbook.run.trace import Trace, trace


class Eventful(Protocol):
    """What has events; a run is one, on its way, over or recorded."""

    def events(self) -> Sequence[Event]: ...


class Reviewed:
    """The part of a run that tells where its time went."""

    def trace(self: Eventful) -> Trace:
        """Who ran when, where and inside of what, as spans for a Gantt chart.

        `flowbook.run.trace_formats` writes it for other tools, as `flowbook history trace` does.
        """
        return trace(self.events())

    def critical_path(self: Eventful, scope: str = "") -> CriticalPath:
        """The nodes that the duration of the run is the sum of, in the order of time.

        With a `scope`, that of one turn of a container: `each[3]`.

        >>> from flowbook import Flow
        >>> flow = Flow("two")
        >>> @flow.node
        ... def first(): return 1
        >>> @flow.node
        ... def second(first): return first + 1
        >>> flow.run().critical_path().nodes
        ('first', 'second')
        """
        return critical_path(self.events(), scope)

    @property
    def resources(self: Eventful) -> Resources:
        """CPU time, memory and bytes of each node; measured with `Flow(…, measure=True)`."""
        return resources(self.events())
