"""What a desk does with runs beyond starting one: parts of the flow, steps, tables, edited rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError
from flowbook.events import TriggerKind
from flowbook.graph.flow import Flow
from flowbook.graph.spec import Json
from flowbook.ids import NodeId
from flowbook.session.edited_rows import CellEdit, with_cells
from flowbook.session.portions import Office as PortionsOffice
from flowbook.session.portions import Portion, part_of
from flowbook.session.start import Start

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.store.grid import Grid
    from flowbook.store.store import Store


class Office(PortionsOffice, Protocol):
    """What this needs of its project; `flowbook.Project` is one."""

    @property
    def store(self) -> Store: ...
    def last_run(self, flow: Flow) -> Run | None: ...
    def start(self, flow: Flow, params: Mapping[str, Json], how: Start | None = None) -> Run: ...
    def replay(self, flow: Flow, run_id: str, **asked: Any) -> Run: ...


class DeskRuns:
    """The runs of one flow of one project, as a canvas steers them and looks into them."""

    def __init__(self, project: Office, flow: Flow) -> None:
        self._project, self._flow = project, flow

    def start(
        self,
        params: Mapping[str, Json],
        portion: Portion | None = None,
        *,
        again: bool = False,
        paused: bool = False,
    ) -> Run:
        """Run a part of the flow; `again`: with the parameters of the last run, beneath `params`.

        `paused`: it begins so, to be stepped through. Raises as `part_of` and `Project.start` do.
        """
        how = Start(trigger=TriggerKind.CANVAS, paused=paused)
        how = part_of(self._project, self._flow, portion or Portion(), how)
        return self._project.start(self._flow, {**self._last(again), **params}, how)

    def start_with(
        self, tables: Mapping[str, Sequence[CellEdit]], since: Sequence[NodeId] = ()
    ) -> Run:
        """Replay the last run with cells of its tables changed by hand.

        `tables`: by `node.port`, an output or an input. What reads a table runs again, and so do
        the nodes `since`. Raises `UsageError` when there is no run, and as a replay does.
        """
        run = self._project.last_run(self._flow)
        if run is None:
            raise UsageError("nothing has run yet: there is no table to change")
        asked: dict[str, dict[str, Any]] = {"inputs": {}, "outputs": {}}
        for name, edits in tables.items():
            node, _, port = name.partition(".")
            one = run[node]
            side = "outputs" if port in one.step.outputs else "inputs"
            values: Mapping[Any, Any] = getattr(one, side)
            if port not in values:
                raise UsageError(f"{name} has no value in the last run", hint="run to here first")
            asked[side][name] = with_cells(values[port], edits)
        return self._project.replay(
            self._flow, run.id, from_=list(since) or None, trigger=TriggerKind.CANVAS, **asked
        )

    def grid(self, value: Any) -> Grid | None:
        """A table, in memory or a reference to a stored one, to be paged; None for no table."""
        return self._project.store.looking.at(value)

    def text(self, value: Any) -> str | None:
        """A text, in memory or by its reference; None for what is none."""
        return self._project.store.looking.text(value)

    def _last(self, again: bool) -> Mapping[str, Json]:
        run = self._project.last_run(self._flow) if again else None
        return {} if run is None else {str(name): value for name, value in run.params.items()}
