"""What a project offers about the versions of its flows; the work is in the modules it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowbook.cells.notebook import Cell
    from flowbook.graph.flow import Flow
    from flowbook.plan.routing import Routing
    from flowbook.session.live_flow import LiveFlows
    from flowbook.session.routed import Routed
    from flowbook.session.start import Start
    from flowbook.session.versions import Version, Versions
    from flowbook.store.history import History


class Versioned:
    """Versions, the published one, and which one a run takes; `Project` is one."""

    if TYPE_CHECKING:
        live: LiveFlows

        @property
        def history(self) -> History: ...
        def cells_of(self, flow: Flow) -> Iterable[Cell]: ...

    def versions(self, flow: Flow | str) -> Versions:
        """The versions of a flow that ran or were published, the first one first."""
        from flowbook.session.versions import versions

        return versions(self.history, flow)

    def published(self, flow: Flow | str) -> Version | None:
        """The published version of a flow, by its name or itself; None when nothing is."""
        from flowbook.session.versions import published

        return published(self.history, flow)

    def publish(self, flow: Flow, note: str = "") -> Version:
        """Let the flow as it is now be the version that others run; see `Flow.publish`."""
        from flowbook.session.versions import publish

        return publish(cast("Any", self), flow, note, self.cells_of(flow))

    def rollback(self, flow: Flow, version: str | int) -> Version | None:
        """Give the flow the meaning of a stored version; None when it has it already."""
        from flowbook.session.versions import roll_back

        return roll_back(cast("Any", self), flow, version)

    def at_version(self, flow: Flow, version: str | int) -> Flow:
        """The flow as it was at a version, beside the one that is live; itself if it still is so.

        Raises `UsageError` when there is no such version, or its code is not to be had here.
        """
        from flowbook.session.versions import as_it_was

        return as_it_was(self, flow, version)

    def start_routed(
        self, flow: Flow, route: Routing | str, key: str | None, how: Start
    ) -> tuple[Flow, Start]:
        """The flow to start and how, where a rule says which version it takes."""
        from flowbook.session.routed import start_routed

        return start_routed(self, flow, route, key, how)

    def routed(self, flow: Flow, route: Routing | str, key: str) -> Routed:
        """The flow at the version that the run with that key takes, and why.

        Decided by the key and what is published now alone; nothing is started. Raises `UsageError`
        for a rule that is none, and when there is no such version.
        """
        from flowbook.session.routed import routed

        return routed(self, flow, route, key)
