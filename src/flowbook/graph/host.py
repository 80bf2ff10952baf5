"""The seam between a live flow and whatever runs it: the flow asks, a host does.

`graph` knows no engine, no file and no canvas. Who wires them together sets the default host once,
as a factory that is called when the first flow needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Protocol, overload
from weakref import WeakSet

from flowbook.errors import UsageError
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId


class Past(Protocol):
    """What a flow asks about its own past."""

    def replay(self, flow: Any, run_id: str, **asked: Any) -> Any:
        """A new run that takes what that run had done up to some point; see `Flow.replay`."""
        ...

    def replay_plan(self, flow: Any, run_id: str, **asked: Any) -> Any:
        """What such a run would take and run."""
        ...

    def restore(self, flow: Any, run_id: str, checkpoint: Any, **asked: Any) -> Any:
        """Such a run from a checkpoint; see `Flow.restore`."""
        ...

    def checkpoints(self, run_id: str) -> Any:
        """The points of a run that it can be restored from."""
        ...

    def versions(self, flow: Any) -> Any:
        """The versions of the flow that have run."""
        ...

    def stats(self, flow: Any, **asked: Any) -> Any:
        """How the runs of the flow went; see `Flow.stats`."""
        ...

    def publish(self, flow: Any, note: str = "") -> Any:
        """Let the flow as it is now be the version that others run."""
        ...

    def published(self, flow: Any) -> Any:
        """The version that others run; None for none."""
        ...

    def at_version(self, flow: Any, version: str | int) -> Any:
        """The flow as it was at a version, beside the one that is live."""
        ...

    def rollback(self, flow: Any, version: str | int) -> Any:
        """Give the flow the meaning of one of them, as an edit."""
        ...

    def bisect(self, flow: Any, good: Any, bad: Any, **wanted: Any) -> Any:
        """Which change made a run, or a version, bad; see `Flow.bisect`."""
        ...

    def open_failure(self, flow: Any, run_id: str | None = None) -> Any:
        """A failed run of the flow, opened where it failed; see `Flow.open_failure`."""
        ...

    def diff(self, a: Any, b: Any, **asked: Any) -> Any:
        """How one run is to another; see `Flow.diff`."""
        ...


class Host(Past, Protocol):
    """What a flow asks of the world around it."""

    @property
    def cache(self) -> Any:
        """What was computed before; `cache.of(flow)` is what a flow sees of it."""
        ...

    @property
    def memory(self) -> Any:
        """What is remembered from run to run; `memory.of(name)` is that of a flow."""
        ...

    @property
    def schedules(self) -> Any:
        """Which flows run by themselves, and when."""
        ...

    @property
    def registry(self) -> Registry:
        """The kinds that nodes may have."""
        ...

    def completed(
        self, spec: FlowSpec, node: NodeSpec, *, listed: bool = False
    ) -> tuple[NodeSpec, bool]:
        """The node as its cell would be read, and whether it reads what nobody makes yet."""
        ...

    # Starts a run of the flow as it is now, or `only` of some nodes and what they need; with a run
    # key, returns the run that has it already.
    @overload
    def start(
        self,
        flow: Any,
        params: Mapping[str, Any],
        *,
        only: Collection[NodeId] | None = None,
        priority: int = ...,
        route: str = ...,
    ) -> Any: ...

    @overload
    def start(
        self,
        flow: Any,
        params: Mapping[str, Any],
        *,
        key: str,
        only: Collection[NodeId] | None = None,
        priority: int = ...,
        route: str = ...,
    ) -> Any: ...

    def last_run(self, flow: Any) -> Any | None:
        """The newest run of the flow in this process, None before the first."""
        ...

    def test(self, flow: Any, given: Mapping[str, Any], **said: Any) -> Any:
        """A test run of the flow, begun; see `Flow.test`."""
        ...

    def recover(self, flow: Any, run_id: str | None, *, again: bool) -> Any:
        """Go on with the flow's lost runs, or the one named."""
        ...

    def signal(self, run_id: str, name: str, payload: Any = None) -> str:
        """Leave a signal for a run; the signal's id."""
        ...

    def state(self, run: Any, *, at: int | None) -> Any:
        """What is stored of a run, by its id or as the newest of a flow."""
        ...

    def check(self, flow: Any) -> tuple[Problem, ...]:
        """Everything that is wrong with the flow."""
        ...

    def stale_reasons(self, flow: Any) -> Mapping[NodeId, str]:
        """Why results of the flow no longer follow from it, by node."""
        ...

    def read_notebook(self, path: Any) -> Any:
        """The flow a notebook holds."""
        ...

    def write_notebook(self, flow: Any, path: Any) -> None:
        """Write the flow as a notebook."""
        ...

    def view(self, flow: Any, name: str) -> object:
        """Something that displays the flow, such as its `canvas`."""
        ...


class _Default:
    factory: Callable[[], Host] | None = None
    flows: ClassVar[WeakSet[Any]] = WeakSet()


def remember(flow: Any) -> None:
    """Remember a flow, for as long as somebody holds it."""
    _Default.flows.add(flow)


def flows_of(host: Host) -> tuple[Any, ...]:
    """The flows whose host this is: those given it, and, if it is the default now, none."""
    return tuple(flow for flow in _Default.flows if flow.host is host)


def set_default_host(factory: Callable[[], Host] | None) -> None:
    """Say who runs flows that were given no host; None takes it back."""
    _Default.factory = factory


def default_host() -> Host:
    """The host, as things are now, of flows that were given none."""
    if _Default.factory is None:
        raise UsageError(
            "there is nothing here to run a flow with",
            hint="`import flowbook` sets it up; in a test, give the flow a host of its own",
        )
    return _Default.factory()
