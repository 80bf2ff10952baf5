"""Flows and the notebooks they are read from and written to; nothing is executed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from flowbook.cells.header import SETUP
from flowbook.errors import InvalidFlow, UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.host import Host
from flowbook.graph.node import Node
from flowbook.graph.problem import Problem, errors
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import FlowId, NodeId
from flowbook.session.notebooks import replace_text
from flowbook.session.surroundings import surroundings, with_captured

if TYPE_CHECKING:
    from flowbook.cells.notebook import Cell, Notebook
    from flowbook.graph.registry import Registry
    from flowbook.session.live_flow import LiveFlows


@dataclass(frozen=True, slots=True)
class Loaded:
    """A notebook read as a flow, with all that is wrong with it."""

    flow: Flow
    problems: tuple[Problem, ...]
    notebook: Notebook


class Filing:
    """Reading and writing notebooks; `Project` is one."""

    if TYPE_CHECKING:
        live: LiveFlows

        @property
        def registry(self) -> Registry: ...

    @cached_property
    def _sources(self) -> WeakKeyDictionary[Flow, tuple[Notebook, FlowSpec]]:
        return WeakKeyDictionary()

    def load(self, path: Path | str) -> Loaded:
        """Read a notebook as a flow; executes nothing.

        Raises `UsageError` when the file is missing or is no notebook.
        """
        from flowbook.cells.notebook import Notebook
        from flowbook.cells.source import read

        path = Path(path)
        try:
            text = path.read_bytes().decode()
        except OSError as failure:
            raise UsageError(f"cannot read {path}: {failure.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(f"{path} is no notebook: it is no text") from None
        try:
            notebook = Notebook.parse(text)
        except UsageError as refused:
            refused.message = f"{path}: {refused.message}"
            raise
        parsed = read(notebook, self.registry, FlowId(path.stem))
        flow = Flow(parsed.spec.id, host=cast(Host, self))
        flow.replace_spec(parsed.spec)
        self._sources[flow] = (notebook, parsed.spec)
        return Loaded(flow, tuple(parsed.problems), notebook)

    def cells_of(self, flow: Flow) -> tuple[Cell, ...]:
        """The cells of the notebook that the flow is of, as far as they are known here."""
        source = self._sources.get(flow)
        return tuple(self.live.of(flow).cells.values()) or (source[0].cells if source else ())

    def read_notebook(self, path: Path | str) -> Flow:
        """The flow of a notebook; `InvalidFlow` with every problem when it does not parse."""
        loaded = self.load(path)
        if errors(loaded.problems):
            raise InvalidFlow(f"{path} does not hold a sound flow", problems=loaded.problems)
        return loaded.flow

    def write_notebook(self, flow: Flow, path: Path | str) -> None:
        """Write the flow as a notebook; the file is replaced whole or not at all.

        A flow that was read from a notebook is written back into that one: cells that say no other
        thing stay as they are, with text cells, outputs and order. What decorated functions use of
        their module goes into a setup cell, as does what nodes take from a kernel's plain cells;
        `UsageError` names what cannot be written as code.
        """
        from flowbook.cells.patches import rewrite, write

        path = Path(path)
        functions = [
            one
            for one in flow.implementations.values()
            if one is not None and not isinstance(one, Node)
        ]
        source = None if functions else self._sources.get(flow)
        if source is not None:
            replace_text(path, rewrite(*source, flow.spec(), self.registry).text())
            return
        spec = with_captured(flow.spec(), self.live.of(flow).cells)
        setup = surroundings(functions)
        if setup:
            shared = NodeSpec(NodeId("setup_functions"), kind=SETUP, body=setup)
            spec = replace(spec, setup=(shared, *spec.setup))
        replace_text(path, write(spec, self.registry).text())
