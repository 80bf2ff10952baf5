"""`Past`: the versions of one flow, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import InvalidFlow
from flowbook.graph.edits import Edit
from flowbook.graph.spec import FlowSpec
from flowbook.session.recording import record_version
from flowbook.session.versions import (
    Publisher,
    Version,
    Versions,
    publish,
    rollback_edit,
    stored_spec,
    versions,
)

if TYPE_CHECKING:
    from datetime import datetime

    from flowbook.cells.notebook import Cell
    from flowbook.graph.flow import Flow
    from flowbook.store.figures import FlowStats


class Editable(Protocol):
    """What has a definition and takes edits; a desk is one."""

    def spec(self) -> FlowSpec: ...
    def apply(self, edit: Edit) -> None: ...


class Past:
    """The versions of a flow as a desk shows them.

    `flow` gives the flow to publish: where the definition is a document, one that says the same.
    `cells` gives the cells of its notebook, plain ones too.
    """

    def __init__(
        self,
        project: Publisher,
        desk: Editable,
        flow: Callable[[], Flow],
        cells: Callable[[], Iterable[Cell]] = tuple,
    ) -> None:
        self._project = project
        self._desk = desk
        self._flow = flow
        self._cells = cells

    def versions(self) -> Versions:
        """Every version that ran or was published, the first one first."""
        return versions(self._project.history, self._desk.spec())

    def spec_of(self, version: str) -> FlowSpec:
        """The definition of a version, '' for the flow as it is; `UsageError` for none."""
        spec = self._desk.spec()
        return spec if not version else stored_spec(self._project.history, spec.id, version).spec

    def stats(self, *, since: datetime | None = None) -> FlowStats:
        """How its runs went that started from then on."""
        return self._project.history.stats(self._desk.spec().id, since=since)

    def publish(self, note: str) -> Version:
        """Let the flow as it is be the version others run; `InvalidFlow` where it has errors."""
        return publish(self._project, self._flow(), note, self._cells())

    def roll_back(self, version: str) -> str:
        """Give the flow the meaning of a version, as one edit; what that is called.

        What it meant before is a version from then on, if it could run.
        """
        spec = self._desk.spec()
        with suppress(InvalidFlow):
            record_version(self._project, self._flow())
        edit = rollback_edit(spec, stored_spec(self._project.history, spec.id, version))
        self._desk.apply(edit)
        return edit.label
