"""Where facts and values are put: what an engine asks of whoever keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from flowbook.events import Event
from flowbook.events.values import ValueRef
from flowbook.ids import PortName


class Sink(Protocol):
    """Where facts go. `append` returns at once; the future is done when they are durable.

    Facts become durable in the order they were appended. A future that fails means the sink can
    keep no more: the run that gets it stops, rather than go on unrecorded.
    """

    def append(self, events: Sequence[Event]) -> Future[None]: ...


class Vault(Protocol):
    """Where values go: by reference in the kernel, by content in the store."""

    def inline(self, value: object) -> ValueRef | None:
        """A reference made without any I/O, for small plain data; None for all else."""
        ...

    def put(self, value: object) -> ValueRef:
        """Keep `value` durably; blocking, called from a worker thread.

        Never raises for a value it cannot keep: that is a `ValueRef` of format `NONE` with its
        reason.
        """
        ...

    def get(self, ref: ValueRef) -> object:
        """Bring a value back as it was; `ValueUnavailable` says why it cannot."""
        ...

    def touch(self, ref: ValueRef) -> bool:
        """Let an old value count as made now, before a fact names it; False when it is gone."""
        ...


class Recording(Protocol):
    """How one run is recorded: where to, and without what.

    A run without one writes straight to its engine's sink and vault. What goes through `text` and
    `params` is what views see and what is written; nodes get the values themselves.
    """

    @property
    def sink(self) -> Sink: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def redacts(self) -> bool:
        """True when something may have to be taken out of what is said, from now on."""
        ...

    def text(self, text: str) -> str:
        """A log, a message or a traceback as it may be told."""
        ...

    def params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as they may be told."""
        ...

    def hidden(self, port: PortName, value: object) -> ValueRef | None:
        """The reference of an output that is not kept because of its name; None for others."""
        ...

    def shown(self, values: Mapping[PortName, Any]) -> dict[PortName, Any]:
        """Inputs or outputs of a node as they may be told."""
        ...

    def told_inputs(self, values: Mapping[PortName, Any]) -> dict[PortName, Any]:
        """The same of what little of its inputs a failed node's error tells."""
        ...


class DevNull:
    """A sink that keeps nothing, for `journal = off` and for measuring."""

    def append(self, events: Sequence[Event]) -> Future[None]:
        """Forget the events; they count as durable at once."""
        return _DONE


_DONE: Future[None] = Future()
_DONE.set_result(None)
