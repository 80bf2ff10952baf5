"""Which flow a call means: by name, as it is now, or as it was at a version of the history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import UsageError
from flowbook.graph.called import Call
from flowbook.graph.flow import Flow
from flowbook.graph.host import Host, flows_of
from flowbook.session.notebooks import notebook_of
from flowbook.session.pins import SNAPSHOT
from flowbook.session.versions import as_it_was

if TYPE_CHECKING:
    from flowbook.session.live_flow import LiveFlows
    from flowbook.store.history import History

LATEST = "latest"


class Library(Host, Protocol):
    """Where flows are looked for; `flowbook.Project` is one."""

    live: LiveFlows

    @property
    def path(self) -> Path: ...
    @property
    def history(self) -> History: ...


class Callees:
    """The flows of one project that can be called, read when they are."""

    def __init__(self, project: Library) -> None:
        self._project = project
        self._reading = Lock()
        self._read: dict[Path, tuple[tuple[int, int], Flow]] = {}

    def find(self, caller: Flow, wanted: Call) -> Flow:
        """The flow that a node of `caller` means; `UsageError` when there is none."""
        if wanted.version == LATEST:
            return self.latest(wanted.flow, caller)
        if wanted.version == SNAPSHOT:
            raise UsageError(
                f"this run has no snapshot of flow {wanted.flow!r}: it began before there were any",
                hint="run the flow anew",
            )
        return self._at_version(wanted.flow, wanted.version, caller)

    def latest(self, name: str, caller: Flow) -> Flow:
        """The flow of that name as it is now.

        That is the very object that was called, the caller itself, one that is live here, or the
        project's notebook of that name.
        """
        called = caller.called.get(name)
        if isinstance(called, Flow):
            return called
        if caller.name == name:
            return caller
        live = next(self._live(name), None)
        return live or self._of_notebook(name)

    def _live(self, name: str) -> Iterator[Flow]:
        """Flows of a kernel or of Python code; of one that was read, the notebook is the latest."""
        live = self._project.live
        for flow in (*live, *flows_of(self._project)):
            spec = flow.spec()
            if (
                spec.id == name
                and not live.of(flow).former
                and (
                    live.of(flow).attached is not None
                    or any(one.place is None for one in spec.nodes)
                )
            ):
                yield flow

    def _of_notebook(self, name: str) -> Flow:
        hint = f"define the flow {name!r} first, or write its notebook into the project's folder"
        path = notebook_of(self._project.path, name, hint)
        seen = path.stat()
        stamp = (seen.st_mtime_ns, seen.st_size)
        with self._reading:
            known = self._read.get(path)
            if known is None or known[0] != stamp:
                known = self._read[path] = (stamp, self._project.read_notebook(path))
            return known[1]

    def _at_version(self, name: str, version: str, caller: Flow) -> Flow:
        """The flow as the history has it; of one that is live and has not changed, that one."""
        try:
            now = self.latest(name, caller)
        except UsageError:
            now = Flow(name, host=self._project)
        return as_it_was(self._project, now, version)
